# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules through netlink and by configuration file, and all of them replaced under traffic."""
import os
import struct
import subprocess
import tempfile
import threading
import time

from figures import figure, timed, under
from gateway import DPORT, SPORT, Failed, Gateway, Net, Traffic, put, setns
from impls import UDP, NatfwDirect
from nl import C, Natfw, packed, rule

NATFWCTL = os.path.join(os.path.dirname(__file__), '..', 'natfwctl', 'natfwctl')
REPEATS = 3
MANY = 4 << 20
MARKS = (0x5aa5, 0xa55a)    # ports that occur nowhere else in a rule


def numbered(count, base, action='deny', nat=False):
    """Exact rules, count of them; different ones for each base."""
    match = {'src': packed('10.2.0.0'), 'dst': packed('203.0.113.1'), 'proto': UDP,
             'sport': MARKS[0], 'dport': MARKS[1]}
    to = {'src': packed('198.51.100.200'), 'sport': MARKS[0]} if nat else None
    body = bytearray(rule(action, match, to))
    sports, dports = (places(body, struct.pack('=I', m)) for m in MARKS)
    for n in range(count):
        for at in sports:
            struct.pack_into('=I', body, at, 1024 + n % 50000)
        for at in dports:
            struct.pack_into('=I', body, at, base + n // 50000)
        yield bytes(body)


def places(body, what):
    """Where in a message something stands."""
    at = [i for i in range(len(body)) if body.startswith(what, i)]
    if not at:
        raise ValueError('the message does not hold its mark')
    return at


def opened(gw):
    """A socket of natfw in the gateway's namespace, with room for many rules."""
    with gw.inside():
        nl = Natfw()
    gw.sockets.append(nl)
    nl.net_set(rule_max=MANY, flow_max=MANY)
    return nl


def in_force(nl, count):
    if nl.net_get('rules') != count:
        raise Failed(f'{nl.net_get("rules")} rules are in force, not {count}')


def rates(nl, count):
    """Rules a second, some times each: (loaded, replaced by others, flushed)."""
    first, second = (nl.batches(numbered(count, base)) for base in (2000, 3000))
    found = ([], [], [])
    for _ in range(REPEATS):
        for into, work, left in (
                (found[0], lambda: nl.commit(first), count),
                (found[1], lambda: nl.commit(second, flush=True), count),
                (found[2], lambda: nl.request(C['NATFW_CMD_RULE_FLUSH']), 0)):
            into.append(count / timed(work))
            in_force(nl, left)
    return found


def load_netlink(nl, count):
    """Loading into an empty table, replacing all at once, and taking all away."""
    notes = (('new', f'{count:,} exact rules in one transaction'),
             ('replaced', f'{count:,} exact rules replaced by as many others'),
             ('flushed', f'{count:,} exact rules flushed'))
    return [figure('load', 'netlink', note, values, 'rules/s', rules=count, what=what)
            for (what, note), values in zip(notes, rates(nl, count))]


def load_bindings(nl, count):
    msgs, took = nl.batches(numbered(count, 2000, 'nat', True)), []
    for _ in range(REPEATS):
        took.append(count / timed(lambda: nl.commit(msgs)))
        in_force(nl, count)
        nl.request(C['NATFW_CMD_RULE_FLUSH'])
    return [figure('load', 'netlink', f'{count:,} exact bindings in one transaction', took,
                   'rules/s', rules=count, what='bindings')]


def load_file(gw, nl, count):
    """The same through the configuration file of natfwctl."""
    def apply(name):
        with gw.inside():
            done = subprocess.run([NATFWCTL, 'apply', name], capture_output=True, text=True,
                                  check=False)
        if done.returncode:
            raise Failed('natfwctl apply: ' + done.stderr.strip()[:200])

    with tempfile.NamedTemporaryFile('w', dir='/dev/shm', suffix='.natfw') as f:
        f.writelines(f'rule add deny udp from 10.2.0.0 sport {1024 + n % 50000} to 203.0.113.1 '
                     f'dport {4000 + n // 50000}\n' for n in range(count))
        f.flush()
        took = timed(lambda: apply(f.name))
    in_force(nl, count)
    return [figure('load', 'natfwctl', f'{count:,} exact rules by natfwctl apply', count / took,
                   'rules/s', rules=count, what='file')]


def load_one(count):
    with Gateway(4, Traffic(1)) as gw:
        nl = opened(gw)
        return (load_netlink(nl, count) + load_bindings(nl, min(count, 100000)) +
                load_file(gw, nl, count))


def load(o, _impls, _rounds):
    rows = load_one(100000)
    if o.profile != 'quick':
        rows += load_one(1000000)
    return rows


# ---- all rules replaced under traffic ----

class Replacing:
    """Commits rule sets in turn in a thread of its own, and stops the generator then."""

    def __init__(self, gw, nl, sets):
        self.gw, self.nl, self.sets, self.error, self.took = gw, nl, sets, None, []
        self.thread = threading.Thread(target=self._work)

    def _work(self):
        try:
            setns(self.gw.fd)       # of this thread only
            time.sleep(0.3)         # the generator is going
            for datagrams in self.sets:
                start = time.monotonic()
                self.nl.commit(datagrams, flush=True)
                self.took.append(time.monotonic() - start)
            time.sleep(0.1)
        except Exception as e:      # whatever it is, the generator has to be stopped
            self.error = e
        put('/proc/thread-self/net/pktgen/pgctrl', 'stop')

    def during(self):
        """Packets sent meanwhile."""
        self.thread.start()
        sent = self.gw.send(0)
        self.thread.join()
        if self.error:
            raise Failed(f'replacing failed: {self.error}')
        return sent.packets


def set_with(nl, count, base, action):
    """Datagrams of a rule set: count exact ones, and one for each flow of the traffic."""
    n = Net(4)
    match = {'src': packed(n.host), 'dst': packed(n.server), 'proto': UDP}
    known = [rule(action, {**match, 'sport': SPORT + s, 'dport': DPORT}) for s in range(1000)]
    bodies = [*numbered(count, base), *known]
    if action == 'deny':
        bodies.append(rule('allow', {'src': packed('10.0.0.0'), 'src_len': 8}, priority=2000))
    return nl.batches(bodies)


def atomic_one(count, action, default, times):
    """(packets, of these wrong): all should be forwarded, or none if denied."""
    with Gateway(4, Traffic(1000)) as gw:
        nl = opened(gw)
        nl.attach('lan', 'direct', default)
        nl.attach('wan', 'direct')
        sets = [set_with(nl, count, base, action) for base in (2000, 3000)]
        nl.commit(sets[0])
        gw.sweep(1)
        reason = 'deny' if action == 'deny' else 'allow-direct'
        sent, ended = gw.sent(), nl.counters().get(reason, 0)
        packets = Replacing(gw, nl, [sets[(i + 1) % 2] for i in range(times)]).during()
        sent, ended = gw.sent() - sent, nl.counters().get(reason, 0) - ended
        return packets, abs(sent - (0 if action == 'deny' else packets)) + abs(ended - packets)


def atomic(o, _impls, _rounds):
    count = 100000 if o.profile == 'quick' else 1000000
    packets = wrong = 0
    for action, default in (('allow', 'drop'), ('deny', 'pass')):
        done = atomic_one(count, action, default, 2)
        packets, wrong = packets + done[0], wrong + done[1]
    return under([figure('atomic', NatfwDirect.name, f'lost or misjudged of {packets:,} packets '
                         f'while {count:,} rules were replaced 4 times', wrong, 'packets',
                         rules=count)], Traffic.usual)
