"""rx_data_step: what is read, selected, computed and written, by expressions and by the caller's functions."""

import traceback

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from revoscalepy import (
    RxTextData,
    RxXdfData,
    rx_data_step,
    rx_get_info,
    rx_get_var_info,
    rx_import,
    rx_lin_mod,
    rx_summary,
)

FRAME = pd.DataFrame(
    {
        "x": np.arange(10, dtype="int32"),
        "y": np.linspace(0.0, 4.5, 10),
        "g": pd.Categorical(["a", "b"] * 5, categories=["a", "b", "c"]),
        "s": list("pqrstuvwxy"),
    }
)


@pytest.fixture
def xdf(tmp_path):
    return rx_import(FRAME, str(tmp_path / "ten.xdf"), rows_per_read=4)


def test_everything_as_it_is(xdf):
    pd.testing.assert_frame_equal(rx_data_step(xdf), FRAME)
    pd.testing.assert_frame_equal(rx_data_step(xdf.file, vars_to_keep=["s", "x"]), FRAME[["s", "x"]])
    assert list(rx_data_step(FRAME, vars_to_drop="g").columns) == ["x", "y", "s"]


def test_rows_by_expression_function_and_logicals(xdf):
    expected = FRAME[FRAME.x % 3 == 0].reset_index(drop=True)
    mask = FRAME.x % 3 == 0
    for selection in ("x % 3 == 0", lambda chunk: chunk.x % 3 == 0, mask, mask.to_numpy(), list(mask)):
        for data in (FRAME, xdf):
            found = rx_data_step(data, row_selection=selection, rows_per_read=4)
            pd.testing.assert_frame_equal(found, expected)
    assert (
        len(rx_data_step(FRAME, row_selection=lambda chunk: pd.array([True, None] * 5, dtype="boolean"))) == 5
    )


def test_transforms_by_expression_and_function_in_order(xdf):
    found = rx_data_step(
        xdf,
        transforms={
            "a": "x * 2",
            "b": lambda chunk: chunk["a"] + chunk["y"],
            "c": lambda chunk: np.where(chunk["b"] > 10, "big", "small"),
            "d": "b - a",
            "one": lambda chunk: 1,
        },
        row_selection="b > 3",
        vars_to_keep=["x"],
        rows_per_read=3,
    )
    expected = FRAME[["x"]].assign(a=FRAME.x * 2)
    expected["b"] = expected.a + FRAME.y
    expected["c"] = np.where(expected.b > 10, "big", "small")
    expected["d"] = expected.b - expected.a
    expected["one"] = 1
    expected = expected[expected.b > 3].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_transform_function_sees_each_chunk_once_in_order(xdf):
    seen = []

    def late(dataset, context):
        seen.append((context.chunk_num, context.start_row, context.num_rows, context[".rxChunkNum"]))
        assert context.read_file_name == xdf.file
        assert not context.rxIsTestChunk
        dataset["late"] = dataset["y"] > 2
        return dataset

    found = rx_data_step(xdf, transform_function=late, rows_per_read=4)
    assert seen == [(1, 1, 4, 1), (2, 5, 4, 2), (3, 9, 2, 3)]
    pd.testing.assert_frame_equal(found, FRAME.assign(late=FRAME.y > 2))


def test_transform_variables_leave_the_others_alone(xdf):
    def only_x(dataset, context):
        assert list(dataset.columns) == ["x"]
        return {"x2": dataset["x"] ** 2}

    found = rx_data_step(xdf, transform_function=only_x, transform_variables=["x"])
    assert list(found.columns) == ["y", "g", "s", "x2"]
    assert found["x2"].tolist() == [x * x for x in range(10)]
    with pytest.raises(ValueError, match="3 rows"):
        rx_data_step(xdf, transform_function=lambda d: d.head(3), transform_variables=["x"])


def test_transform_objects_by_name_and_in_the_context():
    def above(dataset, context, threshold, factor=10):
        return dataset.assign(scaled=dataset.y * factor)[dataset.y > threshold]

    found = rx_data_step(FRAME, transform_function=above, transform_objects={"threshold": 4.0})
    assert found["scaled"].tolist() == [45.0]

    def count(dataset, context, **objects):
        assert objects.keys() == {"rows"}
        context.transform_objects["rows"] += len(dataset)

    given = {"rows": 0}
    counted = rx_data_step(
        FRAME,
        transform_function=count,
        transform_objects=given,
        rows_per_read=3,
        return_transform_objects=True,
    )
    assert counted == {"rows": 10}
    assert given == {"rows": 0}
    with pytest.raises(TypeError, match="'threshold', which transform_objects does not have"):
        rx_data_step(FRAME, transform_function=above)


def test_selection_by_a_column_and_chunks_left_out():
    def odd(dataset, context):
        if context.chunk_num == 1:
            return None
        dataset[".rxRowSelection"] = dataset.x % 2 == 1
        return dataset

    found = rx_data_step(FRAME, transform_function=odd, rows_per_read=4)
    pd.testing.assert_frame_equal(
        found, FRAME[[False] * 5 + [True, False, True, False, True]].reset_index(drop=True)
    )


def test_low_and_high_are_stated(tmp_path):
    def states(dataset, context):
        dataset["age"] = dataset["x"] + 20
        dataset["age"].rx_attributes = {".rxLowHigh": [20, 90]}
        return dataset

    out = rx_data_step(FRAME, str(tmp_path / "out.xdf"), transform_function=states)
    assert (rx_get_var_info(out)["age"]["low"], rx_get_var_info(out)["age"]["high"]) == (20, 90)
    rx_data_step(
        FRAME, out, transform_function=states, rows_per_read=3, row_selection="x > 3", overwrite=True
    )
    assert (rx_get_var_info(out)["age"]["low"], rx_get_var_info(out)["age"]["high"]) == (20, 90)
    rx_data_step(FRAME, out, overwrite=True)
    assert (rx_get_var_info(out)["y"]["low"], rx_get_var_info(out)["y"]["high"]) == (0.0, 4.5)


def test_errors_of_functions_show_their_line():
    def fails(dataset, context):
        return dataset["y"] / dataset["nowhere"]  # the line at fault

    with pytest.raises(KeyError, match="nowhere") as caught:
        rx_data_step(FRAME, transform_function=fails, rows_per_read=4)
    assert "the line at fault" in "".join(traceback.format_exception(caught.value))
    notes = getattr(caught.value, "__notes__", ["in transform_function, chunk 1: rows 1 to 4"])
    assert notes == ["in transform_function, chunk 1: rows 1 to 4"]


def test_results_that_do_not_fit():
    def changes(dataset, context):
        return {"z": dataset["x"] if context.chunk_num == 1 else dataset["s"]}

    with pytest.raises(ValueError, match=r"'z' as .*string, and as int32 for the first rows"):
        rx_data_step(FRAME, transform_function=changes, rows_per_read=5)
    with pytest.raises(ValueError, match="no column 'z'"):
        rx_data_step(FRAME, transform_function=lambda d, c: {"zw"[c.chunk_num - 1]: d["x"]}, rows_per_read=5)
    with pytest.raises(TypeError, match="returned int"):
        rx_data_step(FRAME, transform_function=lambda d, c: 7)
    with pytest.raises(TypeError, match="logical for each row"):
        rx_data_step(FRAME, row_selection=lambda d: d.y)
    with pytest.raises(ValueError, match="3 logicals, but the data have 10 rows"):
        rx_data_step(FRAME, row_selection=[True, False, True])
    with pytest.raises(TypeError, match="must be a function"):
        rx_data_step(FRAME, transform_function="late")
    with pytest.raises(ImportError):
        rx_data_step(FRAME, transforms={"z": "x"}, transform_packages=["no_such_module_here"])


def test_a_failing_function_leaves_the_output_as_it_was(tmp_path):
    out = str(tmp_path / "out.xdf")
    rx_data_step(FRAME, out)

    def fails_later(dataset, context):
        if context.chunk_num == 2:
            raise ArithmeticError("chunk 2")
        return dataset

    with pytest.raises(ArithmeticError):
        rx_data_step(FRAME, out, transform_function=fails_later, rows_per_read=4, overwrite=True)
    pd.testing.assert_frame_equal(rx_data_step(out), FRAME)
    assert [path.name for path in tmp_path.iterdir()] == ["out.xdf"]


def test_other_tables_as_results():
    pl = pytest.importorskip("polars")
    expected = [x + 1 for x in range(10)]
    for make in (pa.table, pl.DataFrame, pd.DataFrame, dict):
        found = rx_data_step(
            FRAME, transform_function=lambda d, make=make: make({"z": [int(x) + 1 for x in d.x]})
        )
        assert found["z"].tolist() == expected


def test_outputs_and_appending(tmp_path, xdf):
    for name in ("t.csv", "t.parquet", "t.arrow", "t.xdf"):
        out = rx_data_step(xdf, str(tmp_path / name), row_selection="x < 5")
        assert len(rx_data_step(out if name != "t.parquet" else str(tmp_path / name))) == 5
        with pytest.raises(FileExistsError):
            rx_data_step(xdf, str(tmp_path / name))
    out = RxXdfData(str(tmp_path / "t.xdf"))
    rx_data_step(FRAME.astype({"x": "int64"}), out, row_selection="x >= 5", append="rows")
    pd.testing.assert_frame_equal(rx_data_step(out), FRAME)
    rx_data_step(FRAME[["x"]], out, transforms={"z": "x + 0.5"}, vars_to_drop="x", append=["cols"])
    assert rx_data_step(out, vars_to_keep="z")["z"].tolist() == [x + 0.5 for x in range(10)]
    with pytest.raises(ValueError, match=r"lack \['y', 'g', 's', 'z'\]"):
        rx_data_step(FRAME[["x"]], out, append="rows")
    with pytest.raises(ValueError, match="overwrite=True"):
        rx_data_step(FRAME[["x"]], out, append="cols")
    with pytest.raises(ValueError, match="'append'"):
        rx_data_step(FRAME, str(tmp_path / "t.csv"), append="rows")
    rx_data_step(out, out, vars_to_keep=["x"], overwrite=True)
    assert list(rx_data_step(out).columns) == ["x"]


def test_text_as_it_is_asked_for(tmp_path):
    out = RxTextData(str(tmp_path / "t.txt"), delimiter=";", write_precision=3, missing_value_string="M")
    rx_data_step(pd.DataFrame({"a": [1.23456, np.nan], "b": ["x", "y;z"]}), out)
    assert (tmp_path / "t.txt").read_text() == 'a;b\n1.23;x\nM;"y;z"\n'


def test_some_rows_in_a_loop(xdf):
    found, start = [], 1
    while (part := rx_data_step(xdf, start_row=start, number_rows_read=4)) is not None:
        found.append(part)
        start += 4
    assert [len(part) for part in found] == [4, 4, 2]
    sums = rx_data_step(
        xdf, start_row=3, number_rows_read=5, rows_per_read=2, transform_function=lambda d: {"t": d["x"] * 10}
    )
    assert sums["t"].tolist() == [20, 30, 40, 50, 60]


def test_missing_values_leave_their_rows():
    frame = pd.DataFrame({"a": [1.0, np.nan, 3.0], "b": pd.array([1, 2, None], dtype="Int32")})
    assert rx_data_step(frame, remove_missings=True)["a"].tolist() == [1.0]
    kept = rx_data_step(frame, remove_missings=True, vars_to_keep="a")
    assert kept["a"].tolist() == [1.0, 3.0]
    assert len(rx_data_step(frame, remove_missings_on_read=True, vars_to_keep="a")) == 1
    wide = pd.DataFrame({f"c{i}": [1.0, np.nan] for i in range(120)} | {"odd`name": [1.0, 2.0]})
    assert len(rx_data_step(wide, remove_missings=True)) == 1


def test_limit_row_names_and_factors(tmp_path):
    with pytest.warns(UserWarning, match="max_rows_by_cols=8"):
        assert len(rx_data_step(FRAME, max_rows_by_cols=8)) == 2
    named = FRAME.set_axis([f"row {i}" for i in range(10)], axis=0)
    out = rx_data_step(named, str(tmp_path / "n.xdf"), row_variable_name="name")
    pd.testing.assert_frame_equal(
        rx_data_step(out, row_variable_name="name"), named.rename_axis(index="name"), check_index_type=False
    )
    factors = rx_data_step(FRAME, strings_as_factors=True)
    assert factors["s"].cat.categories.tolist() == FRAME.s.tolist()


def test_analyses_take_the_same_steps(xdf):
    def double(dataset, context, by):
        dataset["z"] = dataset["x"] * by + dataset["y"] ** 2
        return dataset

    steps = {"transform_function": double, "transform_objects": {"by": 2}, "row_selection": lambda d: d.x > 1}
    expected = rx_data_step(xdf, **steps)
    summary = rx_summary("~ z", xdf, **steps)
    assert summary.sDataFrame["Mean"][0] == pytest.approx(expected["z"].mean())
    assert summary.sDataFrame["ValidObs"][0] == 8
    fitted = rx_lin_mod("z ~ x + g", xdf, transform_variables=["x", "y", "g"], **steps)
    direct = rx_lin_mod("z ~ x + g", expected)
    pd.testing.assert_frame_equal(fitted.coefficients, direct.coefficients)


def test_import_takes_them_and_types_for_other_data(tmp_path):
    found = rx_import(
        FRAME,
        column_info={
            "x": {"type": "numeric", "newName": "number"},
            "s": {"type": "factor", "levels": ["q", "p"], "description": "letters"},
        },
        transforms={"half": lambda chunk: chunk["number"] / 2},
    )
    assert found.dtypes["number"] == "float64"
    assert found["half"].tolist() == [x / 2 for x in range(10)]
    assert found["s"].cat.categories.tolist() == ["q", "p"]
    assert found["s"].isna().sum() == 8
    out = rx_import(FRAME, str(tmp_path / "a.xdf"), append="rows")
    rx_import(FRAME, out, append="rows")
    assert rx_get_info(out)["numRows"] == 20
