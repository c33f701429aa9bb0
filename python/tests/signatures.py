"""The documented signatures, read from ``documented.txt``."""

import inspect
from pathlib import Path

import revoscalepy

#: where the text, but not the signature, says that further arguments may follow
OPEN_ENDED = ("rx_import",)


def _read() -> dict[str, dict[str, str | None]]:
    groups: dict[str, dict[str, str | None]] = {}
    for line in (Path(__file__).parent / "documented.txt").read_text().splitlines():
        if line.startswith("## "):
            group = groups.setdefault(line[3:], {})
        elif line and not line.startswith("#"):
            name, bracket, rest = line.partition("(")
            further = ", **kwargs" if name in OPEN_ENDED else ""
            group[name] = rest.removesuffix(")") + further if bracket else None
    return groups


#: group to name to parameters, ``None`` where the documentation gives none
REFERENCE = _read()

#: name to parameters of all that exists here
DOCUMENTED = {
    name: parameters
    for group in REFERENCE.values()
    for name, parameters in group.items()
    if parameters is not None and hasattr(revoscalepy, name)
}


def signature(parameters: str) -> inspect.Signature:
    """The signature that a text of parameters, with or without types, stands for."""
    scope: dict = {}
    exec(f"from __future__ import annotations\ndef documented({parameters}): pass", scope)
    return inspect.signature(scope["documented"])
