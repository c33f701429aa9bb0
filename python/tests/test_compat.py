"""The compatibility page says what is so."""

import inspect

import compat
import pytest

import revoscalepy

TEXT = compat.PAGE.read_text()
SAID = compat.said(TEXT)
ROWS = [(name, parameter, state) for name, rows in SAID.items() for parameter, (state, _) in rows.items()]


def test_the_page_is_up_to_date():
    assert compat.render(TEXT) == TEXT, "run: make compat"
    assert "not said yet" not in TEXT


def test_every_documented_name_is_there_once():
    headings = [heading[3:] for heading, _ in compat.sections(TEXT)]
    for name, parameters in compat.documented().items():
        if not hasattr(revoscalepy, name):
            assert f"| {name} |" in TEXT
        elif parameters:
            assert headings.count(name) == 1, name
            assert list(SAID[name]) == list(inspect.signature(getattr(revoscalepy, name)).parameters), name


@pytest.mark.parametrize("name", SAID)
def test_what_is_declared_as_not_built_is_not_said_to_work(name):
    for parameter in compat.refused(name):
        assert SAID[name][parameter][0] in ("not yet", "differs"), parameter


@pytest.mark.parametrize(("name", "parameter"), [row[:2] for row in ROWS if row[2] == "not yet"])
def test_what_is_not_there_yet_is_refused(name, parameter):
    sentence = compat.probe(name, parameter)
    assert sentence, f"{name} takes {parameter}"
    assert parameter in sentence or "yet" in sentence


@pytest.mark.parametrize("name", [name for name in SAID if inspect.isfunction(getattr(revoscalepy, name))])
def test_what_has_no_effect_is_never_looked_at_and_nothing_else(name):
    used = compat.used(name)
    for parameter, (state, _) in SAID[name].items():
        if state == "no effect":
            assert parameter not in used, parameter
        elif state in ("works", "differs"):
            wrapped = hasattr(getattr(revoscalepy, name), "__wrapped__") and parameter == "compute_context"
            assert parameter in used or wrapped, f"{parameter} is never looked at"
