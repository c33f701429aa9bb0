"""What the comparisons share: children measured by the system, peers asked for one repetition at a time."""

import json
import os
import subprocess
import sys
import time


def run(command: list[str]) -> tuple[float, int, str]:
    """Seconds, peak resident bytes and standard output of a child process."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    return seconds, usage.ru_maxrss * 1024, output


class Peer:
    """A process that serves one task: a line in, one repetition, a line of JSON out."""

    def __init__(self, command: list[str]) -> None:
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.version = self._line()["version"]

    def _line(self) -> dict:
        line = self.child.stdout.readline()
        if not line:
            raise SystemExit("a peer failed; its message stands above")
        return json.loads(line)

    def repeat(self) -> dict:
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        return self._line()

    def close(self) -> None:
        self.child.stdin.close()
        self.child.wait()


def alternate(repetitions: int, contestants: list) -> list[list]:
    """One repetition to warm up, then `repetitions` of each contestant in turn; a list of results for each."""
    results = [[] for _ in contestants]
    for repetition in range(repetitions + 1):
        for contestant, list_ in zip(contestants, results, strict=True):
            result = contestant()
            if repetition:
                list_.append(result)
    return results


def serve(version: str, work, peak) -> None:
    """The peer's side of `Peer`: repeats `work` for each line of input."""
    print(json.dumps({"version": version}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        check = work()
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "bytes": peak(), "check": check}), flush=True)
