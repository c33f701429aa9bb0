"""Results in notebooks, and plots."""

import importlib
import re
import sys

import numpy as np
import pandas as pd
import pytest

from revoscalepy import (
    RxOptions,
    RxStepControl,
    rx_chi_squared_test,
    rx_cov_cor,
    rx_cross_tabs,
    rx_cube,
    rx_get_info,
    rx_get_var_info,
    rx_kmeans,
    rx_lin_mod,
    rx_line_plot,
    rx_logit,
    rx_naive_bayes,
    rx_odds_ratio,
    rx_step_plot,
    rx_summary,
)


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(9)
    x = rng.normal(size=120)
    frame = pd.DataFrame(
        {"x": x, "z": rng.normal(size=120), "g": pd.Categorical(rng.choice(["<a>", "b"], 120))}
    )
    frame["y"] = 2 * x + (frame["g"] == "b") + rng.normal(size=120) / 2
    frame["late"] = frame["y"] > 0
    return frame


@pytest.mark.parametrize(
    ("result", "shown"),
    [
        (lambda f: rx_lin_mod("y ~ x + g", f), ["<table", "(Intercept)", "g=&lt;a&gt;", "r_squared: 0.9"]),
        (lambda f: rx_lin_mod("y ~ x", f).summary(), ["<pre>", "Std. Error"]),
        (lambda f: rx_logit("late ~ x", f), ["<table", "deviance: "]),
        (lambda f: rx_kmeans("~ x + y", f, num_clusters=2), ["Centers", "Sizes", "tot_withinss"]),
        (lambda f: rx_naive_bayes("g ~ x", f), ["A priori", "&lt;a&gt;", "StdDev"]),
        (lambda f: rx_summary("~ x + g", f), ["StdDev", "&lt;a&gt;", "valid: 120"]),
        (lambda f: rx_cov_cor("~ x + y", f), ["<table", "<th>y</th>"]),
        (lambda f: rx_cube("y ~ g", f), ["<table", "Counts"]),
        (
            lambda f: rx_cross_tabs("~ g:late", f, transforms={"late": "ifelse(y > 0, 'l', 'i')"}),
            ["<table", "&lt;a&gt;"],
        ),
        (lambda f: rx_chi_squared_test([[3, 4], [5, 9]]), ["<table", "X-squared"]),
        (lambda f: rx_odds_ratio([[3, 4], [5, 9]]), ["<pre>", "oddsRatio"]),
        (lambda f: rx_get_info(f, get_var_info=True, num_rows=2), ["<pre>", "&lt;a&gt;", "<table"]),
        (lambda f: rx_get_var_info(f), ["<pre>", "Var 1: x"]),
    ],
)
def test_results_in_notebooks(frame, result, shown):
    html = result(frame)._repr_html_()
    for text in shown:
        assert text in html
    assert "<a>" not in html
    for tag in ("div", "table", "pre", "p"):
        assert len(re.findall(rf"<{tag}[ >]", html)) == html.count(f"</{tag}>")


@pytest.fixture
def ax():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot.figure().add_subplot()
    pyplot.close("all")


def test_line_plots(frame, ax):
    ordered = frame.sort_values("x")
    drawn = rx_line_plot(
        "y + w ~ x", ordered, transforms={"w": "y * 2"}, line_color=["red", "blue"], ax=ax, title="T"
    )
    assert list(drawn.columns) == ["x", "y", "w"]
    first, second = ax.get_lines()
    np.testing.assert_array_equal(first.get_xdata(), ordered["x"])
    np.testing.assert_allclose(second.get_ydata(), 2 * ordered["y"])
    assert (first.get_color(), second.get_color()) == ("red", "blue")
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("x", "y, w", "T")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["y", "w"]


def test_regression_lines_and_gaps(frame, ax):
    some = frame.assign(n=pd.array([None, *range(119)], dtype="Int32"))
    rx_line_plot("n ~ x", some, type="r", row_selection="x > -1", ax=ax)
    points, line = ax.get_lines()
    assert points.get_linestyle() == "None"
    chosen = some[(some.x > -1) & some.n.notna()]
    expected = np.polyfit(chosen.x, chosen.n.astype(float), 1)
    found = np.polyfit(line.get_xdata(), line.get_ydata().astype(float), 1)
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_panels(frame, ax):
    from matplotlib import pyplot

    rx_line_plot("y ~ x | g", frame, type="p")
    axes = pyplot.gcf().axes
    assert [a.get_title() for a in axes] == ["g = <a>", "g = b"]
    assert sum(len(a.get_lines()[0].get_xdata()) for a in axes) == len(frame)


def test_line_plots_that_do_not_fit(frame):
    with pytest.raises(ValueError, match="the formula must be 'y ~ x'"):
        rx_line_plot("~ x", frame)
    with pytest.raises(ValueError, match="type must be one of"):
        rx_line_plot("y ~ x", frame, type="q")
    with pytest.raises(NotImplementedError, match="'smooth' is not supported yet"):
        rx_line_plot("y ~ x", frame, type="smooth")
    with pytest.raises(ValueError, match="nix"):
        rx_line_plot("nix ~ x", frame, print=False)


def test_step_plots(frame, ax):
    control = RxStepControl("forward", scope="~ x + z + g", keep_step_coefs=True)
    model = rx_lin_mod("y ~ 1", frame, variable_selection=control)
    drawn = rx_step_plot(model, ax=ax)
    assert drawn.shape[1] == len(model.anova)
    assert "(Intercept)" not in drawn.index
    lines = {line.get_label(): line for line in ax.get_lines() if not line.get_label().startswith("_")}
    assert set(lines) == set(drawn.index)
    np.testing.assert_array_equal(lines["x"].get_ydata(), model.step_coefs.loc["x"])
    assert "+ x" in [text.get_text() for text in ax.texts]
    assert ax.get_title() == model.formula
    with pytest.raises(ValueError, match="keep_step_coefs=True"):
        rx_step_plot(rx_lin_mod("y ~ x", frame))


def test_without_matplotlib_there_are_numbers(frame, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert list(rx_line_plot("y ~ x", frame).columns) == ["x", "y"]


def test_progress_bars(frame, capsys):
    pytest.importorskip("tqdm")
    RxOptions.set_option("progressBar", True)
    rx_summary("~ x", frame, report_progress=2)
    shown = capsys.readouterr()
    assert "Rows Read" not in shown.out
    assert "Computation time" in shown.out
    assert "120/120" in shown.err
    rx_summary("~ x", frame)
    assert capsys.readouterr().err == ""


def test_progress_without_tqdm(frame, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    RxOptions.set_option("progressBar", True)
    importlib.invalidate_caches()
    rx_summary("~ x", frame, report_progress=1)
    assert "Rows Read: 120, Total Rows Processed: 120" in capsys.readouterr().out
