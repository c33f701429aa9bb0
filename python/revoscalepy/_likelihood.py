"""What fits by iteration have in common."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from revoscalepy import _native
from revoscalepy._arguments import not_built
from revoscalepy._progress import finished, of_level
from revoscalepy._source import data_class, data_name, one_pass, shown_call
from revoscalepy._steps import Steps
from revoscalepy.functions.RxStepControl import step_request

#: iterations where the call does not say otherwise
MAX_ITERATIONS = 25


def fit(
    function: str,
    formula: str,
    data: Any,
    law: Mapping[str, Any],
    *,
    steps: Steps,
    initial_values: Any,
    drop_main: bool | None,
    coef_label_style: str | None,
    max_iterations: int | None,
    report_progress: int | None,
    variable_selection: Any,
    unbuilt: Mapping[str, Any],
    **choices: Any,
) -> _native.GlmModel:
    """Fit a model; ``law`` says of which family, ``unbuilt`` has the arguments that must not ask for anything."""
    not_built(function, **unbuilt)
    source = steps.source(function, data)
    shown = {name: value for name, value in choices.items() if not name.endswith("tolerance")}
    request: dict[str, Any] = {
        **dict.fromkeys(("family", "variance", "power", "link", "link_power", "offset")),
        **dict.fromkeys(("cube_predictions", "cov_data"), False),
        **law,
        **choices,
        "drop_main": drop_main is None or bool(drop_main),
        "labels": _labels(function, coef_label_style),
        "initial_values": _start(function, initial_values),
        "max_iterations": MAX_ITERATIONS if max_iterations is None else int(max_iterations),
        "variable_selection": step_request(function, variable_selection),
        "call": shown_call(
            function, formula, data, **{k: v for k, v in law.items() if k != "link_power"}, **shown
        ),
        "data": data_name(data) or data_class(data),
    }
    progress = of_level(report_progress)
    model = _native.glm(source, formula, json.dumps(request), one_pass(progress=progress))
    finished(progress)
    return model


def _labels(function: str, style: str | None) -> str:
    if style not in (None, "Revo", "R"):
        raise ValueError(f"{function}: coef_label_style must be 'Revo' or 'R', not {style!r}")
    return style or "Revo"


def _start(function: str, values: Any) -> Any:
    """The start as the engine names it: ``None`` is the usual one, NaN that of R, numbers are coefficients."""
    if values is None:
        return "Usual"
    numbers = list(values) if isinstance(values, Sequence) and not isinstance(values, str) else [values]
    try:
        numbers = [float(number) for number in numbers]
    except (TypeError, ValueError):
        raise TypeError(f"{function}: initial_values must be numbers, not {values!r}") from None
    if len(numbers) == 1 and math.isnan(numbers[0]):
        return "Response"
    # JSON has no NaN; the start of a coefficient that is dropped does not matter
    return {"Values": [0.0 if math.isnan(number) else number for number in numbers]}
