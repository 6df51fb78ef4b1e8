"""A class on a real JupyterHub, set up by deploy/: seats open, answers are judged, the room sees it."""

import asyncio
import os
import signal
import time

import hub as real
import pytest
from browser import QUIET, find_chromium

SEATS = int(os.environ.get("KETTLE_HUB_SEATS", "4"))  # twenty take minutes on two cores
NAMES = [f"learner{number:02d}" for number in range(1, SEATS + 1)]
pytestmark = [
    pytest.mark.every,
    pytest.mark.skipif(bool(real.missing()), reason=real.missing() or "all is there"),
]


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with real.hub(tmp_path_factory.mktemp("hub"), NAMES) as running:
        asyncio.run(running.ready())
        yield running


@pytest.fixture(scope="module")
def played(hub):
    """Let all open lesson 14 at once, join the room, and hand in a wrong answer and the right one."""
    right, wrong, _ = real.answers()

    async def learner(name):
        async with hub.learner(name) as someone:
            await someone.open_seat()
            await someone.open_notebook()
            await someone.run_up_to_the_fix()
            told = {"joined": await someone.run("lesson.join(name='grace')")}
            told["wrong"] = await someone.hand_in(wrong)
            told["stuck"] = await hub.seen(name, lambda person: person.get("outcome") == "not yet")
            told["right"] = await someone.hand_in(right)
            return told

    async def everybody():
        return dict(zip(NAMES, await asyncio.gather(*map(learner, NAMES)), strict=True))

    return asyncio.run(everybody())


@pytest.mark.parametrize("name", NAMES)
def test_a_learner_is_told_what_is_wrong_and_then_that_it_is_right(played, name):
    says = real.answers()[2]
    assert played[name]["wrong"].startswith("Not yet.")
    assert says in played[name]["wrong"]
    assert played[name]["right"].startswith("Right.")


def test_the_teacher_sees_everybody_by_the_name_that_the_hub_knows(hub, played):
    async def look():
        for name in NAMES:
            await hub.seen(name, lambda person: person.get("outcome") == "right")
        return await hub.room("class")

    seen = asyncio.run(look())
    assert {person["name"]: person["notebook"] for person in seen["people"]} == dict.fromkeys(
        NAMES, "notebooks/14_one_await_at_a_time"
    )
    assert sum(cause["told"] for cause in seen["causes"]) == SEATS
    assert all(each["stuck"]["cause"] for each in played.values())


def test_a_learner_does_not_see_the_class(hub, played):
    async def look():
        async with hub.browser(NAMES[0]) as session:
            async with session.get("/services/room/login") as answer:
                signed_in = answer.status
            async with session.get("/services/room/api/class") as answer:
                return signed_in, answer.status, await answer.text()

    signed_in, status, text = asyncio.run(look())
    assert signed_in == 403
    assert status == 401
    assert NAMES[-1] not in text


def test_nobody_joins_with_a_token_that_the_hub_does_not_know(hub, played):
    async def join(headers):
        async with (
            real.aiohttp.ClientSession(hub.url, headers=headers) as session,
            session.post("/services/room/api/join", json={"code": "", "name": NAMES[0]}) as answer,
        ):
            return answer.status

    assert asyncio.run(join({"Authorization": "token 0123456789abcdef0123456789abcdef"})) == 403
    assert asyncio.run(join({})) == 401


def test_the_hub_starts_a_room_that_was_killed_and_it_has_lost_nobody(hub, played):
    async def kill():
        before = (await hub.api("GET", "services/room"))["pid"]
        os.kill(before, signal.SIGKILL)
        end = time.monotonic() + real.START_LIMIT
        while time.monotonic() < end:
            if (await hub.api("GET", "services/room"))["pid"] not in (0, before):
                break
            await asyncio.sleep(0.2)
        await hub.seen(NAMES[0], lambda person: person.get("outcome") == "right")
        return await hub.room("class")

    assert sorted(person["name"] for person in asyncio.run(kill())["people"]) == NAMES


def test_idle_seats_are_looked_for(hub):
    assert asyncio.run(hub.api("GET", "services/idle-culler"))["pid"] > 0


def test_the_link_brings_what_is_new_and_keeps_the_answer(hub, played):
    """nbgitpuller on the seat, by the address that the link of tests/addresses.py leads to."""

    async def pull():
        async with hub.learner(NAMES[0]) as someone:
            await someone.open_seat()
            said = await someone.pull_by_link()
            return said, await someone.fix_on_disk()

    said, fix = asyncio.run(pull())
    assert '"phase": "finished"' in said
    assert fix == real.answers()[0]


@pytest.fixture
def page(tmp_path):
    if find_chromium() is None:
        pytest.skip("No Chromium is installed: on Debian and Ubuntu, `sudo apt install chromium`.")
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed.")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=QUIET)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(60_000)
        yield page
        browser.close()


def sign_in(page, hub, name, place):
    page.goto(f"{hub.url}/hub/login?next={place}")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(hub.token)
    page.get_by_role("button", name="Sign in").click()


def test_the_teacher_goes_from_the_hub_into_the_room(page, hub, played):
    """By the hub's own login page, and one click."""
    sign_in(page, hub, "grace", "/hub/home")
    page.wait_for_url("**/hub/home")
    page.goto(f"{hub.url}/services/room/teacher")
    page.get_by_role("link", name="Sign in with the hub").click()
    for name in NAMES:
        page.get_by_text(name, exact=True).first.wait_for()
    take_picture(page, "hub-room")


def test_a_learner_who_signs_in_sees_the_course_and_their_answer(page, hub, played):
    sign_in(page, hub, NAMES[-1], f"/user/{NAMES[-1]}/lab/tree/{real.NOTEBOOK}")
    page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell").first.wait_for(timeout=180_000)
    page.wait_for_function(
        "() => document.querySelector('.jp-NotebookPanel')?.innerText.includes('account_page')",
        timeout=60_000,
    )
    take_picture(page, "hub-seat")


def take_picture(page, name):
    if os.environ.get("KETTLE_SCREENSHOTS"):
        page.screenshot(path=f"{os.environ['KETTLE_SCREENSHOTS']}/{name}.png")
