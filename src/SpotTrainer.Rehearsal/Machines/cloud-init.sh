#!/bin/sh
# The part of cloud-init's command line that scripts use to wait for the boot.
finished=/var/lib/cloud/instance/boot-finished
case ${1-} in
    status)
        case " $* " in *" --wait "*|*" -w "*) while [ ! -e "$finished" ] || [ -e /run/booting ]; do sleep 0.1; done ;; esac
        if [ ! -e "$finished" ] || [ -e /run/booting ]; then echo "status: running"; exit 0; fi
        if [ -s /run/cloud-init/errors ]; then echo "status: error"; cat /run/cloud-init/errors; exit 1; fi
        echo "status: done" ;;
    query) [ "${2-}" = userdata ] && cat /var/lib/cloud/instance/user-data.txt ;;
    *) echo "cloud-init: the rehearsal supports only 'status [--wait]' and 'query userdata'" >&2; exit 2 ;;
esac
