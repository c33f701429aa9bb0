"""Tables and queries of SQL Server, from a server in this process that speaks its protocol."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sqlserver import SqlServer, on_sqlite

from revoscalepy import (
    RxInSqlServer,
    RxSqlServerData,
    rx_cor,
    rx_cube,
    rx_data_step,
    rx_delete_object,
    rx_import,
    rx_lin_mod,
    rx_list_keys,
    rx_logit,
    rx_predict,
    rx_read_object,
    rx_summary,
    rx_write_object,
)

ROWS = [(x, 0.5 * x if x % 7 else None, "ab"[x % 2]) for x in range(1000)]


def flights(statement: str):
    if "WHERE 1 = 0" in statement:
        return ["x", "y", "group"], [(0, 0.0, "")][:0] or [(1, 1.0, "a")]
    if statement == "SELECT * FROM flights":
        return ["x", "y", "group"], ROWS
    if statement.startswith("SELECT CASE WHEN OBJECT_ID"):
        return ["x"], [(1 if "[old]" in statement else 0,)]
    if statement.startswith("SELECT nosuch"):
        return "Invalid column name 'nosuch'."
    return None


@pytest.fixture
def server():
    with SqlServer(flights) as server:
        yield server


def query(server, sql="SELECT * FROM flights", **more):
    return RxSqlServerData(connection_string=server.connection_string, sql_query=sql, **more)


def test_rows_come_as_a_frame(server):
    frame = rx_import(query(server))
    assert list(frame.columns) == ["x", "y", "group"]
    assert frame["x"].tolist() == [row[0] for row in ROWS]
    assert frame["y"].isna().sum() == sum(row[1] is None for row in ROWS)
    assert frame["group"].tolist() == [row[2] for row in ROWS]


def test_another_client_reads_the_same_of_this_server(rows, adding):
    """The server here is ours, too: a client that is not says whether it speaks the protocol."""
    pytds = pytest.importorskip("pytds")
    address = {"dsn": "127.0.0.1", "port": adding.port, "user": "u", "password": "p", "database": "d"}
    with pytds.connect(**address, autocommit=True, timeout=20) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT x, n, day FROM flights")
        theirs = pd.DataFrame(cursor.fetchall(), columns=["x", "n", "day"])
    ours = rx_import(query(adding, "SELECT x, n, day FROM flights"))
    pd.testing.assert_frame_equal(theirs.astype({"x": float}), ours, check_dtype=False)


def test_the_address_may_stand_in_parameters(server):
    data = RxSqlServerData(
        connection_string="Driver=SQL Server",
        server=f"127.0.0.1,{server.port}",
        user="u",
        password="p;}{",
        sql_query="SELECT * FROM flights",
    )
    assert len(rx_import(data)) == 1000
    assert "p;}{" not in repr(data)


def test_factors_have_the_levels_that_are_given(server):
    info = {"group": {"type": "factor", "levels": ["b", "a"]}}
    summary = rx_summary("~ group", query(server, column_info=info), summary_stats=["ValidObs"])
    assert "b" in str(summary)
    frame = rx_import(query(server, column_info=info))
    assert list(frame["group"].cat.categories) == ["b", "a"]


def test_models_are_those_of_the_same_rows(server):
    rows = pd.DataFrame(ROWS, columns=["x", "y", "group"])
    there = rx_lin_mod("y ~ x + F(group)", query(server, string_as_factors=True))
    rows["group"] = rows["group"].astype("category")
    here = rx_lin_mod("y ~ x + F(group)", rows)
    assert np.allclose(there.coefficients.values, here.coefficients.values, equal_nan=True)
    assert len(rx_predict(there, query(server, string_as_factors=True))) == 1000


def test_blocks_have_the_rows_of_a_read(server):
    data = query(server, rows_per_read=300)
    assert [len(block) for block in data] == [300, 300, 300, 100]


def test_a_table_is_loaded_beside_and_renamed(server):
    frame = pd.DataFrame({"x": [1.5, None], "name": ["a", "Zürich"]})
    table = RxSqlServerData(connection_string=server.connection_string, table="dbo.old")
    with pytest.raises(ValueError, match="exists"):
        rx_data_step(frame, table)
    server.statements.clear()
    rx_data_step(frame, table, overwrite=True)
    statements = server.statements
    assert statements[1].startswith("CREATE TABLE [dbo].[old_rxdf_")
    assert statements[2].startswith("INSERT BULK [dbo].[old_rxdf_")
    assert "nvarchar(8)" in statements[3]
    assert "DROP TABLE IF EXISTS [dbo].[old]; EXEC sp_rename" in statements[4]
    assert "Zürich".encode("utf-16-le") in server.loaded[0]


def test_predictions_go_to_a_table(server):
    model = rx_lin_mod("y ~ x", query(server))
    scored = RxSqlServerData(connection_string=server.connection_string, table="scored")
    assert rx_predict(model, query(server), scored) is scored
    assert "y_Pred".encode("utf-16-le") in server.loaded[0]


def test_what_goes_wrong_is_said(server):
    with pytest.raises(RuntimeError, match=r"Invalid column name 'nosuch'.*208"):
        rx_import(query(server, "SELECT nosuch FROM flights"))
    with pytest.raises(ConnectionError, match=r"127\.0\.0\.1:1/"):
        rx_import(
            RxSqlServerData(connection_string="Server=127.0.0.1,1;Uid=u;Pwd=geheim", sql_query="SELECT 1")
        )
    with pytest.raises(ValueError, match="XDF_SQL_USER"):
        rx_import(RxSqlServerData(connection_string="Server=.;Trusted_Connection=True", sql_query="SELECT 1"))
    with pytest.raises(ValueError, match="names no server"):
        rx_import(RxSqlServerData(table="t"))


def test_logins_come_from_the_environment(server, monkeypatch):
    monkeypatch.setenv("XDF_SQL_USER", "u")
    monkeypatch.setenv("XDF_SQL_PASSWORD", "p")
    string = f"Driver=SQL Server;Server=127.0.0.1,{server.port};Database=d;Trusted_Connection=True;"
    assert (
        len(rx_import(RxSqlServerData(connection_string=string, sql_query="SELECT * FROM flights"))) == 1000
    )


@pytest.fixture
def rows():
    random = np.random.default_rng(7)
    days = np.array(["Mon", "Tue", "it's"])
    frame = pd.DataFrame({"x": random.normal(5, 2, 500), "n": random.integers(0, 9, 500)})
    frame["day"] = days[random.integers(0, 3, 500)]
    frame["y"] = 2 + frame["x"] - 0.3 * frame["n"] + (frame["day"] == "Tue") + random.normal(0, 1, 500)
    frame["late"] = (frame["y"] > 6).astype(int)
    frame.loc[::17, "x"] = np.nan
    return frame


@pytest.fixture
def adding(rows):
    with SqlServer(on_sqlite({"flights": rows})) as server:
        yield server


LEVELS = {"day": {"type": "factor", "levels": ["Mon", "Tue", "it's"]}}


@pytest.mark.parametrize(
    ("function", "formula"),
    [(rx_lin_mod, "y ~ x + day + n"), (rx_lin_mod, "y ~ day:x"), (rx_logit, "late ~ x + day")],
)
def test_models_are_added_up_in_the_server(rows, adding, function, formula):
    table = RxSqlServerData(connection_string=adding.connection_string, table="flights", column_info=LEVELS)
    context = RxInSqlServer(connection_string=adding.connection_string, num_tasks=4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        there = function(formula, table, row_selection="n > 0", compute_context=context)
    # sums travel, rows do not
    assert all("SUM(" in said or "1 = 0" in said or "SELECT *" in said for said in adding.statements)
    rows["day"] = pd.Categorical(rows["day"], LEVELS["day"]["levels"])
    here = function(formula, rows, row_selection="n > 0")
    assert np.allclose(there.coefficients.values, here.coefficients.values, rtol=1e-9, equal_nan=True)
    assert there.nobs == here.nobs


def test_other_sums_are_added_up_in_the_server_too(rows, adding):
    table = RxSqlServerData(connection_string=adding.connection_string, table="flights", column_info=LEVELS)
    context = RxInSqlServer(connection_string=adding.connection_string)
    rows["day"] = pd.Categorical(rows["day"], LEVELS["day"]["levels"])

    def both(function, formula, **arguments):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            there = function(formula, table, compute_context=context, **arguments)
        return there, function(formula, rows, **arguments)

    there, here = both(rx_summary, "y ~ x + day")
    assert str(there).splitlines()[5:] == str(here).splitlines()[5:]
    there, here = both(rx_cor, "~ x + n + y")
    assert np.allclose(there, here, rtol=1e-10)
    there, here = both(rx_cube, "y ~ day:F(n)")
    assert np.allclose(there["y"], here["y"], rtol=1e-10, equal_nan=True)
    assert there["Counts"].tolist() == here["Counts"].tolist()
    # sums, counts, extremes and the tables' columns, never rows
    asked = ("SUM(", "COUNT_BIG(", "MIN(", "GROUP BY", "SELECT * FROM [flights]")
    others = [said for said in adding.statements if not any(word in said for word in asked)]
    assert others == []


def test_what_the_server_cannot_add_up_is_computed_here_and_says_so(adding):
    data = RxSqlServerData(
        connection_string=adding.connection_string, table="flights", string_as_factors=True
    )
    context = RxInSqlServer(connection_string=adding.connection_string)
    with pytest.warns(UserWarning, match="levels of a factor are not given"):
        assert rx_lin_mod("y ~ day", data, compute_context=context).nobs == 500


def test_objects_are_kept_in_a_table(rows, adding):
    table = RxSqlServerData(connection_string=adding.connection_string, table="models")
    model = rx_lin_mod("y ~ x", rows)
    assert rx_write_object(table, "it's a key", model, version="v\\\n1")
    rx_write_object(table, "it's a key", [1, "two"])
    with pytest.raises(ValueError, match="exists; set overwrite=True"):
        rx_write_object(table, "it's a key", 3)
    rx_write_object(table, "it's a key", 3, overwrite=True)
    assert rx_list_keys(table)["id"].tolist() == ["it's a key"]
    kept = rx_read_object(table, "it's a key", version="v\\\n1")
    assert np.allclose(kept.coefficients.values, model.coefficients.values)
    assert rx_delete_object(table, "it's a key", version="v\\\n1")
    assert rx_read_object(table, "it's a key") == 3
    with pytest.raises(KeyError, match="nosuch"):
        rx_read_object(table, "nosuch")
    assert not rx_delete_object(table, "nosuch")
