"""SQL Server as a compute context."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from revoscalepy.computecontext.RxComputeContext import RxRemoteComputeContext, UnsupportedContextError

#: analyses whose passes the server adds up
PUSHED = (
    "rx_cov_cor",
    "rx_cross_tabs",
    "rx_cube",
    "rx_glm",
    "rx_kmeans",
    "rx_lin_mod",
    "rx_logit",
    "rx_summary",
)


class RxInSqlServer(RxRemoteComputeContext):
    """SQL Server as the place of computation.

    Summaries, cubes, covariances, linear and generalized linear models, and clusters from given centers of an
    :class:`RxSqlServerData` come from sums that the server adds up: each pass over the data is a ``SELECT``, and only
    the sums travel; nothing has to be installed there. Where the server
    cannot add something up, and for all other analyses, the rows are read, the result is computed on this machine, and
    a warning says so. Functions (``rx_exec``, ``rx_exec_by``) are refused.

    :param connection_string: ODBC connection string.
    :param num_tasks: most parallel tasks; 0 lets the server decide.
    :param auto_cleanup: delete what a job left on the server once its results were fetched.
    :param console_output: show what is printed there.
    :param execution_timeout_seconds: time limit; ``None`` or 0 for none.
    :param wait: whether calls wait for their results.
    :param packages_to_load: names of modules that are imported there.
    """

    def __init__(
        self,
        connection_string: str,
        num_tasks: int = 1,
        auto_cleanup: bool = True,
        console_output: bool | None = None,
        execution_timeout_seconds: int | None = None,
        wait: bool = True,
        packages_to_load: Sequence[str] | None = None,
    ) -> None:
        if not isinstance(connection_string, str):
            raise TypeError(
                f"RxInSqlServer: connection_string must be text, not {type(connection_string).__name__}"
            )
        if num_tasks < 0:
            raise ValueError(f"RxInSqlServer: num_tasks must not be negative, but is {num_tasks}")
        super().__init__("sqlserver", "", wait=wait)
        self.connection_string = connection_string
        self.num_tasks = num_tasks
        self.auto_cleanup = bool(auto_cleanup)
        self.console_output = console_output
        self.execution_timeout_seconds = execution_timeout_seconds
        self.packages_to_load = [] if packages_to_load is None else list(packages_to_load)

    _in_database = True

    def _check(self, function: str) -> None:
        if function in PUSHED:
            return
        if function in ("rx_exec", "rx_exec_by"):
            raise UnsupportedContextError(
                f"{function}: work cannot be sent to SQL Server by this package yet; run it here with "
                "compute_context=RxLocalSeq()"
            )
        warnings.warn(
            f"{function}: computed on this machine, from the rows that the server sends; this package cannot compute "
            "in SQL Server yet",
            stacklevel=4,
        )

    def __repr__(self) -> str:
        # a connection string may hold a password
        return f"RxInSqlServer(num_tasks={self.num_tasks}, wait={self.wait})"
