"""Data read block by block; types that come out; names, levels and descriptions changed."""

import pickle

import numpy as np
import pandas as pd
import pytest

from revoscalepy import (
    RxMissingValues,
    RxOptions,
    RxTextData,
    RxXdfData,
    rx_create_col_info,
    rx_data_step,
    rx_get_info,
    rx_get_var_info,
    rx_import,
    rx_set_var_info,
)

FRAME = pd.DataFrame({"x": np.arange(10, dtype="int32"), "g": pd.Categorical(list("ab") * 5)})


@pytest.fixture
def xdf(tmp_path):
    return rx_import(FRAME, str(tmp_path / "ten.xdf"), rows_per_read=4)


def test_open_read_next_close(xdf):
    with pytest.raises(ValueError, match="not open"):
        xdf.read_next()
    xdf.open()
    assert xdf.is_open()
    pd.testing.assert_frame_equal(xdf.read_next(), FRAME.iloc[:4])
    assert xdf.open().read_next()["x"].tolist() == [0, 1, 2, 3]
    rest = []
    while (block := xdf.read_next()) is not None:
        rest.extend(block["x"])
    assert rest == [4, 5, 6, 7, 8, 9]
    assert xdf.read_next() is None
    xdf.close()
    assert not xdf.is_open()


def test_iteration_and_with(xdf):
    assert [len(block) for block in xdf] == [4, 4, 2]
    pd.testing.assert_frame_equal(pd.concat(list(xdf), ignore_index=True), FRAME)
    with RxXdfData(xdf.file, vars_to_keep=["x"], blocks_per_read=2, return_data_frame=False) as source:
        first = source.read_next()
        assert first["x"].tolist() == list(range(8))
        assert list(pickle.loads(pickle.dumps(source)).open().read_next()) == ["x"]
    assert not source.is_open()
    # a loop that is left early ends its pass
    for block in xdf:
        assert len(block) == 4
        break


def test_text_in_rows_per_read(tmp_path):
    path = tmp_path / "t.csv"
    FRAME.to_csv(path, index=False)
    assert [len(block) for block in RxTextData(str(path), rows_per_read=3)] == [3, 3, 3, 1]


def test_types_that_come_out():
    frame = pd.DataFrame(
        {
            "i": pd.array([1, None], dtype="Int32"),
            "b": pd.array([True, None], dtype="boolean"),
            "f": [1.5, np.nan],
            "s": ["a", None],
            "c": pd.Categorical(["p", None]),
        }
    )
    kinds = {}
    for types in ("numpy", "nullable", "arrow"):
        RxOptions.set_option("pandasTypes", types)
        found = rx_import(frame)
        kinds[types] = [str(kind) for kind in found.dtypes]
        assert found.isna().iloc[1].all()
        assert rx_import(found).isna().iloc[1].all()
    assert kinds["numpy"][:3] == ["Int32", "boolean", "float64"]
    assert kinds["nullable"] == ["Int32", "boolean", "Float64", "string", "category"]
    assert kinds["arrow"] == [
        "int32[pyarrow]",
        "bool[pyarrow]",
        "double[pyarrow]",
        "string[pyarrow]",
        "category",
    ]
    RxOptions.set_option("integerMissing", "sentinel")
    assert rx_import(frame)["i"].iloc[1] == RxMissingValues.int32() == -(2**31)
    assert RxMissingValues.uint16() == 65535
    assert np.isnan(RxMissingValues.float64())


def test_structured_arrays():
    rows = np.array([(1, 2.5), (2, 3.5)], dtype=[("a", "int16"), ("b", "float64")])
    pd.testing.assert_frame_equal(rx_import(rows), pd.DataFrame(rows))


def test_set_var_info(xdf):
    info = rx_get_var_info(xdf)
    info["x"]["newName"] = "number"
    info["x"]["description"] = "a number"
    info["x"]["low"], info["x"]["high"] = -5, 50
    info["g"]["levels"] = ["first", "second"]
    assert rx_set_var_info(info, xdf) is xdf
    info = rx_get_var_info(xdf)
    assert list(info) == ["number", "g"]
    assert info["number"]["description"] == "a number"
    assert (info["number"]["low"], info["number"]["high"]) == (-5, 50)
    found = rx_data_step(xdf)
    assert found["g"].tolist() == ["first", "second"] * 5
    rx_set_var_info({"g": {"newName": "number"}, "number": {"newName": "g"}}, xdf.file)
    assert list(rx_get_var_info(xdf)) == ["g", "number"]
    for wrong in ({"nowhere": {"newName": "x"}}, {"g": {"colour": 1}}, {"number": {"levels": ["one"]}}):
        with pytest.raises(ValueError):
            rx_set_var_info(wrong, xdf)
    assert list(rx_get_var_info(xdf)) == ["g", "number"]


def test_set_var_info_of_a_frame():
    found = rx_set_var_info({"x": {"newName": "n"}, "g": {"levels": ["p", "q"]}}, FRAME)
    assert found.columns.tolist() == ["n", "g"]
    assert found["g"].tolist() == ["p", "q"] * 5
    assert FRAME.columns.tolist() == ["x", "g"]
    with pytest.raises(ValueError, match="one name"):
        rx_set_var_info({"x": {"newName": "g"}}, FRAME)


def test_col_info_of_one_file_for_another(tmp_path, xdf):
    info = rx_create_col_info(xdf, include_low_high=True)
    assert info["g"] == {"type": "factor", "levels": ["a", "b"]}
    assert info["x"] == {"type": "integer", "low": 0, "high": 9}
    assert list(rx_create_col_info(xdf, factors_only=True)) == ["g"]
    path = tmp_path / "more.csv"
    path.write_text("x,g\n1,b\n2,a\n")
    more = rx_import(str(path), column_info=rx_create_col_info(xdf))
    assert more["g"].cat.categories.tolist() == ["a", "b"]
    assert more["x"].dtype == "int32"
    text = RxTextData(str(path), strings_as_factors=True)
    assert rx_create_col_info(text)["g"]["levels"] == ["b", "a"]
    assert rx_create_col_info(text, sort_levels=True, use_factor_index=True)["g"] == {
        "type": "factorIndex",
        "levels": ["a", "b"],
    }
    rx_import(more, xdf, append="rows")
    assert rx_get_info(xdf)["numRows"] == 12
