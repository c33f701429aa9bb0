"""The sentinels that stood for missing values."""

from __future__ import annotations

from typing import Any


def _integer(name: str) -> Any:
    import numpy as np

    info = np.iinfo(name)
    return np.dtype(name).type(info.max if name.startswith("u") else info.min)


class RxMissingValues:
    """What Microsoft's functions gave for a missing value of each type; a class without instances.

    The least value of signed integers, the greatest of unsigned ones, NaN of floats. This package gives missing values
    as what they are, unless ``RxOptions.set_option("integerMissing", "sentinel")`` asks for these.
    """

    @staticmethod
    def int8() -> Any:
        """-128."""
        return _integer("int8")

    @staticmethod
    def int16() -> Any:
        """-32768."""
        return _integer("int16")

    @staticmethod
    def int32() -> Any:
        """-2147483648."""
        return _integer("int32")

    @staticmethod
    def int64() -> Any:
        """-9223372036854775808."""
        return _integer("int64")

    @staticmethod
    def uint8() -> Any:
        """255."""
        return _integer("uint8")

    @staticmethod
    def uint16() -> Any:
        """65535."""
        return _integer("uint16")

    @staticmethod
    def uint32() -> Any:
        """4294967295."""
        return _integer("uint32")

    @staticmethod
    def uint64() -> Any:
        """18446744073709551615."""
        return _integer("uint64")

    @staticmethod
    def float16() -> Any:
        """NaN of 16 bits."""
        import numpy as np

        return np.float16("nan")

    @staticmethod
    def float32() -> Any:
        """NaN of 32 bits."""
        import numpy as np

        return np.float32("nan")

    @staticmethod
    def float64() -> Any:
        """NaN of 64 bits."""
        import numpy as np

        return np.float64("nan")
