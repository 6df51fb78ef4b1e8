"""A full room: three hundred learners by protocol, and the teacher's page and the panel in a real browser."""

import asyncio
import os
import re

import aiohttp
import pytest
from browser import QUIET, Learner, copy_course, find_chromium, jupyterlab
from served_room import LESSON, NOTEBOOK, ServedRoom, event, not_yet

from kettle.files.course import ROOT

pytestmark = pytest.mark.every
MANY = 300
NAME = "<b onmouseover=alert(1)>Ada</b> \u202eadA"


@pytest.fixture
def room(tmp_path):
    served = ServedRoom(tmp_path / "served")
    yield served
    served.kill()


async def of_one(session, room, number, killed):
    """Be one learner: join, predict, be wrong three times; send again what was not confirmed."""
    token = (await post(session, room, "join", {"code": room.code, "name": f"L{number}"}))["token"]
    said = {"Authorization": f"Bearer {token}"}
    mine = [event("opened"), event("predicted", name="total", value=1 + number % 7)]
    mine += [not_yet("overlap"), not_yet("answers"), not_yet("answers")]
    for each in mine:
        await post(session, room, "events", {"events": [each]}, said)
        if number == MANY // 2 and each is mine[2]:
            killed.set()


async def post(session, room, path, body, headers=None):
    while True:
        try:
            async with session.post(f"{room.address}api/{path}", json=body, headers=headers) as answer:
                if answer.status == 409:  # joined before the room was killed, and not told so
                    body = {**body, "name": f"{body['name']} again"}
                elif answer.status == 200:
                    return await answer.json()
                else:
                    assert answer.status == 429, await answer.text()
        except aiohttp.ClientError:
            await asyncio.sleep(0.2)


def test_three_hundred_learners_and_a_kill_in_the_middle(room):
    async def go():
        killed = asyncio.Event()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            everybody = [asyncio.create_task(of_one(session, room, n, killed)) for n in range(MANY)]
            await killed.wait()
            room.kill()
            await asyncio.to_thread(room.start)
            await asyncio.gather(*everybody)

    asyncio.run(go())
    people = [each for each in room.people().values() if each.get("step")]
    assert len(people) == MANY
    assert {each["stuck"] for each in people} == {"3 times “not yet” in a row"}
    told = {each["title"]: each["told"] for each in room.as_teacher("GET", "/api/class")["causes"]}
    assert sorted(told.values()) == [MANY, 2 * MANY]
    drawn = room.as_teacher("GET", f"/api/predictions?notebook={NOTEBOOK}&question=total")
    assert drawn["answers"] == MANY


@pytest.fixture(scope="module")
def chromium():
    if find_chromium() is None:
        pytest.skip("No Chromium is installed: on Debian and Ubuntu, `sudo apt install chromium`.")
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed.")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield watched(context.new_page())
    context.close()


def watched(page):
    page.said = []
    page.on("console", lambda told: page.said.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def tab_to(page, text, most=60):
    """Press Tab until what has this text has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        focused = page.evaluate("() => document.activeElement.ariaLabel || document.activeElement.innerText")
        if (focused or "").startswith(text):
            return
    raise AssertionError(f"Tab does not lead to {text}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_teacher_works_by_keyboard_in_both_schemes(room, page, scheme):
    page.emulate_media(color_scheme=scheme)
    ada = room.join(NAME)
    page.goto(f"{room.address}teacher#{room.secret}")
    page.get_by_role("rowheader", name="<b onmouseover=alert(1)>Ada</b> adA").wait_for()
    assert page.url == f"{room.address}teacher", "the secret does not stay on the screen"
    assert page.get_by_text("Nobody has opened a lesson yet.").is_visible()
    room.send(ada, event("opened"), event("predicted", name="total", value=3), *(not_yet() for _ in range(3)))
    page.get_by_text("3 times “not yet” in a row, in 14 One await at a time").wait_for()
    assert page.title() == "(1) Your class"
    assert page.locator("#causes tbody tr").inner_text().split("\t")[2:] == ["3", "1"]

    tab_to(page, "Predictions: total (1)")
    with page.context.expect_page() as opened:
        page.keyboard.press("Enter")
    projector = watched(opened.value)
    projector.emulate_media(color_scheme=scheme)
    projector.get_by_text("Twelve account pages").wait_for()
    assert "fact" not in projector.locator("#drawn").inner_html()
    tab_to(projector, "Show the fact")
    projector.keyboard.press("Enter")
    projector.locator("#fact").wait_for()
    projector.keyboard.type("3.9")
    projector.keyboard.press("Enter")
    projector.locator(".dots-fact-words").wait_for()
    assert projector.locator(".dots-fact-words").text_content() == "the fact: 3.90 s"
    projector.close()

    tab_to(page, "Take <b onmouseover")
    page.keyboard.press("Enter")
    page.get_by_text("Nobody has joined yet.").wait_for()
    assert [each for each in page.said if "401" not in each] == []


def test_the_page_goes_on_after_the_room_was_killed(room, page):
    room.join("Ada")
    page.goto(f"{room.address}teacher#{room.secret}")
    page.get_by_role("rowheader", name="Ada").wait_for()
    room.kill()
    page.get_by_text("The room does not answer. It is asked again.").wait_for()
    room.start()
    room.join("Grace")
    page.get_by_role("rowheader", name="Grace").wait_for()


def test_without_the_secret_there_is_nothing_to_see(room, page):
    room.join("Ada")
    page.goto(f"{room.address}teacher")
    page.locator("#secret").fill("guessed")
    page.keyboard.press("Enter")
    page.get_by_text("That is not the teacher's secret").wait_for()
    assert "Ada" not in page.content()
    page.locator("#secret").fill(room.secret)
    page.keyboard.press("Enter")
    page.get_by_role("rowheader", name="Ada").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_projector_shows_the_picture_and_nothing_else(room, page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{room.address}teacher#{room.secret}")
    page.get_by_text("0 learners").wait_for()
    page.goto(f"{room.address}projector?notebook={NOTEBOOK}")
    drawing = page.locator("#picture svg").first
    drawing.wait_for()
    assert drawing.bounding_box()["width"] > 0.9 * 1280
    assert page.locator("button:visible, a:visible, h1:visible").count() == 0
    assert page.said == []


def test_a_learner_joins_on_the_landing_page_and_a_lesson_is_seen(room, page, tmp_path):
    folder = copy_course(tmp_path / "course", add=room_into)
    with jupyterlab(folder) as address:
        learner = Learner(page, address)
        learner.open("notebooks/00_start_here.ipynb")
        panel = learner.run("room-panel")
        panel.get_by_text("Your code, its output and anything about your machine are never sent.").wait_for()
        for label, typed in (("Address", room.address), ("Code", room.code), ("Your name", "Ada")):
            panel.get_by_label(re.compile(label)).fill(typed)
        panel.get_by_role("button", name="Join the room").click()
        panel.get_by_text("as Ada.").first.wait_for()
        shot(page, "room-joined")

        learner.open(f"notebooks/{LESSON}.ipynb")
        for cell in ("imports", "open-lesson"):
            learner.run(cell)
        assert learner.check().startswith("No verdict") is False
        seen = room.people()["Ada"]
        assert (seen["title"], seen["outcome"]) == ("14 One await at a time", "not yet")

        learner.open("notebooks/00_start_here.ipynb")
        panel = learner.run("room-panel")
        panel.get_by_text("What was sent last").click()
        panel.get_by_text('"outcome": "not yet"').wait_for()
        panel.get_by_role("button", name="Leave the room").click()
        panel.get_by_text("the room has forgotten you").wait_for()
        assert room.people() == {}


def room_into(folder):
    """Add what copy_course leaves out."""
    import shutil

    shutil.copytree(ROOT / "kettle_room", folder / "kettle_room")


def shot(page, name):
    if folder := os.environ.get("KETTLE_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
