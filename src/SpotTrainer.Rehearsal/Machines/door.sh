#!/bin/sh
# door.sh ADDRESS: reads the port from its input's first line, and joins the rest to that port of a machine.
read -r port
exec socat -t 30 - "TCP:$1:$port"
