"""The migration guide and the notebooks run as they stand."""

import re
from pathlib import Path

import pytest

from revoscalepy.sample_data import LARGE, make

DOCS = Path(__file__).parents[2] / "docs"
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs") / "samples"
    folder.mkdir()
    make(str(folder), LARGE[0])
    return str(folder)


def test_there_are_notebooks():
    assert [notebook.stem for notebook in NOTEBOOKS] == ["linear-models", "models", "parallel-work"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_notebook(notebook, samples, monkeypatch, tmp_path):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    pytest.importorskip("matplotlib")
    monkeypatch.setenv("RXDF_SAMPLE_DATA", samples)
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    book = nbformat.read(notebook, as_version=4)
    assert not any(cell.get("outputs") for cell in book.cells), "outputs are not kept"
    nbclient.NotebookClient(book, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
    shown = [output for cell in book.cells for output in cell.get("outputs", ())]
    assert any("text/html" in output.get("data", {}) for output in shown)
    if notebook.stem != "parallel-work":
        assert any("image/png" in output.get("data", {}) for output in shown)


def test_the_migration_guide(samples, monkeypatch, capsys):
    pytest.importorskip("sklearn", minversion="1.6")
    from revoscalepy import RxOptions

    RxOptions.set_option("sampleDataDir", samples)
    guide = (DOCS / "migration" / "revoscalepy.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    assert len(blocks) == 3
    scope: dict = {"__name__": "__main__"}
    for block in blocks:
        exec(block, scope)
    assert list(scope["by_day"].index) == list(scope["airline"].head(0)["DayOfWeek"].cat.categories)
    assert "11.31794" in capsys.readouterr().out
