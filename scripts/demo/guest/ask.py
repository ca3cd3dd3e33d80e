#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Ask the demo's programs for checksums over what they keep.

ask.py LIMIT_S SOCKET...: prints a line `SOCKET ANSWER` for each, and "no
answer" if none comes in time. The same line is sent to all: redis takes it
as a command, the guests of KVM on their serial line as a call (what they said
before the first may still wait there: "ready"), the others answer whoever
connects.
"""
import socket
import sys


def ask(path, limit):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(limit)
        try:
            client.connect(path)
            client.sendall(b"DEBUG DIGEST\r\n")
            with client.makefile("rb") as lines:
                for line in lines:
                    if line.strip() not in (b"", b"ready"):
                        return line.decode(errors="replace").strip()
        except OSError:
            pass
    return "no answer"


for name in sys.argv[2:]:
    print(name, ask(name, float(sys.argv[1])), flush=True)
