#!/bin/sh
# get_jupyter.sh PIN: prints lines about the Jupyter server, and what it says of itself (KEY JSON). The sender prepends the function process_of
# and those of jupyter_functions.sh.
set -u
pin=$1 folder=$HOME/spottrainer/jupyter
pid=$(process_of "$folder/pid") || {
    echo 'state stopped'
    report "$folder"
    exit 0
}
echo "pid $pid"
report "$folder"
config=$folder/jupyter_server_config.json
[ "$(cat "$folder/kind")" = lab ] || [ ! -e "$folder/jupyter_notebook_config.json" ] || config=$folder/jupyter_notebook_config.json
url=https://localhost:$(cat "$folder/port")/api
for key in status kernels sessions; do
    # A server answers at once, or its only thread is busy.
    answer=$(ask_with "$(token_of "$config")" "$pin" -f "$url/$key") || {
        echo 'state silent'
        exit 0
    }
    printf '%s %s\n' "$key" "$(printf %s "$answer" | tr -d '\n')"
done
echo 'state running'
