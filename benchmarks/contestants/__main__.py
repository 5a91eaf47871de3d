"""One step of one way, in a process of its own: says `ready`, waits for a line, runs, says how many rows it saw.

Then it waits once more, so that whoever measures it can look at it before it ends.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module

from benchmarks.ways import Task


def main() -> None:
    task = Task.from_json(sys.argv[1])
    prepare: Callable[[Task], Callable[[], int]] = import_module(f"benchmarks.contestants.{task.module}").prepare
    run = prepare(task)
    print("ready", flush=True)
    sys.stdin.readline()
    rows = run()
    print(json.dumps({"rows": rows}), flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
