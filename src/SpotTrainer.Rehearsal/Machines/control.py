#!/usr/bin/python3 -ISB
"""systemctl, shutdown, poweroff, halt, reboot and systemd-run for a rehearsal machine. All of them call its init."""
import json
import os
import socket
import sys

with socket.socket(socket.AF_UNIX) as init:
    try:
        init.connect("/run/init.sock")
    except OSError:
        sys.exit(f"{os.path.basename(sys.argv[0])}: the machine is shutting down")
    init.sendall(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:]]).encode() + b"\n")
    answer = b""
    while part := init.recv(65536):
        answer += part
if not answer:
    sys.exit(0)  # init ended before it could answer: the machine is off
answer = json.loads(answer)
sys.stdout.write(answer["output"])
sys.stderr.write(answer["error"])
sys.exit(answer["status"])
