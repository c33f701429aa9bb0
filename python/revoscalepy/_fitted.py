"""What results of all fits have in common."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from revoscalepy._html import page, printed

if TYPE_CHECKING:
    import pandas as pd

    from revoscalepy import _native

# the old names of some fields
_DOTLESS = {"countDF": "count_df", "nobs": "n_valid_obs"}

_MATRICES = ("coefficients", "coef_std_error", "coef_t_value", "coef_p_value")


class FittedSummary:
    """What ``summary()`` of a model returns: the coefficient table, printed in the documented layout.

    ``coefficients`` is a DataFrame: a row for each coefficient, the columns Estimate, Std. Error, and the test's
    value
    and p value.
    """

    def __init__(self, coefficients: pd.DataFrame, text: str) -> None:
        self.coefficients = coefficients
        self._text = text

    def __repr__(self) -> str:
        return self._text

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return printed(self._text)


class FittedModel:
    """A fitted model; fields are attributes, and items also under their dotted names (``coef.std.error``).

    Models pickle; the bytes hold the model, not the data.
    """

    #: the native model; each kind has further methods of its own
    _model: Any

    def __init__(self, model: _native.LinearModel | _native.GlmModel) -> None:
        self._model = model
        self._fields = fields_of(json.loads(model.fields()))

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_"):
            fields = self.__dict__.get("_fields", {})
            key = _DOTLESS.get(name, name)
            if key in fields:
                return fields[key]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __getitem__(self, name: str) -> Any:
        key = name.replace(".", "_")
        return self._fields[_DOTLESS.get(key, key)]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.replace(".", "_") in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._fields]

    def keys(self) -> list[str]:
        """Return the names of the fields."""
        return list(self._fields)

    def _table(self, test: str) -> pd.DataFrame:
        """The coefficients of the first response with their tests by the distribution ``test``."""
        import pandas as pd

        response = self.y_names[0]
        return pd.DataFrame(
            {
                "Estimate": self.coefficients[response],
                "Std. Error": self.coef_std_error[response],
                f"{test} value": self.coef_t_value[response],
                f"Pr(>|{test}|)": self.coef_p_value[response],
            }
        )

    def __repr__(self) -> str:
        return str(self._model.text()).rstrip()

    __str__ = __repr__

    #: the fields that notebooks show, by caption: tables, and numbers below them
    _shown_tables: ClassVar[dict[str, str]] = {"Coefficients": "coefficients"}
    _shown_facts: ClassVar[tuple[str, ...]] = ("n_valid_obs", "n_missing_obs", "r_squared", "deviance")

    def _repr_html_(self) -> str:
        tables = [(caption, self._fields[name]) for caption, name in self._shown_tables.items()]
        facts = {name: self._fields[name] for name in self._shown_facts if name in self._fields}
        return page(self._fields.get("call"), tables, facts)


def fields_of(raw: dict[str, Any]) -> dict[str, Any]:
    """The fields as pandas objects and numbers, from the model's own description."""
    import pandas as pd

    labels, responses = raw.pop("labels"), raw["y_names"]

    def matrix(name: str) -> pd.DataFrame:
        columns = {
            response: pd.Series([_number(value) for value in values], index=labels, dtype="float64")
            for response, values in zip(responses, raw[name], strict=True)
        }
        return pd.DataFrame(columns, index=labels)

    fields: dict[str, Any] = {name: matrix(name) for name in _MATRICES}
    fields["aliased"] = pd.Series(raw["aliased"], index=labels, dtype=bool)
    others = [label for label in labels if label != "(Intercept)"]
    for name, of in (("cov_coef", labels), ("cov_data", others)):
        if raw.get(name) is not None:
            fields[name] = _square(raw[name], of)
    if raw["count_df"] is not None:
        fields["count_df"] = _counts(raw["count_df"], responses)
    if raw["partitions"] is not None:
        fields["partitions"] = raw["partitions"]
    if (steps := raw.pop("anova")) is not None:
        fields["anova"] = _steps(steps)
        fields["formula_base"] = raw["formula_base"]
    if (kept := raw.pop("step_coefs")) is not None:
        values = [[_number(value) for value in step] for step in kept["values"]]
        fields["step_coefs"] = pd.DataFrame(values, columns=kept["names"], dtype="float64").T
    del raw["formula_base"]
    shaped = (*_MATRICES, "aliased", "cov_coef", "cov_data", "count_df", "partitions")
    for name, value in raw.items():
        if name not in shaped:
            fields[name] = value
    return fields


def _steps(columns: dict[str, Any]) -> pd.DataFrame:
    """The steps of a selection of terms; the criterion and a test stand behind what all of them have."""
    import pandas as pd

    types = {"Step": "object", "Df": "Int64"}
    first = ("Step", "Df", "Deviance", "Resid. Df", "Resid. Dev")
    order = [*first, *(name for name in columns if name not in first)]
    return pd.DataFrame({name: pd.Series(columns[name], dtype=types.get(name, "float64")) for name in order})


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _square(values: list[float | None], names: list[str]) -> pd.DataFrame:
    """A matrix given by rows; its names, where there are as many."""
    import pandas as pd

    size = math.isqrt(len(values))
    rows = [[_number(value) for value in values[i * size : (i + 1) * size]] for i in range(size)]
    named = names if len(names) == size else None
    return pd.DataFrame(rows, index=named, columns=named, dtype="float64")


def _counts(table: dict[str, Any], responses: list[str]) -> pd.DataFrame:
    """The cells of a cube: their levels in order, cell means or predictions, counts."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for position, factor in enumerate(table["factors"]):
        levels = [cell[position] for cell in table["levels"]]
        columns[factor] = pd.Categorical(levels, categories=list(dict.fromkeys(levels)))
    for response, values in zip(responses, table["means"] or (), strict=False):
        columns[response] = pd.Series([_number(value) for value in values], dtype="float64")
    columns["Counts"] = pd.Series(table["counts"], dtype="float64")
    return pd.DataFrame(columns)
