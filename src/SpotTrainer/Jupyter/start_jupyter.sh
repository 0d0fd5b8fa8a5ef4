#!/bin/sh
# start_jupyter.sh PREFIX PORT: starts the Jupyter server, unless it runs, and waits until it answers over TLS under its own
# certificate. Prints its process id and its version.
set -eu
prefix=$1 port=$2
case $prefix in \~/*) prefix=$HOME/${prefix#\~/} ;; esac
folder=$HOME/spottrainer/jupyter
cd "$HOME/spottrainer"
[ -s "$folder/jupyter_server_config.json" ] || { echo 'Jupyter has no password yet: run Set-JupyterSecurity first.' >&2; exit 3; }

started=
pid=$(cat "$folder/pid" 2>/dev/null || :)
if [ -z "$pid" ] || ! kill -0 "$pid" 2>/dev/null; then
    JUPYTER_CONFIG_DIR=$folder setsid nohup "$prefix/bin/jupyter" notebook --no-browser --port="$port" \
        > "$folder/log" 2>&1 < /dev/null &
    pid=$!
    echo "$pid" > "$folder/pid"
    echo "$port" > "$folder/port"
    started=yes
else
    # One that runs stays, on its own port.
    port=$(cat "$folder/port")
    if [ -n "$(find "$folder/jupyter_server_config.json" -newer "$folder/pid")" ]; then
        echo 'Jupyter runs with the security that it had before.' >&2
        exit 4
    fi
fi

tries=0
until version=$(curl -fsS --max-time 2 --cacert "$folder/certificate.pem" "https://localhost:$port/api" 2>/dev/null); do
    tries=$((tries + 1))
    if ! kill -0 "$pid" 2>/dev/null || [ "$tries" -gt 600 ]; then
        if [ -n "$started" ]; then
            rm -f "$folder/pid"
            kill "$pid" 2>/dev/null || :
        fi
        tail -n 5 "$folder/log" >&2
        exit 1
    fi
    sleep 0.1
done
echo "$version" | cut -d '"' -f 4 > "$folder/version"
echo "$pid"
cat "$folder/version" "$folder/port"
