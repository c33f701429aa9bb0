"""The programs of the documents that the project grew from, as they stand there; they are beside the repository."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pandas as pd
import pytest
from sqlserver import SqlServer, on_sqlite

import revoscalepy

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"


def programs() -> list[tuple[str, str]]:
    """Every block in the documents, by document and number."""
    found = []
    for path in sorted(SEEDS.glob("*.txt")):
        block: list[str] | None = None
        for number, line in enumerate(path.read_text().splitlines()):
            if not line.strip().startswith("```"):
                if block is not None:
                    block.append(line)
            elif block is None:
                block = []
            else:
                found.append((f"{path.name}:{number}", textwrap.dedent("\n".join(block))))
                block = None
    return found


PROGRAMS = dict(programs())


def run(program: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HOME": str(folder), **environment}
    return subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        timeout=300,
    )


def of(*texts: str) -> list[str]:
    """The programs that have all of these texts."""
    if not SEEDS.exists():
        pytest.skip("needs ../shared")
    return [program for program in PROGRAMS.values() if all(text in program for text in texts)]


def test_names_that_are_imported_exist():
    imports = re.compile(r"^\s*from (revoscalepy[\w.]*) import ([\w, ]+)$", re.MULTILINE)
    lines = [line for program in of() for line in imports.findall(program)]
    assert len(lines) > 5
    for module, names in lines:
        exec(f"from {module} import {names}", {})


def test_the_summary_of_the_sample_data(tmp_path, shared):
    found = of("rx_summary", "sampleDataDir")
    assert found
    text = revoscalepy.RxTextData(
        str(shared / "AirlineDemoSmall.csv.gz"),
        missing_value_string="M",
        column_info={"DayOfWeek": {"type": "factor"}},
    )
    revoscalepy.rx_import(text, str(tmp_path / "AirlineDemoSmall.xdf"))
    for program in found:
        done = run(program, tmp_path, RXDF_SAMPLE_DATA=str(tmp_path))
        assert done.returncode == 0, done.stderr
        assert "Number of valid observations: 600000.0" in done.stdout
        assert "Category Counts for DayOfWeek" in done.stdout


#: what comes before the programs in the documents: a frame and the address of a server
BEFORE = """
import pandas as pd
df = pd.DataFrame({"sepal length (cm)": [5.1]})
connection_string, new_db_name = "Driver=SQL Server;Server=localhost;Database={0};", "irissql"
sqlServer = "."
"""


def last_line(program: str, folder: Path) -> str:
    done = run(BEFORE + program, folder)
    assert done.returncode != 0
    return done.stderr.splitlines()[-1]


DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def test_programs_for_a_server_run_against_one(tmp_path):
    stored = [program for program in of("rx_data_step(") if "import RxSqlServerData" in program]
    fitted = of("def test_linmod_sql")
    assert stored
    assert fitted
    login = {"XDF_SQL_USER": "u", "XDF_SQL_PASSWORD": "p"}
    flights = pd.DataFrame({"ArrDelay": range(10), "CRSDepTime": 9.5, "DayOfWeek": (DAYS * 2)[:10]})
    rows = on_sqlite({"airlinedemosmall": flights})

    def answer(statement):
        statement = re.sub(r"^select top 10 \*(.*)$", r"SELECT * \1 LIMIT 10", statement)
        return (
            (["x"], [(0,)])
            if "OBJECT_ID" in statement
            else rows(statement)
            if "airline" in statement
            else None
        )

    with SqlServer(answer) as server:
        before = BEFORE.replace("Server=localhost", f"Server=127.0.0.1,{server.port}")
        before = before.replace('sqlServer = "."', f'sqlServer = "127.0.0.1,{server.port}"')
        for program in stored:
            done = run(before + program, tmp_path, **login)
            assert done.returncode == 0, done.stderr
            assert any(statement.startswith("INSERT BULK") for statement in server.statements)
        for program in fitted:
            done = run(before + program + "\ntest_linmod_sql()", tmp_path, **login)
            assert done.returncode == 0, done.stderr


def test_programs_for_a_server_that_is_not_there_say_so(tmp_path):
    for program in of("def test_linmod_sql"):
        said = last_line(program + "\ntest_linmod_sql()", tmp_path)
        assert "set XDF_SQL_USER and XDF_SQL_PASSWORD to log in by a password" in said


def test_programs_in_a_server_say_what_is_needed(tmp_path):
    found = of("rx_exec(send_this_func_to_sql")
    assert found
    for program in found:
        # pictures are beside the point
        core = "\n".join(line for line in program.splitlines() if not re.search("display|matplotlib", line))
        said = last_line("def send_this_func_to_sql(): pass\n" + core, tmp_path)
        assert "work cannot be sent to SQL Server by this package yet" in said
