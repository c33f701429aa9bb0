"""Tests on contingency tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from revoscalepy import _native
from revoscalepy._tables import Fields, number

if TYPE_CHECKING:
    import pandas as pd

ALTERNATIVES = ("two.sided", "less", "greater")


class RxMultiTestResults(Fields):
    """A test of one or more tables: ``table`` is a DataFrame with a row for each, ``title`` says what was tested.

    The columns of the table are items, too.
    """

    def __getitem__(self, name: str) -> Any:
        return self._fields["table"][name] if name in self._fields["table"] else self._fields[name]

    def _shown(self) -> list[tuple[str, Any]]:
        return [(self._fields["title"], self._fields["table"])]


class RxHTestResults(Fields):
    """A test of one table.

    ``estimate`` (a number), ``conf_int`` (two numbers), ``statistic`` (the logarithm of the estimate, which RevoScaleR
    calls Z), ``p_value``, ``conf_level``, ``alternative``, ``method``.
    """


def rx_chi_squared_test(x: Any) -> RxMultiTestResults:
    """Test that the rows and columns of tables are independent, by Pearson's chi-squared test.

    Tables of two by two are corrected as R's ``chisq.test`` does. Rows and columns without counts are left out.

    :param x: what :func:`rx_cross_tabs` or :func:`rx_cube` returned, or a table of counts: a DataFrame or an array.
    :returns: a row for each table with X-squared, df and p-value.
    """
    return _multi("chi_squared", x)


def rx_fisher_test(x: Any, conf_level: float = 0.95) -> RxMultiTestResults:
    """Test that the odds ratio of tables of two by two is 1, by Fisher's exact test.

    :param x: what :func:`rx_cross_tabs` or :func:`rx_cube` returned, or a table of counts: a DataFrame or an array.
    :param conf_level: the probability with which the interval has the odds ratio.
    :returns: a row for each table with the conditional estimate of the odds ratio, its interval and the p-value; NaN
        for tables that are not two by two or not of whole numbers.
    """
    return _multi("fisher", x, confidence=conf_level)


def rx_kendall_cor(x: Any, type: str = "b", seed: int | None = None) -> RxMultiTestResults:
    """Compute Kendall's rank correlation of the rows and columns of tables, whose levels are in order.

    :param x: what :func:`rx_cross_tabs` or :func:`rx_cube` returned, or a table of counts: a DataFrame or an array.
    :param type: ``"a"``, ``"b"`` or ``"c"``.
    :param seed: no effect: p values are those of the normal distribution, and not drawn.
    :returns: a row for each table with the coefficient, Z and the p-value.
    """
    if type not in ("a", "b", "c"):
        raise ValueError(f"rx_kendall_cor: type must be 'a', 'b' or 'c', not {type!r}")
    return _multi(f"kendall_{type}", x)


def rx_risk_ratio(tbl: Any, conf_level: float = 0.95, alternative: str = "two.sided") -> RxHTestResults:
    """Compute the risk ratio of a table of two by two with its interval and test, on the logarithm.

    The risk is that of the second column; the ratio is that in the second row by that in the first.

    :param tbl: what :func:`rx_cross_tabs` or :func:`rx_cube` returned, or a table: a DataFrame or an array.
    :param conf_level: the probability with which the interval has the ratio.
    :param alternative: ``"two.sided"``, ``"less"`` or ``"greater"``.
    """
    return _ratio("risk_ratio", "riskRatio", tbl, conf_level, alternative)


def rx_odds_ratio(tbl: Any, conf_level: float = 0.95, alternative: str = "two.sided") -> RxHTestResults:
    """Compute the odds ratio of a table of two by two with its interval and test, on the logarithm.

    The arguments are those of :func:`rx_risk_ratio`.
    """
    return _ratio("odds_ratio", "oddsRatio", tbl, conf_level, alternative)


def rx_pairwise_cross_tab(
    x: Any,
    pooled: bool = True,
    fun: Callable[..., Any] = rx_risk_ratio,
    conf_level: float = 0.95,
    alternative: str = "two.sided",
) -> RxMultiTestResults:
    """Compute risk or odds ratios of the tables of two by two within larger ones.

    :param x: what :func:`rx_cross_tabs` or :func:`rx_cube` returned, or a table: a DataFrame or an array.
    :param pooled: compare each level with all others together; otherwise each two levels.
    :param fun: :func:`rx_risk_ratio` or :func:`rx_odds_ratio`.
    :returns: a row for each pair of rows and of columns, such as ``B vs. A: Rejected vs. Admitted``.
    """
    tests = {rx_risk_ratio: "risk_ratio", rx_odds_ratio: "odds_ratio"}
    if fun not in tests:
        raise ValueError("rx_pairwise_cross_tab: fun must be rx_risk_ratio or rx_odds_ratio")
    return _multi(tests[fun], x, pooled=bool(pooled), confidence=conf_level, alternative=alternative)


def _multi(
    test: str,
    x: Any,
    *,
    pooled: bool | None = None,
    confidence: float = 0.95,
    alternative: str = "two.sided",
) -> RxMultiTestResults:
    import pandas as pd

    choices = {
        "test": test,
        "pooled": pooled,
        "confidence": float(confidence),
        "alternative": alternative,
        "tables": tables_of(x),
    }
    found, text = _native.table_test(json.dumps(choices))
    fields = json.loads(found)
    columns = {name: [number(v) for v in fields["columns"][name]] for name in fields["names"]}
    table = pd.DataFrame(columns, index=fields["tables"], dtype="float64")
    return RxMultiTestResults({"title": fields["title"], "table": table}, text.rstrip())


def _ratio(test: str, name: str, tbl: Any, conf_level: float, alternative: str) -> RxHTestResults:
    tables = tables_of(tbl)
    if len(tables) != 1 or len(tables[0]["entries"]) != 4:
        raise ValueError(f"rx_{test}: needs one table of two by two; rx_pairwise_cross_tab takes larger ones")
    found = _multi(test, tbl, confidence=conf_level, alternative=alternative)["table"].iloc[0]
    estimate, low, high, log, p_value = (float(value) for value in found)
    fields = {
        "estimate": estimate,
        "conf_int": (low, high),
        "statistic": log,
        "p_value": p_value,
        "conf_level": conf_level,
        "alternative": alternative,
        "method": name,
    }
    p = "< 2.2e-16" if p_value < 2.2e-16 else f"= {p_value:.4g}"
    text = (
        f"data:\nZ = {log:.4f}, p-value {p}\nalternative hypothesis: {alternative}\n"
        f"{100 * conf_level:g} percent confidence interval:\n {low:.7g} {high:.7g}\n"
        f"sample estimates:\n{name}\n {estimate:.7g}"
    )
    return RxHTestResults(fields, text)


def tables_of(x: Any) -> list[dict[str, Any]]:
    """The tables of a result, a DataFrame, an array, or a dictionary of these by name."""
    import numpy as np
    import pandas as pd

    if hasattr(x, "_tables"):
        return list(x._tables())
    if isinstance(x, Mapping):
        return [{**table, "further": [["", str(n)]]} for n, each in x.items() for table in tables_of(each)]
    if isinstance(x, pd.DataFrame):
        return [_table(x, str(x.index.name or "rows"), str(x.columns.name or "columns"))]
    array = np.asarray(x, dtype="float64")
    if array.ndim != 2:
        raise ValueError(f"a table has two dimensions, not {array.ndim}")
    return [_table(pd.DataFrame(array), "rows", "columns")]


def _table(frame: pd.DataFrame, rows: str, columns: str) -> dict[str, Any]:
    import numpy as np

    if not np.isfinite(frame.to_numpy(dtype="float64")).all():
        raise ValueError("a table that is tested has finite entries")
    return {
        "further": [],
        "rows": [rows, [str(level) for level in frame.index]],
        "columns": [columns, [str(level) for level in frame.columns]],
        "entries": [float(x) for x in frame.to_numpy(dtype="float64").ravel()],
    }
