"""What a room refuses: guesses, floods, foreign pages, strange bodies, and who writes in another's name."""

import asyncio
import json
import re
import socket
import subprocess
import sys

import aiosqlite
import pytest
from served_room import LESSON, NOTEBOOK, ServedRoom, event, not_yet

from kettle.files.course import ROOT, lessons
from kettle_room import limits
from kettle_room.__main__ import addresses, read_arguments
from kettle_room.commits import Commits
from kettle_room.dots import predictions
from kettle_room.events import KINDS
from kettle_room.guard import LARGEST
from kettle_room.identity import TRIES
from kettle_room.limits import Limit
from kettle_room.people import clean_name
from kettle_room.room import ALPHABET, EVENTS_AT_ONCE, new_code
from kettle_room.syllabus import syllabus


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    made = ServedRoom(tmp_path_factory.mktemp("room") / "served")
    yield made
    made.kill()


@pytest.fixture(scope="module")
def token(served):
    return served.join("Ada")


def sentence(answer):
    assert answer.status >= 400
    assert b"Traceback" not in answer.body
    return json.loads(answer.body)["sentence"]


STRANGE = [
    (b"", 400),
    (b"{", 400),
    (b"[]", 400),
    (b"\xff\xfe", 400),
    (b"[" * 60_000, 400),
    (b'{"events": {}}', 400),
    (json.dumps({"events": [None] * 51}).encode(), 400),
    (b'{"events": "' + b"x" * LARGEST + b'"}', 413),
]


@pytest.mark.parametrize(("body", "status"), STRANGE, ids=lambda value: str(value)[:20])
def test_a_strange_body_gets_a_sentence(served, token, body, status):
    answer = served.ask("POST", "/api/events", body, Authorization=f"Bearer {token}")
    assert answer.status == status
    assert sentence(answer)
    assert served.ask("GET", "/api/room").status == 200


@pytest.mark.parametrize(
    "raw",
    [
        5,
        {},
        {**event("ran"), "id": "../../x"},
        event("jumped"),
        {**event("ran"), "kind": ["ran"]},
        event("ran", notebook="notebooks/14_nothing"),
        event("ran", notebook="../../etc/passwd"),
        event("ran", code="import os"),
        event("ran", learner="somebody else"),
        event("predicted", name="total", value="3"),
        event("predicted", name="total", value=-1),
        event("predicted", name="total", value=True),
        event("predicted", name="total", value=10**400),
        event("predicted", name="<script>", value=1),
        event("checked", outcome="wonderful", cause=""),
        event("checked", outcome="not yet", cause="<b>"),
        event("checked", outcome=[], cause=[]),
        event("hinted", rung=1000),
        {**event("ran"), "ago": "yesterday"},
    ],
    ids=lambda raw: str(raw)[-40:],
)
def test_an_event_that_is_none_is_refused_and_the_others_are_taken(served, token, raw):
    answer = served.send(token, event("hinted", rung=1), raw)
    told = json.loads(answer.body)
    assert (answer.status, told["taken"], [each["place"] for each in told["refused"]]) == (400, 1, [1])
    assert told["refused"][0]["sentence"].endswith(".")


def test_numbers_that_json_does_not_have_are_refused(served, token):
    body = b'{"events": [{"id": "%s", "value": NaN}]}' % (b"0" * 32)
    answer = served.ask("POST", "/api/events", body, Authorization=f"Bearer {token}")
    assert sentence(answer) == "The body is not JSON."


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", "Basic eDp5", "token {token}", "Bearer é"])
def test_nobody_writes_without_the_token(served, token, given):
    headers = {"Authorization": given.format(token=token)} if given else {}
    answer = served.ask("POST", "/api/events", {"events": [not_yet()]}, **headers)
    assert answer.status == 401
    assert sentence(answer)


def test_a_learner_writes_in_their_own_name_only(served):
    mine = served.join("Mallory")
    served.join("Alice")
    served.send(mine, not_yet(), event("ran"))
    people = served.people()
    assert people["Mallory"]["outcome"] == "not yet"
    assert "outcome" not in people["Alice"]


@pytest.mark.parametrize(
    "path", ["/api/class", f"/api/predictions?notebook={NOTEBOOK}&question=total", "/api/picture"]
)
def test_only_the_teacher_sees_the_class(served, token, path):
    for headers in ({}, {"Authorization": f"Bearer {token}"}, {"Cookie": "kettle-room-teacher=guessed"}):
        assert served.ask("GET", path, **headers).status == 401


@pytest.mark.parametrize("path", ["/api/reach", "/api/fact", "/api/remove"])
def test_only_the_teacher_changes_something(served, token, path):
    assert served.ask("POST", path, {}, Authorization=f"Bearer {token}").status == 401
    assert served.ask("POST", path, {"more": 1}, Cookie=served.cookie()).status == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "localhost.evil.example:80"}, 403),
        ({"Host": "10.1.2.3"}, 403),
        ({"Host": ""}, 403),
        ({"Host": "[::1"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
    ids=str,
)
def test_a_foreign_page_is_refused(served, token, headers, status):
    answer = served.send(token, event("ran"), **headers)
    assert answer.status == status
    assert sentence(answer)


def test_the_rooms_own_page_is_not(served, token):
    assert served.send(token, event("ran"), Origin=f"http://127.0.0.1:{served.port}").status == 200


def test_guesses_are_limited_and_the_room_goes_on(tmp_path):
    room = ServedRoom(tmp_path / "served")
    try:
        token = room.join("Ada")
        guesses = [
            room.ask("POST", "/api/join", {"code": new_code(), "name": "Eve"}) for _ in range(TRIES + 5)
        ]
        assert [each.status for each in guesses[:TRIES]] == [403] * TRIES
        assert guesses[-1].status == 429
        assert int(guesses[-1].headers["Retry-After"]) > 0
        assert "Wait a moment" in sentence(guesses[-1])
        # What is right does not pass either, else the limit would be none; who is in stays in.
        assert room.ask("POST", "/api/join", {"code": room.code, "name": "Grace"}).status == 429
        assert room.ask("POST", "/api/teacher", {"secret": "guessed"}).status == 429
        assert room.send(token, event("ran")).status == 200
    finally:
        room.kill()


def test_a_flood_is_slowed_down_and_told_when_to_come_again(served):
    token, sent = served.join("Flood"), 0
    while (answer := served.send(token, *(event("ran") for _ in range(40)))).status == 200:
        sent += 40
        assert sent <= 4 * EVENTS_AT_ONCE
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert served.send(served.join("Calm"), event("ran")).status == 200


def test_names_are_text_and_nothing_else(served):
    for name, shown in (("<img src=x onerror=alert(1)>", None), ("\u202eevil\x00\n name ", "evil name")):
        served.join(name)
        assert (shown or name) in served.people()
    assert clean_name("  Šárka\u00a0 O’Neil ") == "Šárka O’Neil"


def test_every_answer_carries_what_keeps_foreign_code_out(served):
    for path in ("/", "/teacher", "/static/teacher.js", "/api/room", "/nothing", "/static/../room.py"):
        headers = served.ask("GET", path).headers
        assert "script-src 'self'" in headers["Content-Security-Policy"], path
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_code_is_long_and_has_nothing_that_looks_alike():
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert {len(code.replace("-", "")) for code in codes} == {12}
    assert not set("01ilo") & set(ALPHABET)
    assert len(ALPHABET) ** 12 > 2**58


def test_a_limit_comes_back_with_time_and_remembers_a_bounded_number(monkeypatch):
    now = 0.0
    limit = Limit(2, 0.5, clock=lambda: now)
    assert limit.wait("a", 2) == 0
    limit.take("a", 2)
    assert (limit.wait("a"), limit.wait("b")) == (2, 0)
    now = 2.0
    assert limit.wait("a") == 0
    monkeypatch.setattr(limits, "MOST_SENDERS", 3)
    limit.take("a")
    for sender in "bcd":
        limit.take(sender)
    assert limit.wait("a") == 0, "forgotten, as the one that was quiet longest"


def test_only_this_machine_is_served_unless_the_teacher_says_so(served):
    assert addresses(8877, lan=False) == ["http://127.0.0.1:8877"]
    assert not read_arguments([]).lan
    assert "Only this machine is served" in served.said
    with socket.socket() as other:  # what listens on all addresses would be in the way of this
        other.bind(("127.0.0.2", served.port))


@pytest.mark.parametrize(
    ("again", "told"),
    [
        ("same folder", "A room is served from this folder already."),
        ("same port", "is in use. Choose another one"),
    ],
)
def test_a_second_room_in_the_way_gets_a_sentence(served, tmp_path, again, told):
    folder = served.folder if again == "same folder" else tmp_path
    command = [sys.executable, "-m", "kettle_room", "--folder", str(folder), "--port", str(served.port)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert told in done.stderr


# --- what the room knows of the course


def test_every_question_of_every_notebook_is_known():
    known = syllabus()
    assert len(known) == 2 * len(lessons())
    assert [name for name, each in known.items() if not each.questions] == []
    asked = known[NOTEBOOK].questions
    assert {name: each.unit for name, each in asked.items()} == {"total": "s", "peak": "calls"}
    assert asked["peak"].text == "How many calls will be in flight at once, at most?"
    assert known[NOTEBOOK].causes.keys() >= {"answers", "overlap", "callers_overlap", "cell"}
    assert all(each.numbers for each in known.values())


def test_every_kind_that_is_recorded_and_sent_is_one_of_the_courses():
    from kettle.files.history import KINDS as RECORDED

    assert KINDS.keys() - set(RECORDED) == {"opened", "caught_up"}


def test_the_fact_is_hidden_until_the_teacher_shows_it(served):
    token = served.join("Predictor")
    served.send(token, event("predicted", name="peak", value=4))
    served.as_teacher("POST", "/api/fact", {"notebook": NOTEBOOK, "question": "peak", "value": 1234})
    hidden = served.as_teacher("GET", f"/api/predictions?notebook={NOTEBOOK}&question=peak")
    assert "1,234" not in json.dumps(hidden)
    shown = served.as_teacher("GET", f"/api/predictions?notebook={NOTEBOOK}&question=peak&fact=1")
    assert "the fact: 1,234 calls" in shown["svg"]
    assert "twelve pages take about" in shown["card"]


@pytest.mark.parametrize(
    ("numbers", "axis"),
    [
        ([1, 2, 3], "linear"),
        ([1, 2, 100], "logarithmic"),
        ([0, 0], "linear"),
        ([0, 1e-9, 1e14], "logarithmic"),
    ],
)
def test_the_axis_suits_the_predictions(numbers, axis):
    drawn = predictions(numbers, "s")
    assert drawn.html.count("<circle") == len(numbers)
    places = [float(part.partition('"')[0]) for part in drawn.html.split('cx="')[1:]]
    assert all(0 < place < 960 for place in places)
    if axis == "logarithmic" and 0 not in numbers:
        first, second, third = sorted(places)
        assert third - second > 3 * (second - first) > 0


def test_three_hundred_predictions_stay_within_the_picture():
    drawn = predictions([3.0] * 300, "s", fact=4.0)
    assert "<rect" in drawn.html
    tops = [float(part.partition('"')[0]) for part in drawn.html.split(' y="')[1:]]
    assert min(tops) > 0
    assert "Within a quarter of it: 300 of 300." in drawn.text


def test_the_picture_of_a_lesson_is_the_recorded_one(served):
    for stem, file in (("12_cpu_on_the_loop", "recorded.json"), (LESSON, "deck.json")):
        found = served.as_teacher("GET", f"/api/picture?notebook=notebooks/{stem}")
        kept = json.loads((ROOT / "checks" / stem / file).read_text())
        assert "<svg" in found["html"]
        assert found["text"] in (
            kept.get("text"),
            *(each["text"] for each in kept.values() if isinstance(each, dict)),
        )


def contrast(one, other):
    """Return the contrast ratio (1 to 21) of two colours written as #rrggbb or #rgb; source: WCAG 2.2."""

    def light(colour):
        digits = colour.removeprefix("#")
        pairs = [2 * digit for digit in digits] if len(digits) == 3 else re.findall("..", digits)
        parts = (int(pair, 16) / 255 for pair in pairs)
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_stands_out_in_both_schemes(scheme):
    css = (ROOT / "kettle_room" / "pages" / "room.css").read_text()
    block = re.findall(r":root \{(.*?)\}", css, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--(\w+): (#\w+);", block))
    for ground in ("paper", "plate"):
        for text in ("ink", "soft", "link", "alert", "fact"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    assert contrast(colours["on"], colours["link"]) >= 4.5
    assert contrast(colours["dot"], colours["paper"]) >= 3


def test_a_full_disk_confirms_nothing_and_the_room_goes_on_later(tmp_path):
    async def go():
        db = await aiosqlite.connect(tmp_path / "full.sqlite", isolation_level=None)
        commits = Commits(db)
        await commits.run("CREATE TABLE kept (text TEXT UNIQUE)")
        await db.execute_fetchall("PRAGMA max_page_count = 4")
        long = [commits.run("INSERT INTO kept VALUES (?)", f"{number}" * 9_000) for number in range(3)]
        failed = await asyncio.gather(*long, return_exceptions=True)
        assert {type(each) for each in failed} == {aiosqlite.OperationalError}
        assert await commits.run("SELECT count(*) FROM kept") == [(0,)]
        more = [commits.run("INSERT INTO kept VALUES (?)", text) for text in ("a", "a", "b")]
        first, again, last = await asyncio.gather(*more, return_exceptions=True)
        assert (first, type(again), last) == ([], aiosqlite.IntegrityError, [])
        assert await commits.run("SELECT text FROM kept") == [("a",), ("b",)]
        await commits.close()

    asyncio.run(go())
