# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's part of tools/bench/profile: keeps one implementation busy."""
import os
import shutil
import sys
import time

import loading
import measure
import variants
from gateway import CLOCK, Failed, Gateway, Traffic
from impls import BY_NAME

HOST = os.environ['BENCH_CLOCK']


def subject(impl, case, family, traffic):
    """A gateway under the traffic of the case, ready to send; and how many at least."""
    if case == 'bind':      # every packet makes a binding
        gw = Gateway(family, traffic)
        config = BY_NAME[impl]('snat')
        with gw.inside():
            config.setup(gw)
        gw.aim(Traffic(traffic.flows, 'sequential', traffic.size, 1), hosts=traffic.dports)
        return gw, traffic.flows
    if case == 'wild-new':  # every packet is classified
        config = variants.Wild('', 2000, True)
    else:
        config = BY_NAME[impl](case)
    s = measure.Subject(config, family, traffic)
    if s.error:
        raise Failed(s.error)
    return s.gw, 0


def busy_loading(case, count):
    """Seconds of wall clock while rules are loaded, or replaced."""
    gw = Gateway(4, Traffic(1))
    nl = loading.opened(gw)
    if case == 'replace':
        nl.load(loading.numbered(count, 2000))
    datagrams = nl.batches(loading.numbered(count, 3000))
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


def main(impl, case, flows, order, family, seconds, arrive):
    measure.prepare()
    measure.arrival(arrive)
    why = measure.needs(impl)
    if why:
        raise Failed(why)
    if case in ('load', 'replace'):
        busy_loading(case, int(flows))
        return
    family = int(family)
    traffic = Traffic(int(flows), order, 60 if family == 4 else 78)
    gw, count = subject(impl, case, family, traffic)
    if not count:
        sent = gw.send(50000)
        count = int(sent.packets / sent.seconds * float(seconds) * 1.5)
    begin()
    sent = gw.send(count)
    end(sent.seconds / sent.packets)
    gw.close()


try:
    main(*sys.argv[1:])
except Failed as e:
    sys.exit(f'profile: {e}')
