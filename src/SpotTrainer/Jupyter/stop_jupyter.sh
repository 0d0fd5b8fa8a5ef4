#!/bin/sh
# stop_jupyter.sh: stops the Jupyter server and its kernels, and waits until it has ended. Prints its process ID, port, and version, and
# whether a port was to be opened since the last stop. The sender prepends the functions forget_use and process_of.
folder=$HOME/spottrainer/jupyter
pid=$(cut -d ' ' -f 1 "$folder/pid" 2>/dev/null) || { echo 'Jupyter is not running.' >&2; exit 3; }
! process_of "$folder/pid" > /dev/null || kill -s TERM -- "-$pid" 2>/dev/null
tries=0
while process_of "$folder/pid" > /dev/null; do
    tries=$((tries + 1))
    [ "$tries" -gt 50 ] && kill -s KILL -- "-$pid" 2>/dev/null
    sleep 0.1
done
forget_use jupyter "$pid"
echo "$pid"
cat "$folder/port" "$folder/version"
if [ -e "$folder/opened" ]; then echo open; else echo closed; fi
rm -f "$folder/pid" "$folder/opened"
