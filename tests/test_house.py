"""The rooms of kettle: imports point one way, in no circle, and probes/ shows instruments only."""

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import probes_page
import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_USE = {
    "": {"lesson"},  # kettle/__init__.py
    "lesson": {"panels", "pictures", "checking", "files", "probes", "shop", "database"},
    "panels": {"pictures", "checking", "processes", "files", "probes"},
    "checking": {"processes", "files", "probes", "layers", "shop", "database", "redis_server"},
    "probes": {"processes", "layers", "records", "shop", "database"},
    "pictures": {"records"},
    "lessons": set(),
    "records": set(),
    "layers": set(),
    "files": set(),
    "processes": set(),
    "shop": {"processes", "layers"},
    "database": {"processes"},
    "redis_server": {"processes", "shop"},
}
"""What each room may import from, besides itself; under TYPE_CHECKING and inside functions, too."""


def imports_of(folder: Path) -> dict[str, set[str]]:
    """Give the modules of a package that each of its modules imports, wherever in it."""
    files = {module_name(file, folder): file for file in folder.rglob("*.py")}
    return {name: set(imported(name, file, files)) - {name} for name, file in files.items()}


def module_name(file: Path, folder: Path) -> str:
    parts = file.relative_to(folder.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(name, file, known):
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            source = ".".join([*above, *filter(None, [node.module])])
            for alias in node.names:
                whole = f"{source}.{alias.name}"
                yield from (each for each in [whole if whole in known else source] if each in known)


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def against_the_direction(imports: dict[str, set[str]]) -> list[str]:
    return [
        f"{module} imports {other}"
        for module, others in sorted(imports.items())
        for other in sorted(others)
        if room_of(module) != room_of(other) and room_of(other) not in MAY_USE.get(room_of(module), set())
    ]


def circle_in(imports: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return error.args[1]
    return []


@pytest.fixture(scope="module")
def imports():
    return imports_of(ROOT / "kettle")


def test_every_room_is_known(imports):
    assert {room_of(module) for module in imports} == set(MAY_USE), "Say in MAY_USE what a new room may use."


def test_imports_point_one_way(imports):
    assert against_the_direction(imports) == []


def test_there_is_no_circle_of_imports(imports):
    assert circle_in(imports) == []


def test_kettle_knows_no_lesson():
    rooms = [file for file in (ROOT / "kettle").rglob("*.py") if file.parent.name != "lessons"]
    found = [file.name for file in rooms if "kettle.lessons" in file.read_text(encoding="utf-8")]
    assert found == [], "what kettle/ needs stays in kettle/"


def test_each_name_in_kettle_lessons_is_one_file():
    files = [*ROOT.glob("checks/[0-9]*/*.py"), *ROOT.glob("*/*.ipynb")]
    texts = (file.read_text(encoding="utf-8") for file in files)
    names = {name for text in texts for name in re.findall(r"\bkettle\.lessons\.(\w+)", text)}
    assert {name: len([*ROOT.glob(f"checks/*/{name}.py")]) for name in names} == dict.fromkeys(names, 1)


@pytest.fixture
def made_up(tmp_path):
    def make(**files):
        for name, text in files.items():
            file = tmp_path / "kettle" / (name.replace("__", "/") + ".py")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return imports_of(tmp_path / "kettle")

    return make


@pytest.mark.parametrize(
    "line",
    [
        "import kettle.panels.run",
        "from kettle.panels import run",
        "from kettle.panels.run import Face",
        "from ..panels.run import Face",
        "if TYPE_CHECKING:\n    from kettle.panels.run import Face",
        "def late():\n    from kettle.panels.run import Face",
    ],
)
def test_an_import_against_the_direction_is_found(made_up, line):
    found = against_the_direction(made_up(probes__loop=line, panels__run=""))
    assert found == ["kettle.probes.loop imports kettle.panels.run"]


def test_a_circle_within_a_room_is_found(made_up):
    line = "if TYPE_CHECKING:\n    from kettle.shop.handle import Shop"
    circle = circle_in(made_up(shop__handle="from .watched import Watched", shop__watched=line))
    assert set(circle) == {"kettle.shop.handle", "kettle.shop.watched"}


def test_the_page_of_the_probes_is_what_their_docstrings_say():
    assert probes_page.PAGE.read_text(encoding="utf-8") == probes_page.page(), (
        "run python tests/probes_page.py"
    )


def test_a_probe_says_what_it_measures_and_shows_its_use():
    for name, path in probes_page.modules().items():
        told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        first = told.splitlines()[0] if told else ""
        assert first.endswith("."), f"probes.{name} has no first line that says what it measures"
        assert "\n    " in told, f"probes.{name} shows no example in its docstring"
