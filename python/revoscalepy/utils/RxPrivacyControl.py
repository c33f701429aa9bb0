"""What is collected of how the package is used: nothing."""

from __future__ import annotations


def rx_privacy_control(enable: bool | None = None) -> bool:
    """Say whether usage data are collected; they never are, so there is nothing to turn on or off.

    :param enable: no effect.
    :returns: ``False``.
    """
    print("No usage data are collected.")
    return False
