"""How the terms of a model are selected. Microsoft's Python package had no such function; this is R's rxStepControl."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from revoscalepy._arguments import UnsupportedArgumentError

_METHODS = {"stepwise": "Stepwise", "backward": "Backward", "forward": "Forward"}
_CRITERIA = {"aic": "Aic", "bic": "Bic", "siglevel": "SigLevel"}
_TESTS = {"f": "F", "chisq": "Chisq"}


@dataclass(frozen=True)
class RxStepControl:
    """How terms are selected: the argument ``variable_selection`` of the functions that fit models.

    :param method: ``"stepwise"``, ``"backward"`` or ``"forward"``; ``None`` is stepwise if there is a scope, else
        backward.
    :param scope: all terms that models may have, as text (``"~ a * b"``), or a dictionary of ``upper`` and ``lower``,
        the terms that all models have. ``.`` stands for the terms of the formula, and for all columns where it has
        none.
    :param max_steps: the most terms to drop or add.
    :param step_criterion: ``"AIC"``, ``"BIC"``, or ``"SigLevel"`` for the p values of the terms.
    :param max_sig_level_to_add: with SigLevel: the largest p value with which a term is added; ``None`` is 0.50
        forward and 0.15 stepwise.
    :param min_sig_level_to_drop: with SigLevel: a term with a larger p value is dropped; ``None`` is 0.10 backward and
        0.15 stepwise.
    :param refit_each_step: ``None``; linear models need no refit and others are always refitted.
    :param keep_step_coefs: keep the coefficients of each step, in ``step_coefs``.
    :param scale: variance or dispersion that the criterion takes; 0 to estimate it.
    :param k: penalty of a coefficient in AIC.
    :param test: ``"F"`` or ``"Chisq"``: the test of each term.
    """

    method: str | None = None
    scope: str | Mapping[str, str] | None = None
    max_steps: int = 1000
    step_criterion: str = "AIC"
    max_sig_level_to_add: float | None = None
    min_sig_level_to_drop: float | None = None
    refit_each_step: bool | None = None
    keep_step_coefs: bool = False
    scale: float = 0
    k: float = 2
    test: str | None = None


#: the spelling of functions
rx_step_control = RxStepControl


def step_request(function: str, control: Any) -> dict[str, Any] | None:
    """What the engine is asked for; ``None`` for no selection, which an empty list means, too."""
    if control is None or (isinstance(control, (list, tuple, dict)) and not control):
        return None
    if isinstance(control, Mapping):
        control = RxStepControl(**control)
    if not isinstance(control, RxStepControl):
        raise TypeError(
            f"{function}: variable_selection must be an RxStepControl or a dictionary of its fields, "
            f"not {type(control).__name__}"
        )
    scope = {"upper": control.scope} if isinstance(control.scope, str) else dict(control.scope or {})
    if unknown := set(scope) - {"upper", "lower"}:
        raise ValueError(f"{function}: a scope has 'upper' and 'lower', not '{min(unknown)}'")
    if control.refit_each_step is False and function != "rx_lin_mod":
        raise UnsupportedArgumentError(
            f"{function}: refit_each_step=False is not supported; models are refitted"
        )
    return {
        "method": _choice(function, "method", control.method, _METHODS),
        "lower": scope.get("lower"),
        "upper": scope.get("upper"),
        "criterion": _choice(function, "step_criterion", control.step_criterion, _CRITERIA),
        "k": float(control.k),
        "scale": float(control.scale),
        "test": _choice(function, "test", None if control.test == "none" else control.test, _TESTS),
        "max_sig_level_to_add": control.max_sig_level_to_add,
        "min_sig_level_to_drop": control.min_sig_level_to_drop,
        "max_steps": int(control.max_steps),
        "keep_coefficients": bool(control.keep_step_coefs),
    }


def _choice(function: str, argument: str, value: str | None, choices: Mapping[str, str]) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and value.lower() in choices:
        return choices[value.lower()]
    raise ValueError(f"{function}: {argument} must be one of {', '.join(choices)}, not {value!r}")
