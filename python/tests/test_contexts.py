"""Compute contexts: which one is active, how many threads it gives, and places that work cannot be sent to."""

import threading

import pandas as pd
import pytest

from revoscalepy import (
    RxComputeContext,
    RxInSqlServer,
    RxLocalParallel,
    RxLocalSeq,
    RxOptions,
    RxRemoteComputeContext,
    RxSpark,
    rx_exec,
    rx_exec_by,
    rx_get_compute_context,
    rx_glm,
    rx_lin_mod,
    rx_logit,
    rx_naive_bayes,
    rx_predict,
    rx_set_compute_context,
    rx_set_computecontext,
    rx_set_temp_compute_context,
    rx_spark_connect,
    rx_summary,
)
from revoscalepy._source import one_pass
from revoscalepy.computecontext.RxComputeContext import in_compute_context

SERVER = "Driver=SQL Server;Server=nowhere;UID=sa;PWD=secret"


@pytest.fixture
def frame():
    return pd.DataFrame({"y": [0.0, 1, 1, 0, 1, 0], "x": [1.0, 2, 3, 4, 5, 7]})


@pytest.fixture(autouse=True)
def _as_before():
    yield
    rx_set_compute_context("local")


def test_the_active_context():
    assert rx_get_compute_context() == RxLocalSeq()
    before = rx_set_compute_context(RxLocalParallel(2))
    assert before == RxLocalSeq()
    assert rx_get_compute_context() == RxLocalParallel(2)
    assert rx_set_compute_context(None) == RxLocalParallel(2)
    assert rx_get_compute_context() == RxLocalParallel(2)
    with rx_set_temp_compute_context(RxLocalSeq(3)) as context:
        assert rx_get_compute_context() is context
        with rx_set_temp_compute_context("localpar"):
            assert isinstance(rx_get_compute_context(), RxLocalParallel)
        assert rx_get_compute_context() is context
        seen = []
        other = threading.Thread(target=lambda: seen.append(rx_get_compute_context()))
        other.start()
        other.join()
        assert seen == [RxLocalParallel(2)]
    assert rx_set_computecontext("RxLocalSeq") == RxLocalParallel(2)
    with pytest.raises(ValueError, match="there is no compute context 'hadoop'"):
        rx_set_compute_context("hadoop")
    with pytest.raises(TypeError, match="a compute context is needed, not int"):
        rx_set_compute_context(3)


def test_threads_of_a_pass():
    assert one_pass()["threads"] is None
    RxOptions.set_option("NumCoresToUse", 2)
    assert one_pass()["threads"] == 2
    with rx_set_temp_compute_context(RxLocalSeq(num_threads=1)):
        assert one_pass()["threads"] == 1
    assert one_pass()["threads"] == 2
    with pytest.raises(ValueError, match="num_threads must be at least 1"):
        RxLocalSeq(0)


def test_the_context_of_a_call():
    @in_compute_context
    def analysis(data, compute_context=None):
        return one_pass()["threads"]

    assert analysis(0) is None
    assert analysis(0, compute_context=RxLocalSeq(5)) == 5
    assert analysis(0, RxLocalSeq(4)) == 4
    assert one_pass()["threads"] is None


def test_one_thread_and_all_give_the_same(frame):
    one = rx_lin_mod("y ~ x", frame, compute_context=RxLocalSeq(1))
    pd.testing.assert_frame_equal(one.coefficients, rx_lin_mod("y ~ x", frame).coefficients)


@pytest.mark.parametrize(
    "call",
    [
        lambda data, to: rx_lin_mod("y ~ x", data, compute_context=to),
        lambda data, to: rx_logit("y ~ x", data, compute_context=to),
        lambda data, to: rx_glm("y ~ x", data, compute_context=to),
        lambda data, to: rx_summary("~ x", data, compute_context=to),
        lambda data, to: rx_predict(rx_lin_mod("y ~ x", data), data, compute_context=to),
        lambda data, to: rx_exec(len, args={}, compute_context=to),
        lambda data, to: rx_exec_by(data, ["x"], len, compute_context=to),
    ],
)
def test_a_place_out_of_reach_says_so_in_one_sentence(frame, call):
    with pytest.raises(NotImplementedError, match=r"^rx_\w+: this package has no Spark yet.*RxLocalSeq\(\)$"):
        call(frame, RxSpark())


def test_work_for_a_server_is_done_here_and_says_so(frame):
    server = RxInSqlServer(SERVER, num_tasks=4, auto_cleanup=False)
    frame["kind"] = pd.Categorical(["a", "b"] * 3)
    with pytest.warns(UserWarning, match="rx_naive_bayes: computed on this machine"):
        rx_naive_bayes("kind ~ x", frame, compute_context=server)
    with pytest.raises(NotImplementedError, match="rx_exec: work cannot be sent to SQL Server"):
        rx_exec(len, args={}, compute_context=server)


def test_a_context_out_of_reach_is_no_trap(frame):
    rx_set_compute_context(RxSpark())
    with pytest.raises(NotImplementedError, match="rx_summary: this package has no Spark"):
        rx_summary("~ x", frame)
    assert rx_summary("~ x", frame, compute_context="local").nobs_valid == 6


def test_contexts_as_objects():
    server = RxInSqlServer(SERVER, num_tasks=0)
    assert isinstance(server, RxRemoteComputeContext)
    assert isinstance(server, RxComputeContext)
    assert server.connection_string == SERVER
    assert "secret" not in repr(server)
    assert server == RxInSqlServer(SERVER, num_tasks=0)
    assert server != RxInSqlServer(SERVER, num_tasks=1)
    assert RxSpark(user="ann").hdfs_share_dir.startswith("/user/RevoShare/")
    with pytest.raises(ValueError, match="spark_reduce_method"):
        RxSpark(spark_reduce_method="threeStage")
    with pytest.raises(NotImplementedError, match="rx_spark_connect: this package has no Spark yet"):
        rx_spark_connect()
