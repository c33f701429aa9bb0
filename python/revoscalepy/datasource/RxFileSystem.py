"""Where files are: here."""

from __future__ import annotations

from typing import Any

from revoscalepy._arguments import not_built


class RxFileSystem:
    """A file system, by its name.

    :param file_system_type: only ``"native"``, that of the operating system.
    """

    def __init__(self, file_system_type: str = "native") -> None:
        if file_system_type not in ("native", "hdfs"):
            raise ValueError(f"RxFileSystem: there is no file system {file_system_type!r}; there is 'native'")
        not_built("RxFileSystem", file_system_type=None if file_system_type == "native" else file_system_type)
        self.file_system_type = file_system_type

    def __eq__(self, other: object) -> bool:
        if isinstance(other, RxFileSystem):
            return self.file_system_type == other.file_system_type
        return other == self.file_system_type

    def __hash__(self) -> int:
        return hash(self.file_system_type)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class RxNativeFileSystem(RxFileSystem):
    """The file system of the operating system."""

    def __init__(self) -> None:
        super().__init__("native")


def check_file_system(function: str, file_system: Any) -> None:
    """Accept only the native file system, by name or object."""
    not_built(function, file_system=None if file_system in (None, "native") else file_system)
