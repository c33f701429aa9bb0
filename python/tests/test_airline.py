"""The public numbers of AirlineDemoSmall (600 000 flights), to the printed digits."""

import gzip
import shutil

import pytest

from revoscalepy import RxTextData, rx_get_info, rx_import, rx_lin_mod, rx_predict, rx_summary


@pytest.fixture(scope="module")
def airline(tmp_path_factory, request):
    from conftest import DAYS, SHARED

    packed = SHARED / "AirlineDemoSmall.csv.gz"
    if not packed.exists():
        pytest.skip("needs ../shared")
    folder = tmp_path_factory.mktemp("airline")
    path = folder / "AirlineDemoSmall.csv"
    with gzip.open(packed) as source, open(path, "wb") as target:
        shutil.copyfileobj(source, target)
    info = {"DayOfWeek": {"type": "factor", "levels": DAYS}}
    text = RxTextData(str(path), missing_value_string="M", column_info=info, rows_per_read=200000)
    return rx_import(text, str(folder / "AirlineDemoSmall.xdf"))


def test_information(airline):
    info = rx_get_info(airline, get_var_info=True, get_block_sizes=True, num_rows=4)
    assert info.numRows == 600000
    assert info.rowsPerBlock == [200000] * 3
    assert info.varInfo["ArrDelay"]["storage"] == "int32"
    assert (info.varInfo["ArrDelay"]["low"], info.varInfo["ArrDelay"]["high"]) == (-86, 1490)
    assert info.varInfo["CRSDepTime"]["storage"] == "float32"
    assert info.varInfo["CRSDepTime"]["low"] == pytest.approx(0.0167, abs=5e-5)
    assert info.data["ArrDelay"].tolist() == [6, -8, -2, 1]
    assert info.data["CRSDepTime"].tolist() == pytest.approx([9.666666, 19.916666, 13.75, 11.75], abs=1e-6)


def test_summary(airline):
    summary = rx_summary("ArrDelay+CRSDepTime+DayOfWeek", airline)
    table = summary.sDataFrame.set_index("Name")
    delay = table.loc["ArrDelay"].tolist()
    assert delay[:2] == pytest.approx([11.31794, 40.688536], abs=5e-6)
    assert delay[2:] == [-86, 1490, 582628, 17372]
    time = table.loc["CRSDepTime"].tolist()
    assert time[:4] == pytest.approx([13.48227, 4.697566, 0.016667, 23.98333], abs=5e-6)
    assert time[4:] == [600000, 0]
    assert summary.categorical[0]["Counts"].tolist() == [97975, 77725, 78875, 81304, 82987, 86159, 94975]


def test_linear_models(airline):
    model = rx_lin_mod("ArrDelay ~ DayOfWeek", airline)
    assert model.coefficients["ArrDelay"].tolist()[:7] == pytest.approx(
        [10.3318058, 1.6937981, 0.9620019, -0.1752668, -1.6737983, 4.4725290, 1.5435207], abs=5e-8
    )
    assert model.aliased.tolist() == [False] * 7 + [True]
    assert model.coef_std_error["ArrDelay"].tolist()[:7] == pytest.approx(
        [0.1330, 0.1872, 0.2001, 0.1980, 0.1964, 0.1957, 0.1934], abs=5e-5
    )
    assert model.sigma == pytest.approx(40.65, abs=5e-3)
    assert model.r_squared == pytest.approx(0.001869, abs=5e-7)
    assert model.adj_r_squared == pytest.approx(0.001858, abs=5e-7)
    assert model.fstatistics["value"] == pytest.approx(181.8, abs=0.05)
    assert (model.fstatistics["numdf"], model.fstatistics["dendf"]) == (6, 582621)
    assert model.condition_number == pytest.approx(10.5595, abs=5e-5)
    printed = str(model.summary())
    for expected in ("10.3318", "Dropped", "40.65", "582621", "181.8", "0.001869", "0.001858", "10.5595"):
        assert expected in printed, printed
    both = rx_lin_mod("ArrDelay ~ CRSDepTime + DayOfWeek", airline)
    assert both.coefficients["ArrDelay"].tolist()[:8] == pytest.approx(
        [-3.19457891, 0.97862113, 2.08099661, 1.34015425, 0.1515479, -1.32301439, 4.80042177, 2.18964942],
        rel=1e-6,
    )


def test_cube(airline):
    model = rx_lin_mod("ArrDelay ~ DayOfWeek", airline, cube=True)
    assert model.coef_std_error["ArrDelay"].tolist() == pytest.approx(
        [0.1317, 0.1494, 0.1467, 0.1445, 0.1436, 0.1404, 0.1330], abs=5e-5
    )
    assert model.coef_t_value["ArrDelay"].tolist() == pytest.approx(
        [91.32, 75.58, 69.23, 59.92, 103.10, 84.59, 77.67], abs=5e-3
    )
    assert model.condition_number == pytest.approx(1, abs=1e-6)


def test_predictions(airline, tmp_path):
    model = rx_lin_mod("ArrDelay ~ DayOfWeek", airline)
    output = rx_predict(model, airline, str(tmp_path / "predicted.xdf"))
    row = rx_summary("~ ArrDelay_Pred", output).sDataFrame.iloc[0]
    assert row["Mean"] == pytest.approx(11.323407, abs=5e-7)
    assert row["StdDev"] == pytest.approx(1.760001, abs=5e-7)
    assert row["Min"] == pytest.approx(8.658007, abs=5e-7)
    assert row["Max"] == pytest.approx(14.804335, abs=5e-7)
    assert row["ValidObs"] == 600000


def test_delays_as_texts_are_a_factor(airline, shared):
    text = RxTextData(str(shared / "AirlineDemoSmall.csv.gz"), strings_as_factors=True)
    levels = rx_import(text, vars_to_keep=["ArrDelay"])["ArrDelay"].cat.categories.tolist()
    assert len(levels) == 702
    assert levels[:5] == ["6", "-8", "-2", "1", "-14"]
