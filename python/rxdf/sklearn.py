"""Estimators with scikit-learn's interface over the models of revoscalepy.

They take what scikit-learn's take (arrays and DataFrames of numbers, n rows by p features), work in its pipelines and
searches, and give the numbers of :func:`rx_lin_mod`, :func:`rx_logit`, :func:`rx_kmeans` and :func:`rx_naive_bayes`.
``model_`` is the fitted model of that function, which can be saved, summarized and used for predictions out of core.

Data with factors, missing values, or more rows than memory are for those functions themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClusterMixin,
    MultiOutputMixin,
    RegressorMixin,
    TransformerMixin,
)
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_is_fitted,
    validate_data,
)

import revoscalepy as rx

__all__ = ["GaussianNB", "KMeans", "LinearRegression", "LogisticRegression"]


def _features(X: Any) -> dict[str, Any]:
    """The columns of an array under names that formulas take."""
    return {f"x{j}": np.ascontiguousarray(X[:, j]) for j in range(X.shape[1])}


def _terms(X: Any, intercept: bool = True) -> str:
    return " + ".join(f"x{j}" for j in range(X.shape[1])) + ("" if intercept else " - 1")


class _Estimator(BaseEstimator):  # type: ignore[misc]
    """What all of them have in common."""

    def _predicted(self, X: Any, **arguments: Any) -> Any:
        """What the model predicts for new data, a column for each prediction."""
        check_is_fitted(self)
        columns = _features(validate_data(self, X, reset=False, dtype=np.float64))
        frame: Any = rx.rx_predict(self.model_, columns, **arguments)
        return frame.to_numpy(dtype=np.float64)

    def _weights(self, sample_weight: Any, X: Any, columns: dict[str, Any]) -> str | None:
        """Add the weights to the columns; their name, or ``None`` where there are none."""
        if sample_weight is None:
            return None
        columns["weight"] = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        return "weight"

    def _coefficients(self, found: Any, intercept: bool) -> tuple[Any, Any]:
        """Slopes and intercept of one response; those that were dropped are 0."""
        values = np.nan_to_num(found.to_numpy(dtype=np.float64))
        return (values[1:], values[0]) if intercept else (values, 0.0)


class LinearRegression(MultiOutputMixin, RegressorMixin, _Estimator):  # type: ignore[misc]
    """Linear regression by least squares.

    :param fit_intercept: whether there is an intercept.

    Fitted, with p features and t targets: ``coef_`` is an array of p, or t x p for targets in two dimensions,
    ``intercept_`` a number or an array of t; a feature that depends on those before it has the coefficient 0.
    ``model_`` is the :class:`RxLinModResults`.
    """

    def __init__(self, *, fit_intercept: bool = True) -> None:
        self.fit_intercept = fit_intercept

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LinearRegression:
        """Fit to features (n x p) and targets (n, or n x t), with weights (n) if they are given."""
        X, y = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        targets = np.asarray(y, dtype=np.float64).reshape(len(X), -1)
        columns = _features(X)
        weights = self._weights(sample_weight, X, columns)
        names = [f"y{k}" for k in range(targets.shape[1])]
        columns |= {name: np.ascontiguousarray(targets[:, k]) for k, name in enumerate(names)}
        response = names[0] if len(names) == 1 else f"cbind({', '.join(names)})"
        formula = f"{response} ~ {_terms(X, self.fit_intercept)}"
        self.model_ = rx.rx_lin_mod(formula, columns, pweights=weights)
        found = [self._coefficients(self.model_.coefficients[name], self.fit_intercept) for name in names]
        slopes, intercepts = np.array([slope for slope, _ in found]), np.array([start for _, start in found])
        one = np.ndim(y) == 1
        self.coef_ = slopes[0] if one else slopes
        self.intercept_ = (float(intercepts[0]) if one else intercepts) if self.fit_intercept else 0.0
        self._one = one
        return self

    def predict(self, X: Any) -> Any:
        """Return the predictions, n or n x t."""
        values = self._predicted(X)
        return values[:, 0] if self._one else values


class LogisticRegression(ClassifierMixin, _Estimator):  # type: ignore[misc]
    """Logistic regression of two classes by maximum likelihood, without a penalty.

    :param fit_intercept: whether there is an intercept.
    :param max_iter: the most iterations.
    :param tol: relative change of the coefficients that ends the iteration.

    Fitted: ``classes_`` are the two classes, of which the second is the event; ``coef_`` is 1 x p, ``intercept_`` an
    array of one, ``n_iter_`` the number of iterations, ``model_`` the :class:`RxLogitResults`. Where the classes can
    be separated, the likelihood has no maximum, and coefficients are those of the last iteration.
    """

    def __init__(self, *, fit_intercept: bool = True, max_iter: int = 25, tol: float = 1e-6) -> None:
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LogisticRegression:
        """Fit to features (n x p) and classes (n), with weights (n) if they are given."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is multiclass: "
                f"it has {len(self.classes_)} classes"
            )
        columns = _features(X)
        weights = self._weights(sample_weight, X, columns)
        if len(self.classes_) < 2 or (weights and len(np.unique(codes[columns["weight"] > 0])) < 2):
            raise ValueError("LogisticRegression needs two classes; the data have one class")
        columns["y"] = codes.astype(np.int32)
        self.model_ = rx.rx_logit(
            f"y ~ {_terms(X, self.fit_intercept)}",
            columns,
            pweights=weights,
            max_iterations=self.max_iter,
            coefficent_tolerance=self.tol,
        )
        slopes, start = self._coefficients(self.model_.coefficients.iloc[:, 0], self.fit_intercept)
        self.coef_, self.intercept_ = slopes[np.newaxis], np.array([start])
        self.n_iter_ = int(self.model_.iterations)
        return self

    def decision_function(self, X: Any) -> Any:
        """Return the logarithms of the odds of the second class, n."""
        return self._predicted(X, type="link")[:, 0]

    def predict_proba(self, X: Any) -> Any:
        """Return the probabilities of the classes, n x 2."""
        second = self._predicted(X)[:, 0]
        return np.column_stack([1 - second, second])

    def predict(self, X: Any) -> Any:
        """Return the more probable classes, n."""
        second = self.decision_function(X) > 0
        return self.classes_[second.astype(int)]


class KMeans(TransformerMixin, ClusterMixin, _Estimator):  # type: ignore[misc]
    """Clusters by k-means (Lloyd's algorithm).

    :param n_clusters: how many.
    :param n_init: starts to draw by k-means++, of which the best end counts.
    :param max_iter: the most iterations.
    :param random_state: what is drawn depends on it.

    Fitted: ``cluster_centers_`` is n_clusters x p, ``labels_`` the cluster of each row from 0, ``inertia_`` the sum of
    squared distances from the centers, ``n_iter_`` the iterations, ``model_`` the :class:`RxKmeansResults`.
    """

    def __init__(
        self, n_clusters: int = 8, *, n_init: int = 1, max_iter: int = 300, random_state: Any = None
    ) -> None:
        self.n_clusters = n_clusters
        self.n_init = n_init
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> KMeans:
        """Fit to features (n x p); ``y`` has no meaning."""
        X = validate_data(self, X, dtype=np.float64)
        if len(X) < self.n_clusters:
            raise ValueError(f"n_samples={len(X)} should be >= n_clusters={self.n_clusters}.")
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self.model_ = rx.rx_kmeans(
            f"~ {_terms(X)}",
            _features(X),
            num_clusters=self.n_clusters,
            num_starts=self.n_init,
            max_iterations=self.max_iter,
            seed=seed,
        )
        self.cluster_centers_ = self.model_.centers.to_numpy(dtype=np.float64)
        self.labels_ = self.model_.cluster.to_numpy(dtype=np.int32) - 1
        self.inertia_ = float(self.model_.tot_withinss)
        self.n_iter_ = int(self.model_.num_iterations)
        return self

    def predict(self, X: Any) -> Any:
        """Return the cluster of each row, n, from 0."""
        return self._predicted(X)[:, 0].astype(np.int32) - 1

    def transform(self, X: Any) -> Any:
        """Return the distances from the centers, n x n_clusters."""
        return self._predicted(X, type="distance")[:, -self.n_clusters :]

    def score(self, X: Any, y: Any = None) -> float:
        """Return the sum of squared distances from the nearest centers, below zero."""
        return -float((self.transform(X).min(axis=1) ** 2).sum())


class GaussianNB(ClassifierMixin, _Estimator):  # type: ignore[misc]
    """Naive Bayes with a normal distribution of each feature in each class.

    Fitted, with K classes: ``classes_``, ``class_prior_`` (K), ``class_count_`` (K), ``theta_`` (K x p) the means,
    ``var_`` (K x p) the variances, with n - 1 in the denominator; ``model_`` is the :class:`RxNaiveBayesResults`.
    """

    def fit(self, X: Any, y: Any) -> GaussianNB:
        """Fit to features (n x p) and classes (n)."""
        import pandas as pd

        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        levels = [str(k) for k in range(len(self.classes_))]
        frame = pd.DataFrame(_features(X))
        frame["y"] = pd.Categorical.from_codes(codes, levels)
        self.model_ = rx.rx_naive_bayes(f"y ~ {_terms(X)}", frame)
        self.class_prior_ = self.model_.apriori.to_numpy(dtype=np.float64)
        self.class_count_ = self.model_.counts.to_numpy(dtype=np.float64)
        tables = [self.model_.tables[f"x{j}"] for j in range(X.shape[1])]
        self.theta_ = np.column_stack([table["Means"] for table in tables])
        self.var_ = np.column_stack([table["StdDev"] for table in tables]) ** 2
        return self

    def predict_proba(self, X: Any) -> Any:
        """Return the probabilities of the classes, n x K."""
        return self._predicted(X, type="prob")

    def predict_log_proba(self, X: Any) -> Any:
        """Return the logarithms of the probabilities of the classes, n x K."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X: Any) -> Any:
        """Return the most probable classes, n."""
        best = np.argmax(self.predict_proba(X), axis=1)
        return self.classes_[best]
