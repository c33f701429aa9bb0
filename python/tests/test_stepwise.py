"""Selection of terms: rx_lin_mod, rx_logit and rx_glm with variable_selection."""

import pickle

import numpy as np
import pandas as pd
import pytest

from revoscalepy import RxStepControl, rx_glm, rx_lin_mod, rx_logit, rx_predict, rx_step_control


@pytest.fixture(scope="module")
def frame():
    random = np.random.default_rng(7)
    n = 400
    x, z = random.normal(size=n), random.normal(size=n)
    g = pd.Categorical(random.choice(["a", "b", "c"], n))
    level = g.codes.astype(float)
    eta = 0.8 * x + 0.5 * level
    return pd.DataFrame(
        {
            "x": x,
            "z": z,
            "g": g,
            "y": eta + random.normal(size=n),
            "late": (random.uniform(size=n) < 1 / (1 + np.exp(-eta))).astype(int),
            "n": random.poisson(np.exp(0.5 * x)),
        }
    )


def test_linear_models(frame):
    control = RxStepControl("stepwise", scope={"lower": "~ z", "upper": "~ x * g + z"}, keep_step_coefs=True)
    model = rx_lin_mod("y ~ z", frame, variable_selection=control)
    assert list(model.anova.columns) == ["Step", "Df", "Deviance", "Resid. Df", "Resid. Dev", "AIC"]
    assert set(model.anova["Step"][1:]) >= {"+ x", "+ g"}
    assert pd.isna(model.anova["Df"][0])
    assert model.anova["Df"][1] < 0
    assert model.formula_base == "y ~ z"
    assert model.formula.startswith("y ~ z + ")
    assert model.deviance == pytest.approx(model.anova["Resid. Dev"].iloc[-1], rel=1e-10)
    assert model.step_coefs.shape[1] == len(model.anova)
    assert model.step_coefs.loc["x", 0] == 0
    plain = rx_lin_mod(model.formula, frame)
    np.testing.assert_allclose(model.coefficients["y"], plain.coefficients["y"], rtol=1e-9)
    assert "anova" not in plain
    assert "Stepwise Model Path" in str(model.summary())
    again = pickle.loads(pickle.dumps(model))
    pd.testing.assert_frame_equal(again.anova, model.anova)
    pd.testing.assert_frame_equal(again.step_coefs, model.step_coefs)
    assert len(rx_predict(model, frame)) == len(frame)


def test_chances_and_counts(frame):
    logit = rx_logit(
        "late ~ 1", frame, variable_selection=rx_step_control(scope="~ x + z + g", step_criterion="BIC")
    )
    assert list(logit.anova["Step"][1:]) == ["+ x", "+ g"]
    assert "BIC" in logit.anova
    poisson = rx_glm(
        "n ~ x + z + g",
        frame,
        "poisson",
        variable_selection={
            "method": "backward",
            "step_criterion": "SigLevel",
            "min_sig_level_to_drop": 0.01,
        },
    )
    assert list(poisson.coefficients.index) == ["(Intercept)", "x"]
    assert "Pr(>Chi)" in poisson.anova
    assert "anova" not in rx_logit("late ~ x", frame, variable_selection=[])


def test_what_is_not_so(frame):
    with pytest.raises(TypeError, match="must be an RxStepControl"):
        rx_logit("late ~ x", frame, variable_selection=["x"])
    with pytest.raises(ValueError, match="method must be one of stepwise, backward, forward"):
        rx_lin_mod("y ~ x", frame, variable_selection=RxStepControl("up"))
    with pytest.raises(ValueError, match="not 'uper'"):
        rx_lin_mod("y ~ x", frame, variable_selection=RxStepControl(scope={"uper": "~ x"}))
    with pytest.raises(ValueError, match="cannot be selected in a cube"):
        rx_lin_mod("y ~ g", frame, cube=True, variable_selection=RxStepControl())
    with pytest.raises(NotImplementedError, match="refit_each_step"):
        rx_logit("late ~ x", frame, variable_selection=RxStepControl(refit_each_step=False))
    with pytest.raises(ValueError, match="no criterion by likelihood"):
        rx_glm("n ~ x", frame, "quasipoisson", variable_selection=RxStepControl())
