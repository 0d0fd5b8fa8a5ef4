#!/bin/sh
# start_jupyter.sh PREFIX PORT [ADDRESS]: starts the Jupyter server unless it is running, and waits until it responds over TLS with its own
# certificate. With ADDRESS, its port will be opened: the server also listens on the host's own address, and it must ask for its password
# and have a certificate for ADDRESS. Prints its process ID, its version, and its port. Its kernels are its
# children, so the machine is in use while one of them computes. The sender prepends the functions register_use, forget_use,
# note_process, and process_of.
set -eu
prefix=$1 port=$2 name=${3:-localhost}
case $prefix in \~/*) prefix=$HOME/${prefix#\~/} ;; esac
folder=$HOME/spottrainer/jupyter
listen=127.0.0.1 door=closed
[ "$name" = localhost ] || { listen=0.0.0.0 door=open; }
cd "$HOME/spottrainer"
# Whether each configuration file that is there, and one at least, meets a condition.
each() {
    met=1
    for file in jupyter_server_config.json jupyter_notebook_config.json; do
        [ -e "$folder/$file" ] || continue
        "$@" "$folder/$file" || return 1
        met=0
    done
    return $met
}
has_password() { grep -q '"\(hashed_\)*password": *"[^"]' "$1"; }
if ! [ -s "$folder/certificate.pem" ] || ! [ -s "$folder/key.pem" ] || ! each has_password; then
    echo 'The password or certificate of Jupyter is missing. Run Set-JupyterSecurity first.' >&2
    exit 3
fi
# The length cannot be told from the hash, so Set-JupyterSecurity notes the hash of a long password. A note about another password, which
# is left if its connection ended, does not count.
is_long() { [ -s "$folder/long_password" ] && grep -qFf "$folder/long_password" "$1"; }
[ "$name" = localhost ] || each is_long || { echo 'The password is too short for an open port.' >&2; exit 7; }

started=
if ! pid=$(process_of "$folder/pid"); then
    JUPYTER_CONFIG_DIR=$folder setsid nohup "$prefix/bin/jupyter" notebook --no-browser --ip="$listen" --port="$port" \
        > "$folder/log" 2>&1 < /dev/null &
    pid=$!
    note_process "$pid" > "$folder/pid"
    echo "$port" > "$folder/port"
    echo "$door" > "$folder/door"
    # This file outlives a server that dies, so that the next stop closes the port, no matter which server is running then.
    [ "$door" = closed ] || : > "$folder/opened"
    started=yes
else
    # A server that is already running stays on its own port.
    port=$(cat "$folder/port")
    if [ -n "$(find "$folder" -name 'jupyter_*_config.json' -newer "$folder/pid")" ]; then
        echo 'Jupyter is running with its previous password and certificate.' >&2
        exit 4
    fi
    [ "$(cat "$folder/door")" = "$door" ] || { echo 'Jupyter is running, but listens on another address.' >&2; exit 5; }
fi

# A server that was already running may have been left unregistered.
register_use jupyter "$pid" 'Jupyter' cpu none none

give_up() {
    if [ -n "$started" ]; then
        forget_use jupyter "$pid"
        rm -f "$folder/pid"
        kill "$pid" 2>/dev/null || :
    fi
    exit "$1"
}

ask() {
    curl -sS --max-time 2 --cacert "$folder/certificate.pem" --connect-to "$name:$port:127.0.0.1:$port" "$@" 2>/dev/null
}

tries=0
while :; do
    status=0
    version=$(ask -f "https://$name:$port/api") || status=$?
    [ "$status" != 0 ] || break
    # The exit codes of curl for a certificate that does not match.
    case $status in 51|60) echo "The certificate is not for $name." >&2; give_up 6 ;; esac
    tries=$((tries + 1))
    if ! kill -0 "$pid" 2>/dev/null || [ "$tries" -gt 600 ]; then
        tail -n 5 "$folder/log" >&2
        give_up 1
    fi
    sleep 0.1
done
# A request without the password must be refused.
if [ "$door" = open ] && [ "$(ask -o /dev/null -w '%{http_code}' "https://$name:$port/api/contents")" != 403 ]; then
    echo 'Jupyter does not ask for its password.' >&2
    give_up 3
fi
echo "$version" | cut -d '"' -f 4 > "$folder/version"
echo "$pid"
cat "$folder/version" "$folder/port"
