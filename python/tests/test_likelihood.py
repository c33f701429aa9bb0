"""rx_logit, rx_glm and predictions of them, with answers by numpy and by Microsoft's documentation."""

import pickle

import numpy as np
import pandas as pd
import pytest

from revoscalepy import (
    Family,
    RxTextData,
    rx_glm,
    rx_import,
    rx_logit,
    rx_logit_ex,
    rx_predict,
    rx_read_xdf,
    rx_tweedie,
)


@pytest.fixture
def frame():
    rng = np.random.default_rng(3)
    rows = 400
    frame = pd.DataFrame(
        {
            "x": np.round(rng.normal(0, 1, rows), 1),
            "g": pd.Categorical.from_codes(rng.integers(0, 3, rows), categories=["a", "b", "c"]),
            "o": rng.normal(0, 0.2, rows),
        }
    )
    eta = 0.3 + 0.8 * frame["x"] - 0.5 * frame["g"].cat.codes
    frame["late"] = rng.random(rows) < 1 / (1 + np.exp(-eta))
    frame["count"] = rng.poisson(np.exp(0.5 * eta + frame["o"]))
    frame["size"] = rng.gamma(3, np.exp(0.3 * eta))
    return frame


def design(frame):
    codes = frame["g"].cat.codes
    return np.column_stack([np.ones(len(frame)), frame["x"], codes == 0, codes == 1]).astype(float)


def logistic(matrix, y):
    """Coefficients and their covariance by Newton's method."""
    beta = np.zeros(matrix.shape[1])
    for _ in range(30):
        mu = 1 / (1 + np.exp(-matrix @ beta))
        information = (matrix * (mu * (1 - mu))[:, None]).T @ matrix
        beta = beta + np.linalg.solve(information, matrix.T @ (y - mu))
    return beta, np.linalg.inv(information)


def test_logit_has_the_maximum(frame):
    model = rx_logit("late ~ x + g", frame, cov_coef=True, objective_function_tolerance=1e-14)
    beta, covariance = logistic(design(frame), frame["late"].to_numpy(float))
    kept = ["(Intercept)", "x", "g=a", "g=b"]
    np.testing.assert_allclose(model.coefficients["late"][kept], beta, rtol=1e-6)
    np.testing.assert_allclose(model.coef_std_error["late"][kept], np.sqrt(np.diag(covariance)), rtol=1e-5)
    np.testing.assert_allclose(model.cov_coef.loc[kept, kept], covariance, rtol=1e-4)
    assert model.aliased["g=c"]
    assert model.converged
    assert not model.separated
    assert model["n.valid.obs"] == model.nobs == 400
    assert model.dispersion == 1
    assert list(model.summary().coefficients.columns) == ["Estimate", "Std. Error", "z value", "Pr(>|z|)"]
    assert str(model).startswith("Call:\nrx_logit(formula = 'late ~ x + g', data = <")
    copied = pickle.loads(pickle.dumps(model))
    assert str(copied.summary()) == str(model.summary())
    assert rx_logit_ex is rx_logit


def test_predictions_on_both_scales(frame, tmp_path):
    model = rx_logit("late ~ x + g", frame, cov_coef=True)
    choices = {"compute_standard_errors": True, "interval": "confidence"}
    response = rx_predict(model, frame, compute_residuals=True, **choices)
    link = rx_predict(model, frame, type="link", **choices)
    p = response["late_Pred"]
    np.testing.assert_allclose(p, 1 / (1 + np.exp(-link["late_Pred"])))
    np.testing.assert_allclose(response["late_StdErr"], link["late_StdErr"] * p * (1 - p))
    np.testing.assert_allclose(response["late_Lower"], 1 / (1 + np.exp(-link["late_Lower"])))
    np.testing.assert_allclose(response["late_Resid"], frame["late"] - p)
    np.testing.assert_allclose(
        link["late_Upper"] - link["late_Pred"], 1.959963984540054 * link["late_StdErr"], rtol=1e-9
    )
    source = rx_predict(model, frame, str(tmp_path / "chances.xdf"), predict_var_names="chance")
    np.testing.assert_allclose(rx_read_xdf(source)["chance"], p)
    with pytest.raises(ValueError, match="confidence intervals only"):
        rx_predict(model, frame, interval="prediction")


def test_glm_of_several_families(frame):
    poisson = rx_glm("count ~ x + g", frame, family="poisson", offset="o", objective_function_tolerance=1e-14)
    matrix, offset = design(frame), frame["o"].to_numpy()
    mu = np.exp(matrix @ poisson.coefficients["count"].dropna().to_numpy() + offset)
    np.testing.assert_allclose(matrix.T @ (frame["count"] - mu), 0, atol=1e-6)
    assert (poisson.family, poisson.link, poisson.dispersion) == ("poisson", "log", 1)

    gamma = rx_glm("size ~ x", frame, family=Family("Gamma", link="log"))
    same = rx_glm("size ~ x", frame, family=rx_tweedie(2, 0))
    np.testing.assert_allclose(gamma.coefficients["size"], same.coefficients["size"], rtol=1e-9)
    assert same.family == "Tweedie"
    assert same.aic is None
    assert gamma.aic > 0
    assert list(gamma.summary().coefficients.columns)[2] == "t value"
    assert rx_glm("size ~ x", frame, {"name": "quasi", "variance": "mu^2", "link": "log"}).link == "log"


def test_the_documented_numbers(shared, tmp_path):
    kyphosis = RxTextData(str(shared / "small" / "kyphosis.csv"), strings_as_factors=True)
    model = rx_logit("Kyphosis ~ Age + Start + Number", kyphosis)
    printed = [-2.03693354, 0.01093048, -0.20651005, 0.41060119]
    np.testing.assert_allclose(model.coefficients["Kyphosis"], printed, atol=5.1e-9)
    assert (round(model.deviance, 2), round(model.null_deviance, 2)) == (61.38, 83.23)
    assert model.event == "present"
    claims = rx_import(RxTextData(str(shared / "small" / "claims.csv")), str(tmp_path / "claims.xdf"))
    model = rx_glm("cost ~ age + car.age + type", claims, family="Gamma", drop_first=True)
    assert round(model.dispersion, 7) == 0.1785316
    assert model.df[:2] == [14, 109]


def test_the_columns_are_described(frame):
    model = rx_logit("late ~ x", frame, cov_data=True)
    assert model.cov_data.loc["x", "x"] == pytest.approx(frame["x"].var(), rel=1e-12)
    cube = rx_logit("late ~ g + x", frame, cube=True, cube_predictions=True, coefficient_tolerance=1e-10)
    eta = cube.coefficients["late"].iloc[0] + cube.coefficients["late"]["x"] * frame["x"].mean()
    assert cube.count_df["late"][0] == pytest.approx(1 / (1 + np.exp(-eta)), rel=1e-9)
    with pytest.raises(ValueError, match="cube_predictions: it needs cube"):
        rx_logit("late ~ g", frame, cube_predictions=True)


def test_what_is_not_so(frame):
    with pytest.raises(ValueError, match="link: 'logarithm' is not known"):
        rx_glm("size ~ x", frame, family=Family("Gamma", link="logarithm"))
    with pytest.raises(ValueError, match="family"):
        rx_glm("size ~ x", frame, family="normal")
    with pytest.raises(ValueError, match="must be 0 or 1"):
        rx_logit("size ~ x", frame)
    with pytest.raises(TypeError, match="unexpected keyword argument 'weights'"):
        rx_logit("late ~ x", frame, weights="o")
    with pytest.raises(ValueError, match="coef_label_style"):
        rx_logit("late ~ x", frame, coef_label_style="SAS")


def test_separation_and_starts_are_reported(frame):
    apart = pd.DataFrame({"y": [0, 0, 0, 1, 1, 1], "x": [1.0, 2, 3, 4, 5, 6]})
    model = rx_logit("y ~ x", apart)
    assert model.separated
    assert "separation" in str(model)
    assert not rx_logit("late ~ x", frame, max_iterations=1).converged
    usual = rx_logit("late ~ x", frame)
    for start in (0, float("nan"), [0.1, 0.2]):
        other = rx_logit("late ~ x", frame, initial_values=start)
        np.testing.assert_allclose(other.coefficients["late"], usual.coefficients["late"], rtol=1e-5)
    labelled = rx_logit("late ~ g", frame, coef_label_style="R", coefficient_tolerance=1e-10)
    assert list(labelled.coefficients.index) == ["(Intercept)", "ga", "gb", "gc"]
