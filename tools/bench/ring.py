# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames that pktgen cannot make: fragments, and chosen keys. They are laid into a transmit ring
once, and each round is one system call; lan is one end of a veth pair, the ring at the other.
What a frame costs is the time of all
processors, less that of the same frames dropped at ingress."""
import mmap
import socket
import struct

from clock import Clock
from gateway import CLOCK, DPORT, MAC_HOST, MAC_LAN, SPORT, Gateway, Traffic, sh
from nl import packed

SOL_PACKET, PACKET_VERSION, PACKET_TX_RING, PACKET_QDISC_BYPASS = 263, 10, 13, 20
TPACKET_V2, SEND_REQUEST = 1, 1
HEADER, FRAME, BLOCK = 32, 256, 4096
FRAMES = 4096
HOST, SERVER = '10.1.0.2', '203.0.113.1'
MF = 0x2000


def mac(text):
    return bytes(int(b, 16) for b in text.split(':'))


def checksum(data):
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def frame(payload, src=HOST, ident=0, fragment=0x4000, proto=17):
    """An Ethernet frame with an IPv4 packet in it; fragment: flags and offset, as in the header."""
    head = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(payload), ident, fragment, 64, proto, 0,
                       packed(src), packed(SERVER))
    head = head[:10] + struct.pack('>H', checksum(head)) + head[12:]
    return mac(MAC_LAN) + mac(MAC_HOST) + b'\x08\x00' + head + payload


def udp(sport, dport, length=18):
    """A datagram without checksum."""
    return struct.pack('>HHHH', sport, dport, 8 + length, 0) + bytes(length)


def flows(pairs):
    """A frame for each (source port, destination port), over and over until the ring is full."""
    return [frame(udp(*pairs[n % len(pairs)])) for n in range(FRAMES)]


def fragments(first):
    """First fragments whose others never come: each of a datagram of its own."""
    return [frame(udp(SPORT, DPORT, 16), src=f'10.2.{n >> 8 & 255}.{n & 255}',
                  ident=(first + n) & 0xffff, fragment=MF) for n in range(FRAMES)]


class RingGateway(Gateway):
    """A gateway whose lan is a veth, with a ring at its other end."""
    lan = 'type veth peer name gen'

    def __init__(self):
        super().__init__(4, Traffic(1, arrive='veth'))
        with self.inside():
            sh('ip', 'link', 'set', 'gen', 'up')
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self.sockets.append(self.sock)
            self.sock.bind(('gen', 0))
        self.sock.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V2)
        self.sock.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)
        self.sock.setsockopt(SOL_PACKET, PACKET_TX_RING,
                             struct.pack('=IIII', BLOCK, FRAMES * FRAME // BLOCK, FRAME, FRAMES))
        self.ring = mmap.mmap(self.sock.fileno(), FRAMES * FRAME)

    def fill(self, frames):
        """Lay frames into the ring, as many as it has places."""
        for n, data in enumerate(frames):
            at = n * FRAME
            struct.pack_into('=III', self.ring, at, 0, len(data), len(data))
            self.ring[at + HEADER:at + HEADER + len(data)] = data

    def send_ring(self, times=1):
        """(nanoseconds of all processors a frame, share of time lost to the host)."""
        before = CLOCK.read()
        for _ in range(times):
            for at in range(0, FRAMES * FRAME, FRAME):
                struct.pack_into('=I', self.ring, at, SEND_REQUEST)
            self.sock.send(b'')
        after = CLOCK.read()
        if not before or not after:
            return 0.0, 1.0
        return (Clock.seconds(before, after, None) * 1e9 / (times * FRAMES),
                Clock.lost(before, after, 1))

    def close(self):
        if hasattr(self, 'ring'):
            self.ring.close()
        super().close()
