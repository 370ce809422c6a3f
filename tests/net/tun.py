#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tun.py DEVICE COMMANDS ANSWERS: the far end of a tun device.

Each line of COMMANDS, "SOURCE DESTINATION", sends an echo request; a reply to it writes
"reply" to ANSWERS.
"""
import fcntl
import os
import select
import socket
import struct
import sys

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 1, 0x1000


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def echo(src, dst):
    icmp = struct.pack("!BBHHH", 8, 0, 0, 77, 1) + b"tunneled"
    icmp = icmp[:2] + struct.pack("!H", checksum(icmp)) + icmp[4:]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(icmp), 1, 0, 64, 1, 0)
    head += socket.inet_aton(src) + socket.inet_aton(dst)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + icmp


def main():
    device, commands, answers = sys.argv[1:]
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TUN | IFF_NO_PI))
    orders = os.open(commands, os.O_RDWR)
    while True:
        ready, _, _ = select.select([tun, orders], [], [])
        if orders in ready:
            for line in os.read(orders, 4096).decode().splitlines():
                os.write(tun, echo(*line.split()))
        if tun in ready:
            packet = os.read(tun, 65536)
            if packet[0] >> 4 == 4 and packet[9] == 1 and packet[20] == 0:
                with open(answers, "a", encoding="ascii") as out:
                    out.write("reply\n")


main()
