"""rx_roc, rx_auc and rx_roc_curve against their definition."""

import numpy as np
import pandas as pd
import pytest

from revoscalepy import RxXdfData, rx_auc, rx_import, rx_roc, rx_roc_curve


@pytest.fixture
def sample():
    """The example of the documentation of rxRoc."""
    actual = np.repeat([0, 1], 5)
    return pd.DataFrame(
        {
            "actual": actual,
            "prediction": [0.6, 0.5, 0.4, 0.3, 0.2, 0.8, 0.7, 0.6, 0.5, 0.4],
            "wrong": np.where(actual == 1, 0.01, 0.99),
            "right": np.where(actual == 1, 0.99, 0.01),
        }
    )


def test_the_example_of_the_documentation(sample):
    found = rx_roc("actual", ["prediction", "wrong", "right"], sample, num_breaks=11, exact=True)
    assert list(found.columns) == ["threshold", "sensitivity", "specificity", "predVarName"]
    np.testing.assert_allclose(rx_auc(found), [0.82, 1.0, 0.0])
    assert list(rx_auc(found).index) == ["prediction", "right", "wrong"]
    assert found.attrs["exact_auc"] == {"prediction": 0.82, "wrong": 0.0, "right": 1.0}
    one = rx_roc("actual", "prediction", sample, num_breaks=11)
    np.testing.assert_allclose(one["threshold"], [0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
    assert len(rx_roc("actual", "prediction", sample, 11, remove_dups=False)) == 11
    assert rx_auc(one) == pytest.approx(0.82)


def test_areas_by_counting_pairs(tmp_path):
    rng = np.random.default_rng(5)
    y = rng.random(3000) < 0.3
    p = np.clip(0.3 * y + rng.random(3000) * 0.7, 0, 1)
    frame = pd.DataFrame({"y": y, "p": p, "w": rng.integers(0, 4, 3000)})
    file = rx_import(frame, str(tmp_path / "t.xdf"), rows_per_read=700)
    above = (p[y][:, None] > p[~y]).astype(float)
    for data in (frame, RxXdfData(file.file)):
        found = rx_roc("y", "p", data, exact=True)
        assert found.attrs["exact_auc"]["p"] == pytest.approx(above.mean(), abs=1e-12)
        assert abs(rx_auc(found) - above.mean()) <= found.attrs["auc_error"]["p"]
        assert rx_auc(found) == pytest.approx(found.attrs["auc"]["p"], abs=1e-12)
        weighted = rx_roc("y", "p", data, exact=True, fweights="w").attrs["exact_auc"]["p"]
        pairs = frame["w"].to_numpy()[y][:, None] * frame["w"].to_numpy()[~y]
        assert weighted == pytest.approx((above * pairs).sum() / pairs.sum(), abs=1e-12)


def test_what_is_refused(sample):
    with pytest.raises(ValueError, match="it must be 0 or 1"):
        rx_roc("prediction", "right", sample)
    with pytest.raises(ValueError, match="predictions are probabilities"):
        rx_roc("actual", "p", sample.assign(p=2.0))
    with pytest.raises(ValueError, match="1 thresholds"):
        rx_roc("actual", "right", sample, num_breaks=1)
    with pytest.raises(ValueError, match="nix"):
        rx_roc("actual", "nix", sample)


def test_curves_are_drawn(sample):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    ax = pyplot.figure().add_subplot()
    found = rx_roc_curve("actual", ["prediction", "right"], sample, num_breaks=11, ax=ax)
    pd.testing.assert_frame_equal(found, rx_roc("actual", ["prediction", "right"], sample, 11))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "prediction (AUC: 0.8200)",
        "right (AUC: 1.0000)",
    ]
    line = ax.get_lines()[0]
    np.testing.assert_allclose(line.get_xdata()[-1], 0)
    pyplot.close("all")
