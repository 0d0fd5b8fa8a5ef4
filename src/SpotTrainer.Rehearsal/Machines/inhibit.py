#!/usr/bin/python3 -ISB
"""systemd-inhibit for a rehearsal machine: holds a lock while a program runs, and lists the locks. Its init keeps them."""
import argparse
import json
import socket
import subprocess
import sys

parser = argparse.ArgumentParser(prog="systemd-inhibit")
parser.add_argument("--what", default="idle:sleep:shutdown")
parser.add_argument("--who", default="")
parser.add_argument("--why", default="Unknown reason")
parser.add_argument("--mode", default="block", choices=["block", "delay"])
parser.add_argument("--list", action="store_true")
parser.add_argument("--no-legend", action="store_true")
parser.add_argument("--no-pager", action="store_true")
parser.add_argument("command", nargs=argparse.REMAINDER)
options = parser.parse_args()
with socket.socket(socket.AF_UNIX) as init:
    # The lock lasts as long as this connection.
    init.connect("/run/init.sock")
    lock = {key: getattr(options, key) for key in ("what", "why", "mode")} | {"who": options.who or " ".join(options.command)}
    init.sendall(json.dumps(["inhibitors"] if options.list else ["inhibit", lock]).encode() + b"\n")
    answer = init.makefile().readline()
    if options.list:
        sys.stdout.write("".join(f"{entry['who']} {entry['what']} {entry['why']} {entry['mode']}\n" for entry in json.loads(answer)))
        sys.exit(0)
    sys.exit(subprocess.call(options.command))
