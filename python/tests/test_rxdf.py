"""The second import name: scans, what becomes of them, what comes out, no state of the session."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import revoscalepy
import rxdf

FRAME = pd.DataFrame(
    {
        "x": np.arange(100, dtype="int32"),
        "y": np.linspace(0.0, 9.9, 100),
        "g": pd.Categorical(list("abcd") * 25),
        "s": [f"text {i}" for i in range(100)],
    }
)


@pytest.fixture
def flights(tmp_path):
    return rxdf.scan_arrow(FRAME).write_xdf(tmp_path / "t.xdf", rows_per_block=16)


def test_what_a_scan_is(flights):
    assert flights.columns == ["x", "y", "g", "s"]
    assert flights.schema == {"x": "integer", "y": "numeric", "g": "factor", "s": "character"}
    assert flights.num_rows == 100
    assert repr(flights).endswith(
        "t.xdf: 100 rows, 4 columns (x: integer, y: numeric, g: factor, s: character)"
    )
    assert "<table" in flights._repr_html_()
    assert flights.filter("x > 3").num_rows is None
    assert rxdf.scan(flights) is flights
    assert rxdf.__version__ == revoscalepy.__rxdf_version__


def test_methods_make_other_scans(flights):
    late = (
        flights.filter("x >= 10", lambda chunk: chunk.x % 2 == 0)
        .with_columns({"z": "x * 2"}, w=lambda chunk: chunk["z"] + 0.5)
        .drop("s")
        .rename({"y": "why"})
        .select("z", "w", "why", "g")
    )
    expected = FRAME[(FRAME.x >= 10) & (FRAME.x % 2 == 0)].reset_index(drop=True)
    found = late.to_pandas()
    assert found["z"].tolist() == (expected.x * 2).tolist()
    assert found["w"].tolist() == (expected.x * 2 + 0.5).tolist()
    pd.testing.assert_series_equal(found["g"], expected["g"])
    assert flights.columns == ["x", "y", "g", "s"]
    # a scan can be read again
    assert len(late.to_arrow()) == len(late.to_pandas()) == len(expected)


def test_rows_of_the_start_and_the_middle(flights):
    assert flights.head(3).to_dict()["x"].tolist() == [0, 1, 2]
    assert flights.slice(95).num_rows == 5
    assert flights.slice(10, 4).filter("x > 11").to_dict()["x"].tolist() == [12, 13]
    assert flights.filter("x > 40").head(2).to_dict()["x"].tolist() == [41, 42]
    assert flights.filter("x > 40").slice(30, 5).to_dict()["x"].tolist() == [71, 72, 73, 74, 75]
    assert flights.filter("x > 1000").head().to_pandas().empty
    with pytest.raises(ValueError, match="negative"):
        flights.slice(-1)


def test_what_comes_out(flights):
    pl = pytest.importorskip("polars")
    pd.testing.assert_frame_equal(flights.to_pandas(), FRAME)
    assert str(flights.to_pandas("arrow").dtypes["x"]) == "int32[pyarrow]"
    assert flights.to_polars()["x"].to_list() == list(range(100))
    assert pl.DataFrame(flights).shape == pa.table(flights).shape == (100, 4)
    assert [len(chunk) for chunk in flights.iter_chunks(40)] == [40, 40, 20]


def test_where_it_goes(tmp_path, flights):
    parquet = flights.filter("x < 10").write_parquet(tmp_path / "t.parquet")
    assert parquet.to_pandas()["x"].tolist() == list(range(10))
    assert len(rxdf.read_parquet(tmp_path / "t.parquet", columns=["g"]).columns) == 1
    flights.head(2).write_csv(tmp_path / "t.csv", delimiter=";", missing="NA")
    assert (tmp_path / "t.csv").read_text().splitlines()[0] == "x;y;g;s"
    types = {"x": "int64"}
    found = rxdf.read_csv(tmp_path / "t.csv", delimiter=";", types=types, factors={"g": ["b", "a"]})
    assert found["g"].cat.categories.tolist() == ["b", "a"]
    assert found["x"].dtype == "int64"
    with pytest.raises(FileExistsError):
        flights.write_xdf(tmp_path / "t.xdf")
    with pytest.raises(ValueError, match=r"\.parquet"):
        flights.write_parquet(tmp_path / "t.xdf")
    microsoft = flights.write_xdf(tmp_path / "m.xdf", microsoft=True)
    pd.testing.assert_frame_equal(microsoft.to_pandas(), FRAME)
    assert rxdf.read_xdf(tmp_path / "m.xdf", columns=["y"])["y"].tolist() == FRAME.y.tolist()


def test_types_missing_values_and_chunks(flights):
    cast = flights.cast({"x": "numeric", "g": ["d", "a"]}).drop_missing()
    assert cast.schema["x"] == "numeric"
    assert len(cast.to_pandas()) == 50
    counted = flights.map_chunks(lambda chunk, context: {"rows": [len(chunk)], "chunk": [context.chunk_num]})
    assert counted.to_pandas()["rows"].sum() == 100


def test_what_is_computed_of_it(flights):
    some = flights.filter("x >= 20")
    expected = FRAME[FRAME.x >= 20]
    summary = some.summary("~ y")
    assert summary.sDataFrame["Mean"][0] == pytest.approx(expected.y.mean())
    assert some.quantile("y", [0.5]).iloc[0] == pytest.approx(expected.y.median(), abs=0.2)
    model = some.lin_mod("y ~ x")
    assert model.coefficients.loc["x", "y"] == pytest.approx(0.1)
    assert len(some.predict(model)) == 80
    assert some.cor("x", "y").iloc[0, 1] == pytest.approx(1.0)
    assert some.logit("(x > 50) ~ y", max_iterations=3).n_valid_obs == 80
    assert revoscalepy.rx_get_info(some, compute_info=True)["numVars"] == 4


def test_errors_name_the_nearest(flights):
    with pytest.raises(ValueError, match="did you mean 'x'"):
        flights.select("X")
    with pytest.raises(ValueError, match="no column 'q'"):
        flights.drop("q")
    with pytest.raises(ValueError):
        flights.filter("x >")
    with pytest.raises(FileNotFoundError):
        rxdf.scan_xdf("nothing.xdf")
    with pytest.raises(TypeError, match="cannot read data from int"):
        rxdf.scan(7)
