"""The sample folder: which files there are, what is in them, and when they are made."""

import os
import sqlite3
from contextlib import closing

import numpy as np
import pandas as pd
import pytest

from revoscalepy import (
    RxOptions,
    RxTextData,
    RxXdfData,
    rx_get_info,
    rx_get_var_info,
    rx_import,
    rx_lin_mod,
    rx_logit,
    rx_summary,
)
from revoscalepy.sample_data import LARGE, LEFT_OUT, README, SMALL, make_all


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_all(str(tmp_path_factory.mktemp("samples") / "all"))


@pytest.fixture
def folder(made):
    RxOptions.set_option("sampleDataDir", made)
    return made


def test_small_files_are_made_when_the_folder_is_asked_for(tmp_path):
    RxOptions.set_option("sampleDataDir", str(tmp_path / "new"))
    found = RxOptions.get_option("sampleDataDir")
    assert set(os.listdir(found)) == {*SMALL, README}
    about = (tmp_path / "new" / README).read_text()
    assert "simulated" in about
    assert all(name in about for name in LEFT_OUT)
    kyphosis = os.path.join(found, "Kyphosis.xdf")
    before = os.stat(kyphosis).st_mtime_ns
    RxOptions.get_option("sampleDataDir")
    assert os.stat(kyphosis).st_mtime_ns == before


def test_large_files_are_made_when_they_are_opened(tmp_path):
    RxOptions.set_option("sampleDataDir", str(tmp_path / "new"))
    file = os.path.join(RxOptions.get_option("sampleDataDir"), "mortDefaultSmall2003.csv")
    assert not os.path.exists(file)
    frame = rx_import(RxTextData(file))
    assert os.path.exists(file)
    assert len(frame) == 10000
    assert set(frame["year"]) == {2003}
    assert rx_summary("~ default", str(tmp_path / "new" / "mortDefaultSmall.xdf")).nobs_valid == 100000
    with pytest.raises(FileNotFoundError):
        rx_summary("~ x", str(tmp_path / "new" / "claims.sav"))
    assert not [name for name in os.listdir(tmp_path / "new") if name.startswith(".")]


def test_a_folder_of_ones_own_is_left_as_it_is(tmp_path):
    (tmp_path / "my.csv").write_text("x\n1\n")
    RxOptions.set_option("sampleDataDir", tmp_path)
    assert RxOptions.get_option("sampleDataDir") == str(tmp_path)
    assert os.listdir(tmp_path) == ["my.csv"]
    with pytest.raises(FileNotFoundError):
        rx_get_info(str(tmp_path / "claims.xdf"))


def test_the_airline_numbers_of_the_documentation(folder):
    airline = RxXdfData(os.path.join(folder, "AirlineDemoSmall.xdf"))
    delay, time = rx_summary("ArrDelay + CRSDepTime", airline).s_data_frame.itertuples(index=False)
    assert tuple(delay)[1:] == pytest.approx((11.31794, 40.688536, -86, 1490, 582628, 17372), abs=5e-6)
    assert tuple(time)[1:] == pytest.approx((13.48227, 4.697566, 0.016667, 23.98333, 600000, 0), abs=5e-6)
    (counts,) = rx_summary("~ DayOfWeek", airline).categorical
    assert list(counts["Counts"]) == [97975, 77725, 78875, 81304, 82987, 86159, 94975]
    means = rx_lin_mod("ArrDelay ~ DayOfWeek", airline, cube=True).coefficients["ArrDelay"]
    intercept, others = 10.3318058, (1.6937981, 0.9620019, -0.1752668, -1.6737983, 4.4725290, 1.5435207, 0)
    np.testing.assert_allclose(means, intercept + np.array(others), atol=5e-4)
    assert rx_lin_mod("ArrDelay ~ CRSDepTime", airline).coefficients["ArrDelay"].iloc[1] == pytest.approx(
        0.97, abs=0.05
    )
    assert rx_get_info(airline).numBlocks == 3


def test_text_and_xdf_hold_the_same(folder):
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    text = RxTextData(
        os.path.join(folder, "AirlineDemoSmall.csv"),
        missing_value_string="M",
        column_info={"DayOfWeek": {"type": "factor", "levels": days}},
    )
    pd.testing.assert_frame_equal(
        rx_import(text, number_rows=5000),
        rx_import(os.path.join(folder, "AirlineDemoSmall.xdf"), number_rows=5000),
        atol=1e-6,
    )
    complete = rx_import(os.path.join(folder, "AirlineDemo1kNoMissing.csv"))
    assert complete.shape == (1000, 3)
    assert not complete.isna().any().any()


def test_claims_in_their_formats(folder):
    claims = rx_import(os.path.join(folder, "claims.xdf"))
    assert list(claims.columns) == ["RowNum", "age", "car.age", "type", "cost", "number"]
    assert list(claims["car.age"].cat.categories) == ["0-3", "4-7", "8-9", "10+"]
    assert (claims["cost"].min(), claims["cost"].max()) == (11, 850)
    assert claims["cost"].notna().sum() == 123
    for name, arguments in (
        ("claims.txt", {}),
        ("claimsTab.txt", {"delimiter": "\t"}),
        ("claimsQuote.txt", {}),
        ("claimsExtra.txt", {"rows_to_skip": 2}),
    ):
        other = rx_import(RxTextData(os.path.join(folder, name), **arguments))
        np.testing.assert_array_equal(other["cost"], claims["cost"], name)
        assert list(other["age"]) == list(claims["age"])
    with closing(sqlite3.connect(os.path.join(folder, "claims.sqlite"))) as database:
        rows = database.execute('SELECT RowNum, "car.age", cost FROM claims ORDER BY RowNum').fetchall()
    assert [row[1] for row in rows] == list(claims["car.age"])
    np.testing.assert_array_equal([np.nan if row[2] is None else row[2] for row in rows], claims["cost"])
    widths = {}
    with open(os.path.join(folder, "claims.sts")) as file:
        for line in file.read().split("VARIABLES\n")[1].splitlines():
            name, span, *_ = line.split()
            first, last = span.split("-")
            widths[name] = (int(first) - 1, int(last))
    fixed = pd.read_fwf(
        os.path.join(folder, "claims.dat"), colspecs=list(widths.values()), names=list(widths)
    )
    np.testing.assert_array_equal(fixed["cost"], claims["cost"])
    assert list(fixed["type"]) == list(claims["type"])


@pytest.mark.parametrize(
    ("name", "rows", "ranges"),
    [
        (
            "CensusWorkers.xdf",
            351121,
            {"age": (20, 65), "incwage": (0, 354000), "perwt": (2, 168), "wkswork1": (21, 52)},
        ),
        (
            "mortDefaultSmall.xdf",
            100000,
            {"creditScore": (470, 925), "ccDebt": (0, 14094), "year": (2000, 2009)},
        ),
        ("DJIAdaily.xdf", 20636, {"Year": (1928, 2010), "Month": (1, 12)}),
        ("Kyphosis.xdf", 81, {"Age": (1, 206), "Number": (2, 10), "Start": (1, 18)}),
        ("fourthgraders.xdf", 44, {}),
        ("CustomerSurvey.xdf", 25, {}),
    ],
)
def test_rows_and_ranges(folder, name, rows, ranges):
    file = os.path.join(folder, name)
    info = rx_get_var_info(file)
    assert rx_get_info(file).numRows == rows
    for column, (low, high) in ranges.items():
        assert (info[column]["low"], info[column]["high"]) == (low, high), column
    if name == "CensusWorkers.xdf":
        assert info["incwage"]["description"] == "Wage and salary income"


def test_models_of_the_documentation_run(folder):
    logit = rx_logit("Kyphosis ~ Age + Start + Number", os.path.join(folder, "Kyphosis.xdf"))
    assert logit.coefficients.iloc[:, 0]["Start"] < 0
    default = rx_logit(
        "default ~ F(year) + creditScore + ccDebt", os.path.join(folder, "mortDefaultSmall.xdf")
    )
    assert default.coefficients.iloc[:, 0]["ccDebt"] > 0


def test_all_names_are_made_or_left_out(made):
    assert set(os.listdir(made)) == {*SMALL, *LARGE}
    assert len(set(SMALL + LARGE + LEFT_OUT)) == len(SMALL + LARGE + LEFT_OUT) == 30


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("traceLevel", 8, "must be one of"),
        ("NumCoresToUse", "all", "must be a whole number from -1"),
        ("NumCoresToUse", -2, "must be a whole number from -1"),
        ("blocksPerRead", True, "must be a whole number from 1"),
        ("FileSystem", "hdfs", "must be one of 'native'"),
        ("nix", 1, "there is no option 'nix'"),
    ],
)
def test_options_check_their_values(name, value, message):
    with pytest.raises(ValueError, match=message):
        RxOptions.set_option(name, value)


def test_folders_are_paths():
    with pytest.raises(TypeError, match="must be a path, not int"):
        RxOptions.set_option("sampleDataDir", 3)
    RxOptions.set_option("DataPath", ["a", "b"])
    assert RxOptions.get_option("DataPath") == ["a", "b"]
