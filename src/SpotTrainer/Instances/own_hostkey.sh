#!/bin/sh
# Gives a machine a host key of its own, in place of the one that its client made for the first contact.
#
#   make FIRST   makes the key, unless it is there or served already, and prints its fingerprint. FIRST is the fingerprint
#                of the client's key: a machine that serves another one has changed over already.
#   serve        serves it from now on, and forgets the client's
set -eu

key=/etc/ssh/ssh_host_ed25519_key

fingerprint() {
    ssh-keygen -l -f "$1" | cut -d ' ' -f 2
}

make() {
    if [ "$(fingerprint "$key")" = "$1" ] && [ ! -s "$key.own" ]; then
        ssh-keygen -q -t ed25519 -N '' -C "$(uname -n)" -f "$key.$$"
        # Of two sessions that do this at once the first one's key counts: a link does not replace.
        if ln "$key.$$" "$key.own" 2> /dev/null; then mv -f "$key.$$.pub" "$key.own.pub"; fi
        rm -f "$key.$$" "$key.$$.pub"
    fi
    if [ -s "$key.own" ]; then fingerprint "$key.own"; else fingerprint "$key"; fi
}

# A server that was not told to read its keys anew goes on with the client's, which is accepted until this has worked.
serve() {
    if [ -s "$key.own" ]; then
        mv -f "$key.own.pub" "$key.pub"
        mv -f "$key.own" "$key"
    fi
    systemctl reload ssh.service 2> /dev/null || systemctl reload sshd.service
}

case ${1:-} in
    make) make "$2" ;;
    serve) serve ;;
    *)
        echo 'usage: own_hostkey.sh make FIRST | serve' >&2
        exit 2
        ;;
esac
