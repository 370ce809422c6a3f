# SPDX-License-Identifier: GPL-2.0-or-later
"""Generic netlink as the specification says: messages from names, names from messages.

Everything is taken from the family's YAML, so that a test says `match: {dport: 80}` and a
change of the specification needs no change here. Only the standard library and PyYAML.
"""
import ctypes
import errno
import ipaddress
import os
import re
import select
import socket
import struct
import subprocess
import time

try:
    import yaml
except ImportError:
    yaml = None

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SPEC = os.path.join(TOP, "Documentation/netlink/specs/natfw.yaml")

NLM_F_REQUEST, NLM_F_ACK, NLM_F_ECHO = 1, 4, 8
NLM_F_DUMP_INTR, NLM_F_DUMP = 0x10, 0x300
NLM_F_CAPPED, NLM_F_ACK_TLVS = 0x100, 0x200
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLA_F_NESTED, NLA_TYPE_MASK = 0x8000, 0x3fff
SOL_NETLINK = 270
ADD_MEMBERSHIP, EXT_ACK, GET_STRICT_CHK = 1, 11, 12
GENL_ID_CTRL = 0x10
CTRL_GETFAMILY, CTRL_GETPOLICY = 3, 10
CLONE_NEWNET, CLONE_NEWUSER = 0x40000000, 0x10000000
NETLINK_GENERIC = 16
HEAD = 20
BAD = (errno.EINVAL, errno.ERANGE)

U32, U64 = "u32", "u64"
_libc = ctypes.CDLL(None, use_errno=True)


class NlError(OSError):
    """A refusal: errno, the kernel's words, and what it points at."""

    def __init__(self, code, text, offset, miss_type, miss_nest):
        super().__init__(code, f"{os.strerror(code)}: {text or 'no message'}")
        self.text, self.offset = text, offset
        self.miss_type, self.miss_nest = miss_type, miss_nest


class Attr:
    """One attribute of a set, as the specification has it."""

    def __init__(self, number, spec):
        self.number, self.name, self.type = number, spec["name"], spec["type"]
        self.nested = spec.get("nested-attributes")
        self.multi = spec.get("multi-attr", False)
        self.enum, self.as_flags = spec.get("enum"), spec.get("enum-as-flags", False)
        self.checks = spec.get("checks", {})


class Spec:
    """The family's specification: sets, operations and enumerations by name."""

    def __init__(self, path=SPEC):
        with open(path, encoding="utf-8") as file:
            doc = yaml.safe_load(file)
        self.doc, self.name = doc, doc["name"]
        self.enums = {}
        for item in doc["definitions"]:
            if item["type"] in ("enum", "flags"):
                self.enums[item["name"]] = self._entries(item)
        self.sets = {s["name"]: self._attrs(s) for s in doc["attribute-sets"]}
        self.ops, self.op_names = {}, {}
        for number, op in enumerate(doc["operations"]["list"], 1):
            self.ops[op["name"]] = op
            op["number"] = number
            self.op_names[number] = op["name"]
        for op in self.ops.values():
            if "notify" in op:
                op["attribute-set"] = self.ops[op["notify"]]["attribute-set"]

    @staticmethod
    def _entries(item):
        names = [e["name"] if isinstance(e, dict) else e for e in item["entries"]]
        if item["type"] == "flags":
            return {name: 1 << i for i, name in enumerate(names)}
        return {name: i for i, name in enumerate(names)}

    @staticmethod
    def _attrs(one):
        attrs = [Attr(i, a) for i, a in enumerate(one["attributes"], 1)]
        return {a.name: a for a in attrs}

    def requests(self):
        """Every (operation, "do" or "dump", names of request attributes)."""
        for name, op in self.ops.items():
            for mode in ("do", "dump"):
                if mode in op:
                    body = op[mode] or {}
                    yield name, mode, (body.get("request") or {}).get("attributes", [])

    def number(self, enum, value, as_flags):
        """The number of an enumeration's name; of several, for flags."""
        if isinstance(value, int):
            return value
        if as_flags:
            names = [value] if isinstance(value, str) else value
            return sum(self.enums[enum][name] for name in names)
        return self.enums[enum][value]


def pack_attr(number, payload):
    """One attribute with its header, padded."""
    return struct.pack("=HH", len(payload) + 4, number) + payload + bytes(-len(payload) % 4)


def unpack_attrs(data):
    """(type, payload) of each attribute in the buffer; flags of the type are cut off."""
    at = 0
    while at + 4 <= len(data):
        size, number = struct.unpack_from("=HH", data, at)
        if size < 4 or at + size > len(data):
            return
        yield number & NLA_TYPE_MASK, data[at + 4:at + size]
        at += (size + 3) & ~3


class Encoder:
    """Builds the attributes of a request and remembers where each of them stands."""

    def __init__(self, spec):
        self.spec, self.where = spec, {}

    def encode(self, set_name, values, path=(), at=HEAD):
        """Bytes of the attributes `values` of a set, which start `at` in the message."""
        out = b""
        for name, value in values.items():
            attr = self.spec.sets[set_name][name]
            for item in value if attr.multi and isinstance(value, list) else [value]:
                self.where[path + (name,)] = at + len(out)
                out += self._one(attr, item, path + (name,), at + len(out))
        return out

    def _one(self, attr, value, path, at):
        if isinstance(value, Raw):
            return pack_attr(attr.number | value.flags, value.data)
        if attr.type == "nest":
            return pack_attr(attr.number | NLA_F_NESTED,
                             self.encode(attr.nested, value, path, at + 4))
        return pack_attr(attr.number, self._payload(attr, value))

    def _payload(self, attr, value):
        if attr.type in (U32, U64):
            if attr.enum:
                value = self.spec.number(attr.enum, value, attr.as_flags)
            return struct.pack("=I" if attr.type == U32 else "=Q", value)
        if attr.type == "flag":
            return b""
        if attr.type == "string":
            return value.encode() + b"\0"
        if isinstance(value, str):
            return ipaddress.ip_address(value).packed
        return value


class Raw:
    """An attribute's payload as it is, for messages that are wrong on purpose."""

    def __init__(self, data, flags=0):
        self.data, self.flags = data, flags


class Nl:
    """A socket of the family in this thread's network namespace."""

    spec = None

    def __init__(self, strict=True, rcvbuf=1 << 20):
        if Nl.spec is None:
            Nl.spec = Spec()
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC,
                                  NETLINK_GENERIC)
        self.sock.bind((0, 0))
        self.sock.setsockopt(SOL_NETLINK, EXT_ACK, 1)
        if strict:
            self.sock.setsockopt(SOL_NETLINK, GET_STRICT_CHK, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.sock.settimeout(30)
        self.seq = 0
        self.groups, self.where, self.interrupted = {}, {}, False
        self.family = GENL_ID_CTRL
        self._find()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the socket, and with it whatever transaction it has open."""
        self.sock.close()

    def _find(self):
        name = pack_attr(2, Nl.spec.name.encode() + b"\0")
        for payload in self.exchange(GENL_ID_CTRL, CTRL_GETFAMILY, name, NLM_F_ACK):
            self._family_attrs(payload)

    def _family_attrs(self, payload):
        for number, data in unpack_attrs(payload[4:]):
            if number == 1:
                self.family = struct.unpack("=H", data)[0]
            elif number == 7:
                for _, group in unpack_attrs(data):
                    fields = dict(unpack_attrs(group))
                    self.groups[fields[1].rstrip(b"\0").decode()] = \
                        struct.unpack("=I", fields[2])[0]

    # messages

    def send(self, family, command, payload, flags):
        """One request as it is. Returns its sequence number."""
        self.seq += 1
        body = struct.pack("=BBH", command, 1, 0) + payload
        self.sock.send(struct.pack("=IHHII", 16 + len(body), family, flags | NLM_F_REQUEST,
                                   self.seq, 0) + body)
        return self.seq

    def receive(self):
        """(type, flags, sequence, payload) of each message of one datagram."""
        data = self.sock.recv(1 << 18)
        at = 0
        while at + 16 <= len(data):
            size, kind, flags, seq, _ = struct.unpack_from("=IHHII", data, at)
            yield kind, flags, seq, data[at + 16:at + size]
            at += (size + 3) & ~3

    def replies(self, seq):
        """Payloads, with generic netlink header, of the replies to a request."""
        while True:
            for kind, flags, got, payload in self.receive():
                if got != seq:
                    continue
                self.interrupted |= bool(flags & NLM_F_DUMP_INTR)
                if kind == NLMSG_ERROR:
                    self._error(flags, payload)
                    return
                if kind == NLMSG_DONE:
                    self._done(payload)
                    return
                yield payload

    @staticmethod
    def _error(flags, payload):
        code = -struct.unpack_from("=i", payload)[0]
        if not code:
            return
        size = struct.unpack_from("=I", payload, 4)[0]
        tlvs = b""
        if flags & NLM_F_ACK_TLVS:
            skip = 4 + (16 if flags & NLM_F_CAPPED else (size + 3) & ~3)
            tlvs = payload[skip:]
        fields = dict(unpack_attrs(tlvs))
        numbers = [struct.unpack("=I", fields[i])[0] if i in fields else None
                   for i in (2, 5, 6)]
        raise NlError(code, fields.get(1, b"").rstrip(b"\0").decode(), *numbers)

    @staticmethod
    def _done(payload):
        code = -struct.unpack_from("=i", payload)[0] if len(payload) >= 4 else 0
        if code > 0:
            text = dict(unpack_attrs(payload[4:])).get(1, b"").rstrip(b"\0").decode()
            raise NlError(code, text, None, None, None)

    def exchange(self, family, command, payload, flags):
        """The replies to one request, all of them."""
        return list(self.replies(self.send(family, command, payload, flags)))

    # by name

    def encode(self, op, values):
        """Attributes of a request; self.where then says where each of them is."""
        encoder = Encoder(Nl.spec)
        data = encoder.encode(Nl.spec.ops[op]["attribute-set"], values)
        self.where = encoder.where
        return data

    def decode(self, set_name, data):
        """A dictionary of the attributes in a buffer; unknown ones are left out."""
        by_number = {a.number: a for a in Nl.spec.sets[set_name].values()}
        out = {}
        for number, payload in unpack_attrs(data):
            attr = by_number.get(number)
            if attr is None or attr.type == "pad":
                continue
            value = self._value(attr, payload)
            if attr.multi:
                out.setdefault(attr.name, []).append(value)
            else:
                out[attr.name] = value
        return out

    def _value(self, attr, payload):
        if attr.type == "nest":
            return self.decode(attr.nested, payload)
        if attr.type in (U32, U64):
            return int.from_bytes(payload, "little")
        if attr.type == "flag":
            return True
        if attr.type == "string":
            return payload.rstrip(b"\0").decode()
        return payload

    def call(self, op, values=None, flags=NLM_F_ACK, raw=None):
        """Replies to a request, decoded."""
        spec = Nl.spec.ops[op]
        data = self.encode(op, values or {}) if raw is None else raw
        return [self.decode(spec["attribute-set"], p[4:])
                for p in self.exchange(self.family, spec["number"], data, flags)]

    def do(self, op, _flags=0, **values):
        """One request; its reply, or None. Names with _ for -."""
        values = {k.replace("_", "-"): v for k, v in values.items()}
        replies = self.call(op, values, NLM_F_ACK | _flags)
        return replies[0] if replies else None

    def echo(self, op, **values):
        """One request that asks for what it made."""
        return self.do(op, NLM_F_ECHO, **values)

    def dump(self, op, **values):
        """All of a kind."""
        self.interrupted = False
        values = {k.replace("_", "-"): v for k, v in values.items()}
        return self.call(op, values, NLM_F_ACK | NLM_F_DUMP)

    # events

    def subscribe(self, *groups):
        """Listen to these groups."""
        for group in groups:
            self.sock.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, self.groups[group])

    def events(self, seconds=0.0, count=None):
        """(name, attributes) of what was told; waits for `count` of them or the time."""
        out, end = [], time.monotonic() + seconds
        while count is None or len(out) < count:
            left = max(0, end - time.monotonic())
            if not select.select([self.sock], [], [], left)[0]:
                break
            for kind, _, seq, payload in self.receive():
                if kind == self.family and seq == 0:
                    out.append(self._event(payload))
        return out

    def _event(self, payload):
        name = Nl.spec.op_names.get(payload[0], f"command {payload[0]}")
        set_name = Nl.spec.ops[name]["attribute-set"]
        return name, self.decode(set_name, payload[4:])


# namespaces and devices

def unshare(flags):
    """What Python 3.12 has as os.unshare()."""
    if _libc.unshare(flags):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def setns(fd):
    """Enter the network namespace of a descriptor."""
    if _libc.setns(fd, CLONE_NEWNET):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def netns_fd():
    """A descriptor of this thread's network namespace."""
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def run(command):
    """A command in this namespace; its output."""
    return subprocess.run(command.split(), check=True, capture_output=True, text=True).stdout


def links(*names):
    """Devices to attach: one end each of veth pairs, the other ends called NAME-p."""
    for name in names:
        run(f"ip link add {name} type veth peer name {name}-p")
        run(f"ip link set {name} up")
        run(f"ip link set {name}-p up")
    return [socket.if_nametoindex(name) for name in names]


# points

class Failure(Exception):
    """A test point that did not hold."""


def check(condition, text):
    """Fail the point, with a reason, unless the condition holds."""
    if not condition:
        raise Failure(text)


def kernel():
    """The running kernel's version, as a pair."""
    return tuple(int(p) for p in re.findall(r"\d+", os.uname().release)[:2])


def refused(nl, op, values, codes, at=None, miss=None, flags=NLM_F_ACK, raw=None):
    """The request must be refused with one of the errnos, in words, pointing at what is wrong."""
    codes = codes if isinstance(codes, tuple) else (codes,)
    try:
        nl.call(op, values, flags, raw)
    except NlError as e:
        check(e.errno in codes, f"{op} {values}: {e}, errno {e.errno} not in {codes}")
        check(e.text, f"{op} {values}: refused without a message ({e})")
        if at:
            want = nl.where[at]
            check(e.offset == want, f"{op} {values}: points at {e.offset}, not {want} {at} ({e})")
        if miss:
            check_missing(op, e, miss)
        return e
    raise Failure(f"{op} {values}: should have been refused")


def check_missing(op, e, miss):
    """The refusal names the attribute that is not there."""
    number = Nl.spec.sets[Nl.spec.ops[op]["attribute-set"]][miss].number
    check(e.miss_type == number, f"{op}: names missing attribute {e.miss_type}, not {number} ({e})")


TESTS = []


def test(name):
    """Register a test point. It gets a socket in a network namespace of its own."""
    def register(function):
        TESTS.append((name, function))
        return function
    return register


def _point(number, name, function):
    only = os.environ.get("ONLY")
    if only and only not in name:
        return None
    unshare(CLONE_NEWNET)
    run("ip link set lo up")
    try:
        with Nl() as nl:
            function(nl)
    except (Failure, NlError, OSError, AssertionError, KeyError, IndexError, TypeError) as e:
        where = e.__traceback__
        while where.tb_next and where.tb_next.tb_frame.f_code.co_filename != __file__:
            where = where.tb_next
        print(f"# {type(e).__name__}: {e} (line {where.tb_lineno})")
        print(f"not ok {number} {name}", flush=True)
        return False
    print(f"ok {number} {name}", flush=True)
    return True


def unavailable():
    """Why nothing here can run, or None."""
    if yaml is None:
        return "python3-yaml is not installed"
    if os.geteuid():
        return "not root"
    subprocess.run(["modprobe", "-q", "natfw"], check=False)
    try:
        unshare(CLONE_NEWNET)
        with Nl() as nl:
            return None if nl.groups else "no natfw family here"
    except NlError as e:
        return f"no natfw family here; modprobe natfw ({e})"
    except OSError as e:
        return f"no network namespaces here: {e}"


def main():
    """Run every registered point; the exit status is the test's."""
    print("KTAP version 1")
    why = unavailable()
    if why:
        print(f"1..0 # SKIP {why}")
        return 4
    results = []
    for name, function in TESTS:
        result = _point(len(results) + 1, name, function)
        if result is not None:
            results.append(result)
    print(f"1..{len(results)}")
    return 0 if all(results) else 1



def check_soon(condition, seconds, text):
    """Fail the point unless the condition comes to hold within this time."""
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, text())
        time.sleep(0.05)


def settled_memory(nl):
    """The memory gauge of an idle namespace, once its table has shrunk to the least."""
    end = time.monotonic() + 8
    last, since = None, time.monotonic()
    while time.monotonic() < end:
        now = nl.do("net-get")["memory"]
        if now != last:
            last, since = now, time.monotonic()
        if time.monotonic() - since > (.4 if now < 40000 else 3):
            break
        time.sleep(.1)
    return last
