#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A name server for tests: dns.py ADDRESS NAME=ADDRESS[,ADDRESS...]... ; a name without addresses is never answered."""
import ipaddress
import socket
import struct
import sys


def answer(query, names):
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
        at += query[at] + 1
    kind = struct.unpack(">H", query[at + 1:at + 3])[0]
    question = query[12:at + 5]
    name = ".".join(labels)
    if name in names and not names[name]:
        return None
    records = [a for a in names.get(name, []) if {1: 4, 28: 6}.get(kind) == a.version]
    head = query[:2] + struct.pack(">HHHHH", 0x8180 if name in names else 0x8183, 1, len(records), 0, 0)
    body = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 1, len(a.packed)) + a.packed for a in records)
    print(name, kind, flush=True)
    return head + question + body


names = {}
for arg in sys.argv[2:]:
    n, _, addresses = arg.partition("=")
    names[n] = [ipaddress.ip_address(a) for a in addresses.split(",") if a]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 53))
while True:
    q, who = s.recvfrom(4096)
    a = answer(q, names)
    if a:
        s.sendto(a, who)
