"""CPU time and memory of a process and everything below it, by process id. Knows /proc and nothing of benchmarks."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

import psutil

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_INTERVAL = 0.02
_LOOK_AROUND = 10
"""Every so many samples the tree is looked at anew; in between only its known members are."""


@dataclass(frozen=True)
class Tree:
    """A process and its descendants."""

    root: int

    def members(self) -> list[int]:
        try:
            root = psutil.Process(self.root)
            return [self.root, *(child.pid for child in root.children(recursive=True))]
        except psutil.NoSuchProcess:
            return []

    def cpu_seconds(self) -> float:
        """User and system time of all members, and of those that have ended and were waited for."""
        return sum(_cpu_ticks(pid) for pid in self.members()) / _TICK


class PeakMemory:
    """The most that the members of a tree had resident together, MB, while the context was open."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.megabytes = 0.0

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._look(self._tree.members())

    def _watch(self) -> None:
        members: list[int] = []
        sample = 0
        while not self._ended.is_set():
            if sample % _LOOK_AROUND == 0:
                members = self._tree.members()
            self._look(members)
            sample += 1
            self._ended.wait(_INTERVAL)

    def _look(self, members: list[int]) -> None:
        self.megabytes = max(self.megabytes, sum(map(_resident, members)) / 2**20)


def _cpu_ticks(pid: int) -> int:
    """utime, stime, cutime and cstime; none of a process that has just gone: its parent counts them."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15]))


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0
