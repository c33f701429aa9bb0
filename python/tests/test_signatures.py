"""The package's face: names, paths, signatures, versions."""

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from signatures import DOCUMENTED, OPEN_ENDED, REFERENCE, signature

import revoscalepy

SOURCE = Path(__file__).parents[3] / "shared" / "reference" / "revoscalepy.md"


def plain(signature: inspect.Signature) -> list[tuple[str, object, object]]:
    return [(p.name, p.kind, p.default) for p in signature.parameters.values()]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_signature_is_the_documented_one(name):
    offered = inspect.signature(getattr(revoscalepy, name))
    assert plain(offered) == plain(signature(DOCUMENTED[name]))


def test_our_copy_of_the_signatures_is_the_references():
    if not SOURCE.exists():
        pytest.skip("needs ../shared")
    items = SOURCE.read_text().partition("## 6. Reference")[2]
    found = re.findall(r"^`revoscalepy\.(\w+)(?:\((.*)\))?(?: -> .*)?`$", items, re.MULTILINE)
    theirs = dict(found)
    assert list(theirs) == [name for group in REFERENCE.values() for name in group]
    for name, ours in ((name, ours) for group in REFERENCE.values() for name, ours in group.items()):
        if ours is None:
            assert not theirs[name], name
            continue
        expected = plain(signature(theirs[name]))
        assert plain(signature(ours))[: len(expected)] == expected, name
        assert len(plain(signature(ours))) == len(expected) + (name in OPEN_ENDED), name


@pytest.mark.parametrize("name", DOCUMENTED)
def test_docstring(name):
    text = inspect.getdoc(getattr(revoscalepy, name))
    assert text
    assert text[0].isupper()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("revoscalepy.datasource.RxXdfData", "RxXdfData"),
        ("revoscalepy.datasource.RxTextData", "RxTextData"),
        ("revoscalepy.etl.RxImport", "rx_import"),
        ("revoscalepy.etl.RxImport", "rx_import_datasource"),
        ("revoscalepy.functions.RxSummary", "rx_summary"),
        ("revoscalepy.functions.RxSummary", "rx_summary_ex"),
        ("revoscalepy.functions.RxLinMod", "rx_lin_mod"),
        ("revoscalepy.functions.RxLinMod", "rx_lin_mod_ex"),
        ("revoscalepy.functions.RxLogit", "rx_logit"),
        ("revoscalepy.functions.RxLogit", "rx_logit_ex"),
        ("revoscalepy.functions.RxPredict", "rx_predict"),
        ("revoscalepy.functions.RxPredict", "rx_predict_ex"),
        ("revoscalepy.functions.RxSummary", "rxsummary"),
        ("revoscalepy.functions.RxGetInfo", "rx_get_info"),
        ("revoscalepy.functions.RxExec", "rx_exec"),
        ("revoscalepy.etl.RxDataStep", "rx_data_step"),
        ("revoscalepy.datasource.RxSqlServerData", "RxSqlServerData"),
        ("revoscalepy.datasource.RxOdbcData", "RxOdbcData"),
        ("revoscalepy.datasource.RxParquetData", "RxParquetData"),
        ("revoscalepy.datasource.RxFileSystem", "RxNativeFileSystem"),
        ("revoscalepy.computecontext.RxInSqlServer", "RxInSqlServer"),
        ("revoscalepy.computecontext.RxComputeContext", "rx_set_computecontext"),
        ("revoscalepy.utils.RxOptions", "RxOptions"),
    ],
)
def test_old_module_paths_and_names(module, name):
    assert getattr(importlib.import_module(module), name) is getattr(revoscalepy, name)


def test_versions():
    assert re.fullmatch(r"9\.4\.\d+", revoscalepy.__version__)
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", revoscalepy.__rxdf_version__)


def test_what_does_not_exist_is_absent():
    with pytest.raises(ImportError):
        exec("from revoscalepy import rx_btrees")
    assert set(revoscalepy.__all__) <= set(dir(revoscalepy))


def test_import_alone_loads_no_frames_library():
    program = (
        "import sys, revoscalepy; print([m for m in ('pandas', 'pyarrow', 'numpy') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
