"""The README's example runs as it stands."""

import gzip
import re
import shutil
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_the_example(shared, tmp_path, monkeypatch, capsys):
    with (
        gzip.open(shared / "AirlineDemoSmall.csv.gz") as packed,
        open(tmp_path / "AirlineDemoSmall.csv", "wb") as csv,
    ):
        shutil.copyfileobj(packed, csv)
    monkeypatch.chdir(tmp_path)
    example = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert example
    scope: dict = {}
    exec(example[1], scope)
    assert len(scope["late"]) == 600000
    assert (tmp_path / "predicted.xdf").exists()
    assert "CRSDepTime           0.97862" in capsys.readouterr().out


def test_the_examples_of_the_documentation(tmp_path, monkeypatch, capsys):
    page = Path(__file__).parents[2] / "docs" / "python.md"
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 2
    scope: dict = {}
    for block in blocks:
        exec(block, scope)
    assert scope["adults"].to_dict()["decade"].tolist() == [3, 5]
    assert scope["found"]["weekend"].tolist() == [False, True]
    assert "job" in capsys.readouterr().out
