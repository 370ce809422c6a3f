# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's part of tools/bench/profile: keeps one implementation busy."""
import os
import shutil
import sys
import time

import extras
import measure
from gateway import CLOCK, Failed, Gateway, Traffic
from impls import BY_NAME
from nl import Natfw

HOST = os.environ['BENCH_CLOCK']


def subject(impl, case, traffic):
    """A gateway under the traffic of the case, ready to send; and how many at least."""
    if case == 'bind':      # every packet makes a binding
        gw = Gateway(4, traffic)
        config = BY_NAME[impl]('snat')
        with gw.inside():
            config.setup(gw)
        gw.aim(Traffic(traffic.flows, 'sequential', 60, 1), hosts=extras.HOSTS)
        return gw, traffic.flows
    if case == 'wild-new':  # every packet is classified
        config = extras.Wild('', 2000, True)
    else:
        config = BY_NAME[impl](case)
    s = measure.Subject(config, 4, traffic)
    if s.error:
        raise Failed(s.error)
    return s.gw, 0


def loading(case, count):
    """Seconds of wall clock while rules are loaded, or replaced."""
    gw = Gateway(4, Traffic(1))
    with gw.inside():
        nl = Natfw()
    nl.net_set(rule_max=4 << 20, flow_max=4 << 20)
    if case == 'replace':
        nl.load(extras.numbered(count, 2000))
    datagrams = nl.batches(extras.numbered(count, 3000))
    begin()
    start = time.monotonic()
    nl.commit(datagrams, flush=case == 'replace')
    end((time.monotonic() - start) / count)


def begin():
    shutil.copy('/proc/kallsyms', os.path.join(HOST, 'kallsyms'))
    CLOCK.read()
    with open(os.path.join(HOST, 'go'), 'w', encoding='ascii'):
        pass
    time.sleep(0.3)


def end(seconds):
    with open(os.path.join(HOST, 'done'), 'w', encoding='ascii') as f:
        f.write(f'{seconds * 1e9}')


def main(impl, case, flows, order, seconds):
    measure.prepare()
    why = measure.needs(impl)
    if why:
        raise Failed(why)
    if case in ('load', 'replace'):
        loading(case, int(flows))
        return
    gw, count = subject(impl, case, Traffic(int(flows), order))
    if not count:
        packets, took, _ = gw.send(50000)
        count = int(packets / took * float(seconds) * 1.5)
    begin()
    packets, took, _ = gw.send(count)
    end(took / packets)
    gw.close()


try:
    main(*sys.argv[1:])
except Failed as e:
    sys.exit(f'profile: {e}')
