"""rx_exec, rx_exec_by and jobs: order, failures, crashes, time limits, random numbers."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from revoscalepy import (
    RxExecByResults,
    RxLocalParallel,
    RxLocalSeq,
    RxOptions,
    RxRemoteJob,
    RxRemoteJobStatus,
    RxTaskError,
    RxTaskTimeout,
    RxWorkerCrash,
    RxXdfData,
    rx_cancel_job,
    rx_cleanup_jobs,
    rx_exec,
    rx_exec_by,
    rx_get_job_info,
    rx_get_job_output,
    rx_get_job_results,
    rx_get_job_status,
    rx_get_jobs,
    rx_lin_mod,
    rx_partition,
    rx_read_xdf,
    rx_wait_for_job,
)

BOTH = [RxLocalSeq(), RxLocalParallel(2)]


@pytest.fixture(params=BOTH, ids=lambda context: type(context).__name__)
def context(request):
    return request.param


def test_results_in_order(context):
    offset = 100

    def shifted(x, by):
        if x == 1:
            time.sleep(0.2)
        return x * by + offset

    seen = []
    found = rx_exec(shifted, x=[1, 2, 3, 4], by=10, compute_context=context, callback=seen.append)
    assert found == [110, 120, 130, 140]
    assert seen == found
    assert rx_exec(shifted, args={"x": 0, "by": 1}, times_to_run=3, compute_context=context) == [100] * 3
    assert rx_exec(shifted, args=[{"x": 5}, {"x": 6}], by=[2], compute_context=context) == [110, 112]
    assert rx_exec(sum, [{}], compute_context=context)[0].task == 1
    assert rx_exec(lambda xs: sum(xs), xs=[[1, 2, 3]], compute_context=context) == [6]
    assert rx_exec(lambda: greeting, local_state={"greeting": "hi"}, compute_context=context) == ["hi"]  # noqa: F821
    assert rx_exec(shifted, args=[], compute_context=context) == []


def test_failures_have_their_number_and_the_own_lines(context):
    def inverse(x):
        return 1 / x

    found = rx_exec(inverse, x=[1, 0, 2], compute_context=context)
    assert found[0] == 1
    assert found[2] == 0.5
    assert isinstance(found[1], RxTaskError)
    assert found[1].task == 2
    assert str(found[1]).startswith("task 2: ZeroDivisionError: division by zero")
    assert "return 1 / x" in found[1].traceback
    assert "_tasks.py" not in found[1].traceback
    assert "_worker.py" not in found[1].traceback
    assert isinstance(found[1].__cause__, ZeroDivisionError)
    with pytest.raises(RxTaskError, match="task 2: ZeroDivisionError"):
        rx_exec(inverse, x=[1, 0, 2], compute_context=context, continue_on_failure=False)


def test_a_process_that_dies_takes_no_other_task_with_it():
    def dies(x):
        if x == 2:
            print("last words", flush=True)
            os._exit(7)
        return x, os.getpid()

    found = rx_exec(dies, x=[1, 2, 3, 4], task_chunk_size=4, compute_context=RxLocalParallel(2))
    assert isinstance(found[1], RxWorkerCrash)
    assert str(found[1]).startswith("task 2: its process ended with exit code 7")
    assert "last words" in str(found[1])
    assert [found[i][0] for i in (0, 2, 3)] == [1, 3, 4]
    assert found[2][1] == found[3][1] != found[0][1] != os.getpid()


def test_a_task_that_takes_too_long_is_ended():
    def slow(x):
        if x == 1:
            time.sleep(300)
        return x

    began = time.monotonic()
    found = rx_exec(slow, x=[1, 2], compute_context=RxLocalParallel(1, execution_timeout_seconds=2))
    assert time.monotonic() - began < 100
    assert isinstance(found[0], RxTaskTimeout)
    assert isinstance(found[0], TimeoutError)
    assert "longer than 2 seconds" in str(found[0])
    assert found[1] == 2


class Untransferable(Exception):
    def __init__(self):
        super().__init__("cannot travel")
        self.file = sys.stdout

    def __reduce__(self):
        raise TypeError("does not pickle")


def test_what_cannot_travel_is_told():
    def fails():
        raise Untransferable

    def returns():
        return (i for i in range(3))

    context = RxLocalParallel(1)
    failed, *_ = rx_exec(fails, compute_context=context)
    assert "Untransferable: cannot travel" in str(failed)
    assert failed.__cause__ is None
    (returned,) = rx_exec(returns, compute_context=context)
    assert "TypeError: cannot pickle" in str(returned)


def test_random_numbers_depend_on_the_seed_and_the_task_alone():
    def draw(x):
        return random.random(), float(np.random.rand())

    before = random.getstate()
    here = rx_exec(draw, x=[1, 2, 3], compute_context=RxLocalSeq(seed=7))
    assert random.getstate() == before
    assert here == rx_exec(draw, x=[1, 2, 3], compute_context=RxLocalParallel(2, seed=7))
    assert here == rx_exec(draw, x=[1, 2, 3], task_chunk_size=3, compute_context=RxLocalParallel(1, seed=7))
    assert here != rx_exec(draw, x=[1, 2, 3], compute_context=RxLocalSeq(seed=8))
    assert len(set(here)) == 3


def test_packages_options_and_output(capsys):
    def loaded():
        print("from the task")
        return "fractions" in sys.modules, RxOptions.get_option("NumDigits"), os.getcwd()

    RxOptions.set_option("NumDigits", 3)
    context = RxLocalParallel(1, packages_to_load=["fractions"], console_output=True)
    assert rx_exec(loaded, compute_context=context) == [(True, 3, os.getcwd())]
    assert capsys.readouterr().out == "from the task\n"
    (failed,) = rx_exec(loaded, compute_context=RxLocalParallel(1, packages_to_load=["no_such_module"]))
    assert "ModuleNotFoundError: No module named 'no_such_module'" in str(failed)


def test_arguments_that_do_not_fit(context):
    with pytest.raises(ValueError, match="x has 2, y has 3"):
        rx_exec(max, x=[1, 2], y=[1, 2, 3], compute_context=context)
    with pytest.raises(ValueError, match="times_to_run is 3, x has 2"):
        rx_exec(max, x=[1, 2], times_to_run=3, compute_context=context)
    with pytest.raises(TypeError, match="must be callable, not str"):
        rx_exec("max", compute_context=context)
    with pytest.raises(TypeError, match="args must be a dictionary"):
        rx_exec(max, args=[1], compute_context=context)
    with pytest.raises(ValueError, match="task_chunk_size must be at least 1"):
        rx_exec(max, task_chunk_size=0, compute_context=context)
    with pytest.raises(ValueError, match="num_tasks must not be negative"):
        RxLocalParallel(-1)


def test_a_script_without_a_guard(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            from revoscalepy import RxLocalParallel, rx_exec
            FACTOR = 3
            class Pair:
                def __init__(self, x):
                    self.x = x * FACTOR
            def work(x):
                return Pair(x)
            print([pair.x for pair in rx_exec(work, x=[1, 2], compute_context=RxLocalParallel(2))])
        """)
    )
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path)
    assert run.stdout == "[3, 6]\n", run.stderr


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "y": [1.0, 2, 4, 3, 5, 9, 1],
            "x": [1.0, 2, 3, 4, 5, 7, 8],
            "g": pd.Categorical([*"aabba", None, "b"], categories=list("cab")),
            "k": pd.array([1, 1, 2, 3, 2, 1, 2], "Int32"),
        }
    )


def slope(keys, data, times=1):
    if keys["g"] == "b":
        raise ValueError(f"not {keys['g']}")
    return rx_lin_mod("y ~ x", data).coefficients["y"].iloc[-1] * times


def test_groups(frame, context):
    found = rx_exec_by(frame[frame.g.notna()], ["g"], slope, {"times": 2}, compute_context=context)
    assert isinstance(found, RxExecByResults)
    assert list(found.index) == ["a", "b"]
    expected = 2 * np.polyfit([1, 2, 5], [1, 2, 5], 1)[0]
    assert found["result"].iloc[0] == pytest.approx(expected)
    assert found["status"].iloc[0] == "OK"
    assert found["result"].iloc[1] is None
    assert str(found["status"].iloc[1]).startswith("task 2: ValueError: not b")
    plain = found.to_dataframe()
    assert type(plain) is pd.DataFrame
    assert list(plain.columns) == ["g", "result", "status"]


def test_groups_keep_levels_and_missing_keys(frame):
    def levels(keys, data):
        return list(rx_read_xdf(data)["g"].cat.categories), len(rx_read_xdf(data))

    found = rx_exec_by(frame, ["g", "k"], levels)
    assert (found["status"] == "OK").all()
    assert sum(n for _, n in found["result"]) == len(frame)
    assert all(names == ["c", "a", "b"] for names, _ in found["result"])
    assert found.index.names == ["g", "k"]
    assert found.to_dataframe()["g"].isna().sum() == 1
    chosen = rx_exec_by(frame, ["g", "k"], levels, filter_function=lambda keys: keys[keys.k == 2])
    assert list(chosen.to_dataframe()["k"]) == [2, 2]
    assert found.to_dataframe().merge(chosen.to_dataframe(), on=["g", "k"]).eval("result_x == result_y").all()


def test_a_partitioned_set_is_its_own_groups(frame, tmp_path):
    partitioned = RxXdfData(str(tmp_path / "parts"))
    rx_partition(frame, partitioned, ["k"])

    def folder(keys, data):
        return data.file

    assert set(rx_exec_by(partitioned, ["k"], folder)["result"]) == {partitioned.file}
    assert set(rx_exec_by(partitioned, None, folder)["result"]) == {partitioned.file}
    assert partitioned.file not in set(rx_exec_by(partitioned, ["g"], folder)["result"])
    assert not any(map(os.path.exists, rx_exec_by(frame, ["g"], folder)["result"]))


def test_groups_that_do_not_fit(frame):
    with pytest.raises(ValueError, match="keys must name the columns"):
        rx_exec_by(frame, None, slope)
    with pytest.raises(ValueError, match="nix"):
        rx_exec_by(frame, ["nix"], slope)
    with pytest.raises(TypeError, match="function must be callable"):
        rx_exec_by(frame, ["g"], None)
    with pytest.raises(ValueError, match="must return rows"):
        rx_exec_by(frame, ["g"], slope, filter_function=len)


def test_jobs(frame, capsys):
    def work(x):
        print("at", x)
        return x + 1

    context = RxLocalParallel(2, wait=False, auto_cleanup=False)
    began = datetime.now()
    job = rx_exec(work, x=[1, 2], compute_context=context)
    assert isinstance(job, RxRemoteJob)
    rx_wait_for_job(job)
    assert rx_get_job_status(job) is RxRemoteJobStatus.FINISHED
    assert rx_get_job_output(job) == "at 1\nat 2\n"
    assert rx_get_job_results(job) == [2, 3]
    assert rx_get_job_results(job, auto_cleanup=True) == [2, 3]
    assert job.status is RxRemoteJobStatus.UNDETERMINED
    with pytest.raises(ValueError, match="its results were fetched"):
        rx_get_job_results(job)

    failing = rx_exec(lambda x: 1 / x, x=[0, 1], compute_context=context, continue_on_failure=False)
    rx_wait_for_job(failing)
    assert rx_get_job_status(failing) is RxRemoteJobStatus.FAILED
    with pytest.raises(RxTaskError, match="task 1: ZeroDivisionError"):
        rx_get_job_results(failing)

    groups = rx_exec_by(frame[frame.g.notna()], ["g"], slope, compute_context=context)
    rx_wait_for_job(groups)
    assert list(rx_get_job_results(groups).index) == ["a", "b"]

    endless = rx_exec(time.sleep, args=[], compute_context=context)
    rx_wait_for_job(endless)
    endless = rx_exec(lambda: time.sleep(300), compute_context=context)
    assert rx_get_job_status(endless) is RxRemoteJobStatus.RUNNING
    with pytest.raises(RuntimeError, match="is running; rx_wait_for_job"):
        rx_get_job_results(endless)
    assert rx_cancel_job(endless)
    assert rx_get_job_status(endless) is RxRemoteJobStatus.CANCELED
    assert not rx_cancel_job(endless)
    assert rx_get_job_info(endless).start_time >= began

    states = [RxRemoteJobStatus.CANCELED]
    assert rx_get_jobs(context, states=states) == [endless]
    assert repr(endless) in capsys.readouterr().out
    assert rx_get_jobs(RxLocalParallel(3), exact_match=True, verbose=False) == []
    assert failing in rx_get_jobs(context, start_time=began, end_time=datetime.now(), verbose=False)
    assert rx_get_jobs(context, start_time=began + timedelta(days=1), verbose=False) == []

    rx_cleanup_jobs(rx_get_jobs(context, verbose=False))
    left = rx_get_jobs(context, verbose=False)
    assert failing not in left
    assert groups in left or rx_get_job_status(groups) is RxRemoteJobStatus.UNDETERMINED
    rx_cleanup_jobs(left, force=True)
    assert rx_get_jobs(context, verbose=False) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_ends_the_processes(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            import os, pathlib, time
            from revoscalepy import RxLocalParallel, rx_exec
            def work(x):
                pathlib.Path(f"{x}.pid").write_text(str(os.getpid()))
                time.sleep(300)
            try:
                rx_exec(work, x=[1, 2], compute_context=RxLocalParallel(2))
            except KeyboardInterrupt:
                print("interrupted")
        """)
    )
    run = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    files = [tmp_path / "1.pid", tmp_path / "2.pid"]
    limit = time.monotonic() + 100
    while not all(file.exists() and file.read_text() for file in files) and time.monotonic() < limit:
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    shown, _ = run.communicate(timeout=100)
    assert shown == "interrupted\n"
    for file in files:
        with pytest.raises(ProcessLookupError):
            os.kill(int(file.read_text()), 0)
