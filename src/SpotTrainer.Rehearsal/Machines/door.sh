#!/bin/sh
# door.sh ADDRESS: reads a port from the first line of its input, and connects the rest to that port of a machine.
read -r port
exec socat -t 30 - "TCP:$1:$port"
