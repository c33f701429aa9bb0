"""rx_summary, rx_lin_mod, rx_predict on small data with answers by numpy."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from revoscalepy import (
    RxTextData,
    RxXdfData,
    rx_import,
    rx_lin_mod,
    rx_lin_mod_ex,
    rx_predict,
    rx_predict_default,
    rx_read_xdf,
    rx_summary,
    rx_summary_ex,
)

GROUPS = ["a", "b", "c"]


@pytest.fixture
def frame():
    rng = np.random.default_rng(7)
    rows = 500
    frame = pd.DataFrame(
        {
            "x": rng.normal(10, 3, rows),
            "n": rng.integers(-5, 100, rows).astype("int32"),
            "g": pd.Categorical.from_codes(rng.integers(0, 3, rows), categories=GROUPS),
            "w": rng.integers(1, 4, rows).astype("int32"),
        }
    )
    frame["y"] = 2 + 0.5 * frame["x"] - frame["g"].cat.codes + rng.normal(0, 1, rows)
    frame.loc[::50, "y"] = np.nan
    return frame


def design(frame):
    """Intercept, x, and indicators of all groups but the last."""
    codes = frame["g"].cat.codes.to_numpy()
    return np.column_stack([np.ones(len(frame)), frame["x"], codes == 0, codes == 1]).astype(float)


def least_squares(frame):
    used = frame.dropna()
    matrix, y = design(used), used["y"].to_numpy()
    beta, *_ = np.linalg.lstsq(matrix, y, rcond=None)
    residuals = y - matrix @ beta
    freedom = len(y) - matrix.shape[1]
    covariance = np.linalg.inv(matrix.T @ matrix) * (residuals @ residuals / freedom)
    return beta, covariance, residuals @ residuals, freedom


def test_summary_of_numbers(frame):
    summary = rx_summary("~ x + n + y", frame)
    table = summary.sDataFrame.set_index("Name")
    assert list(summary.sDataFrame.columns) == [
        "Name",
        "Mean",
        "StdDev",
        "Min",
        "Max",
        "ValidObs",
        "MissingObs",
    ]
    for name in ("x", "n", "y"):
        assert table.loc[name, "Mean"] == pytest.approx(frame[name].mean(), rel=1e-12)
        assert table.loc[name, "StdDev"] == pytest.approx(frame[name].std(), rel=1e-12)
        assert table.loc[name, "Min"] == frame[name].min()
        assert table.loc[name, "Max"] == frame[name].max()
    assert table.loc["y", ["ValidObs", "MissingObs"]].tolist() == [490, 10]
    assert summary["nobs.valid"] == summary.nobs_valid == 500
    assert summary["sDataFrame"] is summary.s_data_frame
    assert summary["categorical.type"] == summary.categorical_type == "none"
    assert "Summary Statistics Results for: ~x + n + y" in str(summary)
    with pytest.raises(AttributeError, match="no field"):
        _ = summary.nonsense


def test_summary_of_factors_and_groups(frame):
    summary = rx_summary_ex("g + x", frame)  # without the tilde
    counts = summary.categorical[0]
    assert counts["g"].tolist() == GROUPS
    assert counts["Counts"].tolist() == frame["g"].value_counts(sort=False).tolist()
    assert "Category Counts for g" in str(summary)
    grouped = rx_summary("~ x:g", frame).categorical[0]
    means = frame.groupby("g", observed=False)["x"].mean()
    assert grouped["Means"].tolist() == pytest.approx(means.tolist(), rel=1e-12)
    assert grouped["g"].tolist() == GROUPS


def test_groups_into_a_file(frame, tmp_path):
    path = tmp_path / "groups.xdf"
    rx_summary("~ x:g + y:g", frame, by_group_out_file=str(path))
    table = rx_read_xdf(str(path))
    assert table["g"].tolist() == GROUPS
    means = frame.groupby("g", observed=False)[["x", "y"]].mean()
    assert table["x_Mean"].tolist() == pytest.approx(means["x"].tolist(), rel=1e-12)
    assert table["y_Mean"].tolist() == pytest.approx(means["y"].tolist(), rel=1e-12)
    with pytest.raises(FileExistsError):
        rx_summary("~ x:g", frame, by_group_out_file=str(path))
    with pytest.raises(ValueError, match=r"1 table\(s\) of groups"):
        rx_summary("~ x:g", frame, by_group_out_file=[str(tmp_path / "a.xdf"), str(tmp_path / "b.xdf")])


def test_summary_choices(frame):
    summary = rx_summary("~ x", frame, summary_stats=["Mean", "Sum"], row_selection="n > 50")
    assert list(summary.sDataFrame.columns) == ["Name", "Mean", "Sum"]
    chosen = frame[frame["n"] > 50]
    assert summary.sDataFrame["Sum"][0] == pytest.approx(chosen["x"].sum(), rel=1e-12)
    weighted = rx_summary("~ x", frame, fweights="w").sDataFrame
    assert weighted["Mean"][0] == pytest.approx(np.average(frame["x"], weights=frame["w"]), rel=1e-12)
    assert weighted["ValidObs"][0] == frame["w"].sum()
    doubled = rx_summary("~ z", frame, transforms={"z": "2 * x"}).sDataFrame
    assert doubled["Mean"][0] == pytest.approx(2 * frame["x"].mean(), rel=1e-12)
    listwise = rx_summary("~ x + y", frame, by_term=False)
    assert (listwise.nobs_valid, listwise.nobs_missing) == (490, 10)
    with pytest.raises(ValueError, match="Median"):
        rx_summary("~ x", frame, summary_stats=["Median"])


def test_linear_model(frame):
    model = rx_lin_mod("y ~ x + g", frame, cov_coef=True)
    beta, covariance, squares, freedom = least_squares(frame)
    labels = ["(Intercept)", "x", "g=a", "g=b", "g=c"]
    assert model.coefficients.index.tolist() == labels
    assert model.coefficients["y"][:4].tolist() == pytest.approx(beta.tolist(), rel=1e-9)
    assert np.isnan(model.coefficients["y"]["g=c"])
    assert model.aliased.tolist() == [False, False, False, False, True]
    errors = np.sqrt(np.diag(covariance))
    assert model.coef_std_error["y"][:4].tolist() == pytest.approx(errors.tolist(), rel=1e-9)
    assert model.coef_t_value["y"][:4].tolist() == pytest.approx((beta / errors).tolist(), rel=1e-9)
    assert model.cov_coef.iloc[:4, :4].to_numpy() == pytest.approx(covariance, rel=1e-8, abs=1e-12)
    assert model.residual_squares == pytest.approx(squares, rel=1e-9)
    assert model.sigma == pytest.approx(np.sqrt(squares / freedom), rel=1e-9)
    assert model.n_valid_obs == 490
    assert model.n_missing_obs == 10
    assert model["coef.std.error"] is model.coef_std_error
    assert model.fstatistics["numdf"] == 3
    assert model.fstatistics["dendf"] == freedom
    text = str(model)
    assert "y ~ x + g" in text
    assert "Dropped" in text
    assert "g=a" in str(model.summary())
    assert list(model.summary().coefficients.columns) == ["Estimate", "Std. Error", "t value", "Pr(>|t|)"]
    with pytest.raises(AttributeError, match="nonsense"):
        _ = model.nonsense


def test_cube(frame):
    model = rx_lin_mod_ex("y ~ g", frame, cube=True)
    means = frame.groupby("g", observed=False)["y"].mean()
    assert model.coefficients["y"].tolist() == pytest.approx(means.tolist(), rel=1e-10)
    assert model.count_df["Counts"].tolist() == frame.dropna().groupby("g", observed=False).size().tolist()


def test_weights_selection_and_transforms(frame):
    model = rx_lin_mod("y ~ x", frame, fweights="w", row_selection="n >= 0")
    used = frame[(frame["n"] >= 0)].dropna()
    slope, intercept = np.polyfit(used["x"], used["y"], 1, w=np.sqrt(used["w"]))
    assert model.coefficients["y"].tolist() == pytest.approx([intercept, slope], rel=1e-9)
    squared = rx_lin_mod("y ~ x2", frame, transforms={"x2": "x * x"})
    same = rx_lin_mod("y ~ x2", frame.assign(x2=frame["x"] ** 2))
    assert squared.coefficients["y"].tolist() == pytest.approx(same.coefficients["y"].tolist(), rel=1e-12)


def test_predictions(frame):
    model = rx_lin_mod("y ~ x + g", frame, cov_coef=True)
    beta, covariance, _, _ = least_squares(frame)
    predicted = rx_predict(model, frame)
    expected = design(frame) @ beta
    assert list(predicted.columns) == ["y_Pred"]
    assert len(predicted) == len(frame)
    assert predicted["y_Pred"].to_numpy() == pytest.approx(expected, rel=1e-9)
    more = rx_predict(
        model, frame, compute_standard_errors=True, interval="confidence", compute_residuals=True,
        extra_vars_to_write=["n"],
    )  # fmt: skip
    assert {"y_Pred", "y_StdErr", "y_Lower", "y_Upper", "y_Resid", "n"} == set(more.columns)
    matrix = design(frame)
    errors = np.sqrt(np.einsum("ij,jk,ik->i", matrix, covariance, matrix))
    known = frame["y"].notna().to_numpy()
    assert more["y_StdErr"].to_numpy()[known] == pytest.approx(errors[known], rel=1e-8)
    residuals = (frame["y"] - expected).to_numpy()[known]
    assert more["y_Resid"].to_numpy()[known] == pytest.approx(residuals, rel=1e-6, abs=1e-9)
    wide = rx_predict_default(model, frame, interval="prediction", predict_var_names="fit")
    assert (wide.filter(like="Upper").to_numpy()[known] > more.filter(like="Upper").to_numpy()[known]).all()
    assert "fit" in wide.columns
    with pytest.raises(ValueError):
        rx_predict(rx_lin_mod("y ~ x", frame), frame, compute_standard_errors=True)
    with pytest.raises(ValueError, match="x"):
        rx_predict(model, frame.drop(columns="x"))
    with pytest.raises(TypeError, match="unexpected keyword"):
        rx_predict(model, frame, colour="red")


def test_predictions_into_files(frame, tmp_path):
    data = rx_import(frame, str(tmp_path / "data.xdf"))
    model = rx_lin_mod("y ~ x + g", data)
    output = rx_predict(model, data, str(tmp_path / "predicted.xdf"), write_model_vars=True)
    assert isinstance(output, RxXdfData)
    table = rx_read_xdf(output.file)
    assert {"y_Pred", "y", "x", "g"} <= set(table.columns)
    assert table["y_Pred"].to_numpy() == pytest.approx(
        rx_predict(model, frame)["y_Pred"].to_numpy(), rel=1e-12
    )
    with pytest.raises(FileExistsError):
        rx_predict(model, data, output)
    # into the data's own file: the predictions become further columns
    rx_predict(model, data, data)
    assert list(rx_import(data).columns)[-1] == "y_Pred" or "y_Pred" in rx_import(data).columns
    assert set(frame.columns) < set(rx_import(data).columns)


def test_models_pickle(frame):
    model = rx_lin_mod("y ~ x + g", frame, cov_coef=True)
    for again in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert str(again) == str(model)
        pd.testing.assert_frame_equal(again.coefficients, model.coefficients)
        pd.testing.assert_frame_equal(rx_predict(again, frame), rx_predict(model, frame))


def test_threads_do_not_change_results(frame, options):
    fits = []
    for threads in (1, 2):
        options.set_option("NumCoresToUse", threads)
        fits.append(rx_lin_mod("y ~ x + g", frame).coefficients)
    pd.testing.assert_frame_equal(*fits, check_exact=True)


def test_the_flow_of_the_first_sample(tmp_path, days):
    """The first program of the documentation, with a text file in place of the table on a server."""
    path = tmp_path / "airlinedemosmall.csv"
    path.write_text("ArrDelay,CRSDepTime,DayOfWeek\n" + "".join(f"{d},{d / 2},Monday\n" for d in range(10)))
    data_source = RxTextData(
        str(path),
        column_info={"ArrDelay": {"type": "integer"}, "DayOfWeek": {"type": "factor", "levels": days}},
    )
    # all rows are Mondays: the reference level and five others are empty
    linmod = rx_lin_mod("ArrDelay ~ DayOfWeek", data=data_source)
    assert linmod.n_valid_obs == 10
    imported = rx_import(input_data=data_source)
    assert imported["DayOfWeek"].cat.categories.tolist() == days
    predict = rx_predict(linmod, data=imported)
    assert predict["ArrDelay_Pred"].tolist() == pytest.approx([4.5] * 10)
    summary = rx_summary("ArrDelay ~ DayOfWeek", data=data_source)
    assert "Monday" in str(summary)
    assert "Dropped" in str(linmod)
