# SPDX-License-Identifier: GPL-2.0-or-later
"""Processor time of a User Mode Linux guest's virtual processors.

A guest on a busy host loses its processors for milliseconds at a time and cannot tell; the
host can. The guest leaves a file ask.N in a directory both see, the host answers with the
nanoseconds each thread of the guest's kernel has run. As a program this is the host's part:

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
    """Nanoseconds every thread has run, by thread."""
    ran = {}
    for tid in os.listdir(f'/proc/{pid}/task'):
        try:
            with open(f'/proc/{pid}/task/{tid}/schedstat', encoding='ascii') as f:
                ran[tid] = f.read().split()[0]
        except OSError:
            continue
    return ran


def answer(directory, name, pid):
    text = ' '.join(f'{t}:{ns}' for t, ns in threads(pid).items())
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
        """Nanoseconds by thread; None without a host that answers."""
        if not self.directory:
            return None
        self.n += 1
        path = os.path.join(self.directory, f'answer.{self.n}')
        ask = os.path.join(self.directory, f'ask.{self.n}')
        with open(ask, 'w', encoding='ascii'):
            pass
        text = self._wait(path)
        os.unlink(ask)      # not for the host to do: creating it may not be over
        if text is None:
            self.directory = None
            print('bench: the host does not answer: wall clock from here on', file=sys.stderr)
            return None
        return {t: int(ns) for t, ns in (w.split(':') for w in text.split())}

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
    def seconds(before, after, cpus):
        """Time of the busiest threads, or all, between two readings."""
        ran = sorted((after[t] - before.get(t, 0) for t in after), reverse=True)
        return sum(ran[:cpus]) / 1e9


if __name__ == '__main__':
    serve(sys.argv[1])
