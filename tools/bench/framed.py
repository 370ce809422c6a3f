# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames that are no sk_buff when they arrive, as a driver has them before XDP.

    generator --> gen ==veth== lan [ gateway ] wan ==veth== sink --> dropped by XDP

The generator is a BPF program the kernel runs (tools/bench/frames). Who is compared gets them from
veth's driver, which makes an sk_buff of each that XDP does not take. The floor is a program at
lan that drops them all."""
import os
import subprocess

from gateway import (CLOCK, DPORT, MAC_HOST, MAC_LAN, SPORT, Failed, Gateway, Sent, Traffic,
                     counters, sh)
from impls import Impl, NatfwDirect

BUILT = os.environ.get('BENCH_FRAMES')
NATFWCTL = os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', 'natfwctl', 'natfwctl')


def frames(*words):
    return sh(f'{BUILT}/frames', f'{BUILT}/frames.bpf.o', *map(str, words))


class FrameGateway(Gateway):
    """A gateway between two veth pairs."""
    lan = 'type veth peer name gen'
    wan = 'type veth peer name sink'

    def __init__(self, family, traffic):
        if family == 6:
            raise Failed('IPv4 only')
        super().__init__(family, traffic)

    def _devices(self):
        super()._devices()
        for dev in ('lan', 'wan', 'gen', 'sink'):
            # as the XDP of natfw wants it; a veth receives frames if it has NAPI
            sh('ethtool', '-K', dev, 'gro', 'on', 'rxvlan', 'off', 'rx-vlan-stag-hw-parse', 'off')
            sh('ip', 'link', 'set', dev, 'up')
        frames('swallow', 'sink')

    def drop_all(self):
        frames('swallow', 'lan')

    def sent(self):
        """Packets sink has received."""
        with self.inside():
            return counters('sink').received

    def aim(self, traffic=None, hosts=0, spread=False):
        self.traffic = traffic or self.traffic

    def send(self, count):
        n = self.net
        with self.inside():
            ns = frames('send', 'gen', count, self.traffic.flows, MAC_LAN, MAC_HOST, n.host,
                        n.server, SPORT, DPORT)
        seconds = count * int(ns) / 1e9
        return Sent(count, seconds, seconds, 0.0)


class FrameTraffic(Traffic):
    gateway = FrameGateway

    def __init__(self, flows, order):
        super().__init__(flows, order, arrive='veth')

    def key(self):
        return ('frames', *super().key())


class NatfwXdp(NatfwDirect):
    """What it can decide before there is an sk_buff."""
    name = 'natfw-xdp'

    def attach(self, gw):
        for dev in ('lan', 'wan'):
            sh(NATFWCTL, 'dev', 'attach', gw.names[dev], 'emit', 'direct', '--xdp=native')


class XdpRedirect(Impl):
    """Sent on by XDP unseen: what sending alone costs there, a lower bound."""
    name = 'xdp-redirect'
    cases = ('allow',)

    def setup(self, gw):
        frames('forward', gw.names['lan'], gw.names['wan'])


OWN = {i.name: i for i in (NatfwXdp, XdpRedirect)}


def needs():
    """'' or why frames cannot be measured here."""
    if not BUILT:
        return 'tools/bench/frames was not built: clang or libbpf is missing'
    if not os.path.exists('/sys/kernel/btf/natfw'):
        return 'natfw.ko has no type information'
    done = subprocess.run([NATFWCTL, 'dev', 'attach', '--help'], capture_output=True, check=False)
    return '' if done.returncode in (0, 2) else f'{NATFWCTL} does not run'
