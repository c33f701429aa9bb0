"""Tables and queries of a SQLite database through its ODBC driver, where that is installed."""

from __future__ import annotations

import platform
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from revoscalepy import RxOdbcData, rx_data_step, rx_import, rx_lin_mod, rx_summary

DRIVER = Path(f"/usr/lib/{platform.machine()}-linux-gnu/odbc/libsqlite3odbc.so")
installed = pytest.mark.skipif(
    not DRIVER.exists(), reason="needs unixODBC and the ODBC driver of SQLite (make sql-servers)"
)

ROWS = [(x, 0.5 * x if x % 7 else None, "ab"[x % 2] + "  ") for x in range(1, 1001)]


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "trips.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table trips (x integer, y double, place varchar(10))")
        connection.executemany("insert into trips values (?, ?, ?)", ROWS)
    connection.close()
    return f"Driver={DRIVER};Database={path}"


@installed
def test_a_table_and_a_query_come_as_frames(database):
    frame = rx_import(RxOdbcData(database, table="trips"))
    assert frame["x"].tolist() == [row[0] for row in ROWS]
    assert frame["y"].isna().sum() == sum(row[1] is None for row in ROWS)
    assert set(frame["place"]) == {"a", "b"}
    kept = rx_import(RxOdbcData(database, sql_query="select place from trips", trim_space=False))
    assert set(kept["place"]) == {"a  ", "b  "}
    sums = rx_import(RxOdbcData(database, sql_query="select sum(x) as s from trips"))
    assert sums["s"].tolist() == [500500]


@installed
def test_models_are_those_of_the_same_rows(database):
    rows = pd.DataFrame([(x, y, place.strip()) for x, y, place in ROWS], columns=["x", "y", "place"])
    rows["place"] = rows["place"].astype("category")
    info = {"place": {"type": "factor", "levels": ["a", "b"]}}
    there = rx_lin_mod("y ~ x + place", RxOdbcData(database, table="trips", column_info=info))
    here = rx_lin_mod("y ~ x + place", rows)
    here_values, there_values = here.coefficients.values, there.coefficients.values
    assert np.allclose(there_values, here_values, rtol=1e-9, atol=1e-12, equal_nan=True)
    summary = rx_summary("~ place", RxOdbcData(database, table="trips", string_as_factors=True))
    assert "a" in str(summary)


@installed
def test_blocks_have_the_rows_of_a_read(database):
    data = RxOdbcData(database, table="trips", rows_per_read=300)
    assert [len(block) for block in data] == [300, 300, 300, 100]


@installed
def test_a_table_is_written_and_kept_unless_it_is_to_be_replaced(database):
    frame = pd.DataFrame({"n": [1, 2, 3], "name": ["Zürich", None, "O'Hare"]})
    target = RxOdbcData(database, table="written")
    rx_data_step(frame, target)
    with pytest.raises(Exception, match="exists"):
        rx_data_step(frame, target)
    rx_data_step(frame, target, append="rows")
    assert rx_import(target)["n"].tolist() == [1, 2, 3, 1, 2, 3]
    rx_data_step(frame, target, overwrite=True)
    assert rx_import(target)["name"].tolist()[0] == "Zürich"
    assert len(rx_import(target)) == 3


@installed
def test_errors_are_the_databases_own(database):
    with pytest.raises(Exception, match="no_such_table"):
        rx_import(RxOdbcData(database, sql_query="select * from no_such_table"))


def test_an_address_is_needed():
    with pytest.raises(ValueError, match="connection_string"):
        rx_import(RxOdbcData(table="trips"))
    with pytest.raises(Exception, match="DSN=NAME"):
        rx_import(RxOdbcData("Server=x;PWD=geheim", table="trips"))
    assert "geheim" not in repr(RxOdbcData("DSN=x;PWD=geheim", table="trips"))
