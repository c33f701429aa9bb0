"""Spark as a compute context."""

from __future__ import annotations

import getpass
import os
from collections.abc import Sequence
from typing import Any, NoReturn

from revoscalepy.computecontext.RxComputeContext import RxRemoteComputeContext, UnsupportedContextError

MISSING = (
    "this package has no Spark yet; write the data as Parquet, which every function here reads, and run with "
    "compute_context=RxLocalSeq()"
)


def _user_folder(given: str, parent: str) -> str:
    """A documented default path with the name of the user in it."""
    return f"{parent}/{_user('<user>')}" if given == f"{parent}/<user>" else given


def _user(given: str) -> str:
    if given != "<user>":
        return given
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getpid())


class RxSpark(RxRemoteComputeContext):
    """A Spark cluster; work cannot be sent there yet, and says so.

    The parameters are those of Microsoft's documentation and are kept as attributes; ``<user>`` in the defaults stands
    for the name of the user.
    """

    _missing = MISSING

    def __init__(
        self,
        hdfs_share_dir: str = "/user/RevoShare/<user>",
        share_dir: str = "/var/RevoShare/<user>",
        user: str = "<user>",
        name_node: str | None = None,
        master: str = "yarn",
        port: int | None = None,
        auto_cleanup: bool = True,
        console_output: bool = False,
        packages_to_load: Sequence[str] | None = None,
        idle_timeout: int = 3600,
        num_executors: int | None = None,
        executor_cores: int | None = None,
        executor_mem: str | None = None,
        driver_mem: str | None = None,
        executor_overhead_mem: str | None = None,
        extra_spark_config: str = "",
        spark_reduce_method: str = "auto",
        tmp_fs_work_dir: str | None = None,
        persistent_run: bool = False,
        wait: bool = True,
        **kwargs: Any,
    ) -> None:
        if spark_reduce_method not in ("auto", "oneStage", "twoStage"):
            raise ValueError(
                "RxSpark: spark_reduce_method must be 'auto', 'oneStage' or 'twoStage', "
                f"not {spark_reduce_method!r}"
            )
        super().__init__("spark", "", wait=wait)
        self.hdfs_share_dir = _user_folder(hdfs_share_dir, "/user/RevoShare")
        self.share_dir = _user_folder(share_dir, "/var/RevoShare")
        self.user = _user(user)
        self.name_node = name_node
        self.master = master
        self.port = port
        self.auto_cleanup = bool(auto_cleanup)
        self.console_output = bool(console_output)
        self.packages_to_load = [] if packages_to_load is None else list(packages_to_load)
        self.idle_timeout = idle_timeout
        self.num_executors = num_executors
        self.executor_cores = executor_cores
        self.executor_mem = executor_mem
        self.driver_mem = driver_mem
        self.executor_overhead_mem = executor_overhead_mem
        self.extra_spark_config = extra_spark_config
        self.spark_reduce_method = spark_reduce_method
        self.tmp_fs_work_dir = tmp_fs_work_dir
        self.persistent_run = bool(persistent_run)
        self.extra = kwargs


def rx_spark_connect(
    hdfs_share_dir: str = "/user/RevoShare/<user>",
    share_dir: str = "/var/RevoShare/<user>",
    user: str = "<user>",
    name_node: str | None = None,
    master: str = "yarn",
    port: int | None = None,
    auto_cleanup: bool = True,
    console_output: bool = False,
    packages_to_load: Sequence[str] | None = None,
    idle_timeout: int | None = None,
    num_executors: int | None = None,
    executor_cores: int | None = None,
    executor_mem: str | None = None,
    driver_mem: str | None = None,
    executor_overhead_mem: str | None = None,
    extra_spark_config: str = "",
    spark_reduce_method: str = "auto",
    tmp_fs_work_dir: str | None = None,
    interop: list[str] | str | None = None,
    reset: bool = False,
) -> NoReturn:
    """Raise: there is no Spark yet, so there is nothing to connect to; the error says what to do instead.

    :raises UnsupportedContextError: always.
    """
    raise UnsupportedContextError(f"rx_spark_connect: {MISSING}")
