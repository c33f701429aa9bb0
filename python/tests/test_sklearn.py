"""The estimators of rxdf.sklearn: scikit-learn's contract, and the numbers of the functions that they stand on."""

import warnings

import numpy as np
import pandas as pd
import pytest

from revoscalepy import rx_serialize_model, rx_unserialize_model

sklearn = pytest.importorskip("sklearn", minversion="1.6")

from sklearn import cluster, linear_model, naive_bayes  # noqa: E402
from sklearn.model_selection import cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402

from rxdf.sklearn import GaussianNB, KMeans, LinearRegression, LogisticRegression  # noqa: E402


@pytest.mark.parametrize(
    "estimator",
    [
        LinearRegression(),
        LinearRegression(fit_intercept=False),
        LogisticRegression(),
        KMeans(n_clusters=3),
        GaussianNB(),
    ],
    ids=str,
)
def test_the_contract(estimator):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcomes = check_estimator(estimator, on_fail=None)
    assert len(outcomes) > 40
    failed = {o["check_name"]: o["exception"] for o in outcomes if o["status"] == "failed"}
    assert failed == {}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(11)
    x = rng.normal(size=(300, 4))
    return x, x @ [1.0, -2, 0.5, 0] + 3 + rng.normal(size=300), rng.uniform(0.5, 2, 300)


@pytest.mark.parametrize("intercept", [True, False])
def test_linear_regression(data, intercept):
    x, y, weights = data
    for targets in (y, np.column_stack([y, x[:, 0] - y])):
        for sample_weight in (None, weights):
            ours = LinearRegression(fit_intercept=intercept).fit(x, targets, sample_weight)
            theirs = linear_model.LinearRegression(fit_intercept=intercept).fit(x, targets, sample_weight)
            np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-9)
            np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-9)
            np.testing.assert_allclose(ours.predict(x), theirs.predict(x), rtol=1e-9)
            assert ours.score(x, targets) == pytest.approx(theirs.score(x, targets))
    again = LinearRegression().fit(np.column_stack([x, x[:, 0] + x[:, 1]]), y)
    assert np.count_nonzero(again.coef_) == 4


def test_logistic_regression(data):
    x, y, weights = data
    late = np.where(y > 3, "late", "in time")
    for sample_weight in (None, weights):
        ours = LogisticRegression().fit(x, late, sample_weight)
        theirs = linear_model.LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(
            x, late, sample_weight
        )
        np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-4)
        np.testing.assert_allclose(ours.predict_proba(x), theirs.predict_proba(x), atol=1e-4)
    assert list(ours.classes_) == ["in time", "late"]
    assert (ours.predict(x) == theirs.predict(x)).all()
    with pytest.raises(ValueError, match="needs two classes"):
        LogisticRegression().fit(x, np.ones(300))
    with pytest.raises(ValueError, match="3 classes"):
        LogisticRegression().fit(x, np.arange(300) % 3)


def test_kmeans(data):
    x = np.concatenate([data[0] + shift for shift in (0, 20, 40)])
    ours = KMeans(3, n_init=3, random_state=1).fit(x)
    theirs = cluster.KMeans(3, n_init=3, random_state=1).fit(x)
    assert ours.inertia_ == pytest.approx(theirs.inertia_)
    order = np.argsort(ours.cluster_centers_[:, 0])
    np.testing.assert_allclose(
        ours.cluster_centers_[order], theirs.cluster_centers_[np.argsort(theirs.cluster_centers_[:, 0])]
    )
    assert (ours.predict(x) == ours.labels_).all()
    distances = np.linalg.norm(x[:, None] - ours.cluster_centers_, axis=2)
    np.testing.assert_allclose(ours.transform(x), distances, atol=1e-9)
    assert ours.score(x) == pytest.approx(-ours.inertia_)
    assert (KMeans(3, random_state=5).fit(x).labels_ == KMeans(3, random_state=5).fit(x).labels_).all()


def test_gaussian_nb(data):
    x, y, _ = data
    classes = np.digitize(y, [1.5, 4])
    ours, theirs = GaussianNB().fit(x, classes), naive_bayes.GaussianNB(var_smoothing=0).fit(x, classes)
    np.testing.assert_allclose(ours.theta_, theirs.theta_)
    counts = ours.class_count_[:, None]
    np.testing.assert_allclose(ours.var_, theirs.var_ * counts / (counts - 1))
    assert (ours.predict(x) == theirs.predict(x)).mean() > 0.98
    np.testing.assert_allclose(ours.predict_proba(x).sum(axis=1), 1)
    np.testing.assert_allclose(np.exp(ours.predict_log_proba(x)), ours.predict_proba(x))


def test_in_pipelines_and_with_frames(data):
    x, y, _ = data
    frame = pd.DataFrame(x, columns=["a b", "y", "(c)", "x1"])
    model = make_pipeline(StandardScaler(), LinearRegression())
    assert cross_val_score(model, frame, y, cv=3).min() > 0.7
    fitted = LinearRegression().fit(frame, y)
    assert list(fitted.feature_names_in_) == list(frame.columns)
    np.testing.assert_allclose(fitted.predict(frame), fitted.predict(frame.copy()))
    kept = rx_unserialize_model(rx_serialize_model(fitted.model_))
    assert kept.r_squared == pytest.approx(fitted.score(x, y))
