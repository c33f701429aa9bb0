"""The package's face: names, paths, signatures, versions."""

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from signatures import DOCUMENTED

import revoscalepy

REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "revoscalepy.md"


def plain(signature: inspect.Signature) -> list[tuple[str, object, object]]:
    return [(p.name, p.kind, p.default) for p in signature.parameters.values()]


def documented(parameters: str) -> inspect.Signature:
    scope: dict = {}
    exec(f"def documented({parameters}): pass", scope)
    return inspect.signature(scope["documented"])


@pytest.mark.parametrize("name", DOCUMENTED)
def test_signature_is_the_documented_one(name):
    offered = inspect.signature(getattr(revoscalepy, name))
    assert plain(offered) == plain(documented(DOCUMENTED[name]))


@pytest.mark.parametrize("name", DOCUMENTED)
def test_our_copy_of_the_signatures_is_the_references(name):
    if not REFERENCE.exists():
        pytest.skip("needs ../shared")
    line = re.search(rf"^`revoscalepy\.{name}\((.*)\)(?: -> .*)?`$", REFERENCE.read_text(), re.MULTILINE)
    assert line, name
    names = [p.name for p in inspect.signature(_typed(line[1])).parameters.values()]
    ours = [p.name for p in documented(DOCUMENTED[name]).parameters.values()]
    assert ours == names if name != "rx_import" else ours == [*names, "kwargs"]
    theirs = [p.default for p in inspect.signature(_typed(line[1])).parameters.values()]
    assert [p.default for p in documented(DOCUMENTED[name]).parameters.values()][: len(theirs)] == theirs


def _typed(parameters: str):
    scope: dict = {}
    exec(f"from __future__ import annotations\ndef documented({parameters}): pass", scope)
    return scope["documented"]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_docstring(name):
    text = inspect.getdoc(getattr(revoscalepy, name))
    assert text
    assert text[0].isupper()


def test_the_compatibility_page_lists_every_parameter():
    page = Path(__file__).parents[2] / "docs" / "compat" / "revoscalepy.md"
    listed: dict[str, list[str]] = {}
    for line in page.read_text().splitlines():
        if line.startswith("## "):
            rows = listed.setdefault(line[3:], [])
        elif row := re.match(r"\| (\w+) \| (works|differs|no effect|not yet) \|", line):
            rows.append(row[1])
    for name in DOCUMENTED:
        assert listed[name] == list(inspect.signature(getattr(revoscalepy, name)).parameters), name


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
