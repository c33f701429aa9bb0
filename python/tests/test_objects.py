"""Models as bytes, and objects in tables of SQLite: what comes back, versions, and that no code runs unasked."""

import pickle
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from revoscalepy import (
    rx_delete_object,
    rx_glm,
    rx_kmeans,
    rx_lin_mod,
    rx_list_keys,
    rx_logit,
    rx_naive_bayes,
    rx_predict,
    rx_read_object,
    rx_serialize_model,
    rx_unserialize_model,
    rx_write_object,
)


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(3)
    x = rng.normal(size=200)
    frame = pd.DataFrame(
        {"x": x, "y": 2 * x + rng.normal(size=200), "g": pd.Categorical(rng.choice([*"abc"], 200))}
    )
    frame["late"] = frame["y"] > 0
    return frame


@pytest.fixture
def table(tmp_path):
    return SimpleNamespace(
        connection_string=f"Driver=SQLite3;Database={tmp_path / 'objects.db'}", table="models"
    )


@pytest.mark.parametrize(
    "fitted",
    [
        lambda frame: rx_lin_mod("y ~ x + g", frame, cov_coef=True),
        lambda frame: rx_logit("late ~ x + g", frame),
        lambda frame: rx_glm("y ~ x", frame, "gaussian"),
        lambda frame: rx_kmeans("~ x + y", frame, num_clusters=3),
        lambda frame: rx_naive_bayes("late ~ x + g", frame),
    ],
)
def test_models_come_back(frame, table, fitted):
    model = fitted(frame)
    data = rx_serialize_model(model, realtime_scoring_only=True)
    assert data.startswith(b"XDFMODEL")
    again = rx_unserialize_model(data)
    assert type(again) is type(model)
    pd.testing.assert_frame_equal(rx_predict(again, frame), rx_predict(model, frame))
    assert rx_write_object(table, "m", model)
    pd.testing.assert_frame_equal(rx_predict(rx_read_object(table, "m"), frame), rx_predict(model, frame))


def test_damaged_models_are_refused(frame):
    data = rx_serialize_model(rx_lin_mod("y ~ x", frame))
    with pytest.raises(ValueError):
        rx_unserialize_model(data[:-1])
    flipped = bytearray(data)
    flipped[len(data) // 2] ^= 1
    with pytest.raises(ValueError):
        rx_unserialize_model(flipped)
    later = bytearray(data)
    later[8] = 99
    with pytest.raises(ValueError, match="99"):
        rx_unserialize_model(later)


class Boom:
    ran = False

    def __reduce__(self):
        return exec, ("import test_objects; test_objects.Boom.ran = True",)


def test_pickles_are_read_on_request_alone(table):
    boom = pickle.dumps(Boom())
    with pytest.raises(ValueError, match="allow_pickle=True, which runs any code"):
        rx_unserialize_model(boom)
    rx_write_object(table, "pickled", {1, 2})
    rx_write_object(table, "foreign", boom, serialize=False)
    for key in ("pickled", "foreign"):
        with pytest.raises(ValueError, match="deserialize='pickle' reads a pickle"):
            rx_read_object(table, key)
    assert not Boom.ran
    assert rx_read_object(table, "pickled", deserialize="pickle") == {1, 2}
    rx_unserialize_model(boom, allow_pickle=True)
    import test_objects

    assert test_objects.Boom.ran
    with pytest.raises(ValueError, match="not a pickle"):
        rx_unserialize_model(b"nothing", allow_pickle=True)
    with pytest.raises(TypeError, match="not a model of this package"):
        rx_serialize_model({"a": 1})


@pytest.mark.parametrize("codec", ["zip", "gzip", "bz2", "lzma", "none"])
def test_values_come_back(table, frame, codec):
    values = {
        "frame": frame,
        "array": np.arange(6).reshape(2, 3),
        "json": {"a": [1, 2.5, None, True], "b": {"c": "d"}},
        "bytes": b"\0\1",
        "number": 0.1 + 0.2,
        "none": None,
    }
    for key, value in values.items():
        rx_write_object(table, key, value, compress=codec)
    read = {key: rx_read_object(table, key, decompress=codec) for key in values}
    pd.testing.assert_frame_equal(read.pop("frame"), values.pop("frame"))
    np.testing.assert_array_equal(read.pop("array"), values.pop("array"))
    assert read == values
    rx_write_object(table, "tuple", (1, 2))
    assert rx_read_object(table, "tuple", deserialize="pickle") == (1, 2)
    odd = pd.DataFrame({"o": [object, 1]})
    rx_write_object(table, "odd", odd)
    pd.testing.assert_frame_equal(rx_read_object(table, "odd", deserialize="pickle"), odd)


def test_keys_and_versions(table):
    rx_write_object(table, "a", 1)
    rx_write_object(table, "a", 2, version="v2")
    rx_write_object(table, "b'; DROP TABLE models; --", 3)
    with pytest.raises(ValueError, match="object 'a' exists; set overwrite=True"):
        rx_write_object(table, "a", 9)
    with pytest.raises(ValueError, match="object 'a' of version 'v2' exists"):
        rx_write_object(table, "a", 9, version="v2")
    assert rx_write_object(table, "a", 4, overwrite=True)
    assert rx_read_object(table, "a", "v2") == 2
    with pytest.raises(ValueError, match="has 2 versions: None, 'v2'; name one"):
        rx_read_object(table, "a")
    assert list(rx_list_keys(table)["id"]) == ["a", "b'; DROP TABLE models; --"]
    assert list(rx_list_keys(table, version="v2")["id"]) == ["a"]
    assert list(rx_list_keys(table, "a")["version"]) == [None, "v2"]
    assert rx_delete_object(table, "a", "v2")
    assert not rx_delete_object(table, "a", "v2")
    assert rx_read_object(table, "a") == 4
    with pytest.raises(KeyError, match="there is no object 'a' of version 'v2'"):
        rx_read_object(table, "a", "v2")
    with pytest.raises(ValueError, match="exclude each other"):
        rx_delete_object(table, "a", all=True)
    with pytest.raises(TypeError, match="key must be text, not NoneType"):
        rx_delete_object(table)
    assert rx_delete_object(table, all=True)
    assert len(rx_list_keys(table)) == 0


def test_other_names_of_columns(tmp_path):
    table = SimpleNamespace(connection_string=f"sqlite:///{tmp_path}/o.db", table='a "table"')
    names = {"key_name": "my key", "version_name": "v"}
    rx_write_object(table, "k", 1, "1", value_name="blob", **names)
    assert rx_read_object(table, "k", "1", value_name="blob", **names) == 1
    with pytest.raises(ValueError, match="no such column"):
        rx_read_object(table, "k")
    with closing(sqlite3.connect(tmp_path / "o.db")) as database:
        assert database.execute('SELECT "my key", v FROM "a ""table"""').fetchall() == [("k", "1")]


def test_what_cannot_be_done(tmp_path, table):
    with pytest.raises(FileNotFoundError, match=r"no database .*objects\.db"):
        rx_read_object(table, "a")
    rx_write_object(table, "a", b"x", serialize=False, compress="none")
    assert rx_read_object(table, "a", deserialize=False, decompress="none") == b"x"
    with pytest.raises(ValueError, match="is not compressed by 'zip'"):
        rx_read_object(table, "a")
    with pytest.raises(ValueError, match="compress must be one of"):
        rx_write_object(table, "b", 1, compress="rar")
    with pytest.raises(TypeError, match="value must be bytes, not int"):
        rx_write_object(table, "b", 1, serialize=False)
    with pytest.raises(ValueError, match="deserialize must be"):
        rx_read_object(table, "a", deserialize="dill")
    server = SimpleNamespace(connection_string="Driver=Oracle;Server=s;PWD=secret", table="t")
    with pytest.raises(NotImplementedError, match="only SQLite and SQL Server can be reached yet") as told:
        rx_write_object(server, "a", 1)
    assert "secret" not in str(told.value)
    with pytest.raises(TypeError, match="needs an RxOdbcData"):
        rx_list_keys("objects.db")
    (tmp_path / "objects.db").write_bytes(b"no database at all, but long enough to be looked at as one")
    with pytest.raises(ValueError, match="file is not a database"):
        rx_list_keys(table)
