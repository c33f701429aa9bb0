"""rx_quantile against numpy."""

import numpy as np
import pandas as pd
import pytest

from revoscalepy import RxXdfData, rx_import, rx_quantile

ROWS = 30_000


@pytest.fixture
def frame():
    rng = np.random.default_rng(11)
    frame = pd.DataFrame(
        {
            "x": rng.normal(0, 5, ROWS),
            "n": rng.integers(-40, 900, ROWS).astype("int32"),
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 365, ROWS), unit="D"),
            "g": pd.Categorical.from_codes(rng.integers(0, 2, ROWS), categories=["a", "b"]),
        }
    )
    frame.loc[::7, "x"] = np.nan
    return frame


def test_exact_quantiles_are_numpys(frame, tmp_path):
    file = rx_import(frame, str(tmp_path / "t.xdf"), rows_per_read=7000)
    for data in (frame, file, RxXdfData(file.file)):
        found = rx_quantile("x", data)
        assert list(found.index) == ["0%", "25%", "50%", "75%", "100%"]
        np.testing.assert_allclose(found, np.nanquantile(frame["x"], [0, 0.25, 0.5, 0.75, 1]), rtol=1e-12)
        probs = [0.001, 0.9, 0.999]
        found = rx_quantile("n", data, probs=probs, names=False)
        assert list(found.index) == [0, 1, 2]
        np.testing.assert_allclose(found, np.quantile(frame["n"], probs), rtol=1e-12)
    middle = rx_quantile("day", file, probs=[0.5])
    assert middle.dtype.kind == "M"
    assert middle["50%"] == np.sort(frame["day"].to_numpy())[(ROWS - 1) // 2]


def test_estimates_need_no_data(frame, tmp_path):
    rx_import(frame[["x"]], str(tmp_path / "t.xdf"), rows_per_read=7000)
    probs = np.arange(1, 20) / 20
    found = rx_quantile("x", str(tmp_path / "t.xdf"), probs=probs, numeric_bins=True)
    values = np.sort(frame["x"].dropna())
    ranks = np.searchsorted(values, found) / len(values)
    assert np.abs(ranks - probs).max() <= 0.013
    assert not np.array_equal(found, np.quantile(values, probs))


def test_without_values_and_what_is_refused(frame):
    assert rx_quantile("x", frame.iloc[:1], probs=[0.5]).isna().all()
    with pytest.raises(ValueError, match="it is a factor"):
        rx_quantile("g", frame)
    with pytest.raises(ValueError, match=r"1\.5 is no probability"):
        rx_quantile("x", frame, probs=[1.5])
    with pytest.raises(ValueError, match="pweights"):
        rx_quantile("x", frame, pweights="n")
    with pytest.raises(ValueError, match="nix"):
        rx_quantile("nix", frame)
