"""Composite and partitioned sets."""

import os
import pickle

import pandas as pd
import pytest

from revoscalepy import (
    RxTextData,
    RxXdfData,
    rx_get_info,
    rx_get_partitions,
    rx_import,
    rx_lin_mod,
    rx_partition,
    rx_read_xdf,
    rx_summary,
)


@pytest.fixture
def text(airline_csv, days):
    info = {"DayOfWeek": {"type": "factor", "levels": days}}
    return RxTextData(str(airline_csv), missing_value_string="M", column_info=info)


def test_a_composite_set_is_read_as_one_file(text, tmp_path):
    one = rx_import(text, str(tmp_path / "one.xdf"), rows_per_read=2)
    target = RxXdfData(str(tmp_path / "set"), create_composite_set=True, blocks_per_composite_file=2)
    several = rx_import(text, target, rows_per_read=2)
    info = rx_get_info(several, get_block_sizes=True)
    assert (info.numCompositeFiles, info.numRows, info.rowsPerBlock) == (3, 9, [2, 2, 2, 2, 1])
    assert "Number of composite data files:3.0" in str(info).splitlines()
    assert rx_get_info(one).numCompositeFiles == 0
    pd.testing.assert_frame_equal(rx_read_xdf(target.file), rx_read_xdf(one.file))
    pd.testing.assert_frame_equal(
        rx_read_xdf(several, start_row=4, num_rows=3), rx_read_xdf(one, start_row=4, num_rows=3)
    )
    formula = "ArrDelay ~ DayOfWeek + CRSDepTime"
    assert rx_lin_mod(formula, several).coefficients.equals(rx_lin_mod(formula, one).coefficients)
    assert rx_summary("~ ArrDelay", several).sDataFrame.equals(rx_summary("~ ArrDelay", one).sDataFrame)


def test_a_composite_set_grows_or_is_replaced(text, tmp_path):
    path = str(tmp_path / "set")
    write = {
        "output_file": path,
        "create_composite_set": True,
        "rows_per_read": 3,
        "blocks_per_composite_file": 1,
    }
    rx_import(text, **write)
    with pytest.raises(FileExistsError):
        rx_import(text, **write)
    rx_import(text, append="rows", **write)
    info = rx_get_info(path)
    assert (info.numCompositeFiles, info.numRows) == (6, 18)
    # rows that are added replace nothing, as in RevoScaleR
    rx_import(text, overwrite=True, append="rows", **write)
    assert rx_get_info(path).numRows == 27
    rx_import(text, overwrite=True, **write)
    assert rx_get_info(path).numRows == 9
    with pytest.raises(ValueError, match="at least 1"):
        rx_import(text, path, create_composite_set=True, blocks_per_composite_file=0)


def test_partitions_have_their_rows_and_are_data_sources(text, tmp_path):
    target = RxXdfData(str(tmp_path / "days"), create_partition_set=True)
    partitions = rx_partition(text, target, "DayOfWeek")
    assert list(partitions.columns) == ["DayOfWeek", "DataSource"]
    assert partitions["DayOfWeek"].tolist() == ["Monday", "Tuesday", "Wednesday", "Sunday"]
    monday = partitions["DataSource"][0]
    assert rx_read_xdf(monday)["Note"].tolist() == ["a, b", "d", "j"]
    assert rx_get_info(pickle.loads(pickle.dumps(monday))).numRows == 3
    assert len(rx_import(target)) == 9
    with pytest.raises(ValueError, match="one partition"):
        rx_import(text, monday, overwrite=True)

    rx_partition(text, target, ["DayOfWeek"])
    again = rx_get_partitions(target)
    assert [rx_get_info(source).numRows for source in again["DataSource"]] == [6, 4, 4, 4]
    rx_partition(text, target, ["DayOfWeek"], overwrite=True)
    assert rx_get_info(target).numRows == 9
    with pytest.raises(FileExistsError):
        rx_partition(text, target, ["DayOfWeek"], append="none")


def test_what_cannot_be_partitioned_is_said(text, tmp_path):
    target = RxXdfData(str(tmp_path / "set"))
    with pytest.raises(ValueError, match="CRSDepTime"):
        rx_partition(text, target, ["CRSDepTime"])
    with pytest.raises(TypeError, match="RxXdfData"):
        rx_partition(text, str(tmp_path / "set"), ["DayOfWeek"])
    assert not os.path.exists(target.file)
    one = rx_import(text, str(tmp_path / "one.xdf"))
    with pytest.raises(ValueError, match="no partitioned set"):
        rx_get_partitions(one)
    with pytest.raises(ValueError, match="create_partition_set"):
        rx_import(text, RxXdfData(str(tmp_path / "set"), create_partition_set=True))
