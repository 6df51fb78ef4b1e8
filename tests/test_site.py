"""The web site: what its pages hold and leave out, and how they are to be read, by whomever."""

import contextlib
import functools
import html.parser
import http.server
import importlib.util
import re
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

import book
import guide_pages
import ledger_page
import lesson_pages
import nbformat
import pytest
import teacher_pages
from browser import QUIET, find_chromium

from kettle.files.course import ROOT, lesson, lessons
from kettle.files.words import read_words
from kettle.lessons.ledger_claims import every_claim_of

LESSONS = {each.stem: each for each in lessons()}
PHONE, DESK = {"width": 360, "height": 780}, {"width": 1280, "height": 900}
WAYS = [(scheme, size) for scheme in ("light", "dark") for size in (PHONE, DESK)]
KINDS = (  # one page of each kind is looked at in all four ways, each other page in one of them
    "index.html",
    "field_guide.html",
    "ledger.html",
    "search.html",
    "handouts/14_one_await_at_a_time.html",
    "lessons/19_n_plus_one.html",
    "teach/index.html",
)
every = pytest.mark.every


@pytest.fixture(scope="module")
def command():
    """site/build.py as a module; `build` is the name of a package, too."""
    spec = importlib.util.spec_from_file_location("site_build", ROOT / "site" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(command):
    return command.pages()


# What is written


def test_there_is_a_page_for_everything(pages):
    wanted = {"index.md", "field_guide.md", "ledger.md", "set_up.md", "lessons/index.md", "handouts/index.md"}
    wanted |= {"handouts/all.md", "teach/index.md"}
    wanted |= {f"{folder}/{stem}.md" for folder in ("lessons", "handouts", "teach") for stem in LESSONS}
    assert wanted <= set(pages)


@pytest.mark.parametrize("stem", LESSONS)
def test_a_lesson_is_told_to_the_one_thing_to_remember(pages, stem):
    page = pages[f"lessons/{stem}.md"]
    assert page.startswith(f"# {stem[:2]} {LESSONS[stem].title}")
    core = [cell for cell in book.core(LESSONS[stem]) if cell.kind == "markdown"]
    headings = [line for cell in core for line in cell.source.splitlines() if line.startswith("## ")]
    assert headings[-1] == book.END
    assert [line for line in page.splitlines() if line in headings] == headings
    assert "For the curious" not in [line.lstrip("# ") for line in page.splitlines()]
    merged = next(cell.source for cell in book.cells(LESSONS[stem].notebook) if "fix" in cell.tags)
    assert merged not in page.partition("## The guided fix")[2], "the fix cell stands on the page"
    assert lesson_pages.YOUR_TURN in page
    assert 'class="kettle-picture' in page, "no picture of a run"


def solution_cells(stem, tags):
    cells = nbformat.read(LESSONS[stem].solution, as_version=4).cells
    return [cell.source for cell in cells if set(tags) & set(cell.metadata.get("tags", ()))]


def shown_to_learners(stem):
    """Lines that the lesson itself shows before its end, and its guard."""
    cells = [*book.core(LESSONS[stem]), *(c for c in book.cells(LESSONS[stem].notebook) if "guard" in c.tags)]
    return {line.strip() for cell in cells for line in cell.source.splitlines()}


@pytest.mark.parametrize("stem", LESSONS)
def test_no_fix_no_hint_and_no_debrief_is_on_any_page(pages, stem):
    whole = {line.strip() for text in pages.values() for line in text.splitlines()}
    text = "\n".join(pages.values())
    fixes = {
        line.strip()
        for source in solution_cells(stem, ["fix", "alternative"])
        for line in source.splitlines()
    }
    fixes = {line for line in fixes - shown_to_learners(stem) if len(line) > 30}
    assert fixes, "the fix is told apart by no line"
    elsewhere = set.union(*(shown_to_learners(other) for other in LESSONS))
    assert fixes & whole <= elsewhere, "lines of the fix are on a page"
    words = read_words(LESSONS[stem].checks)
    told = [*words.lesson.hints, *words.exercise.hints, *solution_cells(stem, ["debrief"])]
    assert told
    assert [each for each in told if each in text] == []


def test_a_leak_would_be_found(pages):
    fix = solution_cells("14_one_await_at_a_time", ["fix"])[0]
    leaked = pages | {"teach/leak.md": fix}
    with pytest.raises(AssertionError, match="lines of the fix"):
        test_no_fix_no_hint_and_no_debrief_is_on_any_page(leaked, "14_one_await_at_a_time")


@pytest.mark.parametrize("stem", LESSONS)
def test_an_entry_of_the_field_guide_is_complete(pages, stem):
    said = book.signature(LESSONS[stem])
    assert len(said.signature.split()) <= 18
    assert not said.signature.endswith(".")
    assert said.also
    merged = [cell.source for cell in book.core(LESSONS[stem]) if cell.kind == "code"]
    assert any(said.line in source for source in merged), "the line stands nowhere in the lesson"
    assert "\n" not in said.line
    for sentence in (*said.also, said.is_, said.look, said.guard):
        assert sentence.endswith(".")
    assert said.code.count("def test_") == 1
    assert "kettle-picture" in said.picture
    assert f"(guide-{stem[:2]})=\n## {said.signature}\n" in pages["field_guide.md"]
    for name in ("field_guide.md", f"handouts/{stem}.md", "handouts/all.md"):
        assert said.line in pages[name]
        assert said.picture in pages[name]
        assert said.guard in pages[name]
    assert said.code in pages[f"handouts/{stem}.md"]


def test_each_signature_is_another_one():
    found = [book.signature(each).signature for each in lessons()]
    assert len(set(found)) == len(found) == len(LESSONS)


@pytest.mark.parametrize("key", ["signature", "also", "is", "line", "look", "guard"])
def test_an_entry_that_lacks_something_is_told(monkeypatch, key):
    found = lesson("14_one_await_at_a_time")
    words = read_words(found.checks)
    short = {name: value for name, value in words.guide.items() if name != key}
    monkeypatch.setattr(book, "read_words", lambda _: type("Words", (), {"guide": short}))
    with pytest.raises(ValueError, match="guide entry of 14_one_await_at_a_time is not complete"):
        book.signature(found)


def test_links_of_the_pages_lead_to_pages(pages):
    for name, text in pages.items():
        for target in re.findall(r"\]\((/[^)#]*)", text):
            assert target.lstrip("/") in pages, f"{name} links to {target}"
        assert not re.search(r"\]\([^)]*\.ipynb", text), f"{name} links to a notebook"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("15_all_or_nothing_gather.ipynb", "/lessons/15_all_or_nothing_gather.md"),
        ("../workshop/14_one_await_at_a_time.md", "/teach/14_one_await_at_a_time.md"),
        ("99_ledger.ipynb", "/ledger.md"),
        ("../exercises/14_one_await_at_a_time.ipynb", ""),
        ("../solutions/14_one_await_at_a_time.ipynb", ""),
        ("../README.md", ""),
        ("nowhere.ipynb", ""),
    ],
)
def test_a_link_leads_to_the_page_of_a_file(target, expected):
    assert book.page_of(target) == expected
    linked = f"[it]({expected})" if expected else "it"
    assert book.relinked(f"See [it]({target}).") == f"See {linked}."


def test_a_folder_of_the_teachers_own_is_taken_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(book, "ROOT", tmp_path)
    monkeypatch.setattr(teacher_pages, "ROOT", tmp_path)
    monkeypatch.setattr(teacher_pages, "FOLDER", tmp_path / "workshop")
    (tmp_path / "workshop" / "plans").mkdir(parents=True)
    (tmp_path / "workshop" / "README.md").write_text(
        "# Front page\n\n[Plan](plans/one_day.md), [x](gone.md)\n"
    )
    (tmp_path / "workshop" / "plans" / "one_day.md").write_text("# One day\n\n[Back](../README.md)\n")
    found = teacher_pages.pages()
    assert set(found) == {"index.md", "one_day.md"}
    assert found["index.md"].startswith("# Front page\n\n[Plan](/teach/one_day.md), x\n")
    assert found["one_day.md"].endswith("[Back](/teach/index.md)\n")
    (tmp_path / "workshop" / "README.md").unlink()
    assert "- [One day](/teach/one_day.md)" in teacher_pages.pages()["index.md"]


def test_with_a_repository_links_lead_into_it():
    there = "https://example.org/a/b"
    exercise = "../exercises/14_one_await_at_a_time.ipynb"
    assert book.relinked(f"[x]({exercise})", there) == f"[x]({there}/blob/main/{exercise.lstrip('./')})"
    assert book.relinked("[x](../../../etc/passwd)", there) == "x"
    assert book.relinked("[x](https://example.org)", there) == "[x](https://example.org)"


def test_no_page_names_a_place_on_this_machine(pages):
    for name, text in pages.items():
        assert str(ROOT) not in text, name
        assert str(Path.home()) + "/" not in text, name


def test_the_final_code_stays_in_the_card():
    found = teacher_pages.pages()
    for stem, each in LESSONS.items():
        text = each.card.read_text(encoding="utf-8")
        assert teacher_pages.FINAL.search(text), "the heading of the final code has changed"
        assert "It is in the card itself" in found[f"{stem}.md"]
        after = teacher_pages.FINAL.split(text)[1]
        assert book.relinked(after, folder="workshop").strip() in found[f"{stem}.md"]


# The ledger


def test_the_ledger_has_every_claim(pages):
    for each in lessons():
        for claim in every_claim_of(each.checks):
            assert ledger_page.plain(claim.said) in pages["ledger.md"]
            assert ledger_page.plain(claim.why) in pages["ledger.md"]


def test_what_was_measured_belongs_to_a_claim():
    kept = ledger_page.measured()
    for stem, found in kept["claims"].items():
        names = {claim.name for claim in every_claim_of(LESSONS[stem].checks)}
        assert set(found) <= names, f"measure {stem} again, with site/measure.py"
        assert all(each.get("said") or each.get("failed") for each in found.values())


def test_without_a_measurement_the_ledger_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(
        ledger_page, "measured", functools.partial(ledger_page.measured, tmp_path / "none.json")
    )
    page = ledger_page.page()
    assert ledger_page.NOT_MEASURED in page
    assert "*Measured:*" not in page


@pytest.mark.parametrize("text", ["{", "[]", '{"claims": {}}', '{"date": "x", "machine": {"cores": "2"}}'])
def test_a_damaged_measurement_is_told(tmp_path, text):
    path = tmp_path / "measured.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="Write it again"):
        ledger_page.measured(path)


@pytest.mark.parametrize("busy", [True, False])
def test_a_busy_machine_is_told(monkeypatch, busy):
    kept = {**ledger_page.measured(), "busy": busy}
    monkeypatch.setattr(ledger_page, "measured", lambda: kept)
    assert (ledger_page.BUSY in ledger_page.page()) == busy


def test_a_claim_says_that_it_was_not_measured():
    claim = every_claim_of(LESSONS["14_one_await_at_a_time"].checks)[0]
    assert "*Not measured*: no server" in ledger_page.entry(claim, {"failed": "no server"})
    assert "*Measured:* 2\\_3 `a_b`" in ledger_page.entry(claim, {"said": "2_3 `a_b`"})


# The command


def test_a_folder_of_somebody_else_is_left_alone(command, tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("mine")
    assert command.main([str(tmp_path)]) == 1
    assert "holds other files" in capsys.readouterr().err
    assert command.main([str(tmp_path / "thesis.txt")]) == 1
    assert "is a file" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    "wrong", ["here", "http://a.b/c", "https://a.b", "https://a.b/c d", "https://a.b/c)x"]
)
def test_an_address_that_is_none_is_told(command, tmp_path, capsys, wrong):
    with pytest.raises(SystemExit):
        command.main([str(tmp_path / "out"), "--repository", wrong])
    assert "is no address" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_without_sphinx_a_sentence_says_what_to_install(command, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "sphinx.cmd.build", None)
    assert command.main([str(tmp_path / "out")]) == 1
    assert "requirements-site.txt" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


# The site itself


@pytest.fixture(scope="module")
def site(command, tmp_path_factory):
    out = tmp_path_factory.mktemp("site") / "html"
    done = subprocess.run(
        [sys.executable, command.__file__, out], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out


class Links(html.parser.HTMLParser):
    """The links, the anchors and the files that a page names."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors, self.loaded = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.anchors += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" and found.get("href") else []
        loads = found.get("src") or (found.get("href") if tag == "link" else None)
        self.loaded += [loads] if loads else []


def pages_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))


@every
def test_what_a_page_needs_and_links_to_is_there(site):
    read = {name: Links((site / name).read_text(encoding="utf-8")) for name in pages_in(site)}
    assert len(read) > 3 * len(LESSONS)
    for name, page in read.items():
        assert len(set(page.anchors)) == len(page.anchors), f"{name} has two things of one id"
        for target in (*page.links, *page.loaded):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                assert target in page.links, f"{name} loads {target} from elsewhere"
                continue
            path = ((site / name).parent / unquote(parts.path)).resolve() if parts.path else site / name
            assert path.is_file(), f"{name}: {target}"
            if parts.fragment and path.suffix == ".html":
                there = read[path.resolve().relative_to(site.resolve()).as_posix()]
                assert parts.fragment in there.anchors, f"{name}: {target}"


@every
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # myst_parser uses what Sphinx 11 will lack
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_building_again_replaces_what_was_built(command, site):
    (site / "old.html").write_text("of an earlier version")
    assert command.main([str(site)]) == 0
    assert not (site / "old.html").exists()
    assert [path.name for path in site.parent.iterdir()] == [site.name]


@pytest.fixture(scope="module")
def chromium():
    if find_chromium() is None:
        pytest.skip("No Chromium is installed: on Debian and Ubuntu, `sudo apt install chromium`.")
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed.")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=QUIET)
        yield browser
        browser.close()


@contextlib.contextmanager
def opened(chromium, address, **how):
    with contextlib.closing(chromium.new_context(**how)) as context:
        page = context.new_page()
        page.goto(address)
        yield page


def complaints(page):
    """What axe finds, as lines."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page).response["violations"]
    return [f"{each['id']}: {each['help']}: {node['html']}" for each in found for node in each["nodes"]]


@every
@pytest.mark.parametrize(
    "place", range(len(WAYS)), ids=["light phone", "light desk", "dark phone", "dark desk"]
)
def test_every_page_passes_axe_and_none_scrolls_sideways(chromium, site, place):
    scheme, size = WAYS[place]
    names = [name for at, name in enumerate(pages_in(site)) if name in KINDS or at % len(WAYS) == place]
    found = []
    with opened(chromium, (site / names[0]).as_uri(), color_scheme=scheme, viewport=size) as page:
        page.on("pageerror", lambda error: found.append(f"{page.url}: {error}"))
        for name in names:
            page.goto((site / name).as_uri())
            found += [f"{name}: {each}" for each in complaints(page)]
            wide = page.evaluate("document.documentElement.scrollWidth")
            found += [f"{name} is {wide} pixels wide"] if wide > size["width"] else []
    assert found == []


@every
def test_axe_would_find_what_is_wrong(chromium, site):
    with opened(chromium, (site / "index.html").as_uri()) as page:
        page.evaluate("document.querySelector('main p').style.color = '#ddd'")
        page.evaluate("document.querySelector('.wk-search label').remove()")
        found = "\n".join(complaints(page))
    assert "color-contrast" in found
    assert "label" in found


@every
def test_without_javascript_everything_but_the_search_works(chromium, site):
    with opened(chromium, (site / "index.html").as_uri(), java_script_enabled=False, viewport=PHONE) as page:
        page.locator("main details").filter(has_text="Independent calls").locator("summary").click()
        page.get_by_role("link", name="14 One await at a time").click()
        assert page.get_by_role("heading", level=1).inner_text() == "14 One await at a time"
        page.get_by_role("navigation", name="Site").get_by_role("link", name="Field guide").click()
        page.wait_for_url("**/field_guide.html")  # and its load: a count waits for nothing
        assert page.locator("main section section").count() == len(LESSONS)
        assert all(each.is_visible() for each in page.locator("main section section").all())
        assert not page.locator("#wk-filter").is_visible()
        page.goto((site / "search.html").as_uri())
        assert page.get_by_text("The search needs JavaScript").is_visible()


@every
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_keyboard_reaches_everything(chromium, site, size):
    page_of = (site / "lessons" / "14_one_await_at_a_time.html").as_uri()
    with opened(chromium, page_of, viewport=size) as page:
        focused = "document.activeElement.textContent.trim() || document.activeElement.name || ''"
        page.keyboard.press("Tab")
        assert page.evaluate(focused) == "Skip to content"
        assert page.locator(".wk-skip").bounding_box()["x"] >= 0, "what has the focus is not to be seen"
        seen = []
        for _ in range(60):
            page.keyboard.press("Tab")
            seen.append(page.evaluate(focused))
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", seen[-1]
            if page.evaluate("document.activeElement.closest('.wk-beside') !== null"):
                break
        for wanted in ("Field guide", "Set up", "q", "Search", "The answer", "Compare with this"):
            assert wanted in seen
        assert any(text.startswith("async def account_page") for text in seen), (
            "code that scrolls is not reached"
        )
        page.locator(".wk-skip").focus()
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"


@every
def test_the_filter_of_the_field_guide(chromium, site):
    with opened(chromium, (site / "field_guide.html").as_uri()) as page:
        page.get_by_label("Show only entries with these words").fill("staircase log EMPTY")
        shown = page.locator("main section section:not([hidden]) h2").all_inner_texts()
        assert shown == [guide_pages.book.signature(LESSONS["16_wait_forever"]).signature]
        assert page.locator("#wk-found").inner_text() == f"1 of {len(LESSONS)}"
        page.get_by_label("Show only entries with these words").fill("")
        assert page.locator("main section section:not([hidden])").count() == len(LESSONS)


@every
def test_the_search_finds_a_signature(chromium, site):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=site)
    handler.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with opened(chromium, f"http://127.0.0.1:{server.server_port}/index.html") as page:
            page.get_by_role("searchbox").fill("climb staircase idle log empty")
            page.keyboard.press("Enter")
            found = page.locator("#search-results a[href*='16_wait_forever']")
            found.first.wait_for()
            assert complaints(page) == []
        server.shutdown()


@every
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_handout_is_one_sheet_of_paper(chromium, site, scheme):
    sheets = {}
    with opened(chromium, (site / "handouts" / "index.html").as_uri(), color_scheme=scheme) as page:
        for stem in (*LESSONS, "all"):
            page.goto((site / "handouts" / f"{stem}.html").as_uri())
            paper = page.pdf(prefer_css_page_size=True)
            sheets[stem] = len(re.findall(rb"/Type\s*/Page\b", paper))
        page.emulate_media(media="print")
        colours = page.evaluate("""[...document.querySelectorAll('.kettle-picture, pre, p')].map(
            (each) => getComputedStyle(each).color)""")
    assert sheets == dict.fromkeys(LESSONS, 1) | {"all": len(LESSONS)}
    assert all(max(map(int, re.findall(r"\d+", colour)[:3])) < 120 for colour in colours), (
        "light ink on paper"
    )
