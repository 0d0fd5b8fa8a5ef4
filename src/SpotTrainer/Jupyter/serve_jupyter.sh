#!/bin/sh
# serve_jupyter.sh PREFIX ARGUMENT...: runs the Jupyter server, and starts it again after a crash, at most five times. A server that has run for
# ten minutes counts as new. One that has not answered yet (the file "ready" is missing) is not started again: whoever starts it reports why.
# It leads a process group of its own, and ends after the server when the group gets SIGTERM.
set -u
prefix=$1
shift
folder=$HOME/spottrainer/jupyter
most=5 long=600
stopping=
trap 'stopping=1' HUP INT TERM

# The one place where the server's command is started: its environment is set up here.
run_server() {
    # Scripts of packages may use variables that are not set.
    set +u
    # shellcheck disable=SC1091
    [ ! -r "$prefix/.spottrainer/activate.sh" ] || . "$prefix/.spottrainer/activate.sh"
    exec "$prefix/bin/jupyter" "$@"
}

uptime() {
    read -r seconds rest < /proc/uptime
    echo "${seconds%%.*}"
}

restarts=0 recent=0
while :; do
    began=$(uptime)
    run_server "$@" &
    server=$!
    wait "$server"
    status=$?
    while [ -n "$stopping" ] && kill -s 0 "$server" 2>/dev/null; do
        wait "$server"
    done
    if [ -n "$stopping" ] || [ "$status" = 0 ] || [ ! -e "$folder/ready" ]; then
        exit "$status"
    fi
    [ $(($(uptime) - began)) -lt $long ] || recent=0
    recent=$((recent + 1)) restarts=$((restarts + 1))
    if [ $recent -gt $most ]; then
        echo "SpotTrainer: Jupyter ended again with exit code $status, and is not started any more."
        exit "$status"
    fi
    echo "SpotTrainer: Jupyter ended with exit code $status, and is started again ($recent of $most)."
    echo $restarts > "$folder/restarts"
    sleep $recent
done
