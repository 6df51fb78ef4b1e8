"""Pictures: what they say is true, they are well formed, legible in both themes, and many fit on one page."""

import asyncio
import itertools
import re
import time
import xml.etree.ElementTree as ET
from dataclasses import replace
from types import SimpleNamespace

import pytest

from kettle.database.statements import Statement
from kettle.lessons.checkouts import Loan
from kettle.lessons.connection_lanes import connection_lanes
from kettle.lessons.distribution import distribution
from kettle.lessons.loan_lanes import loan_lanes
from kettle.lessons.orphan_lanes import Asked, orphan_lanes
from kettle.lessons.ratio_bars import Ratio, ratio_bars
from kettle.lessons.thread_lanes import thread_lanes
from kettle.pictures import (
    bar_chart,
    curves,
    from_traffic,
    icicle,
    line_strip,
    loop_lanes,
    prediction_beside_fact,
    query_waterfall,
    table,
    text_table,
    waterfall,
)
from kettle.pictures.figure import WIDTH
from kettle.pictures.model import Bar
from kettle.pictures.palette import DARK, LIGHT, SERIES, STATES
from kettle.pictures.profile_tree import Frame
from kettle.pictures.svg import shorten, width
from kettle.pictures.units import in_unit, number, plural, seconds, times
from kettle.probes.loop import watch_loop
from kettle.records import Lane, Segment, Timeline
from kettle.shop.traffic import Request

SVG = "{http://www.w3.org/2000/svg}"
NASTY = '<script>alert("1")</script> & \x00 ]]> $1'
PAPERS = {
    "light": (LIGHT, ("#ffffff",)),
    "dark": (DARK, ("#111111", "#212121")),
}  # JupyterLab's layout colours


def in_turn(count=12, each=0.3):
    return [Bar("/orders" if i % 3 == 1 else "/profile", each * i, each * (i + 1)) for i in range(count)]


def together(count=3):
    return [Bar(f"/part/{i}", 0.0, 0.1 * (i + 1)) for i in range(count)]


def timeline(tasks=3, held=0.25, steps=1):
    lanes, loop = [], []
    for i in range(tasks):
        segments = []
        for step in range(steps):
            t = (i * steps + step) * held
            segments += [
                Segment("waiting", i * steps * held, t),
                Segment("blocked", t, t + held, "shop.py:41"),
            ]
        lanes.append(Lane(f"task {i}", tuple(segments)))
        loop += [s for s in segments if s.state == "blocked"]
    return Timeline(tuple(lanes), tuple(loop), 0, tasks * steps * held)


def request(route, started, ended):
    return Request(route, "GET", f"/{route}", started, ended, 200, 1, False)


def n_plus_one(count=100):
    sent = [Statement("SELECT * FROM orders", count, 0.0, 0.008)]
    for i in range(count):
        t = 0.01 * (i + 1)
        sent.append(Statement(f"SELECT * FROM author WHERE id = {i}", 1, t, t + 0.008))
    return sent


def twelve_lines(source="total += price"):
    timed = [(1, 2.0), (4_000, 0.5), (0, 0.0), (2_000, 7.5)]
    return [
        SimpleNamespace(number=n, source=f"    {source}", hits=hits, seconds=took)
        for n, (hits, took) in enumerate(timed, 1)
    ]


def quarters(share=0.25):
    """Four threads that take turns at one core, each with two calls."""
    return [
        SimpleNamespace(thread=thread, began=began, ended=began + 1.0, share=share)
        for thread in range(4)
        for began in (5.0, 6.0)
    ]


def profiled(label="orders"):
    inner = Frame("scan", 3, 3, 4_000)
    return Frame("main", 4, 0.1, 1, (Frame(label, 3.5, 0.5, 1_000, (inner,)), Frame("format", 0.4, 0.4, 9)))


def sent(number, path="/tax/DE", kept=False, handshake=0.03):
    """Return requests in turn, each over a connection of its own, or all over one that is kept."""
    found, now = [], 5.0
    for n in range(1, number + 1):
        costs = handshake if n == 1 or not kept else 0.0
        request = {"connection": 7 if kept else n, "started": now, "ended": now + costs + 0.01}
        found.append(SimpleNamespace(**request, handshake=costs, path=path, status=200))
        now += costs + 0.01
    return found


def loans(number=2):
    return [Loan(n, float(n), n + 1.0, [(n, n + 0.25), (n + 0.75, n + 1.0)]) for n in range(number)]


def every_picture(label="orders"):
    return {
        "waterfall": waterfall([Bar(label, 0, 1, kind) for kind in STATES], title=label),
        "before": waterfall(together(), before=in_turn()),
        "folded": waterfall([Bar(label, i / 10, i / 10 + 1, STATES[i % 5]) for i in range(200)]),
        "nothing": waterfall([]),
        "lanes": loop_lanes(timeline(), [request(label, 0.1, 0.2)], title=label),
        "lanes before": loop_lanes(timeline(held=0.1), before=timeline()),
        "many lanes": loop_lanes(timeline(100)),
        "no lanes": loop_lanes(Timeline((), (), 0, 0)),
        "bars": bar_chart({label: 3, "other": 1}, predicted={label: 1}, title=label),
        "no bars": bar_chart({}),
        "prediction": prediction_beside_fact(1, 3, "s", label),
        "no prediction": prediction_beside_fact(None, 3, "B", label),
        "ratios": ratio_bars([Ratio(label, 3.1, 2.8, 3.4), Ratio("same", 1.0, 0.9, 1.1)], title=label),
        "no ratios": ratio_bars([]),
        "curves": curves({label: [(0, 0), (1, 5)]}, title=label, reference=(3, label)),
        "no curves": curves({}),
        "statements": query_waterfall([Statement(label, 3, 0, 1)] * 5, title=label),
        "barcode": query_waterfall(n_plus_one(), before=[Statement(label, 0, 0, 1)]),
        "no statements": query_waterfall([]),
        "icicle": icicle(profiled(label), title=label),
        "empty icicle": icicle(Frame(label, 0, 0, 0)),
        "distribution": distribution([0.1] * 20 + [0.5], marks={label: 0.005, "p50": 0.1}, title=label),
        "no distribution": distribution([]),
        "table": table([label, "count"], [[label, 3]], title=label, says=label),
        "lines": line_strip(twelve_lines(label), title=label),
        "no lines of source": line_strip([]),
        "threads": thread_lanes({label: quarters()}),
        "no threads": thread_lanes({label: ()}),
        "orphans": orphan_lanes({label: Asked(together(), 0.1, label)}, title=label),
        "no orphans": orphan_lanes({}),
        "connections": connection_lanes(sent(40, label), before=sent(3, label, kept=True), title=label),
        "no connections": connection_lanes([], title=label),
        "loans": loan_lanes({label: loans()}, title=label),
        "many loans": loan_lanes({label: loans(40)}),
        "no loans": loan_lanes({label: ()}),
    }


PICTURES = every_picture()


def parsed(picture):
    return ET.fromstring(picture.html)


@pytest.mark.parametrize("name", PICTURES)
def test_each_is_well_formed_and_described(name):
    root = parsed(PICTURES[name])
    assert root.tag == "figure"
    assert root.get("role") == "group"
    caption = root.find("figcaption")
    assert root.get("aria-labelledby") == caption.get("id")
    drawing = root.find(f".//{SVG}svg[@role='img']")
    if name in ("table", "lines", "no lines of source"):
        return
    named = [root.find(f".//*[@id='{part}']").text for part in drawing.get("aria-labelledby").split()]
    title, *point, says = PICTURES[name].text.split("\n")
    assert named == [title, " ".join([*point, says])], "the point comes first in the alternative"
    assert [span.text for span in caption] == [title, says]
    assert (
        [p.text for p in root.findall("p[@class='kp-point']")] == point == [PICTURES[name].point] * len(point)
    )
    assert len(re.findall(r"[.](?= |$)", says)) in (1, 2), says


@pytest.mark.parametrize("name", PICTURES)
def test_labels_cannot_break_out_of_the_markup(name):
    root = parsed(every_picture(NASTY)[name])
    assert not list(root.iter("script"))
    assert not list(root.iter(f"{SVG}script"))


def test_ids_are_unique_on_a_page_and_nothing_else_differs():
    pages = every_picture(), every_picture()
    ids = [e.get("id") for page in pages for p in page.values() for e in parsed(p).iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    for one, other in zip(*(page.values() for page in pages), strict=True):
        assert re.sub("kp[0-9a-f]{8}", "kp", one.html) == re.sub("kp[0-9a-f]{8}", "kp", other.html)


def test_every_reference_points_into_its_own_figure():
    for picture in PICTURES.values():
        ids = set(re.findall(r'\bid="([^"]+)"', picture.html))
        assert set(re.findall(r"url\(#([^)]+)\)", picture.html)) <= ids


def test_nothing_is_asked_of_the_network():
    addresses = {a for p in PICTURES.values() for a in re.findall(r"https?://[^\"'\s<]+", p.html)}
    assert addresses == {"http://www.w3.org/2000/svg"}


def test_jupyter_gets_html_and_words():
    picture = PICTURES["waterfall"]
    assert picture._repr_mimebundle_() == {"text/html": picture.html, "text/plain": picture.text}
    assert repr(picture) == picture.text


def test_marks_stay_inside_the_drawing():
    for name, picture in PICTURES.items():
        for rect in parsed(picture).iterfind(f".//{SVG}svg[@role='img']//{SVG}rect"):
            x, wide = float(rect.get("x")), float(rect.get("width"))
            assert -0.01 <= x <= x + wide <= 561, name


def test_lines_stand_beside_their_share_and_hits_times_time_counts():
    picture = line_strip(twelve_lines(), title="Where `f` spends it")
    assert picture.text.splitlines()[:3] == [
        "Where f spends it",
        "Hits × time per hit: line 4 ran 2,000 times, 3.75 ms each.",
        "Line 4 takes 75% of 10 s. One hit of line 1 takes 533× as long, but all its hits together take 20%.",
    ]
    rows = parsed(picture).findall(".//tbody/tr")
    widths = [float(rect.get("width")) for row in rows for rect in row.iter(f"{SVG}rect")]
    assert widths == pytest.approx([12.8, 3.2, 0, 48])
    assert [row.get("class") for row in rows] == [None, None, None, "kp-strong"]
    assert rows[0].find(".//code").text == "total += price", "what all lines are set in by is left out"


def test_a_line_that_takes_longest_and_longest_per_hit_is_said_to_do_both():
    assert "It also takes longest per hit." in line_strip(twelve_lines()[1:]).text


# What a picture is there to show


@pytest.mark.parametrize("name", PICTURES)
def test_a_given_point_stands_beneath_the_picture_and_first_in_its_words(name):
    mine = PICTURES[name].with_point("Look at the third bar & think.")
    (shown,) = parsed(mine).findall("p[@class='kp-point']")
    assert shown.text == mine.point == mine.text.splitlines()[1] == "Look at the third bar & think."
    children = [child.get("class") or child.tag for child in parsed(mine)]
    assert children.index("kp-point") > max(
        children.index(c) for c in children if c in {"kp-scroll", "table"}
    )


def test_every_picture_takes_a_point_by_name():
    given = {"point": "This is what it shows."}
    drawn = [
        waterfall(together(), **given),
        loop_lanes(timeline(), **given),
        bar_chart({"a": 1}, **given),
        prediction_beside_fact(1, 2, **given),
        curves({"a": [(0, 1)]}, **given),
        query_waterfall(n_plus_one(5), **given),
        icicle(profiled(), **given),
        table(["a"], [[1]], **given),
        line_strip(twelve_lines(), **given),
    ]
    assert {picture.point for picture in drawn} == {"This is what it shows."}


STAIRS = "each call starts after the previous one has ended, like a staircase"
TOGETHER = "calls overlap, and together they take no longer than the longest one."
ONE_LANE = Timeline((Lane("a", (Segment("waiting", 0, 1),)),), (), 0, 1)
GROWING = {"before, 1 line": 10, "before, 4 line": 40, "after, 1 line": 60, "after, 4 line": 60}
DISGUISES = [Ratio("np.sum", 9, 8, 10), Ratio("np.vectorize", 0.5, 0.4, 0.6), Ratio("object", 1.2, 0.9, 1.5)]
DISGUISED = "Faster: np.sum (9.0×). Slower: np.vectorize (0.5×). Too noisy to say, so far: object (1.20×)."
SIZES = [Ratio("n = 1", 0.2, 0.1, 0.3), Ratio("n = 20", 1, 0.9, 1.1), Ratio("n = 1,000", 9, 8, 10)]


@pytest.mark.parametrize(
    ("picture", "point"),
    [
        (waterfall(in_turn()), f"E{STAIRS[1:]}."),
        (waterfall([Bar("a", 0, 1), Bar("b", 0, 1)]), f"Both {TOGETHER}"),
        (waterfall([Bar("a", 0, 2), Bar("b", 1, 3)]), "Both calls overlap."),
        (
            waterfall([Bar("a", 0, 2), Bar("b", 1, 3), Bar("c", 3, 4)]),
            "2 of 3 calls overlap another one.",
        ),
        (
            waterfall([Bar("a", 0, 2), Bar("b", 1, 3), Bar("c", 2.5, 4)]),
            "Each of the 3 calls overlaps another one, at most 2 at once.",
        ),
        (waterfall([Bar("a", 0, 2)]), ""),
        (
            waterfall(together(), before=in_turn()),
            f"Before: {STAIRS}; after: all 3 {TOGETHER} Total time: 3.60 s before, 300 ms after.",
        ),
        (
            loop_lanes(timeline()),
            "The event loop was blocked for up to 250 ms (shop.py:41). Nothing else could run meanwhile.",
        ),
        (
            loop_lanes(ONE_LANE, before=timeline()),
            "Longest block of the event loop: before 250 ms (shop.py:41), after none.",
        ),
        (
            bar_chart({"100 lines": 1000, "200 lines": 2000, "400 lines": 4000}, unit=""),
            "While the size grows 4.0×, the value grows 4.0×.",
        ),
        (
            bar_chart(GROWING, unit=""),
            "While the size grows 4.0×: before grows 4.0×, after stays the same.",
        ),
        (
            bar_chart({"worker 1": 2, "worker 2": 6}, unit="jobs"),
            "worker 2 (6 jobs) is 3.0× worker 1 (2 jobs).",
        ),
        (bar_chart({"list": 3, "array": 1}), "The fastest is array; list takes 3.0× as long."),
        (bar_chart({"asked": 4, "answered": 0}, unit=""), "asked: 4; answered: 0."),
        (bar_chart({"one": 100, "two": 110}), "All are about the same: 100 s to 110 s."),
        (ratio_bars(DISGUISES), DISGUISED),
        (ratio_bars(SIZES), "Slower up to n = 1, faster from n = 1,000 on: between them it turns."),
        (curves({"a": [(0, 0), (1, 5), (2, 10)]}), "a rises steadily to 10."),
        (curves({"a": [(0, 0), (1, 9), (4, 10)]}), "a rises to 9 by 1.00 s, then more slowly to 10."),
        (curves({"a": [(0, 0), (3, 1), (4, 10)]}), "a is at 1 by 3.00 s, then rises faster, to 10."),
        (
            curves({"a": [(0, 0), (3, 8), (4, 1)], "b": [(0, 2), (4, 2)]}),
            "a rises to 8 at 3.00 s and falls to 1; b stays at about 2.",
        ),
        (curves({"a": [(0, 8), (3, 1)]}), "a falls from 8 to 1."),
        (
            curves({"a": [(0, 0), (3, 8)], "b": [(0, 2)]}, reference=(5, "allowed")),
            "a goes above “allowed” after 3.00 s; b never goes above “allowed”.",
        ),
        (
            query_waterfall(n_plus_one(60)),
            "SELECT author is sent 60 times, once for each of the 60 rows of SELECT orders.",
        ),
        (
            query_waterfall(n_plus_one(5)[1:]),
            "SELECT author is sent 5 times, with different values each time.",
        ),
        (
            query_waterfall([Statement("SELECT a FROM b WHERE c = $1", 0, i, i + 1) for i in range(5)]),
            "SELECT b is sent 5 times.",
        ),
        (query_waterfall(n_plus_one(5)[:2]), "Each statement is sent once."),
    ],
)
def test_the_point_that_a_picture_knows_by_itself(picture, point):
    assert picture.point == point


def test_statements_name_the_line_that_sends_them_where_it_is_known():
    sent = n_plus_one(60)
    known = [*sent[:1], *(replace(s, where="cell:4 `order.author`") for s in sent[1:])]
    picture = query_waterfall(known)
    assert picture.point.endswith("of SELECT orders; sent by cell:4 order.author.")
    assert [head.text for head in parsed(picture).findall(".//details//th")][4] == "Sent by"
    assert "sent by cell:4" in picture.html.split("</svg>")[0]
    other = query_waterfall([*known, *(replace(s, where="cell:9", started=s.started + 9) for s in sent[1:3])])
    assert "sent by cell:4 order.author and 1 other line" in other.point
    assert "Sent by" not in query_waterfall(sent).html


# What the pictures say


def test_a_waterfall_tells_calls_in_turn_from_calls_together():
    alone = waterfall(in_turn()).text
    assert "12 calls in 3.60 s, at most 1 in flight." in alone
    assert "The longest call is /part/2 (300 ms)." in waterfall(together()).text
    assert "3 calls in 300 ms, at most 3 in flight." in waterfall(together()).text


def test_a_waterfall_counts_what_went_wrong():
    bars = [Bar("a", 0, 1, "failed"), Bar("b", 0, 2, "cancelled"), Bar("c", 1, 2), Bar("d", 2, 2)]
    says = waterfall(bars).text
    assert "4 calls in 2.00 s, at most 2 in flight, 1 failed, 1 cancelled." in says


def test_before_and_after_share_a_scale():
    root = parsed(waterfall([Bar("a", 100, 101)], before=[Bar("a", 7, 11)]))
    long, short = (float(r.get("width")) for r in root.iter(f"{SVG}rect") if r.get("class") == "kp-running")
    assert long == pytest.approx(4 * short, rel=0.01)
    words = [span.text for span in root.iter(f"{SVG}tspan")]
    assert {"before", "after"} <= set(words)


def test_many_calls_fold_into_strips_that_keep_the_peak():
    bars = [Bar(f"/items/{i}", i, i + 50, "failed" if i % 10 == 0 else "running") for i in range(500)]
    picture = waterfall([*bars, Bar("stock", 600, 601)])
    assert len(list(parsed(picture).iter(f"{SVG}rect"))) < 10
    texts = {t.text for t in parsed(picture).iter(f"{SVG}text")}
    assert {"all 501", "/items/#", "stock", "failed", "peak 50"} <= texts
    assert "at most 50 in flight, 50 failed" in picture.text


def test_sixty_calls_keep_a_row_each():
    assert len(list(parsed(waterfall(in_turn(60))).iter(f"{SVG}rect"))) == 60
    assert len(list(parsed(waterfall(in_turn(61))).iter(f"{SVG}rect"))) == 0


def test_traffic_becomes_bars_with_their_states():
    seen = {"route": "orders", "method": "GET", "path": "/customers/7/orders", "started": 1.0, "ended": 2.0}
    ok = SimpleNamespace(**seen, status=200, cancelled=False)
    failed = SimpleNamespace(**seen, status=503, cancelled=False)
    cancelled = SimpleNamespace(**seen, status=None, cancelled=True)
    bars = from_traffic(SimpleNamespace(requests=(ok, failed, cancelled)))
    assert [b.state for b in bars] == ["running", "failed", "cancelled"]
    assert bars[1].detail == "GET /customers/7/orders 503"
    assert "1 failed, 1 cancelled" in waterfall(bars).text


def test_an_unknown_state_is_refused():
    with pytest.raises(ValueError, match="unknown state 'sleeping'"):
        waterfall([Bar("a", 0, 1, "sleeping")])


def test_lanes_say_what_held_the_loop_and_for_how_long():
    says = loop_lanes(timeline(), [request("health", 0.1, 0.2), request("stock", 0.1, 0.3)]).text
    assert "3 tasks in 750 ms, loop blocked 3 times, 750 ms in total." in says
    assert "the server saw at most 2 requests in flight." in says
    waits = (Lane("a", (Segment("waiting", 0, 1),)), Lane("b", (Segment("waiting", 0.5, 1),)))
    free = Timeline(waits, (), 0, 1)
    assert "2 tasks in 1.00 s, loop never blocked. At most 2 tasks waited" in loop_lanes(free).text


def test_lanes_take_what_the_probe_has_seen():
    async def held():
        with watch_loop() as loop:
            time.sleep(0.03)  # noqa: ASYNC251 - what the picture has to show
        return loop.timeline

    says = loop_lanes(asyncio.run(held())).text
    assert re.search(
        r"blocked for up to .* \(test_pictures:\d+\)\..*\n1 task in .*, loop blocked once, for ", says
    ), says


def test_each_hold_is_told_from_the_next():
    root = parsed(loop_lanes(timeline(3)))
    holds = [
        g
        for g in root.iter(f"{SVG}g")
        if "event loop: blocking the event loop" in (g.findtext(f"{SVG}title") or "")
    ]
    assert len(holds) == 3


def test_three_hundred_tasks_are_drawn_in_no_time_and_small():
    crowd = timeline(300, held=0.001, steps=10)
    spent = []
    for _ in range(3):
        begun = time.process_time()
        picture = loop_lanes(crowd)
        spent.append(time.process_time() - begun)
    assert min(spent) < 1.5  # 0.15 s on an idle machine
    assert len(picture.html) < 300_000
    assert "300 tasks" in {t.text for t in parsed(picture).iter(f"{SVG}text")}


def test_bars_name_the_largest_and_what_was_predicted():
    says = bar_chart({"scan": 85, "format": 2}, predicted={"format": 60, "scan": 10}, unit="%").text
    assert "The largest of 2 is scan (85%); the prediction said format." in says
    assert "format: 60% predicted, 2% measured." in says
    outlines = [
        r for r in parsed(bar_chart({"a": 1}, predicted={"a": 2})).iter(f"{SVG}rect") if r.get("x") != "1"
    ]
    guessed, measured = sorted((float(r.get("width")), r.get("class")) for r in outlines)
    assert guessed[1] == "kp-running"
    assert measured[0] == pytest.approx(2 * guessed[0], rel=0.01)


@pytest.mark.parametrize(
    ("guess", "fact", "verdict"),
    [
        (1.2, 3.6, "The measured value is 3.0× the prediction."),
        (6, 2, "The prediction is 3.0× the measured value."),
        (1, 1.05, "The prediction was close."),
        (None, 1, "No prediction was made."),
        (0, 0, "The prediction was right."),
        (0, 3, "The prediction was off."),
    ],
)
def test_a_prediction_is_set_beside_the_fact(guess, fact, verdict):
    drawn = prediction_beside_fact(guess, fact, "s", "total")
    assert drawn.point == verdict
    assert drawn.text.splitlines()[:2] == ["total", verdict]


def test_ratios_have_three_outcomes():
    found = [Ratio("after", 3.1, 2.8, 3.4), Ratio("tuned", 1.02, 0.95, 1.1), Ratio("cached", 2, 0.9, 4)]
    drawn = ratio_bars(found)
    faster, same, noisy = (f"{sentence}." for sentence in drawn.point.removesuffix(".").split(". "))
    assert faster == "Faster: after (3.1×)."
    assert same == "The same within a tenth: tuned (1.02×)."
    assert noisy == "Too noisy to say, so far: cached (2.0×)."
    assert "after: 3.1× as fast, with an interval from 2.8× to 3.4×." in drawn.text
    with pytest.raises(ValueError, match="above 0"):
        ratio_bars([Ratio("none", 0, 0, 1)])


def test_only_what_is_too_noisy_is_drawn_in_outline():
    same, noisy = Ratio("same", 1.02, 0.95, 1.1), Ratio("noisy", 2, 0.9, 4)
    assert 'class="kp-outline"' not in ratio_bars([same]).html
    assert 'class="kp-outline"' in ratio_bars([noisy]).html


def test_ratios_lie_on_a_logarithmic_scale():
    root = parsed(ratio_bars([Ratio("ten", 10, 10, 10), Ratio("hundred", 100, 100, 100)]))
    rects = [r for r in root.iter(f"{SVG}rect") if r.get("class") == "kp-running"]
    ten, hundred = (float(r.get("width")) for r in rects)
    assert hundred == pytest.approx(2 * ten, rel=0.01)


def test_a_curve_that_goes_on_high_is_not_named_on_its_line():
    steep = curves({"calls": [(0, 9), (5, 9), (5.1, 0), (10, 0)]}).html
    slow = curves({"calls": [(0, 9), (5, 5), (6, 4.4), (10, 4)]}).html
    assert "kp-grid" in slow.partition('class="kp-line')[2], "it stands in the margin, with a leader"
    assert "kp-grid" not in steep.partition('class="kp-line')[2]


def test_curves_say_who_goes_highest():
    says = curves(
        {"gather": [(5, 0), (6, 2000), (7, 0)], "workers": [(5, 0), (7, 20)]}, reference=(100, "limit")
    ).text
    assert "In flight: gather goes highest, to 2,000, after 1.00 s." in says
    assert "workers stays lowest, at most 20; the line marks limit (100)." in says


def test_no_curve_goes_highest_where_all_are_one():
    """Before a fix, both curves are the same."""
    night = [(0, 0), (20, 160)]
    says = curves({"as merged": night, "yours": night}, y="open", x_unit="", reference=(200, "limit")).text
    assert "Open: as merged and yours go about equally high, to 160; the line marks limit (200)." in says
    several = {"as merged": night, "yours": [(0, 0), (20, 150)], "another": night}
    says = curves(several, y="open", x_unit="").text
    assert "Open: all 3 curves go about equally high, to 160." in says
    assert "highest" not in says
    assert "lowest" not in says


def test_long_curves_are_thinned_without_losing_the_peak():
    points = [(i / 1e4, 10) for i in range(100_000)]
    points[31_415] = (3.1415, 99)
    picture = curves({"memory": points}, unit="B")
    assert "99 B, after 3.14 s" in picture.text
    assert len(picture.html) < 120_000


def test_statements_of_one_shape_are_counted():
    says = query_waterfall(n_plus_one(100)).text
    assert "101 statements in 1.01 s, 200 rows fetched." in says
    assert "100 of them differ only in their values: SELECT author." in says
    begun = query_waterfall([Statement("BEGIN", 0, i, i + 1) for i in range(9)]).text
    assert "9 of them are the same statement: BEGIN." in begun
    few = query_waterfall([Statement(f"SELECT {i} FROM t{i}x", 0, i, i + 1) for i in range(3)]).text
    assert "None is sent more than three times." in few


def test_hundreds_of_statements_become_a_barcode():
    texts = {t.text for t in parsed(query_waterfall(n_plus_one(300))).iter(f"{SVG}text")}
    assert {"SELECT author", "× 300", "SELECT orders", "× 1"} <= texts


def test_the_data_can_be_had_as_a_table():
    rows = parsed(waterfall(in_turn())).findall(".//details//tbody/tr")
    assert [cell.text for cell in rows[1]] == ["/orders", "300 ms", "600 ms", "300 ms", "running"]
    long = parsed(waterfall(in_turn(2000)))
    assert len(long.findall(".//details//tbody/tr")) == 300
    assert long.find(".//details//p").text == "… and 1,700 more rows."


def test_a_text_table_aligns_numbers():
    lines = text_table(["Route", "Calls"], [["orders", 12], ["profile", 3]]).splitlines()
    assert lines == ["Route    Calls", "───────  ─────", "orders      12", "profile      3"]
    assert text_table(["Route"], []) == "Route\n─────"


# How it looks


def luminance(colour):
    """Return the relative luminance (0 to 1) of a colour written as #rrggbb; source: WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """Return the contrast ratio (1 to 21) of two colours written as #rrggbb; source: WCAG 2.2."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", PAPERS)
def test_colours_stand_out_in_both_themes(theme):
    colours, papers = PAPERS[theme]
    assert colours["paper"] in papers
    for paper in papers:
        for name in ("ink", "muted"):
            assert contrast(colours[name], paper) >= 4.5, (name, paper)
        for name in (*STATES, *SERIES):
            assert contrast(colours[name], paper) >= 3, (name, paper)


def test_contrast_is_reckoned_as_wcag_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_states_differ_in_colour_and_in_texture():
    for theme in (LIGHT, DARK):
        assert len({theme[state] for state in STATES}) == len(STATES)
    looks = []
    for state in STATES:
        (mark,) = [g for g in parsed(waterfall([Bar("a", 0, 1, state)])).iter(f"{SVG}g") if len(g)][:1]
        looks.append(re.sub("kp[0-9a-f]{8}", "", "".join(r.get("fill", r.get("class")) for r in mark[1:])))
    assert all(one != other for one, other in itertools.combinations(looks, 2))


def test_the_theme_is_followed_by_css_alone():
    html = PICTURES["waterfall"].html
    assert 'data-jp-theme-light="false"' in html
    assert "prefers-color-scheme:dark" in html
    assert "var(--jp-layout-color0,#ffffff)" in html
    for colour in re.findall(r'(?:fill|stroke)="(#[0-9a-f]+)"', html):
        pytest.fail(f"{colour} is fixed: it cannot follow the theme")


def test_long_labels_are_shortened_with_the_whole_in_a_tooltip():
    label = "GET /customers/1234567/orders?since=2024-01-01&until=2025-01-01"
    texts = [
        t
        for t in parsed(waterfall([Bar(label, 0, 1)])).iter(f"{SVG}text")
        if t.find(f"{SVG}title") is not None
    ]
    assert texts[0].find(f"{SVG}title").text == label
    assert "…" in "".join(texts[0].itertext())
    assert width(shorten(label, 180)) <= 180
    assert shorten("short", 180) == "short"


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        (seconds(1.3149), "1.31 s"),
        (seconds(0.0243), "24 ms"),
        (seconds(0.36), "360 ms"),
        (seconds(0.0031), "3.1 ms"),
        (seconds(0.00005), "50 µs"),
        (seconds(0), "0 ms"),
        (seconds(0.9999), "1.00 s"),
        (seconds(75), "75 s"),
        (seconds(900), "15 min"),
        (seconds(float("nan")), "unknown"),
        (number(3400), "3,400"),
        (number(0.1234), "0.123"),
        (number(float("inf")), "∞"),
        (in_unit(12_300_000, "B"), "12.3 MB"),
        (in_unit(250, "ms"), "250 ms"),
        (in_unit(85, "%"), "85%"),
        (in_unit(3400, "rows"), "3,400 rows"),
        (in_unit(1, "rows"), "1 row"),
        (in_unit(1, "libraries"), "1 library"),
        (times(3.02), "3.0×"),
        (times(1.04), "1.04×"),
        (times(63.2), "63×"),
        (plural(1, "call"), "1 call"),
        (plural(3400, "call"), "3,400 calls"),
    ],
)
def test_numbers_are_written_one_way(written, wanted):
    assert written == wanted


def test_a_long_unit_is_not_cut_off():
    drawn = prediction_beside_fact(3, 111, "statements").html
    ends = [
        float(re.search(r'x="([\d.]+)"', mark)[1]) + width("111 statements")
        for mark in re.findall(r"<text[^>]*>111 statements", drawn)
    ]
    assert ends
    assert max(ends) <= WIDTH


def test_a_distribution_names_the_mark_that_no_value_is_near():
    waits = [0.1] * 95 + [0.5] * 5
    drawn = distribution(waits, marks={"the average": 0.004, "p50": 0.1, "p99": 0.5})
    assert drawn.point == "The average is shorter than the fastest call."
    assert "100 calls, from 100 ms to 500 ms. Marked: the average 4 ms, p50 100 ms, p99 500 ms." in drawn.text
    assert distribution(waits, marks={"the limit": 2}).point == "The limit is longer than the slowest call."
    assert distribution(waits).point == "The slowest call took 5 times as long as the typical one."
    assert distribution([1.0] * 9).point == "All 9 calls took about the same time."
    with pytest.raises(ValueError, match="above 0"):
        distribution([0.0, 1.0])


def test_a_distribution_lies_on_a_logarithmic_scale_with_marks_in_their_order():
    root = parsed(distribution([0.01, 0.1, 1.0], marks={"late": 1.0, "early": 0.01}))
    bars = [float(r.get("x")) for r in root.iterfind(f".//{SVG}rect[@class='kp-running']")]
    assert bars[1] - bars[0] == pytest.approx(bars[2] - bars[1], abs=8)
    rules = [float(line.get("x1")) for line in root.iterfind(f".//{SVG}line[@class='kp-rule']")]
    assert rules == sorted(rules)
    assert len(rules) == 2


def test_lanes_of_connections_say_for_how_long_they_worked():
    picture = loan_lanes({"before": loans(3), "after": loans(1)})
    assert "Before: 3.00 s, database busy for 50% of the time lent out." in picture.text
    assert "After: 1.00 s, database busy for 50%" in picture.text
    boxes = list(parsed(picture).iter(f"{SVG}rect"))
    lent = [float(box.get("width")) for box in boxes if box.get("class") == "kp-waiting"]
    work = [float(box.get("width")) for box in boxes if box.get("class") == "kp-running"]
    assert work[0] + work[1] == pytest.approx(lent[0] / 2, rel=0.05)


def test_a_connection_that_did_not_come_back_is_drawn_to_the_end():
    open_still = [Loan(0, 1.0, None, [(1.0, 1.5)]), Loan(1, 1.0, 4.0, [])]
    assert "now: 3.00 s, database busy for 8%" in loan_lanes({"now": open_still}).text


def test_lanes_of_threads_say_how_many_cores_they_had_together():
    picture = thread_lanes({"search": quarters(), "hash": quarters(0.5)})
    assert "search: 4 threads kept 1.0 cores busy for 2.00 s." in picture.text
    assert "hash: 4 threads kept 2.0 cores busy for 2.00 s." in picture.text
    filled = [float(mark.get("height")) for mark in parsed(picture).iter(f"{SVG}rect")][1::2]
    assert set(filled[:8]) == {4.0}  # a quarter of 16
    assert set(filled[8:16]) == {8.0}


# Orphans: what kept running after the end


def half_a_page(over=0.15):
    calls = [Bar("price", 5.0, 5.1), Bar("reviews", 5.0, 5.15, "failed"), Bar("related", 5.0, 5.9)]
    return Asked(calls, 5.0 + over, "the page fails")


def test_orphans_are_counted_and_split_at_the_end_of_what_they_were_for():
    picture = orphan_lanes({"as merged": half_a_page(), "yours": half_a_page(over=0.9)})
    assert "as merged: the page fails, 1 call kept running." in picture.text
    assert "yours: the page fails, no call kept running." in picture.text
    marks = [rect.get("class") for rect in parsed(picture).iter(f"{SVG}rect")]
    drawn = [mark for mark in marks if mark in {"kp-running", "kp-failed", "kp-orphan"}]
    # merged: price, reviews, related and what ran on; yours: three whole ones; then the legend's samples
    kinds = ["running", "failed", "running", "orphan", "running", "failed", "running"]
    assert drawn[:7] == [f"kp-{kind}" for kind in kinds]
    assert "orphan: nobody waits for it" in picture.html


def test_an_answer_that_is_just_being_delivered_is_no_orphan():
    assert half_a_page(over=0.899).orphans == []
    cancelled = Asked([Bar("related", 0.0, 0.05, "cancelled"), Bar("reviews", 0.0, 0.2, "cancelled")], 0.04)
    assert [call.label for call in cancelled.orphans] == ["reviews"]
    assert [call.label for call in half_a_page(over=0.8).orphans] == ["related"]


def test_pages_on_one_clock_begin_where_they_began():
    pages = {"first": Asked([Bar("a", 0.0, 1.0)], 0.2), "second": Asked([Bar("a", 1.0, 2.0)], 2.0)}
    apart, on_one = (orphan_lanes(pages, one_clock=one_clock) for one_clock in (False, True))
    places = [
        [float(rect.get("x")) for rect in parsed(picture).iter(f"{SVG}rect") if rect.get("class")][2]
        for picture in (apart, on_one)
    ]
    assert places[1] > places[0] + 100


def test_connections_have_a_lane_each_and_say_what_their_handshakes_cost():
    picture = connection_lanes(sent(4, kept=True), before=sent(4))
    assert "Before: 4 requests over 4 connections in 160 ms (handshakes 120 ms)." in picture.text
    assert "After: 4 requests over 1 connection in 70 ms (handshakes 30 ms)." in picture.text
    drawing = parsed(picture).find(f".//{SVG}svg[@role='img']")
    widths = {"kp-blocked": [], "kp-running": []}
    for mark in drawing.iter(f"{SVG}rect"):
        if mark.get("class"):
            widths[mark.get("class")].append(float(mark.get("width")))
    assert [len(found) for found in widths.values()] == [4 + 1, 4 + 4]
    assert widths["kp-blocked"][0] == pytest.approx(3 * widths["kp-running"][0], rel=0.1)


def test_sixty_lanes_fit_and_only_the_first_and_the_last_are_named():
    drawing = parsed(connection_lanes(sent(60))).find(f".//{SVG}svg[@role='img']")
    assert float(drawing.get("viewBox").split()[3]) < 460
    named = [t.text for t in drawing.iter(f"{SVG}text") if (t.text or "").startswith("connection")]
    assert named == ["connection 1", "connection 60"]
