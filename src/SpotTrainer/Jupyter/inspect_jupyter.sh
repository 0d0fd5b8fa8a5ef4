#!/bin/sh
# inspect_jupyter.sh PREFIX [names|ec2]: prints what a host has of Jupyter, without starting it. Lines:
#   home PATH
#   package NAME-VERSION...    of the stack: first what Python itself lists, then conda's records
#   file PATH CONTENT          each in base64: the configuration that the server reads, and the certificate
#   large PATH                 in base64: a file that is not shown, because no configuration is that long
#   name NAME                  names and addresses of the host; with "ec2", also those that EC2 knows
# No secret is an argument of a process: printf belongs to the shell.
set -u
prefix=$1
case $prefix in \~/*) prefix=$HOME/${prefix#\~/} ;; esac
printf 'home %s\n' "$HOME"
for path in "$prefix"/lib/python3*/site-packages/* "$prefix"/lib/python3*/dist-packages/* "$prefix"/conda-meta/*; do
    name=${path##*/}
    case $name in
        notebook-[0-9]*info | jupyter_server-[0-9]*info | jupyterlab-[0-9]*info | notebook-[0-9]*.json | jupyter_server-[0-9]*.json | jupyterlab-[0-9]*.json)
            printf 'package %s\n' "$name"
            ;;
    esac
done
show() {
    { [ -f "$1" ] && [ -r "$1" ]; } || return 0
    path=$(printf %s "$1" | base64 | tr -d '\n')
    if [ "$(wc -c < "$1")" -gt 262144 ]; then
        printf 'large %s\n' "$path"
    else
        printf 'file %s %s\n' "$path" "$(base64 < "$1" | tr -d '\n')"
    fi
}
for folder in "$HOME/spottrainer/jupyter" "$HOME/.jupyter" "$HOME/.local/etc/jupyter" "$prefix/etc/jupyter" /usr/local/etc/jupyter /etc/jupyter; do
    for name in jupyter_config jupyter_notebook_config jupyter_server_config jupyter_lab_config; do
        show "$folder/$name.py"
        show "$folder/$name.json"
        for path in "$folder/$name.d"/*.json; do
            show "$path"
        done
    done
done
[ ! -s "$HOME/spottrainer/jupyter/key.pem" ] || show "$HOME/spottrainer/jupyter/certificate.pem"
show "$HOME/spottrainer/jupyter/fingerprint"
[ $# -gt 1 ] || exit 0
for name in $(hostname -f 2>/dev/null) $(hostname -I 2>/dev/null); do
    printf 'name %s\n' "$name"
done
[ "$2" = ec2 ] || exit 0
ec2=http://169.254.169.254/latest
token=$(curl -sf --max-time 2 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$ec2/api/token") || exit 0
for name in public-hostname local-hostname public-ipv4 local-ipv4; do
    value=$(printf 'X-aws-ec2-metadata-token: %s\n' "$token" | curl -sf --max-time 2 -H @- "$ec2/meta-data/$name") || continue
    printf 'name %s\n' "$value"
done
exit 0
