"""Errors: their classes and their sentences; cancellation."""

import os
import signal
import subprocess
import sys
import textwrap

import pandas as pd
import pytest

from revoscalepy import (
    RxOptions,
    RxTextData,
    RxXdfData,
    rx_get_info,
    rx_import,
    rx_lin_mod,
    rx_predict,
    rx_summary,
)

FRAME = pd.DataFrame({"y": [1.0, 2.0, 4.0], "x": [0.0, 1.0, 2.0], "s": ["a", "b", "c"]})


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.xdf"):
        rx_get_info(str(tmp_path / "nothing.xdf"))
    with pytest.raises(FileNotFoundError):
        rx_summary("~x", RxXdfData(str(tmp_path / "nothing.xdf")))


@pytest.mark.parametrize("content", [b"", b"this is no XDF file", b"\x89XDF\r\n\x1a\n" + bytes(60)])
def test_damaged_and_foreign_files(tmp_path, content):
    path = tmp_path / "bad.xdf"
    path.write_bytes(content)
    with pytest.raises((OSError, ValueError), match=r"bad\.xdf"):
        rx_import(RxXdfData(str(path)))


def test_formula_errors_point_at_the_place():
    with pytest.raises(ValueError, match=r"\^"):
        rx_lin_mod("y ~ x +", FRAME)
    with pytest.raises(ValueError, match=r"did you mean 'x'|columns are: y, x, s"):
        rx_lin_mod("y ~ xx", FRAME)
    with pytest.raises(ValueError):
        rx_lin_mod("~ x", FRAME)


def test_expression_errors():
    with pytest.raises(ValueError):
        rx_import(FRAME, row_selection="x >")
    with pytest.raises(ValueError):
        rx_import(FRAME, transforms={"z": "nope + 1"})
    with pytest.raises(TypeError, match="expression as text, a function, or a logical for each row"):
        rx_import(FRAME, row_selection=7)
    with pytest.raises(TypeError, match="expression as text or a function"):
        rx_import(FRAME, transforms={"z": 7})


def test_arguments_that_are_not_built_are_named():
    for error in (NotImplementedError, ValueError):
        with pytest.raises(error, match="'transform_environment'"):
            rx_summary("~x", FRAME, transform_environment={"x": 1})
    with pytest.raises(TypeError, match="a compute context is needed, not object"):
        rx_summary("~x", FRAME, compute_context=object())
    with pytest.raises(ValueError, match="start"):
        RxTextData("x.txt", column_info={"x": {"start": 1, "width": 4}})


def test_wrong_arguments():
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        rx_lin_mod("y~x", FRAME, colour="red")
    with pytest.raises(TypeError, match="cannot read data from int"):
        rx_summary("~x", 42)
    with pytest.raises(TypeError, match="not a fitted model"):
        rx_predict("model", FRAME)
    with pytest.raises(ValueError, match="no option 'sampleDir'"):
        RxOptions.get_option("sampleDir")
    with pytest.raises(ValueError, match="integerMissing"):
        RxOptions.set_option("integerMissing", "maybe")
    with pytest.raises(ValueError, match="type"):
        rx_import(RxTextData(__file__, column_classes={"x": "quaternion"}))


def test_options(monkeypatch):
    for name in ("sampleDataDir", "reportProgress", "XdfCompressionLevel", "RngBfferSize", "traceLevel"):
        RxOptions.get_option(name)
    RxOptions.set_option("NumCoresToUse", 1)
    assert RxOptions.get_option("NumCoresToUse") == 1
    assert os.path.isabs(RxOptions.get_option("sampleDataDir"))


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_ctrl_c_stops_a_pass_and_leaves_nothing(tmp_path):
    program = textwrap.dedent(
        f"""
        import os, signal, threading, time
        import numpy as np
        from revoscalepy import rx_import
        big = {{f"x{{i}}": np.random.default_rng(i).normal(size=2_000_000) for i in range(8)}}
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        start = time.perf_counter()
        try:
            for _ in range(1000):
                rx_import(big, {str(tmp_path / "big.xdf")!r}, xdf_compression_level=9, overwrite=True)
                os.remove({str(tmp_path / "big.xdf")!r})
        except KeyboardInterrupt:
            print("stopped", time.perf_counter() - start < 5.0, os.listdir({str(tmp_path)!r}))
        """
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert run.stdout.strip() in ("stopped True []", "stopped True ['big.xdf']"), run.stderr
    assert signal.SIGINT
