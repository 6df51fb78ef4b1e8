"""The page of the probes, kettle/probes/README.md: `python tests/probes_page.py` writes it."""

import ast
from pathlib import Path

PROBES = Path(__file__).resolve().parents[1] / "kettle" / "probes"
PAGE = PROBES / "README.md"
HEAD = """# The probes

<!-- Written by tests/probes_page.py from the docstrings of the modules: change those. -->

A probe measures one thing about a piece of code. Checks judge by the cause, never by the clock. A
*rendezvous* decides what overlaps: the server holds calls until all that should be in flight have arrived.
So a slow machine cannot turn a right answer into a wrong one.

Some instruments live elsewhere. `shop.traffic()` and `shop.rendezvous()` show and hold the calls that a
`kettle.shop.Shop` gets, whichever client, thread or process sent them. `database.wire()` in `kettle.database`
counts statements, rows and round trips in the same way.
"""


def modules(folder=PROBES):
    """Return the path of each probe's module, by its name."""
    found = {path.stem: path for path in folder.glob("*.py") if path.stem != "__init__"}
    packages = {path.parent.name: path for path in folder.glob("*/__init__.py")}
    return {name: path for name, path in sorted({**found, **packages}.items()) if name != "engines"}


def page(folder=PROBES):
    """Return the page as the docstrings would have it."""
    parts = [HEAD]
    for name, path in modules(folder).items():
        told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        parts.append(f"## probes.{name}\n\n{told}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
