"""The page ``docs/compat/revoscalepy.md``, from the documented signatures and the package itself.

``python tests/compat.py`` rewrites the page. What it says of a parameter's difference is written by hand, in the
page; everything else is worked out here: which names and parameters there are, which do not exist yet, the counts.
What can be found out is compared with what the page says:

- a parameter whose declaration in the package says that it is not built must not be said to work;
- a parameter that a function never looks at has no effect, and no other one has none;
- a parameter that is said not to be there yet must be refused when it asks for something (:data:`PROBES`).
"""

import ast
import inspect
import re
import sys
import textwrap
from pathlib import Path

import pandas as pd
from signatures import REFERENCE, signature

import revoscalepy
from revoscalepy._arguments import UnsupportedArgumentError

PAGE = Path(__file__).parents[2] / "docs" / "compat" / "revoscalepy.md"
PACKAGE = Path(revoscalepy.__file__).parent
STATES = ("works", "differs", "no effect", "not yet")
COUNTS, ABSENT = "## In numbers", "## Not yet"

#: what a parameter is called with to see that it is refused, where ``True`` would not do
VALUES = {
    "append": "rows",
    "column_classes": {"x": "integer"},
    "column_info": {"x": {"type": "integer"}},
    "connection_string": "Server=here",
    "packages_to_load": ["os"],
    "spark_reduce_method": "auto",
    "century_cutoff": 50,
    "file_system": "hdfs",
    "file_system_type": "hdfs",
    "fweights": "x",
    "pweights": "x",
    "read_date_format": "%d",
    "read_posixct_format": "%d",
    "rows_per_out_file": 5,
    "transform_environment": {"a": 1},
}

FRAME = pd.DataFrame({"x": [1.0, 2.0, 4.0], "y": [0, 1, 1], "g": pd.Categorical(list("aba"))})

#: arguments that are always needed
NEEDED = {
    "formula": "~ x",
    "data": FRAME,
    "input_data": FRAME,
    "file": "data.csv",
    "var_name": "x",
    "connection_string": "Server=here",
    "model_object": None,
}


def sections(text: str) -> list[tuple[str, list[str]]]:
    """The headings of the page with the lines below, the first without a heading."""
    parts: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines():
        if line.startswith("## "):
            parts.append((line, []))
        else:
            parts[-1][1].append(line)
    return parts


def rows_of(lines: list[str]) -> dict[str, tuple[str, str]]:
    """Parameter to state and note, of a section's table."""
    found = (re.match(rf"\| (\w+) \| ({'|'.join(STATES)}) \|(.*)\|$", line) for line in lines)
    return {row[1]: (row[2], row[3].strip()) for row in found if row}


def documented() -> dict[str, str | None]:
    """All documented names."""
    return {name: parameters for group in REFERENCE.values() for name, parameters in group.items()}


def parameters_of(name: str) -> list[str]:
    """The parameters of a name, as documented or, where the name is our own, as they are."""
    text = documented().get(name)
    found = inspect.signature(getattr(revoscalepy, name)) if text is None else signature(text)
    return list(found.parameters)


def render(text: str) -> str:
    """The page as it should be."""
    out: list[str] = []
    states: list[str] = []
    listed = set()
    for heading, lines in sections(text):
        if heading in (COUNTS, ABSENT):
            continue
        name = heading[3:]
        rows = rows_of(lines)
        if rows and hasattr(revoscalepy, name):
            listed.add(name)
            known = [(each, *rows.get(each, ("not yet", "not said yet"))) for each in parameters_of(name)]
            if name in documented():
                states.extend(state for _, state, _ in known)
            table = [f"| {each} | {state} | {note} |".replace("|  |", "| |") for each, state, note in known]
            lines = _with_rows(lines, table)
        elif name in documented():
            listed.add(name)
        out.extend([heading, *lines] if heading else lines)
    absent = {name: text for name, text in documented().items() if not hasattr(revoscalepy, name)}
    unsaid = [
        name for name, text in documented().items() if text and name not in absent and name not in listed
    ]
    plain = [name for name, text in documented().items() if text is None and name not in absent]
    missing = [
        parameter for text in absent.values() for parameter in (signature(text).parameters if text else ())
    ]
    here = len(documented()) - len(absent)
    counts = [
        COUNTS,
        "",
        "| of the documentation | in all | works | differs | no effect | not yet |",
        "|---|---|---|---|---|---|",
        f"| names | {len(documented())} | {here} | | | {len(absent)} |",
        f"| parameters | {len(states) + len(missing)} | {states.count('works')} | {states.count('differs')} | "
        f"{states.count('no effect')} | {states.count('not yet') + len(missing)} |",
        "",
        f"There are also, documented without parameters: {', '.join(plain)}.",
        "",
    ]
    names = [
        ABSENT,
        "",
        "Documented names that do not exist yet; importing one is an `ImportError`.",
        "",
        "| name | parameters |",
        "|---|---|",
        *(
            f"| {name} | {', '.join(signature(text).parameters) if text else ''} |"
            for name, text in absent.items()
        ),
    ]
    for name in unsaid:
        out.extend([f"## {name}", "", "| parameter | state | |", "|---|---|---|"])
        out.extend(f"| {each} | not yet | not said yet |" for each in parameters_of(name))
        out.append("")
    first = next(index for index, line in enumerate(out) if line.startswith("## "))
    body = "\n".join([*out[:first], *counts, *out[first:]]).rstrip("\n")
    return body + "\n\n" + "\n".join(names) + "\n"


def _with_rows(lines: list[str], table: list[str]) -> list[str]:
    """The lines with the rows of their table replaced."""
    at = [
        index
        for index, line in enumerate(lines)
        if line.startswith("| ") and not line.startswith("| parameter")
    ]
    return [*lines[: at[0]], *table, *lines[at[-1] + 1 :]]


def said(text: str) -> dict[str, dict[str, tuple[str, str]]]:
    """Name to parameter to state and note, of the names that exist."""
    found = {heading[3:]: rows_of(lines) for heading, lines in sections(text)}
    return {name: rows for name, rows in found.items() if rows and hasattr(revoscalepy, name)}


def function_of(name: str) -> ast.FunctionDef:
    """The definition of a function, or of the constructor of a class."""
    named = inspect.unwrap(getattr(revoscalepy, name))
    source = inspect.getsource(named.__init__ if inspect.isclass(named) else named)
    found = ast.parse(textwrap.dedent(source)).body[0]
    assert isinstance(found, ast.FunctionDef)
    return found


def refused(name: str) -> set[str]:
    """Parameters that the definition declares as not built, for some of their values at least."""
    found: set[str] = set()
    for node in ast.walk(function_of(name)):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if called == "not_built":
                found.update(keyword.arg for keyword in node.keywords if keyword.arg)
            elif called == "check_append":
                found.add("append")
            elif called == "check_file_system":
                found.add("file_system")
        # arguments for a function that refuses them: unbuilt = {...}, f(unbuilt={...})
        targets = node.targets if isinstance(node, ast.Assign) else []
        assigned = any(getattr(target, "id", "") == "unbuilt" for target in targets)
        passed = isinstance(node, ast.keyword) and node.arg == "unbuilt"
        dictionary = node.value if assigned or passed else None
        if isinstance(dictionary, ast.Dict):
            found.update(key.value for key in dictionary.keys if isinstance(key, ast.Constant))
    return found & set(parameters_of(name))


def used(name: str) -> set[str]:
    """Parameters that the body of a function looks at."""
    definition = function_of(name)
    found = {
        node.id for statement in definition.body for node in ast.walk(statement) if isinstance(node, ast.Name)
    }
    if "locals" in found:
        from dataclasses import fields

        from revoscalepy._steps import Steps

        found.update(each.name for each in fields(Steps))
    return found


def probe(name: str, parameter: str) -> str | None:
    """The sentence that a name refuses a parameter with; ``None`` when it takes it."""
    call = getattr(revoscalepy, name)
    needed = {
        each: NEEDED[each]
        for each, known in inspect.signature(call).parameters.items()
        if each in NEEDED and (known.default is known.empty or each == "file")
    }
    if name == "rx_predict_default":
        needed |= {"model_object": revoscalepy.rx_lin_mod("y ~ x", FRAME), "data": FRAME}
    try:
        made = call(**{**needed, parameter: VALUES.get(parameter, True)})
    except UnsupportedArgumentError as error:
        return str(error)
    missing: str | None = getattr(made, "_missing", None)
    return missing


if __name__ == "__main__":
    page = render(PAGE.read_text())
    PAGE.write_text(page)
    sys.stdout.write(f"{PAGE}\n")
