"""rx_cube, rx_cross_tabs, rx_marginals and the tests on tables, by the numbers of Microsoft's guide and pandas."""

import itertools

import numpy as np
import pandas as pd
import pytest

from revoscalepy import (
    RxXdfData,
    rx_chi_squared_test,
    rx_cor,
    rx_cov,
    rx_cov_cor,
    rx_cross_tabs,
    rx_cube,
    rx_fisher_test,
    rx_import,
    rx_kendall_cor,
    rx_marginals,
    rx_odds_ratio,
    rx_pairwise_cross_tab,
    rx_risk_ratio,
    rx_sscp,
)


@pytest.fixture
def admissions():
    """UCBAdmissions of R."""
    frequencies = [512, 313, 89, 19, 353, 207, 17, 8, 120, 205, 202, 391]
    frequencies += [138, 279, 131, 244, 53, 138, 94, 299, 22, 351, 24, 317]
    factors = {"Dept": list("ABCDEF"), "Gender": ["Male", "Female"], "Admit": ["Admitted", "Rejected"]}
    frame = pd.DataFrame(itertools.product(*factors.values()), columns=list(factors))
    for name, levels in factors.items():
        frame[name] = pd.Categorical(frame[name], categories=levels)
    return frame.assign(Freq=frequencies)


def test_a_cube_as_the_guide_prints_it(admissions):
    cube = rx_cube("Freq ~ Gender:Admit", admissions)
    assert "Cube Results for: Freq ~ Gender:Admit" in repr(cube)
    assert "2 Female Admitted  92.83333 6" in repr(cube)
    np.testing.assert_allclose(cube["Freq"], [199.66666667, 92.83333333, 248.83333333, 213.0])
    assert cube.nobs_valid == 24
    sums = rx_cube("Freq ~ Dept", admissions, means=False, return_data_frame=True)
    np.testing.assert_allclose(sums["Freq"], admissions.groupby("Dept", observed=True)["Freq"].sum())
    assert list(sums["Dept"].cat.categories) == list("ABCDEF")


def test_cubes_are_written_and_empty_cells_left_out(admissions, tmp_path):
    few = admissions.iloc[:4]
    assert len(rx_cube("~ Dept:Gender", few, return_data_frame=True)) == 12
    sparse = rx_cube("~ Dept:Gender", few, use_sparse_cube=True, return_data_frame=True)
    assert list(sparse["Counts"]) == [2.0, 2.0]
    path = str(tmp_path / "cube.xdf")
    written = rx_cube("Freq ~ Dept:Gender", admissions, out_file=path)
    assert isinstance(written, RxXdfData)
    frame = rx_import(path)
    pd.testing.assert_frame_equal(frame, rx_cube("Freq ~ Dept:Gender", admissions, return_data_frame=True))
    with pytest.raises(FileExistsError):
        rx_cube("~ Dept", admissions, out_file=path)


def test_cross_tabulations(admissions):
    tabs = rx_cross_tabs("Freq ~ Gender:Admit:Dept", admissions)
    assert list(tabs.sums) == [f"Freq, Dept = {dept}" for dept in "ABCDEF"]
    expected = admissions[admissions["Dept"] == "F"].pivot_table(
        "Freq", "Gender", "Admit", "sum", observed=False
    )
    np.testing.assert_allclose(tabs.sums["Freq, Dept = F"], expected)
    assert list(tabs.counts) == [f"Dept = {dept}" for dept in "ABCDEF"]
    text = str(tabs.summary()).split("Freq, Dept = F (sums):")[1]
    assert "   Row%       5.898123  94.10188" in text and "Grand Total 714.000000" in text
    assert "Dept==A 16.37177373  1 5.205468e-05" in repr(tabs.summary(type="chisquare"))
    margins = rx_marginals(rx_cross_tabs("Freq ~ Gender:Admit", admissions), output="means")["Freq"]
    assert margins["row"]["Male"] == 2691 / 12
    assert margins["grand"] == 4526 / 24
    means = tabs.mean()["Freq, Dept = A"]
    assert means.loc["Total", "Total"] == 933 / 4
    counts = rx_cross_tabs("~ Gender:Admit", admissions, marginals=True)
    assert counts.sums is None
    assert "Total" in repr(counts)
    with pytest.raises(ValueError, match="no dependent variable"):
        counts.to_text("means")


def test_tests_on_tables(admissions):
    tabs = rx_cross_tabs("Freq ~ Gender:Admit", admissions)
    assert rx_chi_squared_test(tabs)["X-squared"].iloc[0] == pytest.approx(91.6096, abs=1e-4)
    fisher = rx_fisher_test(tabs)
    assert fisher["p-value"].iloc[0] == pytest.approx(4.835903e-22, rel=1e-6)
    assert repr(fisher).startswith("Fisher's Exact Test for Count Data\n odds ratio 95% CI Lower")
    by_dept = rx_cross_tabs("Freq ~ Gender:Admit:Dept", admissions)
    taub = rx_kendall_cor(by_dept)["taub"]
    np.testing.assert_allclose(
        taub, [-0.13596550, -0.02082575, 0.02865045, -0.01939676, 0.04140240, -0.02319366], atol=5e-9
    )
    assert taub.index[0] == "Dept==A"
    odds = rx_odds_ratio(tabs)
    assert (round(odds.estimate, 5), round(odds.statistic, 4)) == (1.84108, 0.6104)
    np.testing.assert_allclose(odds.conf_int, [1.624377, 2.086693], atol=5e-7)
    risk = rx_risk_ratio(tabs)
    np.testing.assert_allclose([risk.estimate, *risk.conf_int], [1.255303, 1.199631, 1.313560], atol=6e-7)
    assert "95 percent confidence interval:\n 1.199631 1.31356" in repr(risk)
    # the same of plain tables
    table = np.array([[1198, 1493], [557, 1278]])
    assert rx_risk_ratio(table).estimate == risk.estimate
    assert rx_chi_squared_test(pd.DataFrame(table))["df"].iloc[0] == 1
    cube = rx_cube("Freq ~ Gender:Admit", admissions)
    assert rx_odds_ratio(cube).estimate == odds.estimate


def test_pairs(admissions):
    tabs = rx_cross_tabs("Freq ~ Dept:Admit", admissions)
    pairs = rx_pairwise_cross_tab(tabs, pooled=False)
    assert len(pairs.table) == 15
    assert pairs["riskRatio"]["B vs. A: Rejected vs. Admitted"] == pytest.approx((215 / 585) / (332 / 933))
    assert len(rx_pairwise_cross_tab(tabs, fun=rx_odds_ratio).table) == 6
    with pytest.raises(ValueError, match="fun must be"):
        rx_pairwise_cross_tab(tabs, fun=len)
    with pytest.raises(ValueError, match="one table of two by two"):
        rx_risk_ratio(tabs)
    with pytest.raises(ValueError, match="finite"):
        rx_chi_squared_test(np.array([[1, np.nan], [2, 3]]))


def test_covariances():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(size=(500, 3)) + 1e6, columns=list("abc"))
    frame["c"] += frame["a"] - 1e6
    np.testing.assert_allclose(rx_cov("~ a + b + c", frame), frame.cov(), rtol=1e-9)
    np.testing.assert_allclose(rx_cor("~ a + b + c", frame), frame.corr(), rtol=1e-9)
    raw = np.column_stack([np.ones(500), frame])
    np.testing.assert_allclose(rx_sscp("~ a + b + c", frame), raw.T @ raw, rtol=1e-12)
    found = rx_cov_cor("~ a + b", frame.assign(b=frame["b"].where(frame.index > 9)), type="Cor")
    assert (found.valid_obs, found["missing.obs"]) == (490, 10)
    assert list(found.Means.index) == ["a", "b"]
    assert repr(found).startswith(
        "Call:\nrx_cov_cor(formula = '~ a + b', data = <DataFrame>, type = 'Cor')\n\nData: DataFrame"
    )
    with pytest.raises(ValueError, match="choose 'Cov', 'Cor' or 'SSCP'"):
        rx_cov_cor("~ a", frame, type="x")
    with pytest.raises(TypeError, match="unexpected keyword"):
        rx_cov("~ a", frame, nix=1)
