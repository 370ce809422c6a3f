# SPDX-License-Identifier: GPL-2.0-or-later
"""Generic netlink to natfw, fast enough to load a million rules: messages are made
beforehand, so that what is timed is the kernel."""
import os
import re
import socket
import struct

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), '..', '..'))

NETLINK_GENERIC, GENL_ID_CTRL = 16, 16
CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 3, 1, 2
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLM_F_CAPPED, NLM_F_ACK_TLVS = 0x100, 0x200
NLMSGERR_ATTR_MSG = 1
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11
BATCH_BYTES = 128 * 1024


class NlError(Exception):
    """The kernel refused a request."""


def constants():
    """Every enumerator of the uapi header, by name."""
    text = open(os.path.join(TOP, 'uapi/linux/natfw.h'), encoding='ascii').read()
    text = re.sub(r'/\*.*?\*/', '', text, flags=re.S)
    found = {}
    for body in re.findall(r'enum\s*\w*\s*\{(.*?)\}', text, flags=re.S):
        value = -1
        for item in filter(None, (i.strip() for i in body.split(','))):
            name, _, given = (p.strip() for p in item.partition('='))
            value = eval(given.strip('()'), {}, found) if given else value + 1
            found[name] = value
    return found


C = constants()


def attr(kind, payload):
    """One attribute: bytes, a string, a list of attributes, or a 32-bit number."""
    if isinstance(payload, int):
        payload = struct.pack('=I', payload)
    elif isinstance(payload, str):
        payload = payload.encode() + b'\0'
    elif isinstance(payload, list):
        kind, payload = kind | 0x8000, b''.join(payload)
    size = 4 + len(payload)
    return struct.pack('=HH', size, kind) + payload + b'\0' * (-size % 4)


def attrs_of(data):
    """(type, payload) of each attribute in data."""
    at = 0
    while at + 4 <= len(data):
        size, kind = struct.unpack_from('=HH', data, at)
        yield kind & 0x3fff, data[at + 4:at + size]
        at += (size + 3) & ~3


def number(payload):
    return int.from_bytes(payload, 'little' if struct.pack('=H', 1)[0] else 'big')


def packed(addr):
    return socket.inet_pton(socket.AF_INET6 if ':' in addr else socket.AF_INET, addr)


def nest(prefix, fields):
    """Attributes PREFIX_FIELD of a dictionary of fields."""
    return [attr(C[prefix + k.upper()], v) for k, v in fields.items()]


def rule(action, match=None, nat=None, priority=1000, flags=0):
    """The attributes of a rule. match and nat: fields as in the specification."""
    a = [attr(C['NATFW_A_RULE_PRIORITY'], priority),
         attr(C['NATFW_A_RULE_ACTION'], C['NATFW_ACTION_' + action.upper()])]
    if match:
        a.append(attr(C['NATFW_A_RULE_MATCH'], nest('NATFW_A_MATCH_', match)))
    if nat:
        a.append(attr(C['NATFW_A_RULE_NAT'], nest('NATFW_A_NAT_', nat)))
    if flags:
        a.append(attr(C['NATFW_A_RULE_FLAGS'], flags))
    return b''.join(a)


class Datagrams(list):
    """Datagrams, and how many requests are in them."""
    requests = 0


class Netlink:
    """A socket of netlink, of the network namespace it is made in."""

    def __init__(self, protocol):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * BATCH_BYTES)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * BATCH_BYTES)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        self.sock.bind((0, 0))
        self.seq = 0

    def close(self):
        self.sock.close()

    def _answers(self):
        found = []
        while True:
            data = self.sock.recv(1 << 20)
            at = 0
            while at < len(data):
                size, kind, flags = struct.unpack_from('=IHH', data, at)
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    self._check(data[at:at + size], flags)
                    return found
                found.append(list(attrs_of(data[at + 20:at + size])))
                at += (size + 3) & ~3

    @staticmethod
    def _check(msg, flags):
        code, = struct.unpack_from('=i', msg, 16) if len(msg) >= 20 else (0,)
        if code >= 0:
            return
        text = ''
        if flags & NLM_F_ACK_TLVS:
            tlv = dict(attrs_of(msg[36:]))
            text = tlv.get(NLMSGERR_ATTR_MSG, b'').rstrip(b'\0').decode()
        raise NlError(f'{os.strerror(-code)}{": " if text else ""}{text}')


class Natfw(Netlink):
    """A socket of natfw's family."""

    def __init__(self):
        super().__init__(NETLINK_GENERIC)
        self.family = GENL_ID_CTRL
        self.family = self._family()

    def _family(self):
        body = attr(CTRL_ATTR_FAMILY_NAME, 'natfw')
        try:
            answers = self.request(CTRL_CMD_GETFAMILY, body)
        except NlError as e:
            raise NlError('no netlink family natfw: modprobe natfw') from e
        return number(dict(answers[0])[CTRL_ATTR_FAMILY_ID])

    def message(self, cmd, body=b'', flags=0):
        self.seq += 1
        return struct.pack('=IHHIIBBH', 20 + len(body), self.family,
                           NLM_F_REQUEST | flags, self.seq, 0, cmd, 1, 0) + body

    def request(self, cmd, body=b'', flags=0):
        """Send one request; the attributes of each answer."""
        if isinstance(body, list):
            body = b''.join(body)
        self.sock.send(self.message(cmd, body, NLM_F_ACK | flags))
        return self._answers()

    # ---- what the benchmarks configure ----

    def net_set(self, **fields):
        a = []
        for k, v in fields.items():
            v = nest('NATFW_A_TIMEOUT_', v) if k == 'timeout' else v
            a.append(attr(C['NATFW_A_NET_' + k.upper()], v))
        self.request(C['NATFW_CMD_NET_SET'], a)

    def net_get(self, field):
        for answer in self.request(C['NATFW_CMD_NET_GET']):
            return number(dict(answer).get(C['NATFW_A_NET_' + field.upper()], b''))
        return 0

    def attach(self, dev, emit, default='pass'):
        self.request(C['NATFW_CMD_DEV_NEW'], [
            attr(C['NATFW_A_DEV_IFNAME'], dev),
            attr(C['NATFW_A_DEV_DEFAULT'], C['NATFW_VERDICT_' + default.upper()]),
            attr(C['NATFW_A_DEV_EMIT'], C['NATFW_EMIT_' + emit.upper()])])

    def pool(self, name, first, last, low=1024, high=65535):
        ends = [attr(C['NATFW_A_RANGE_FIRST'], packed(first)),
                attr(C['NATFW_A_RANGE_LAST'], packed(last))]
        self.request(C['NATFW_CMD_POOL_NEW'], [
            attr(C['NATFW_A_POOL_NAME'], name),
            attr(C['NATFW_A_POOL_RANGE'], ends),
            attr(C['NATFW_A_POOL_PORT_MIN'], low),
            attr(C['NATFW_A_POOL_PORT_MAX'], high),
            attr(C['NATFW_A_POOL_FLAGS'], C['NATFW_POOL_FLAG_PRESERVE'])])

    def add(self, body):
        self.request(C['NATFW_CMD_RULE_NEW'], body)

    def counters(self):
        """Packets by reason."""
        found = {}
        for answer in self.request(C['NATFW_CMD_STATS_GET']):
            for kind, payload in answer:
                if kind != C['NATFW_A_STATS_COUNTER']:
                    continue
                c = dict(attrs_of(payload))
                name = c[C['NATFW_A_COUNTER_NAME']].rstrip(b'\0').decode()
                found[name] = number(c.get(C['NATFW_A_COUNTER_PACKETS'], b''))
        return found

    def batches(self, bodies):
        """Datagrams of rule-new messages; the last message of each asks for an answer."""
        out, now, size = Datagrams(), [], 0
        for body in bodies:
            out.requests += 1
            now.append(body)
            size += 20 + len(body)
            if size > BATCH_BYTES:
                out.append(self._datagram(now))
                now, size = [], 0
        if now:
            out.append(self._datagram(now))
        return out

    def _datagram(self, bodies):
        cmd = C['NATFW_CMD_RULE_NEW']
        msgs = [self.message(cmd, b) for b in bodies[:-1]]
        msgs.append(self.message(cmd, bodies[-1], NLM_F_ACK))
        return b''.join(msgs)

    def commit(self, datagrams, flush=False):
        """One transaction: all of these rules, in place of all others if flush."""
        count = attr(C['NATFW_A_TXN_STAGED'], datagrams.requests + bool(flush))
        self.request(C['NATFW_CMD_TXN_BEGIN'], count)
        if flush:
            self.request(C['NATFW_CMD_RULE_FLUSH'])
        for d in datagrams:
            self.sock.send(d)
            self._answers()
        self.request(C['NATFW_CMD_TXN_COMMIT'], count)

    def load(self, bodies, flush=False):
        self.commit(self.batches(bodies), flush)
