"""rx_import: from text, frames and Arrow, to files and frames."""

import os

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from revoscalepy import RxTextData, RxXdfData, rx_get_var_names, rx_import, rx_read_xdf


def text(path, days, **more):
    info = {"DayOfWeek": {"type": "factor", "levels": days}}
    return RxTextData(str(path), missing_value_string="M", column_info=info, **more)


def test_text_to_frame(airline_csv, days):
    frame = rx_import(text(airline_csv, days))
    assert list(frame.columns) == ["ArrDelay", "CRSDepTime", "DayOfWeek", "Note"]
    assert str(frame.dtypes["ArrDelay"]) == "Int32"
    assert frame["ArrDelay"].isna().tolist() == [False, False, True, *[False] * 6]
    assert frame["ArrDelay"].dropna().tolist() == [6, -8, 1, 10, -20, 0, 15, 3]
    assert frame["CRSDepTime"].dtype == np.float32
    assert frame["DayOfWeek"].cat.categories.tolist() == days
    assert frame["DayOfWeek"].tolist()[:2] == ["Monday", "Tuesday"]
    assert frame["Note"].tolist()[0] == "a, b"


def test_missing_integers_as_sentinels(airline_csv, days, options):
    options.set_option("integerMissing", "sentinel")
    frame = rx_import(text(airline_csv, days))
    assert frame["ArrDelay"].dtype == np.int32
    assert frame["ArrDelay"].tolist()[2] == -2147483648
    # and the same way in: the sentinel is missing again
    back = rx_import(frame, row_selection="ArrDelay < 0")
    assert back["ArrDelay"].tolist() == [-8, -20]


def test_text_to_xdf_and_back(airline_csv, days, tmp_path):
    output = rx_import(text(airline_csv, days), str(tmp_path / "a.xdf"))
    assert isinstance(output, RxXdfData)
    pd.testing.assert_frame_equal(rx_import(output), rx_import(text(airline_csv, days)))
    pd.testing.assert_frame_equal(output.head(3), rx_import(output).head(3))
    tail = output.tail(2)
    assert tail["ArrDelay"].tolist() == [15, 3]


def test_an_existing_output_stays_unless_overwritten(airline_csv, days, tmp_path):
    path = tmp_path / "a.xdf"
    rx_import(text(airline_csv, days), str(path))
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"a\.xdf"):
        rx_import(text(airline_csv, days), str(path))
    assert path.read_bytes() == before
    rx_import(text(airline_csv, days), str(path), overwrite=True, number_rows=4)
    assert len(rx_read_xdf(str(path))) == 4
    assert os.listdir(tmp_path).count("a.xdf") == 1


def test_a_failed_import_leaves_nothing(tmp_path):
    source = tmp_path / "bad.csv"
    source.write_text("x\n" + "1\n" * 20 + "oops\n")
    with pytest.raises(ValueError, match=r"oops") as caught:
        rx_import(RxTextData(str(source), column_classes={"x": "integer"}), str(tmp_path / "o.xdf"))
    assert "bad.csv" in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == ["bad.csv"]


def test_column_info_names_types_and_attributes(airline_csv, tmp_path):
    info = {
        "CRSDepTime": {
            "type": "numeric",
            "newName": "Departure",
            "description": "hours",
            "low": 0,
            "high": 24,
        },
        "ArrDelay": {"type": "int16"},
    }
    source = RxTextData(str(airline_csv), missing_value_string="M", column_info=info)
    assert rx_get_var_names(source) == ["ArrDelay", "Departure", "DayOfWeek", "Note"]
    frame = rx_import(source)
    assert frame["Departure"].dtype == np.float64
    assert str(frame.dtypes["ArrDelay"]) == "Int16"
    kept = RxTextData(
        str(airline_csv), missing_value_string="M", column_info=info, vars_to_keep=["CRSDepTime"]
    )
    assert list(rx_import(kept).columns) == ["Departure"]


def test_text_options(tmp_path):
    path = tmp_path / "semicolons.txt"
    path.write_bytes("a;b;c\n1,5;'x;y';1.000\n;'é';2\n".encode("latin1"))
    frame = rx_import(
        str(path), type="text", delimiter=";", quote_mark="'", decimal_point=",", thousands_separator=".",
        input_encoding="latin1", default_decimal_column_type="numeric", strings_as_factors=True,
    )  # fmt: skip
    assert frame["a"].dtype == np.float64
    assert frame["a"].tolist()[0] == 1.5
    assert np.isnan(frame["a"].tolist()[1])
    assert frame["b"].cat.categories.tolist() == ["x;y", "é"]
    assert frame["c"].tolist() == [1000, 2]


def test_expressions_select_and_compute(airline_csv, days):
    frame = rx_import(
        text(airline_csv, days),
        transforms={"Late": "ArrDelay > 5", "Hours": "ArrDelay / 60"},
        row_selection="Late and DayOfWeek == 'Wednesday'",
        vars_to_keep=["ArrDelay"],
    )
    assert list(frame.columns) == ["ArrDelay", "Late", "Hours"]
    assert frame["ArrDelay"].tolist() == [10, 15]
    assert frame["Hours"].tolist() == pytest.approx([10 / 60, 15 / 60])


def test_keep_drop_and_rows(airline_csv, days):
    assert list(rx_import(text(airline_csv, days), vars_to_drop=["Note"], number_rows=3).columns) == [
        "ArrDelay",
        "CRSDepTime",
        "DayOfWeek",
    ]
    with pytest.raises(ValueError, match="exclude each other"):
        rx_import(text(airline_csv, days), vars_to_keep=["Note"], vars_to_drop=["Note"])
    with pytest.raises(ValueError, match="ArrDelay"):
        rx_import(text(airline_csv, days), vars_to_keep=["ArrDelya"])
    with pytest.warns(UserWarning, match="only the first 2 rows"):
        assert len(rx_import(text(airline_csv, days), max_rows_by_columns=8)) == 2


def test_pandas_round_trip(tmp_path):
    frame = pd.DataFrame(
        {
            "i8": np.array([1, -2, 3], dtype="int8"),
            "u16": np.array([1, 2, 65535], dtype="uint16"),
            "i64": [1, -(2**40), 3],
            "maybe": pd.array([1, None, 3], dtype="Int32"),
            "f32": np.array([0.5, np.nan, 2], dtype="float32"),
            "f64": [0.1, np.nan, -1e300],
            "flag": [True, False, True],
            "maybe_flag": pd.array([True, None, False], dtype="boolean"),
            "word": ["a", None, "Zürich"],
            "factor": pd.Categorical(["b", None, "a"], categories=["c", "b", "a"]),
            "sizes": pd.Categorical(["S", "L", "S"], categories=["S", "M", "L"], ordered=True),
            "numbers": pd.Categorical([30, 10, 30], categories=[10, 20, 30]),
            "when": pd.to_datetime(["2020-01-31 12:30:00", None, "1969-12-31 00:00:00"]).astype(
                "datetime64[us]"
            ),
        },
        index=[7, 8, 9],
    )
    path = str(tmp_path / "types.xdf")
    rx_import(frame, path)
    back = rx_import(path)
    expected = frame.reset_index(drop=True)
    expected["numbers"] = expected["numbers"].cat.rename_categories(["10", "20", "30"])
    assert back["sizes"].cat.ordered
    assert back["factor"].cat.categories.tolist() == ["c", "b", "a"]
    pd.testing.assert_frame_equal(back, expected, check_categorical=False)
    assert frame.columns.tolist() == list(back.columns)


def test_arrow_objects(tmp_path):
    table = pa.table(
        {
            "x": pa.chunked_array([[1, 2], [None]], pa.int64()),
            "s": pa.chunked_array([["a", "b"], ["a"]], pa.large_string()),
            "f": pa.chunked_array(
                [pa.array(["p", "q"]).dictionary_encode(), pa.array(["r"]).dictionary_encode()]
            ),
            "d": pa.array([0, 1, None], pa.date32()),
        }
    )
    frame = rx_import(table)
    assert frame["x"].tolist()[:2] == [1, 2]
    assert frame["f"].cat.categories.tolist() == ["p", "q", "r"]
    assert frame["f"].tolist() == ["p", "q", "r"]
    assert str(frame["d"].dtype).startswith("datetime64")
    assert rx_import({"x": np.arange(3), "y": ["a", "b", "c"]})["y"].tolist() == ["a", "b", "c"]
    with pytest.raises(ValueError, match="List"):
        rx_import(pa.table({"nested": [[1], [2]]}))


def test_polars(tmp_path):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {"x": [1.5, None], "s": ["a", "b"]},
    ).with_columns(polars.col("s").cast(polars.Enum(["b", "a"])).alias("e"))
    back = rx_import(frame)
    assert back["s"].tolist() == ["a", "b"]
    assert back["e"].cat.categories.tolist() == ["b", "a"]
    assert np.isnan(back["x"].tolist()[1])


def test_other_formats(airline_csv, days, tmp_path):
    for name in ("a.parquet", "a.arrow", "a.csv"):
        output = rx_import(text(airline_csv, days), str(tmp_path / name))
        assert len(rx_import(output)) == 9
    assert isinstance(rx_import(text(airline_csv, days), str(tmp_path / "b.csv")), RxTextData)


def test_arrays_where_no_frame_is_wanted(airline_csv, days):
    arrays = rx_import(text(airline_csv, days, return_data_frame=False))
    assert set(arrays) == {"ArrDelay", "CRSDepTime", "DayOfWeek", "Note"}
    assert arrays["CRSDepTime"].dtype == np.float32


def test_progress_lines(airline_csv, days, tmp_path, capsys):
    rx_import(text(airline_csv, days), str(tmp_path / "p.xdf"), report_progress=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Rows Read: 9, Total Rows Processed: 9, Total Chunk Time: ")
    assert lines[-1].startswith("Computation time: ")


def test_read_xdf(airline_csv, days, tmp_path, capsys):
    path = str(tmp_path / "a.xdf")
    rx_import(text(airline_csv, days), path)
    frame = rx_read_xdf(path, start_row=2, num_rows=3, vars_to_keep=["Note", "ArrDelay"], row_var_name="Note")
    assert frame.index.tolist() == ["c", "d", "e"]
    assert frame["ArrDelay"].dropna().tolist() == [-8, 1]
    assert len(rx_read_xdf(path, start_row=100)) == 0
    assert capsys.readouterr().out == ""


def test_data_path_and_out_data_path(airline_csv, days, tmp_path, options):
    options.set_option("DataPath", str(tmp_path))
    options.set_option("OutDataPath", str(tmp_path))
    output = rx_import(text("airline.csv", days), "made.xdf")
    assert (tmp_path / "made.xdf").exists()
    assert len(rx_import(output)) == 9
