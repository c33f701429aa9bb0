"""rx_kmeans and rx_naive_bayes against numpy, and predictions of them."""

import pickle

import numpy as np
import pandas as pd
import pytest

from revoscalepy import RxXdfData, rx_import, rx_kmeans, rx_naive_bayes, rx_predict, rx_read_xdf

ROWS = 3000


@pytest.fixture
def frame():
    rng = np.random.default_rng(5)
    blob = rng.integers(0, 3, ROWS)
    frame = pd.DataFrame(
        {
            "x": blob * 6 + rng.normal(0, 1, ROWS),
            "y": (blob % 2) * 5 + rng.normal(0, 1, ROWS),
            "g": pd.Categorical.from_codes((blob + (rng.random(ROWS) < 0.2)) % 3, categories=["a", "b", "c"]),
            "class": pd.Categorical.from_codes(blob, categories=["low", "middle", "high"]),
        }
    )
    frame.loc[::50, "x"] = np.nan
    return frame


def lloyd(x, centers):
    for iteration in range(1, 1000):
        label = ((x[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
        moved = np.array([x[label == k].mean(axis=0) for k in range(len(centers))])
        if iteration > 1 and np.array_equal(moved, centers):
            return centers, label, iteration
        centers = moved
    raise AssertionError


def test_clusters_are_those_of_numpy(frame, tmp_path):
    x = frame[["x", "y"]].dropna().to_numpy()
    centers, label, iterations = lloyd(x, x[:3])
    for data in (frame, rx_import(frame, str(tmp_path / "t.xdf"), rows_per_read=700)):
        model = rx_kmeans("~ x + y", data, centers=x[:3])
        np.testing.assert_allclose(model.centers, centers, rtol=1e-12)
        assert list(model.centers.columns) == ["x", "y"]
        assert model.size.tolist() == np.bincount(label).tolist()
        assert (model.num_iterations, model.converged) == (iterations, True)
        np.testing.assert_allclose(model.totss, ((x - x.mean(axis=0)) ** 2).sum(), rtol=1e-12)
        np.testing.assert_allclose(model["tot.withinss"] + model.betweenss, model.totss, rtol=1e-12)
        assert (model.valid_obs, model.missing_obs) == (len(x), ROWS - len(x))
        assert "K-means clustering with 3 clusters of sizes" in repr(model)
    model = rx_kmeans("~ x + y", frame, num_clusters=3, num_starts=5)
    assert model.tot_withinss <= ((x - centers[label]) ** 2).sum() * (1 + 1e-12)
    assert model.cluster.notna().sum() == len(x)
    again = pickle.loads(pickle.dumps(model))
    pd.testing.assert_frame_equal(again.centers, model.centers)


def test_clusters_of_rows_and_distances(frame, tmp_path):
    file = rx_import(frame, str(tmp_path / "t.xdf"), rows_per_read=700)
    out = str(tmp_path / "c.xdf")
    model = rx_kmeans(
        "~ x + y + g", file, out, "cluster", num_clusters=3, num_starts=3, extra_vars_to_write="class"
    )
    assert model.cluster is None
    assert list(model.centers.columns) == ["x", "y", "g=a", "g=b", "g=c"]
    rows = rx_read_xdf(model.out_file.file)
    assert list(rows.columns) == ["class", "cluster"]
    assert rows["cluster"].value_counts().sort_index().tolist() == model.size.tolist()
    with pytest.raises(FileExistsError):
        rx_kmeans("~ x", file, out, num_clusters=2)
    predicted = rx_predict(model, RxXdfData(str(tmp_path / "t.xdf")), type="distance")
    assert list(predicted.columns) == [".rxCluster", ".rxDistance1", ".rxDistance2", ".rxDistance3"]
    nearest = predicted.iloc[:, 1:].dropna().to_numpy().argmin(axis=1) + 1
    assert np.array_equal(nearest, predicted[".rxCluster"].dropna())


def test_what_clusters_refuse(frame):
    for arguments, message in (
        ({}, "num_clusters or centers"),
        ({"num_clusters": 2, "algorithm": "Hartigan-Wong"}, "Lloyd"),
        ({"num_clusters": 2, "centers": [[1, 2]]}, "num_clusters is 2"),
        ({"centers": [[1, 2], [3]]}, "one length"),
        ({"centers": [[1.0], [2.0]]}, "take 4 numbers"),
        ({"num_clusters": ROWS}, "complete rows"),
        ({"num_clusters": 2, "transform_environment": {"a": 1}}, "transform_environment"),
    ):
        with pytest.raises(ValueError, match=message):
            rx_kmeans("~ x + y", frame, **arguments)


def test_naive_bayes_is_the_formula(frame, tmp_path):
    full = frame.dropna()
    levels = ["low", "middle", "high"]
    score = np.log(frame["class"].value_counts(normalize=True)[levels].to_numpy()) * np.ones((len(full), 1))
    for k, level in enumerate(levels):
        own = frame[frame["class"] == level]
        mean, deviation = own["x"].mean(), own["x"].std()
        score[:, k] += -np.log(deviation) - ((full["x"] - mean) / deviation) ** 2 / 2
        share = (own["g"].value_counts() + 1) / (len(own) + 3)
        score[:, k] += np.log(full["g"].map(share).astype(float))
    expected = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
    for data in (frame, rx_import(frame, str(tmp_path / "t.xdf"), rows_per_read=700)):
        model = rx_naive_bayes("class ~ x + g", data, smoothing_factor=1)
        assert model.levels == levels
        np.testing.assert_allclose(model.apriori, frame["class"].value_counts(normalize=True)[levels])
        np.testing.assert_allclose(
            model.tables["x"]["StdDev"], frame.groupby("class", observed=True)["x"].std()
        )
        assert list(model.tables["g"].columns) == ["a", "b", "c"]
        chances = rx_predict(model, full, type="prob")
        assert list(chances.columns) == ["low_prob", "middle_prob", "high_prob"]
        np.testing.assert_allclose(chances, expected, rtol=1e-9, atol=1e-12)
        found = rx_predict(model, full)["class_Pred"]
        assert np.array_equal(np.array(levels)[expected.argmax(axis=1)], found.astype(str))
    again = pickle.loads(pickle.dumps(model))
    assert repr(again) == repr(model)
    assert "Conditional probabilities:" in repr(model)


def test_what_naive_bayes_refuses(frame):
    with pytest.raises(ValueError, match="numeric"):
        rx_naive_bayes("x ~ y", frame)
    with pytest.raises(ValueError, match="interactions"):
        rx_naive_bayes("class ~ x:y", frame)
    with pytest.raises(ValueError, match="smoothing_factor"):
        rx_naive_bayes("class ~ x", frame, smoothing_factor=-1)
    with pytest.raises(ValueError, match="classes have none"):
        rx_predict(rx_naive_bayes("class ~ x", frame), frame, compute_residuals=True)
