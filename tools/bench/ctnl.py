# SPDX-License-Identifier: GPL-2.0-or-later
"""Connection tracking's netlink, for connections with source translation made by messages: the
peer of natfw's exact rules."""
import socket
import struct

from nl import NLM_F_ACK, NLM_F_REQUEST, Netlink, attr, packed

NETLINK_NETFILTER = 12
NLM_F_EXCL, NLM_F_CREATE = 0x200, 0x400
CT_NEW, CT_DELETE = 0x100, 0x102                # NFNL_SUBSYS_CTNETLINK << 8 and the message
TUPLE_ORIG, TUPLE_REPLY, NAT_SRC, TIMEOUT = 1, 2, 6, 7
TUPLE_IP, TUPLE_PROTO = 1, 2
UDP = 17


def tuple_of(kind, src, dst, sport, dport):
    return attr(kind, [
        attr(TUPLE_IP, [attr(1, src), attr(2, dst)]),
        attr(TUPLE_PROTO, [attr(1, bytes([UDP])), attr(2, struct.pack('>H', sport)),
                           attr(3, struct.pack('>H', dport))])])


def connection(sport, dport):
    """Attributes of a UDP connection whose source becomes another address."""
    src, dst, ext = packed('10.2.0.0'), packed('203.0.113.1'), packed('198.51.100.200')
    port = struct.pack('>H', sport)
    return b''.join((
        tuple_of(TUPLE_ORIG, src, dst, sport, dport),
        tuple_of(TUPLE_REPLY, dst, src, dport, sport),
        attr(NAT_SRC, [attr(1, ext), attr(2, ext), attr(3, [attr(1, port), attr(2, port)])]),
        attr(TIMEOUT, struct.pack('>I', 3600))))


class Conntrack(Netlink):
    """A socket of ctnetlink, of the network namespace it is made in."""

    def __init__(self):
        super().__init__(NETLINK_NETFILTER)

    def message(self, cmd, body=b'', flags=0):
        self.seq += 1
        return struct.pack('=IHHIIBBH', 20 + len(body), cmd, NLM_F_REQUEST | flags, self.seq, 0,
                           socket.AF_INET, 0, 0) + body

    def batches(self, count):
        """Datagrams that make so many connections; the last message of each is answered."""
        bodies = [connection(1024 + n % 50000, 2000 + n // 50000) for n in range(count)]
        flags = NLM_F_CREATE | NLM_F_EXCL
        return [b''.join(self.message(CT_NEW, b, flags) for b in part[:-1]) +
                self.message(CT_NEW, part[-1], flags | NLM_F_ACK)
                for part in (bodies[i:i + 500] for i in range(0, count, 500))]

    def send(self, datagrams):
        for d in datagrams:
            self.sock.send(d)
            self._answers()

    def flush(self):
        self.sock.send(self.message(CT_DELETE, flags=NLM_F_ACK))
        self._answers()


def connections():
    """How many there are in this network namespace."""
    with open('/proc/sys/net/netfilter/nf_conntrack_count', encoding='ascii') as f:
        return int(f.read())
