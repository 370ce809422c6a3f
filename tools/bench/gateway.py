# SPDX-License-Identifier: GPL-2.0-or-later
"""A gateway in a network namespace of its own, and the generator in front of it.

    pktgen --> gen ==> lan [ gateway ] wan --> nowhere

pktgen makes each packet anew. How it arrives:

    poll    gen and lan are the two ends of a card (tools/bench/nic): 64 packets at a time, as a
            driver's NAPI poll hands them over
    one     there is no gen: pktgen gives each to the stack as if lan, a dummy, had received it

wan is a dummy device: it counts what is sent and frees it, which is as little as sending can cost.
What is behind lan and wan are permanent neighbours.
"""
import collections
import contextlib
import ctypes
import os
import re
import shutil
import subprocess
import time

from clock import Clock

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
MAC_LAN, MAC_HOST = '02:00:00:00:01:01', '02:00:00:00:01:02'
MAC_WAN, MAC_NEXT = '02:00:00:00:02:01', '02:00:00:00:02:02'
SPORT, DPORT = 10000, 5000
# packets of these sizes, without frame check sequence, in the Internet's proportions
IMIX = '60,7 590,4 1514,1'
IMIX_MEAN = (60 * 7 + 590 * 4 + 1514) / 12
# source ports times destination ports, without a common factor: sequential order, which
# advances both at once, then meets every pair
SHAPES = {1: (1, 1), 1000: (1000, 1), 100000: (3125, 32), 1000000: (15625, 64)}


CLOCK = Clock(os.environ.get('BENCH_CLOCK'))


Sent = collections.namedtuple('Sent', 'packets seconds watch lost')
Counters = collections.namedtuple('Counters', 'received dropped sent')


class Failed(Exception):
    """This cannot be measured, and why."""


class Net:
    """Addresses of one family."""

    def __init__(self, family):
        v6 = family == 6
        self.family = family
        self.word = 'ip6' if v6 else 'ip'
        self.lan = 'fd00:1::1' if v6 else '10.1.0.1'
        self.host = 'fd00:1::2' if v6 else '10.1.0.2'
        self.lan_len = 64 if v6 else 16
        self.hosts = 'fd00:2::/64' if v6 else '10.2.0.0/16'     # routed by way of host
        self.inside = 'fd00::/16' if v6 else '10.0.0.0/8'
        self.wan = '2001:db8:2::1' if v6 else '192.0.2.1'
        self.next = '2001:db8:2::2' if v6 else '192.0.2.2'
        self.wan_len = 64 if v6 else 24
        self.server = '2001:db8:3::1' if v6 else '203.0.113.1'
        self.real = '2001:db8:3::99' if v6 else '203.0.113.99'  # destination is turned to
        self.servers = '2001:db8:3::/64' if v6 else '203.0.113.0/24'
        self.ext = '2001:db8:4::1' if v6 else '198.51.100.1'    # source is turned to
        self.ext_last = '2001:db8:4::40' if v6 else '198.51.100.64'


def sh(*argv, text=None):
    """Run a command; Failed with what it said if it fails."""
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Failed(f'{argv[0]}: {said[-1] if said else done.returncode}')
    return done.stdout


def put(path, value):
    with open(path, 'w', encoding='ascii') as f:
        f.write(f'{value}\n')    # older pktgen takes the last character off


def sysctl(name, value):
    with contextlib.suppress(FileNotFoundError):
        put('/proc/sys/' + name, value)


def counters(dev, text=None):
    """A device's packets, as /proc/net/dev has them."""
    if text is None:
        with open('/proc/net/dev', encoding='ascii') as f:
            text = f.read()
    for line in text.splitlines():
        name, _, figures = line.partition(':')
        if name.strip() == dev:
            words = figures.split()
            return Counters(int(words[1]), int(words[3]), int(words[9]))
    raise Failed(f'the device {dev} is gone')


def setns(fd):
    if LIBC.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), 'cannot enter a network namespace: run as root')


class Traffic:
    """What the generator sends, and how it arrives."""
    gateway = None      # class of it; None: Gateway
    usual = 'poll'      # how it arrives unless told

    def __init__(self, flows, order='random', size=60, cpus=1, arrive=None):
        self.flows, self.order, self.cpus = flows, order, cpus
        self.size, self.arrive = size, arrive or Traffic.usual
        self.sports, self.dports = SHAPES.get(flows, (flows, 1))

    def key(self):
        """The same for all who get the same."""
        return self.flows, self.order, self.size, self.cpus, self.arrive

    def ordered(self, order):
        """The same in another order."""
        return Traffic(self.flows, order, self.size, self.cpus, self.arrive)

    def part(self, cpu):
        """(first source port, how many, first destination port, how many) of a processor.

        Each has flows of its own, as with a card that distributes them.
        """
        s, d = self.sports, self.dports
        if self.cpus == 1 or self.flows == 1:
            return SPORT, s, DPORT, d
        if d > 1:
            return SPORT, s, DPORT + d // self.cpus * cpu, d // self.cpus
        return SPORT + s // self.cpus * cpu, s // self.cpus, DPORT, d


class Gateway:
    """The namespace, its devices, and pktgen in front of lan."""

    made = 0
    lans = {'poll': 'type natfw_nic', 'one': 'type dummy'}
    lan, wan = None, 'type dummy'       # how they are made; lan: as packets arrive
    burst = 64      # packets in a poll
    names = {'lan': 'lan', 'wan': 'wan'}
    second = False  # whether another processor has a flood of its own to send

    def __init__(self, family, traffic):
        Gateway.made += 1
        self.name = f'bench{os.getpid()}-{Gateway.made}'
        self.net = Net(family)
        self.traffic, self.arrive = traffic, traffic.arrive
        self.lan = self.lan or self.lans[self.arrive]
        # the device pktgen sends by, and what it does with packets
        self.gen, self.mode = (('gen', 'start_xmit') if self.arrive == 'poll'
                               else ('lan', 'netif_receive'))
        self.home = os.open('/proc/self/ns/net', os.O_RDONLY)
        sh('ip', 'netns', 'add', self.name)
        self.fd = os.open(f'/run/netns/{self.name}', os.O_RDONLY)
        self.sockets = []
        try:
            with self.inside():
                self._devices()
        except Exception:
            self.close()
            raise

    @contextlib.contextmanager
    def inside(self):
        setns(self.fd)
        try:
            yield self
        finally:
            setns(self.home)

    def close(self):
        for s in self.sockets:
            s.close()
        self.sockets = []
        if self.fd >= 0:
            os.close(self.fd)
            os.close(self.home)
            self.fd = -1
            sh('ip', 'netns', 'del', self.name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _devices(self):
        n = self.net
        sysctl('net/ipv6/conf/default/accept_dad', 0)
        sysctl('net/ipv6/conf/default/router_solicitations', 0)
        # without IPv6 nothing but the generator's packets leaves the devices
        sysctl('net/ipv6/conf/default/disable_ipv6', int(n.family == 4))
        nodad = ' nodad' if n.family == 6 else ''
        sh('ip', '-batch', '-', text=f'''
link set lo up
link add lan address {MAC_LAN} {self.lan}
link add wan address {MAC_WAN} {self.wan}
link set lan arp on addrgenmode none up
link set wan arp on addrgenmode none up
addr add {n.lan}/{n.lan_len} dev lan{nodad}
addr add {n.wan}/{n.wan_len} dev wan{nodad}
neigh replace {n.host} lladdr {MAC_HOST} nud permanent dev lan
neigh replace {n.next} lladdr {MAC_NEXT} nud permanent dev wan
route add {n.hosts} via {n.host}
route add {n.servers} via {n.next}
''')
        sysctl('net/ipv4/ip_forward', 1)
        sysctl('net/ipv6/conf/all/forwarding', 1)
        for dev in ('all', 'lan'):
            sysctl(f'net/ipv4/conf/{dev}/rp_filter', 0)
            sysctl(f'net/ipv4/conf/{dev}/send_redirects', 0)
        if self.arrive == 'poll':
            self._card()

    def _card(self):
        """gen, which has nothing to say of its own."""
        sysctl('net/ipv6/conf/gen/disable_ipv6', 1)
        sh('ip', 'link', 'set', 'gen', 'up')
        if self.burst != 64:
            sh('ethtool', '-C', 'lan', 'rx-frames', str(self.burst))

    def drop_all(self):
        """The cheapest verdict there is, for all that lan receives; called within."""
        sh('nft', '-f', '-', text=f'''table netdev bench {{
	chain in {{ type filter hook ingress device "{self.names['lan']}" priority 0; policy drop; }}
}}''')

    # ---- counting ----

    def sent(self):
        """Packets wan has sent."""
        with self.inside():
            return counters('wan').sent

    def _arrived(self):
        """Waits until what is left in the card's rings has arrived; called within."""
        if self.arrive != 'poll':
            return
        deadline = time.monotonic() + 5
        while True:
            came, gen = counters('lan'), counters('gen')
            if came.dropped:
                raise Failed(f'the ring was full: {came.dropped} packets have been lost')
            if came.received >= gen.sent:
                return
            if time.monotonic() > deadline:
                raise Failed(f'of {gen.sent} packets {came.received} have arrived by lan')
            time.sleep(0.001)

    def per_poll(self):
        """Packets in a poll of the card, on average so far. None: there is no card, or no ethtool
        to ask it."""
        if self.arrive != 'poll' or not shutil.which('ethtool'):
            return None
        with self.inside():
            words = sh('ethtool', '-S', 'lan').split()
            return counters('lan').received / max(int(words[words.index('rx_polls:') + 1]), 1)

    # ---- generating ----

    def aim(self, traffic=None, hosts=0, spread=False):
        """Set pktgen up for traffic. hosts: so many IPv4 sources; spread: any ports."""
        t = self.traffic = traffic or self.traffic
        with self.inside():
            for cpu in range(t.cpus):
                self._generator(cpu)
                self._aim_one(cpu, hosts, spread)

    def _generator(self, cpu):
        """pktgen's device of a processor. Once there it stays: removing takes its time."""
        path = f'/proc/net/pktgen/kpktgend_{cpu}'
        if not os.path.exists(path):
            raise Failed('no pktgen here: modprobe pktgen before the namespace is made')
        if not os.path.exists(f'/proc/net/pktgen/{self.gen}@{cpu}'):
            put(path, f'add_device {self.gen}@{cpu}')

    def _aim_one(self, cpu, hosts, spread):
        t, n = self.traffic, self.net
        sport, sports, dport, dports = (1024, 64000, 1024, 64000) if spread else t.part(cpu)
        lines = ['clone_skb 0', 'flag !SHARED', 'flag NO_TIMESTAMP', 'flag UDPCSUM',
                 'flag QUEUE_MAP_CPU', f'xmit_mode {self.mode}', 'delay 0', f'dst_mac {MAC_LAN}',
                 f'src_mac {MAC_HOST}', f'udp_src_min {sport}',
                 f'udp_src_max {sport + (sports if sports > 1 else 0)}',
                 f'udp_dst_min {dport}',
                 f'udp_dst_max {dport + (dports if dports > 1 else 0)}']
        if t.size == 'imix':
            lines.append(f'imix_weights {IMIX}')
        else:
            lines.append(f'pkt_size {t.size}')
        no = '' if t.order == 'random' or spread else '!'
        lines += [f'flag {no}UDPSRC_RND', f'flag {no}UDPDST_RND']
        if n.family == 6:
            lines += [f'dst6 {n.server}', f'src6 {n.host}']
        else:
            lines += [f'dst_min {n.server}', f'dst_max {n.server}']
            lines += self._sources(hosts, spread)
        for line in lines:
            self._set(cpu, line)

    def _sources(self, hosts, spread):
        if not hosts:
            return [f'src_min {self.net.host}', f'src_max {self.net.host}']
        last = hosts if spread else hosts - 1
        flags = [f'flag {"" if spread else "!"}IPSRC_RND']
        return flags + ['src_min 10.2.0.0',
                        f'src_max 10.{2 + (last >> 16)}.{last >> 8 & 255}.{last & 255}']

    def _set(self, cpu, line):
        try:
            put(f'/proc/net/pktgen/{self.gen}@{cpu}', line)
        except OSError as e:
            raise Failed(f'pktgen refuses "{line}": {e.strerror}') from e

    def send(self, count):
        """Send count packets over all processors; 0: until pktgen is told to stop.

        Packets, seconds of processor time, seconds by pktgen's watch (both added up over
        processors), and which share of the time the host had no processor for the guest.
        """
        cpus = self.traffic.cpus
        with self.inside():
            for cpu in range(cpus):
                self._set(cpu, f'count {max(1, count // cpus) if count else 0}')
            before = CLOCK.read()
            put('/proc/net/pktgen/pgctrl', 'start')
            packets, wall = self._results()
            after = CLOCK.read()
            self._arrived()
        if not before or not after:
            return Sent(packets, wall, wall, 0.0)
        return Sent(packets, Clock.seconds(before, after, cpus), wall,
                    Clock.lost(before, after, cpus))

    def aim_second(self, hosts):
        """A flood of any flows for the second processor, besides what the first sends."""
        with self.inside():
            self._generator(1)
            self._aim_one(1, hosts, True)
        self.second = True

    def send_first(self, count):
        """(nanoseconds a packet of the first processor, share it lost); the second, if it has
        been aimed, sends as many."""
        with self.inside():
            for cpu in range(1 + self.second):
                self._set(cpu, f'count {count}')
            before = CLOCK.read()
            put('/proc/net/pktgen/pgctrl', 'start')
            packets, wall = self._result(0)
            after = CLOCK.read()
            self._arrived()
        # its processor may have had more to do after it was through
        lost = Clock.first_lost(before, after) if before and after else 0.0
        return wall * (1 - lost) * 1e9 / packets, lost

    def _results(self):
        done = [self._result(cpu) for cpu in range(self.traffic.cpus)]
        return sum(d[0] for d in done), sum(d[1] for d in done)

    def _result(self, cpu):
        """Packets and seconds. A thread that is late has not even started yet."""
        deadline = time.monotonic() + 60
        while True:
            with open(f'/proc/net/pktgen/{self.gen}@{cpu}', encoding='ascii') as f:
                text = f.read()
            m = re.search(r'Result: OK: (\d+)\(c\d+\+d\d+\) usec, (\d+) ', text)
            if m:
                return int(m[2]), int(m[1]) / 1e6
            if time.monotonic() > deadline:
                raise Failed('pktgen does not end; it says ' + text.strip().splitlines()[-1])
            time.sleep(0.01)

    def sweep(self, times=1):
        """Every flow in turn, so many times."""
        t = self.traffic
        self.aim(t.ordered('sequential'))
        self.send(t.flows * times)
        self.aim(t)
