#!/bin/sh
# start_jupyter.sh PREFIX PORT PIN KIND APP ROOT [ADDRESS]: starts the Jupyter server unless it is running, and waits until it answers over TLS
# with its own certificate, asks for its password, and takes its token.
#   PIN      the public key of the certificate, as --pinnedpubkey of curl takes it
#   KIND     notebook or lab
#   APP      NotebookApp or ServerApp: the class of its settings
#   ROOT     the folder that it shows
#   ADDRESS  its port will be opened: the server also listens on the host's own address, for which it must have a certificate
# Prints lines about the server. Its kernels are its children, so the machine is in use while one of them computes. The sender prepends the
# functions register_use, forget_use, note_process, process_of, those of jupyter_functions.sh, and write_serve, which writes serve_jupyter.sh.
set -eu
prefix=$1 port=$2 pin=$3 kind=$4 app=$5 root=$6 name=${7:-}
folder=$HOME/spottrainer/jupyter
case $prefix in \~/*) prefix=$HOME/${prefix#\~/} ;; esac
case $root in \~) root=$HOME ;; \~/*) root=$HOME/${root#\~/} ;; esac
listen=127.0.0.1 door=closed
[ -z "$name" ] || { listen=0.0.0.0 door=open; }
config=$folder/jupyter_server_config.json root_setting=root_dir
[ "$app" = ServerApp ] || { config=$folder/jupyter_notebook_config.json root_setting=notebook_dir; }
cd "$HOME/spottrainer"
if ! [ -s "$folder/certificate.pem" ] || ! [ -s "$folder/key.pem" ] || ! grep -q '"\(hashed_\)*password": *"[^"]' "$config" 2>/dev/null || [ -z "$(token_of "$config")" ]; then
    echo 'The password or certificate of Jupyter is missing. Run Set-JupyterSecurity first.' >&2
    exit 3
fi
# The length cannot be told from the hash, so Set-JupyterSecurity notes the hash of a long password. A note about another password, which
# is left if its connection ended, does not count.
[ -z "$name" ] || { [ -s "$folder/long_password" ] && grep -qFf "$folder/long_password" "$config"; } ||
    { echo 'The password is too short for an open port.' >&2; exit 7; }

uptime() {
    read -r seconds rest < /proc/uptime
    echo "${seconds%%.*}"
}

started=
if ! pid=$(process_of "$folder/pid"); then
    # What listens there now would answer in place of the server.
    taken=$(ss -Htlnp "sport = :$port" 2>/dev/null | head -n 1)
    [ -z "$taken" ] || { echo "$taken" >&2; exit 8; }
    [ -x "$root/." ] || { echo "$root" >&2; exit 13; }
    # An older Jupyter knows only one folder, in place of the user's own.
    if "$prefix/bin/python3" -c 'import jupyter_core.paths as p; raise SystemExit("JUPYTER_CONFIG_PATH" not in open(p.__file__).read())' 2>/dev/null; then
        export JUPYTER_CONFIG_PATH="$folder"
        unset JUPYTER_CONFIG_DIR
    else
        export JUPYTER_CONFIG_DIR="$folder"
    fi
    unset JUPYTER_TOKEN JUPYTER_TOKEN_FILE JUPYTER_PORT JUPYTER_PREFER_ENV_PATH
    write_serve > "$folder/serve.sh"
    rm -f "$folder/ready" "$folder/restarts"
    set -- "$kind" --no-browser "--ip=$listen" "--port=$port" "--$app.port_retries=0" "--$app.$root_setting=$root"
    [ "$(id -u)" != 0 ] || set -- "$@" --allow-root
    setsid nohup sh "$folder/serve.sh" "$prefix" "$@" > "$folder/log" 2>&1 < /dev/null &
    pid=$!
    note_process "$pid" > "$folder/pid"
    echo "$port" > "$folder/port"
    echo "$door" > "$folder/door"
    echo "$root" > "$folder/root"
    echo "$kind" > "$folder/kind"
    echo "$prefix" > "$folder/prefix"
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
        # Its processes must not answer the next start.
        ! process_of "$folder/pid" > /dev/null || end_server "$folder" "$pid"
        rm -f "$folder/pid"
    fi
    exit "$1"
}

url=https://localhost:$port
began=$(uptime)
while :; do
    status=0
    answer=$(ask "$pin" -w '\n%{http_code}' "$url/api") || status=$?
    case $status:${answer##*[!0-9]} in
        0:200) break ;;
        # Jupyter Server 2 leads to its login page, and older ones know nothing there.
        0:3?? | 0:404) echo 'The server has another base_url.' >&2; give_up 9 ;;
        90:*) echo 'The server has another certificate.' >&2; give_up 10 ;;
    esac
    if ! process_of "$folder/pid" > /dev/null || [ $(($(uptime) - began)) -gt 120 ]; then
        tail -n 12 "$folder/log" >&2
        ! grep -q 'is already in use' "$folder/log" || give_up 8
        give_up 1
    fi
    sleep 0.1
done
version=$(printf %s "$answer" | sed -n 's/.*"version": *"\([^"]*\)".*/\1/p')

# The certificate must be that of the address.
if [ -n "$name" ]; then
    status=0
    curl -sS --max-time 5 -o /dev/null --cacert "$folder/certificate.pem" --connect-to "$name:$port:127.0.0.1:$port" "https://$name:$port/api" \
        2>/dev/null || status=$?
    case $status in 51 | 60) echo "The certificate is not for $name." >&2; give_up 6 ;; esac
fi
# What the files say is one thing, and what the server does another: a request without the password, one that another web site sends in the
# user's name, and one from another origin must all be refused.
code=$(ask "$pin" -o /dev/null -w '%{http_code}' "$url/api/contents") || :
case $code in 401 | 403) ;; *) echo 'it does not ask for its password' >&2; give_up 12 ;; esac
code=$(ask "$pin" -o /dev/null -w '%{http_code}' -d password= "$url/login") || :
[ "$code" = 403 ] || { echo 'it takes requests that other web sites send in the name of the user' >&2; give_up 12; }
! ask "$pin" -D - -o /dev/null -H 'Origin: https://origin.invalid' "$url/api" | grep -qi '^access-control-allow-origin: *[*h]' ||
    { echo 'it answers any web site' >&2; give_up 12; }
code=$(ask_with "$(token_of "$config")" "$pin" -o /dev/null -w '%{http_code}' "$url/api/status") || :
[ "$code" = 200 ] || { echo 'The server does not take the token.' >&2; give_up 11; }

: > "$folder/ready"
echo "$version" > "$folder/version"
echo "pid $pid"
report "$folder"
