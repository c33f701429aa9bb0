"""rx_histogram and rx_lorenz against numpy, and what they draw."""

import numpy as np
import pandas as pd
import pytest

from revoscalepy import rx_gini, rx_histogram, rx_import, rx_lorenz


@pytest.fixture
def frame():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(
        {
            "x": rng.gamma(2, 30, 4000),
            "n": rng.integers(-3, 9, 4000).astype("int32"),
            "w": rng.random(4000),
            "g": pd.Categorical.from_codes(rng.integers(0, 3, 4000), categories=["a", "b", "c"]),
        }
    )
    frame.loc[::9, "x"] = np.nan
    return frame


def test_counts_are_numpys(frame, tmp_path):
    file = rx_import(frame, str(tmp_path / "t.xdf"), rows_per_read=900)
    for data in (frame, file):
        found = rx_histogram("~ x", data, num_breaks=11, start_val=0, end_val=200, print=False)
        counts, bounds = np.histogram(frame["x"].dropna(), bins=10, range=(0, 200))
        np.testing.assert_array_equal(found["Counts"], counts)
        np.testing.assert_allclose(found["start"], bounds[:-1])
        assert found.attrs["outside"] == (frame["x"] > 200).sum()
        assert found.attrs["missing_obs"] == frame["x"].isna().sum()
        weighted = rx_histogram("~ x | g", data, num_breaks=5, pweights="w", print=False)
        b = frame[(frame["g"] == "b") & frame["x"].notna()]
        counts, _ = np.histogram(b["x"], bins=4, range=(frame["x"].min(), frame["x"].max()), weights=b["w"])
        np.testing.assert_allclose(weighted.loc[weighted["g"] == "b", "Counts"], counts)
        whole = rx_histogram("~ F(n)", data, hist_type="Percent", print=False)
        np.testing.assert_allclose(
            whole["Percent"], 100 * frame["n"].value_counts(normalize=True).sort_index()
        )
    levels = rx_histogram("~ g", frame, levels_to_drop="b", print=False)
    assert list(levels["level"]) == ["a", "c"]
    with pytest.raises(ValueError, match="hist_type"):
        rx_histogram("~ g", frame, hist_type="x")
    with pytest.raises(ValueError, match="max_panels"):
        rx_histogram("~ x | g", frame, max_num_panels=2)


def test_histograms_are_drawn(frame):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.close("all")
    found = rx_histogram("~ x | g", frame, title="Three", fill_color="red")
    axes = pyplot.gcf().axes
    assert [ax.get_title() for ax in axes] == ["g = a", "g = b", "g = c"]
    heights = [bar.get_height() for ax in axes for bar in ax.patches]
    np.testing.assert_allclose(heights, found["Counts"])
    rx_histogram("~ g", frame)
    assert pyplot.gcf().axes[0].get_xlabel() == "g"
    rx_lorenz("w", data=frame, plot=True)
    assert pyplot.gcf().axes[0].get_title().startswith("Gini: 0.33")
    pyplot.close("all")


def test_lorenz_curves(frame):
    x = np.sort(frame["x"].dropna())
    n = len(x)
    exact = ((2 * np.arange(1, n + 1) - n - 1) * x).sum() / (n * x.sum())
    found = rx_lorenz("x", data=frame, exact=True)
    assert list(found.columns) == ["cumVals", "percent"]
    assert found.attrs["exact_gini"] == pytest.approx(exact, rel=1e-12)
    assert rx_gini(found) == pytest.approx(exact, abs=1e-4)
    assert rx_gini(found) == pytest.approx(found.attrs["gini"], rel=1e-12)
    assert rx_gini(rx_lorenz("income", data=pd.DataFrame({"income": [0] * 99 + [100]}))) == pytest.approx(
        0.99
    )
    by_other = rx_lorenz("n", "w", frame, num_breaks=12)
    means = frame.groupby("n")["w"].sum().cumsum() / frame["w"].sum()
    # the last bin has both of its bounds
    np.testing.assert_allclose(by_other["cumVals"][1:], 100 * means.drop(7))
    with pytest.raises(ValueError, match="not numeric"):
        rx_lorenz("g", data=frame)
