"""rx_get_info and its relatives."""

import pandas as pd
import pytest

from revoscalepy import RxTextData, RxXdfData, rx_get_info, rx_get_var_info, rx_get_var_names, rx_import


@pytest.fixture
def xdf(airline_csv, days, tmp_path):
    info = {
        "DayOfWeek": {"type": "factor", "levels": days},
        "CRSDepTime": {"type": "numeric", "low": 0, "high": 24, "description": "departure"},
    }
    text = RxTextData(str(airline_csv), missing_value_string="M", column_info=info)
    return rx_import(text, RxXdfData(str(tmp_path / "airline.xdf")), rows_per_read=4)


def test_information(xdf):
    info = rx_get_info(xdf, get_var_info=True, get_block_sizes=True, num_rows=2, start_row=2)
    assert (info.numRows, info.numVars, info.numBlocks) == (9, 4, 3)
    assert info.rowsPerBlock == [4, 4, 1]
    assert info["class"] == info.class_ == "RxXdfData"
    assert info.fileName.endswith("airline.xdf")
    assert info.data["ArrDelay"].tolist()[0] == -8
    assert len(info.data) == 2
    lines = str(info).splitlines()
    assert lines[0].startswith("File name:")
    assert lines[1] == "Number of observations:9.0"
    assert lines[2] == "Number of variables:4.0"
    assert lines[3] == "Number of blocks:3.0"
    assert lines[4] == f"Compression type:{info.compression}"
    assert "Variable information:" in lines
    assert "Var 1: ArrDelay, Type: integer, Storage: int32, Low/High: (-20.0000, 15.0000)" in lines
    assert (
        "Var 2: CRSDepTime, departure, Type: numeric, Storage: float64, Low/High: (6.4167, 20.2500)" in lines
    )
    position = lines.index("Var 3: DayOfWeek")
    assert lines[position + 1].startswith("\t7 factor levels: ['Monday', 'Tuesday',")
    with pytest.raises(AttributeError, match="no field"):
        _ = info.nonsense


def test_variables(xdf, days):
    variables = rx_get_var_info(xdf, vars_to_drop=["Note"])
    assert list(variables) == ["ArrDelay", "CRSDepTime", "DayOfWeek"] == rx_get_var_names(xdf)[:3]
    assert variables["DayOfWeek"] == {"varType": "factor", "storage": "int32", "levels": days}
    assert variables["CRSDepTime"]["description"] == "departure"
    assert variables["ArrDelay"]["low"] == -20
    assert rx_get_var_info(RxXdfData(xdf.file, vars_to_keep=["ArrDelay"]))["ArrDelay"]["high"] == 15
    assert str(variables).startswith("Var 1: ArrDelay")


def test_text_and_frames(airline_csv):
    text = RxTextData(
        str(airline_csv), missing_value_string="M", column_info={"CRSDepTime": {"low": 0, "high": 24}}
    )
    assert rx_get_var_info(text)["CRSDepTime"]["high"] == 24
    assert rx_get_info(text, compute_info=True).numRows == 9
    computed = rx_get_var_info(text, compute_info=True)
    assert (computed["ArrDelay"]["low"], computed["ArrDelay"]["high"]) == (-20, 15)
    frame = pd.DataFrame({"x": [1, 2], "g": pd.Categorical(["a", "b"])})
    info = rx_get_info(frame, get_var_info=True)
    assert (info.numRows, info.numVars, info.numBlocks, info["class"]) == (2, 2, None, "DataFrame")
    assert info.varInfo["g"]["levels"] == ["a", "b"]
    assert "Data frame: DataFrame" in str(info)


def test_microsofts_own_files(shared):
    for path in sorted((shared / "xdf-microsoft").glob("*.xdf")):
        info = rx_get_info(str(path), get_var_info=True, num_rows=3)
        assert info.numRows > 0
        assert len(info.data) == min(3, info.numRows)
        assert "Microsoft" in info["format"]
