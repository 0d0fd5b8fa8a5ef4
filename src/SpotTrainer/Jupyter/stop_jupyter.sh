#!/bin/sh
# stop_jupyter.sh: stops the Jupyter server and its kernels, and waits until it has ended. Prints lines about the server, and "opened" if its port
# was to be opened since the last stop. The sender prepends the functions forget_use and process_of, and those of jupyter_functions.sh.
folder=$HOME/spottrainer/jupyter
pid=$(cut -d ' ' -f 1 "$folder/pid" 2>/dev/null) || { echo 'Jupyter is not running.' >&2; exit 3; }
! process_of "$folder/pid" > /dev/null || end_server "$folder" "$pid"
forget_use jupyter "$pid"
echo "pid $pid"
report "$folder"
[ ! -e "$folder/opened" ] || echo 'opened yes'
rm -f "$folder/pid" "$folder/opened" "$folder/ready"
