"""The event loop over time: its own lane on top, a lane for each task, and what the server saw."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from kettle.pictures import calls
from kettle.pictures.figure import WIDTH, Picture, new_ids
from kettle.pictures.lanes import CAPTION, Drawn, Panel, Piece, Row, draw_rows, stacked, versions
from kettle.pictures.loop_words import Watched, longest_gap, waits
from kettle.pictures.marks import present
from kettle.pictures.model import Timed, from_traffic, spans_of
from kettle.pictures.palette import WORDS
from kettle.pictures.scale import Scale
from kettle.pictures.svg import Markup, join, shorten, tag, text, width
from kettle.pictures.units import plural, seconds
from kettle.records import Lane, Segment, Timeline

MOST_LANES = 60  # more tasks are folded into strips
LOOP, LANE, NAMES = 26, 17, 18  # heights: the loop's lane, a task's, the line that names what held the loop


def loop_lanes(
    timeline: Timeline,
    requests: Any = (),
    *,
    title: str = "The event loop and its tasks",
    before: Timeline | None = None,
    point: str = "",
) -> Picture:
    """Draw when each task ran, waited, or held the loop; the loop's own lane is on top.

    Args:
        timeline: as `probes.loop` has it.
        requests: what the server saw meanwhile, on the same clock: its traffic, or the requests.
        title: the caption.
        before: the timeline of an earlier version, drawn above on the same scale.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
    """
    ids, seen = new_ids(), from_traffic(requests)
    panels = versions(timeline, before, lambda each: Watched(each, seen if each is timeline else ()))
    strips = any(_folded(watched) for watched in panels.values())
    return stacked(
        ids,
        {name: _panel(ids, watched) for name, watched in panels.items()},
        ["Task", "State", "Start", "Duration", "Where"],
        title=title,
        also=waits(panels[""]) if before is None else "",
        point=point or longest_gap(panels),
        right=calls.STRIP_RIGHT if strips else calls.right_of(seen),
        states=present([s.state for w in panels.values() for s in w.segments] + [b.state for b in seen]),
    )


def _folded(watched: Watched) -> bool:
    return len(watched.timeline.lanes) > MOST_LANES


def _panel(ids: str, watched: Watched) -> Panel:
    lanes = watched.timeline.lanes
    named = ["event loop", *(lane.name for lane in lanes)]
    if _folded(watched):
        named = [WORDS["blocked"], plural(len(lanes), "task")]
    room, draw = [*named, *calls.labels(watched.requests)], partial(_draw, ids, watched)
    return Panel(watched.heading, watched.timeline.seconds, room, draw, watched.data)


def _draw(ids: str, watched: Watched, scale: Scale, y: float) -> Drawn:
    timeline, drawn = watched.timeline, []
    start = timeline.started
    if timeline.held:
        drawn.append(_names(timeline.held, start, scale, y))
        y += NAMES
    below = y + LOOP - 4
    own = _row(Lane("event loop", timeline.loop), start, scale, strong=True)
    loop, y = draw_rows(ids, [own], LOOP, scale, y)
    drawn.append(loop)
    y += 4
    if _folded(watched):
        tasks, y = _strips(timeline, scale, y)
    else:
        tasks, y = draw_rows(ids, [_row(lane, start, scale) for lane in timeline.lanes], LANE, scale, y)
    drawn.append(tasks)
    if watched.requests:
        drawn.append(text(scale.left, y + 19, "requests as the server saw them", class_="kp-muted"))
        seen, y = calls.draw(ids, watched.requests, start, scale, y + CAPTION + 4)
        drawn.append(seen)
    # While the loop is held nothing else moves: a wash over everything below shows it.
    wash = [_wash(held, start, scale, below, y) for held in _merged(timeline.held, start, scale)]
    return join([*wash, *drawn]), y + 8


def _wash(held: Segment, start: float, scale: Scale, top: float, bottom: float) -> Markup:
    x0, x1 = scale(held.started - start), scale(held.ended - start)
    return tag("rect", x=x0, y=top, width=max(x1 - x0, 1.0), height=bottom - top, class_="kp-wash")


def _names(held: Sequence[Segment], start: float, scale: Scale, y: float) -> Markup:
    """Name what held the loop above its lane, once for each place in the code, as far as there is room."""
    places: dict[str, list[Segment]] = {}
    for segment in sorted(held, key=lambda segment: segment.seconds, reverse=True):
        places.setdefault(segment.where, []).append(segment)
    taken: list[tuple[float, float]] = []
    drawn = []
    for where, holds in places.items():
        took = seconds(holds[0].seconds)
        took = took if len(holds) == 1 else f"{len(holds):,} times, at most {took}"
        words = shorten(f"{where}, {took}" if where else took, 0.75 * WIDTH)
        x0 = max(0.0, min(scale(min(s.started for s in holds) - start), WIDTH - width(words)))
        x1 = x0 + width(words) + 8
        if all(x1 <= left or x0 >= right for left, right in taken):
            taken.append((x0, x1))
            drawn.append(text(x0, y + 13, words, class_="kp-muted"))
    return join(drawn)


def _row(lane: Lane, start: float, scale: Scale, *, strong: bool = False) -> Row:
    pieces = []
    for s in _merged(lane.segments, start, scale):
        began, ended, waits = s.started - start, s.ended - start, s.state == "waiting"
        where = f" {'at' if waits else 'in'} {s.where}" if s.where else ""
        told = f"{lane.name}: {WORDS[s.state]}{where}, {seconds(s.seconds)}, starts at {seconds(began)}"
        # A hair's breadth between one block and the next shows that they are two.
        hair = 1.5 if s.state == "blocked" and scale(ended) - scale(began) > 6 else 0.0
        pieces.append(Piece(s.state, began, ended, told, 5 if waits else 3, hair))
    if strong:  # the loop waits most of the time; a line is enough to say so
        working = [piece for piece in pieces if piece.state != "waiting"]
        return Row(lane.name, working, rail=scale.high, strong=True)
    # What is short is drawn last, or the wide bar after it would cover it.
    return Row(lane.name, sorted(pieces, key=lambda piece: piece.state != "waiting"))


def _merged(segments: Iterable[Segment], start: float, scale: Scale) -> list[Segment]:
    """Join neighbours in the same state that less than half a unit parts: nobody could see the gap."""
    grain = 0.5 * scale.high / (scale.right - scale.left)
    merged: dict[str, Segment] = {}
    done = []
    for segment in segments:
        last = merged.get(segment.state)
        if last is not None and _hidden(last, segment, grain):
            merged[segment.state] = replace(last, ended=max(last.ended, segment.ended))
            continue
        if last is not None:
            done.append(last)
        merged[segment.state] = segment
    return sorted([*done, *merged.values()], key=lambda s: s.started)


def _hidden(last: Segment, segment: Segment, grain: float) -> bool:
    if segment.started - last.ended > grain or segment.where != last.where:
        return False
    return segment.state != "blocked" or min(last.seconds, segment.seconds) < 4 * grain


def _strips(timeline: Timeline, scale: Scale, y: float) -> Drawn:
    """Draw tasks too many for a lane each as curves: how many are alive, and in each state."""
    found: list[tuple[str, str, Sequence[Timed], int, str]]
    found = [(plural(len(timeline.lanes), "task"), "waiting", timeline.lanes, calls.ALL, "task")]
    segments = [s for lane in timeline.lanes for s in lane.segments]
    for state, words in present(s.state for s in segments if s.state != "waiting").items():
        of_state = [s for s in segments if s.state == state]
        found.append((words, state, of_state, calls.ROW, "period"))
    drawn = []
    for label, state, some, height, noun in found:
        drawn.append(calls.strip(spans_of(some), label, state, timeline.started, scale, y, height, noun))
        y += height
    return join(drawn), y
