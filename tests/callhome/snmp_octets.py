# SPDX-License-Identifier: GPL-2.0-or-later
"""SNMPv3 messages over TLS as octets (RFC 3412, 5591, 6353), for what net-snmp's tools do not do or do not show.

	snmp_octets.py DIRECTORY NAME PORT SCENARIO [PORT]
"""
import socket
import ssl
import sys
import time

LOCAL = bytes.fromhex("8000000006")  # the engine that one does not know yet (RFC 5343)
ENGINE = (1, 3, 6, 1, 6, 3, 10, 2, 1, 1, 0)
NAME = (1, 3, 6, 1, 2, 1, 1, 5, 0)


def ber(tag, data):
    n = len(data)
    return bytes([tag]) + (bytes([n]) if n < 128 else b"\x82" + n.to_bytes(2, "big")) + data


def number(n):
    return ber(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def oid(o):
    data = bytes([40 * o[0] + o[1]])
    for n in o[2:]:
        data += bytes([n]) if n < 128 else bytes([128 | n >> 7, n & 127])
    return ber(6, data)


def get(n, engine, name):
    """GetRequest as message N, authPriv by the transport security model."""
    pdu = ber(0xa0, number(n) + number(0) + number(0) + ber(0x30, ber(0x30, oid(name) + b"\5\0")))
    head = ber(0x30, number(n) + number(65000) + ber(4, b"\7") + number(4))
    return ber(0x30, number(3) + head + ber(4, b"") + ber(0x30, ber(4, engine) + ber(4, b"") + pdu))


def items(data):
    found = []
    while data:
        n, at = data[1], 2
        if n & 128:
            at += n & 127
            n = int.from_bytes(data[2:at], "big")
        found.append((data[0], data[at:at + n]))
        data = data[at + n:]
    return found


class Connection:
    def __init__(self, directory, name, port):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        c.check_hostname = False
        c.minimum_version = ssl.TLSVersion.TLSv1
        c.set_ciphers("ALL:!aNULL:@SECLEVEL=0")
        c.load_verify_locations("%s/certs/gateway.crt" % directory)
        c.load_cert_chain("%s/certs/%s.crt" % (directory, name), "%s/private/%s.key" % (directory, name))
        self.s = c.wrap_socket(socket.create_connection(("127.0.0.1", port), 20), suppress_ragged_eofs=False)
        self.s.settimeout(20)
        self.buf = b""

    def message(self):
        """The next answer: its number, security model and level, engine, and the value."""
        while len(self.buf) < 4 or len(self.buf) < self.length():
            data = self.s.recv(65536)
            if not data:
                raise EOFError
            self.buf += data
        n = self.length()
        whole, self.buf = items(self.buf[:n])[0][1], self.buf[n:]
        version, head, _, scoped = items(whole)
        number_, _, flags, model = items(head[1])
        engine, _, pdu = items(scoped[1])
        value = items(items(items(pdu[1])[3][1])[0][1])[1]
        assert version[1] == b"\3" and pdu[0] in (0xa2, 0xa8), (version, pdu)
        assert int.from_bytes(items(pdu[1])[0][1], "big") == int.from_bytes(number_[1], "big"), "request-id"
        return int.from_bytes(number_[1], "big"), model[1][0], flags[1][0] & 3, engine[1], value[1]

    def length(self):
        n, at = self.buf[1], 2
        if n & 128:
            at += n & 127
            n = int.from_bytes(self.buf[2:at], "big")
        return at + n

    def engine(self):
        self.s.sendall(get(1, LOCAL, ENGINE))
        n, model, level, engine, value = self.message()
        assert (n, model, level) == (1, 4, 3), (n, model, level)
        return value


def discovers(a):
    """By the engine of which everybody knows the name."""
    engine = a.engine()
    assert 5 <= len(engine) <= 32 and engine != LOCAL, engine
    a.s.sendall(get(2, engine, NAME))
    assert a.message() == (2, 4, 3, engine, b"gw17")


def frames(a):
    """Messages end where they say, and not where records do.

    The pause is for snmpd: of records that arrive together it leaves some until more comes, without natfwd as well.
    """
    engine = a.engine()
    a.s.sendall(b"".join(get(n, engine, NAME) for n in (10, 11, 12)))
    assert [a.message()[0] for _ in range(3)] == [10, 11, 12]
    whole = get(13, engine, NAME)
    for part in whole[:30], whole[30:]:
        a.s.sendall(part)
        time.sleep(0.5)
    assert a.message() == (13, 4, 3, engine, b"gw17")


def garbage(a):
    a.engine()
    a.s.sendall(b"\xffthis is no message" * 4)
    try:
        a.message()
    except (EOFError, ssl.SSLError, ConnectionError):
        return
    raise AssertionError("an answer")


def sessions(a, b):
    """Two sessions at a time: each gets the answers to what was asked there, by model and level of the question."""
    engine = a.engine()
    assert b.engine() == engine
    for n in range(20, 40, 2):
        a.s.sendall(get(n, engine, NAME))
        b.s.sendall(get(n + 1, engine, NAME))
        assert b.message() == (n + 1, 4, 3, engine, b"gw17")
        assert a.message() == (n, 4, 3, engine, b"gw17")


directory, name, port, scenario, *other = sys.argv[1:]
globals()[scenario](*(Connection(directory, name, int(p)) for p in [port] + other))
print("done")
