"""Tasks on several processes.

Each process is a new Python that knows nothing of the parent's main program, so that scripts need no guard and
notebooks work. A thread of the parent talks to each of them; a process that ends before its task is replaced, and the
tasks that were waiting for it go on. Functions travel by cloudpickle, which takes those of scripts, of notebooks and
lambdas; over private pipes, between processes of one user.
"""

from __future__ import annotations

import atexit
import json
import pickle
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from revoscalepy._tasks import Outcome, RxTaskError, RxTaskTimeout, RxWorkerCrash
from revoscalepy._worker import receive, send

_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from revoscalepy._worker import serve; serve()"
)


class _Process:
    """One process, and the file that what it prints goes to."""

    def __init__(self, setup: bytes, function: bytes) -> None:
        if not sys.executable:
            raise RuntimeError(
                "rx_exec: this Python does not know its own program, so it cannot start others"
            )
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._shown = 0
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, json.dumps([path or "." for path in sys.path])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._printed,
        )
        self._setup: tuple[bytes, ...] = (setup, function)

    def ask(self, message: bytes, timeout: float | None) -> bytes | None:
        """Send a message and wait for the answer; ``None`` when the process ended.

        :raises TimeoutError: when the answer takes too long; then the process is ended.
        """
        late = threading.Event()

        def stop() -> None:
            late.set()
            self._process.kill()

        clock = threading.Timer(timeout, stop) if timeout else None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            if self._setup:
                for part in self._setup:
                    send(self._process.stdin, part)
                self._setup = ()
                # the time of a task begins when its process is there
                if receive(self._process.stdout) is None:
                    return None
            if clock is not None:
                clock.start()
            send(self._process.stdin, message)
            reply = receive(self._process.stdout)
        except (OSError, ValueError):
            reply = None
        finally:
            if clock is not None:
                clock.cancel()
        if reply is None and late.is_set():
            raise TimeoutError
        return reply

    def printed(self) -> str:
        """What was printed since the last call."""
        self._printed.seek(self._shown)
        text = self._printed.read()
        self._shown += len(text)
        return text.decode(errors="replace")

    def ended(self) -> str:
        """How the process ended, in words."""
        code = self._process.wait()
        return f"by signal {-code}" if code < 0 else f"with exit code {code}"

    def end(self) -> None:
        """End the process and free what belongs to it."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    # what was not sent yet has no reader
                    continue
        self._printed.close()

    def kill(self) -> None:
        """End the process; its thread sees that, and frees the rest."""
        self._process.kill()


class Run:
    """Tasks that run; begins at once.

    :param function: what is run.
    :param argument_sets: the keyword arguments of each task.
    :param processes: the most processes.
    :param chunk: how many tasks in a row a process takes at once.
    :param timeout: seconds for a task; ``None`` for any time.
    :param setup: for the processes: ``options``, ``packages`` and ``seed``.
    :param stop_at_failure: begin no further task after one that failed.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        argument_sets: Sequence[Mapping[str, Any]],
        *,
        processes: int,
        chunk: int,
        timeout: float | None,
        setup: Mapping[str, Any],
        stop_at_failure: bool,
    ) -> None:
        try:
            import cloudpickle
        except ImportError:
            raise ImportError(
                "rx_exec: tasks on several processes need cloudpickle: pip install cloudpickle"
            ) from None
        self._function = cloudpickle.dumps(function)
        self._tasks = [cloudpickle.dumps(dict(arguments)) for arguments in argument_sets]
        self._setup = pickle.dumps(dict(setup))
        self._timeout = timeout
        self._stop_at_failure = stop_at_failure
        self._outcomes: list[Outcome | None] = [None] * len(self._tasks)
        self._changed = threading.Condition()
        self._stopped = False
        self._live: set[_Process] = set()
        starts = range(0, len(self._tasks), chunk)
        self._chunks = iter([range(first, min(first + chunk, len(self._tasks))) for first in starts])
        self._threads = [
            threading.Thread(target=self._talk, daemon=True) for _ in range(min(processes, len(starts)))
        ]
        _running.add(self)
        for thread in self._threads:
            thread.start()

    def _talk(self) -> None:
        process: _Process | None = None
        try:
            while (chunk := self._next_chunk()) is not None:
                for task in chunk:
                    if process is None:
                        process = _Process(self._setup, self._function)
                        with self._changed:
                            self._live.add(process)
                    # a stop between the two would have missed the process
                    if self._stopped:
                        return
                    outcome, sound = self._one(process, task)
                    if not sound:
                        self._let_go(process)
                        process = None
                    self._put(task, outcome)
        except Exception as error:
            self._abandon(error)
        finally:
            if process is not None:
                self._let_go(process)
            with self._changed:
                self._changed.notify_all()

    def _next_chunk(self) -> range | None:
        with self._changed:
            return None if self._stopped else next(self._chunks, None)

    def _one(self, process: _Process, task: int) -> tuple[Outcome, bool]:
        """Run a task; and whether its process can take another one."""
        message = pickle.dumps((task + 1, self._tasks[task]))
        try:
            reply = process.ask(message, self._timeout)
        except TimeoutError:
            error: RxTaskError = RxTaskTimeout(task + 1, f"it took longer than {self._timeout:g} seconds")
            return Outcome(error=error, output=process.printed()), False
        if reply is None:
            ended = process.ended()
            output = process.printed()
            error = RxWorkerCrash(task + 1, f"its process ended {ended}", output)
            return Outcome(error=error, output=output), False
        kind, *rest = pickle.loads(reply)
        output = process.printed()
        if kind == "value":
            return Outcome(value=pickle.loads(rest[0]), output=output), True
        line, trace, cause = rest
        error = RxTaskError(task + 1, line, trace)
        if cause is not None:
            try:
                error.__cause__ = pickle.loads(cause)
            except Exception:
                # an exception whose class does not unpickle is told by its traceback
                error.__cause__ = None
        return Outcome(error=error, output=output), True

    def _put(self, task: int, outcome: Outcome) -> None:
        with self._changed:
            if self._stopped:
                return
            self._outcomes[task] = outcome
            if outcome.error is not None and self._stop_at_failure:
                self._stopped = True
                others = list(self._live)
            else:
                others = []
            self._changed.notify_all()
        for process in others:
            process.kill()

    def _abandon(self, error: Exception) -> None:
        """No process can be started, or a value cannot be read: tell it at the first task that has no outcome."""
        with self._changed:
            for task, outcome in enumerate(self._outcomes):
                if outcome is None:
                    failure = RxTaskError(task + 1, f"{type(error).__name__}: {error}")
                    failure.__cause__ = error
                    self._outcomes[task] = Outcome(error=failure)
                    break
        self.stop()

    def _let_go(self, process: _Process) -> None:
        with self._changed:
            self._live.discard(process)
        process.end()

    def stop(self) -> None:
        """Begin no further task and end the processes."""
        with self._changed:
            self._stopped = True
            processes = list(self._live)
            self._changed.notify_all()
        for process in processes:
            process.kill()

    def outcomes(self) -> Iterator[Outcome]:
        """The outcomes in the order of the tasks, each as soon as it is there; ends where tasks were stopped."""
        for task in range(len(self._tasks)):
            with self._changed:
                # with a time, since a wait without one cannot be interrupted on every system
                while self._outcomes[task] is None and any(t.is_alive() for t in self._threads):
                    self._changed.wait(0.1)
                outcome = self._outcomes[task]
            if outcome is None:
                if not self._stopped:
                    raise RuntimeError(f"task {task + 1} has no outcome")
                continue
            yield outcome

    def running(self) -> bool:
        """Whether there are tasks without an outcome that will have one."""
        return any(thread.is_alive() for thread in self._threads)

    def ended(self) -> list[Outcome]:
        """The outcomes that are there."""
        with self._changed:
            return [outcome for outcome in self._outcomes if outcome is not None]

    def join(self) -> None:
        """Wait until all processes have ended."""
        for thread in self._threads:
            while thread.is_alive():
                thread.join(0.1)


_running: weakref.WeakSet[Run] = weakref.WeakSet()


@atexit.register
def _stop_all() -> None:
    for run in list(_running):
        run.stop()
