"""The context of this process."""

from __future__ import annotations

from collections.abc import Sequence

from revoscalepy.computecontext.RxComputeContext import RxComputeContext


class RxLocalSeq(RxComputeContext):
    """This process: passes over data use several threads, tasks of :func:`rx_exec` run one after the other.

    :param num_threads: threads of a pass over data; ``None`` for the option ``NumCoresToUse``, which is all by default.
        Results do not depend on it.
    :param packages_to_load: names of modules that are imported before tasks of :func:`rx_exec`.
    :param seed: of the random numbers of tasks of :func:`rx_exec`, as of :class:`RxLocalParallel`.
    """

    def __init__(
        self,
        num_threads: int | None = None,
        packages_to_load: Sequence[str] | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(num_threads)
        self.packages_to_load = [] if packages_to_load is None else list(packages_to_load)
        self.seed = seed
