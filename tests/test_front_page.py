"""The teacher's front page, its mail and its form lead to what is there, and name what the course has."""

import re
import tomllib

import pytest

from kettle.files.course import ROOT

WORKSHOP = ROOT / "workshop"
PAGES = [WORKSHOP / name for name in ("README.md", "mail.md", "feedback.md")]
TEXT = {path.name: path.read_text(encoding="utf-8") for path in PAGES}
LINK = re.compile(r"\]\(([^)\s]+)\)")
COMMAND = re.compile(r"`(?:python3|py) start\.py ([^`]+)`|add `(--for) ")
START = (ROOT / "start.py").read_text(encoding="utf-8")


def anchor(heading):
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def lost(text, folder=WORKSHOP):
    """Return the links of a page that lead to no file and to no heading."""
    headings = {anchor(found) for found in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    return {
        link
        for link in LINK.findall(text)
        if not (link[1:] in headings if link.startswith("#") else (folder / link).exists())
    }


def words_of_start(text):
    """Return the commands and options of start.py that a page names."""
    said = [" ".join(filter(None, found)) for found in COMMAND.findall(text)]
    return {word for line in said for word in line.split() if re.fullmatch(r"--\w+|[a-z]+", word)}


@pytest.mark.parametrize("name", TEXT)
def test_links_lead_somewhere(name):
    assert not lost(TEXT[name])


def test_a_link_that_leads_nowhere_is_found():
    assert lost("# Here\n[a](#here) [b](#there) [c](README.md) [d](gone.md)") == {"#there", "gone.md"}


def test_the_front_page_is_named_where_teachers_look():
    assert "(workshop/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    landing = (ROOT / "notebooks" / "00_start_here.ipynb").read_text(encoding="utf-8")
    assert "(../workshop/README.md)" in landing


def test_the_front_page_names_every_plan_and_card():
    linked = set(LINK.findall(TEXT["README.md"]))
    wanted = [*WORKSHOP.glob("[0-9]*.md"), *WORKSHOP.glob("plans/*.md"), *PAGES[1:]]
    assert {path.relative_to(WORKSHOP).as_posix() for path in wanted} <= linked


def test_commands_are_those_of_start():
    named = words_of_start(TEXT["README.md"]) | words_of_start(TEXT["mail.md"])
    assert {"preflight", "pack", "room", "--from", "--for"} <= named
    known = set(re.findall(r'add_parser\(\s*"([\w-]+)"|add_argument\(\s*"(--[\w-]+)"', START))
    assert named <= {word for pair in known for word in pair}


def test_the_mail_asks_for_what_the_course_needs():
    mail = TEXT["mail.md"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"Python {project['requires-python'].removeprefix('>=')} or newer" in mail
    (room,) = re.findall(r"^ROOM = (\d+)", START, re.MULTILINE)
    assert f"{int(room) / 1e9:g} GB of free disk space" in mail
    assert "`python3 start.py preflight`" in mail
    assert "`py start.py preflight`" in mail


def test_what_the_front_page_quotes_is_there():
    page, card = TEXT["README.md"], next(WORKSHOP.glob("14_*.md")).read_text(encoding="utf-8")
    for heading in ("If a server does not start", "Drop first"):
        assert f"*{heading}*" in page
        assert f"\n## {heading}\n" in card
    landing = (ROOT / "notebooks" / "00_start_here.ipynb").read_text(encoding="utf-8")
    assert "*Take your progress along*" in page
    assert "## Take your progress along" in landing
    assert "**Solution**" in page
    assert '"Solution"' in (ROOT / "kettle" / "panels" / "check.py").read_text(encoding="utf-8")


def test_lessons_that_another_one_needs_are_those_of_its_card():
    needed = r"(\d+), (\d+) and (\d+)"
    (card,) = WORKSHOP.glob("27_*.md")
    said = re.search(rf"Only lesson 27 needs others: {needed}", TEXT["README.md"]).groups()
    told = re.search(rf"lessons {needed} are taken for granted", card.read_text(encoding="utf-8")).groups()
    assert said == told


@pytest.mark.parametrize("name", TEXT)
def test_a_number_is_one_that_something_holds(name):
    """Outside the tables, which are made from the cards, prose has hardly a number."""
    prose = re.sub(
        r"<!-- (\w+) -->.*?<!-- end of \1 -->|`[^`]*`|\]\([^)]*\)", "", TEXT[name], flags=re.DOTALL
    )
    prose = re.sub(r"^\d\. ", "", prose, flags=re.MULTILINE)
    held = {"README.md": {"27", "11", "14", "19"}, "mail.md": {"3.11", "1"}, "feedback.md": set()}
    assert set(re.findall(r"\d+(?:\.\d+)?", prose)) == held[name]
