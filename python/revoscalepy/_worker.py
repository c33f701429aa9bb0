"""The process at the other end of :mod:`revoscalepy._processes`.

It reads messages from what was its standard input and answers on what was its standard output; what tasks print goes
to its standard error, a file of the parent. A message is its length in 8 bytes, then that many bytes.
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import signal
import struct
import sys
from collections.abc import Callable
from typing import IO, Any

LENGTH = struct.Struct(">Q")


def send(stream: IO[bytes], message: bytes) -> None:
    """Write one message."""
    stream.write(LENGTH.pack(len(message)))
    stream.write(message)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes | None:
    """Read one message; ``None`` when the other end is gone."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    message = stream.read(length)
    return message if len(message) == length else None


def _streams() -> tuple[IO[bytes], IO[bytes]]:
    """The two ends of the talk with the parent; a task neither reads nor writes them."""
    requests, replies = os.dup(0), os.dup(1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(requests, os.O_BINARY)
        msvcrt.setmode(replies, os.O_BINARY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return os.fdopen(requests, "rb"), os.fdopen(replies, "wb")


class _Worker:
    def __init__(self, setup: dict[str, Any], function: bytes) -> None:
        self._setup = setup
        self._packed = function
        self._function: Callable[..., Any] | None = None

    def _loaded(self) -> Callable[..., Any]:
        """The function; what it needs is imported at its first use, so that a failure is one of the task."""
        from revoscalepy._tasks import load_packages
        from revoscalepy.utils.RxOptions import RxOptions

        if self._function is None:
            RxOptions._options.update(self._setup["options"])
            load_packages(self._setup["packages"])
            self._function = pickle.loads(self._packed)
        return self._function

    def run(self, task: int, arguments: bytes) -> bytes:
        """Run a task; the answer is packed."""
        import cloudpickle

        from revoscalepy._tasks import random_numbers, told

        try:
            function = self._loaded()
            given = pickle.loads(arguments)
            with random_numbers(self._setup["seed"], task):
                value = function(**given)
            return pickle.dumps(("value", cloudpickle.dumps(value)))
        except Exception as error:
            line, trace = told(error, 1)
            try:
                cause: bytes | None = cloudpickle.dumps(error)
            except Exception:
                # an exception that does not pickle is told, not brought over
                cause = None
            return pickle.dumps(("error", line, trace, cause))


def serve() -> None:
    """Answer messages until the parent is gone."""
    requests, replies = _streams()
    faulthandler.enable()
    # Ctrl-C is the parent's to handle
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    setup, function = receive(requests), receive(requests)
    if setup is None or function is None:
        return
    worker = _Worker(pickle.loads(setup), function)
    send(replies, b"ready")
    while (message := receive(requests)) is not None:
        task, arguments = pickle.loads(message)
        reply = worker.run(task, arguments)
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            send(replies, reply)
        except OSError:
            return
