# SPDX-License-Identifier: GPL-2.0-or-later
"""Processor time of a User Mode Linux guest's virtual processors.

A guest on a busy host loses its processors for milliseconds at a time and cannot tell; the
host can. The guest leaves a file ask.N in a directory both see, the host answers with the
nanoseconds each thread of the guest's kernel has run and has waited for a processor, and what
the host itself was deprived of (steal). ask.pages is answered with how the guest's memory is
mapped. As a program this is the host's part:

    clock.py DIRECTORY      until DIRECTORY goes; the guest's temporary files are in it
"""
import os
import sys
import time

PATIENCE = 5.0


def guest_pid(directory):
    """The guest kernel's process: uml_dir= is on its command line, not on its parent's."""
    mark = f'uml_dir={directory}/'.encode()
    found = {}
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/cmdline', 'rb') as f:
                if mark not in f.read():
                    continue
            with open(f'/proc/{pid}/stat', encoding='ascii', errors='replace') as f:
                found[int(pid)] = int(f.read().rpartition(')')[2].split()[1])
        except OSError:
            continue
    roots = [pid for pid, parent in found.items() if parent not in found]
    return roots[0] if len(roots) == 1 else None


def threads(pid):
    """Nanoseconds every thread has run and waited, by thread."""
    found = {}
    for tid in os.listdir(f'/proc/{pid}/task'):
        try:
            with open(f'/proc/{pid}/task/{tid}/schedstat', encoding='ascii') as f:
                found[tid] = f.read().split()[:2]
        except OSError:
            continue
    return found


def steal():
    """Nanoseconds the host's own processors were taken away, if it is a guest itself."""
    with open('/proc/stat', encoding='ascii') as f:
        words = f.readline().split()
    ticks = int(words[8]) if len(words) > 8 else 0
    return ticks * 1000000000 // os.sysconf('SC_CLK_TCK')


def pages(pid):
    """(KiB of the guest's memory that are mapped, KiB of these by huge pages)."""
    rss = huge = 0
    try:
        with open(f'/proc/{pid}/smaps', encoding='utf-8', errors='replace') as f:
            ours = False
            for line in f:
                word = line.split()
                if not word[0].endswith(':'):
                    ours = word[1].endswith('s')     # its memory is a shared mapping
                elif ours and word[0] == 'Rss:':
                    rss += int(word[1])
                elif ours and word[0] == 'ShmemPmdMapped:':
                    huge += int(word[1])
    except OSError:
        pass
    return rss, huge


def answer(directory, name, pid):
    if name == 'ask.pages':
        text = '{} {}'.format(*pages(pid))
    else:
        text = ' '.join(f'{t}:{ran}:{waited}' for t, (ran, waited) in threads(pid).items())
        text += f' steal:{steal()}:0'
    path = os.path.join(directory, 'answer' + name[3:])
    with open(path + '.new', 'w', encoding='ascii') as f:
        f.write(text)
    os.rename(path + '.new', path)


def serve(directory):
    pid, answered = None, set()
    while os.path.isdir(directory):
        asked = {n for n in os.listdir(directory) if n.startswith('ask.')}
        for name in asked - answered:
            pid = pid or guest_pid(directory)
            answer(directory, name, pid)
        answered = asked
        time.sleep(0.001)


class Clock:
    """The guest's part. Without a directory there is nothing to read."""

    def __init__(self, directory):
        self.directory, self.n = directory, 0

    def read(self):
        """Nanoseconds (run, waited) by thread; None without a host that answers."""
        self.n += 1
        text = self._ask(str(self.n))
        if text is None:
            return None
        words = (w.split(':') for w in text.split())
        return {t: (int(ran), int(waited)) for t, ran, waited in words}

    def pages(self):
        """(KiB of the guest's memory that are mapped, KiB of these by huge pages)."""
        text = self._ask('pages')
        return tuple(int(w) for w in text.split()) if text else (0, 0)

    def _ask(self, what):
        if not self.directory:
            return None
        ask = os.path.join(self.directory, f'ask.{what}')
        with open(ask, 'w', encoding='ascii'):
            pass
        text = self._wait(os.path.join(self.directory, f'answer.{what}'))
        os.unlink(ask)      # not for the host to do: creating it may not be over
        if text is None:
            self.directory = None
            print('bench: the host does not answer: wall clock from here on', file=sys.stderr)
        return text

    @staticmethod
    def _wait(path):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                with open(path, encoding='ascii') as f:
                    text = f.read()
                os.unlink(path)
                return text
            except FileNotFoundError:
                time.sleep(0.001)
        return None

    @staticmethod
    def _busiest(before, after, cpus):
        """(ran, waited) of the busiest threads, or all, between two readings."""
        spent = [(after[t][0] - before.get(t, (0, 0))[0], after[t][1] - before.get(t, (0, 0))[1])
                 for t in after if t != 'steal']
        return sorted(spent, reverse=True)[:cpus]

    @staticmethod
    def seconds(before, after, cpus):
        """Time the busiest threads ran, or all, between two readings."""
        return sum(ran for ran, _ in Clock._busiest(before, after, cpus)) / 1e9

    @staticmethod
    def lost(before, after, cpus):
        """Share of their time the busiest threads did without a processor they wanted."""
        busy = Clock._busiest(before, after, cpus)
        ran = sum(r for r, _ in busy)
        waited = sum(w for _, w in busy) + after['steal'][0] - before['steal'][0]
        return waited / (ran + waited) if ran + waited else 0.0

    @staticmethod
    def first_lost(before, after):
        """Share of its time the guest's first processor did without one it wanted."""
        t = min((t for t in after if t != 'steal'), key=int)
        ran, waited = (after[t][i] - before[t][i] for i in (0, 1))
        return waited / (ran + waited) if ran + waited else 0.0


if __name__ == '__main__':
    serve(sys.argv[1])
