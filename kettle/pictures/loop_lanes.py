"""The event loop over time: its own lane on top, a lane for each task, and what the server saw."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from kettle.pictures.density import ALL, ROW, strip
from kettle.pictures.figure import WIDTH, Picture, figure, new_ids
from kettle.pictures.loop_panel import (
    LoopPanel,
    in_short,
    length,
    longest_gap,
    panel_of,
    says,
    segments,
    table,
)
from kettle.pictures.marks import bar, present, time_axis, unit_for
from kettle.pictures.model import (
    Lane,
    Segment,
)
from kettle.pictures.palette import WORDS
from kettle.pictures.scale import Scale
from kettle.pictures.svg import Markup, join, shorten, tag, text, width
from kettle.pictures.units import plural, seconds
from kettle.pictures.waterfall import (
    AXIS,
    CAPTION,
    MOST_BARS,
    RIGHT,
    STRIP_RIGHT,
    label_room,
    labels,
    panel_caption,
    rows,
    rows_height,
)

LOOP, LANE, NAMES = (
    26,
    17,
    18,
)  # heights: the loop's lane, a task's lane, the line that names what held the loop


def loop_lanes(
    timeline: Any,
    requests: Any = (),
    *,
    title: str = "The event loop and its tasks",
    unit: str | None = None,
    before: Any | None = None,
    requests_before: Any = (),
    point: str = "",
) -> Picture:
    """Draw when each task ran, waited, or held the loop; the loop's own lane is on top.

    Args:
        timeline: anything shaped like model.Timeline: .lanes, .loop, .started, .ended (seconds on one clock).
        requests: what the server saw, on the same clock: bars, requests, or a traffic with .requests.
        title: the caption.
        unit: of the axis, "s" or "ms"; chosen by the length if left out.
        before: the timeline of an earlier version, drawn above on the same scale.
        requests_before: what the server saw of that.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.

    Raises:
        ValueError: a segment is in a state that the palette does not know.
    """
    panels = [panel_of("after" if before is not None else "", timeline, requests)]
    if before is not None:
        panels.insert(0, panel_of("before", before, requests_before))
    total = max(panel.length for panel in panels)
    left = label_room(label for panel in panels for label in _labels(panel))
    strips = any(panel.folded or len(panel.requests) > MOST_BARS for panel in panels)
    scale = Scale(0, total or 1, left, STRIP_RIGHT if strips else RIGHT)
    ids = new_ids()
    drawing, y = [], 4.0
    for panel in panels:
        y += 8 if drawing else 0
        if panel.name:
            drawing.append(panel_caption(y, panel.name, in_short(panel)))
            y += CAPTION
        drawn, y = _draw(ids, panel, scale, y)
        drawing.append(drawn)
    states = present(
        [s.state for p in panels for s in segments(p)] + [r.kind for p in panels for r in p.requests]
    )
    grid = time_axis(scale, 4, y + 2, unit or unit_for(total))
    return figure(
        ids,
        title,
        says(panels),
        [grid, *drawing],
        y + 2 + AXIS,
        point=point or longest_gap(panels),
        states=states,
        table=table(panels),
    )


def _labels(panel: LoopPanel) -> list[str]:
    lanes = (
        [plural(len(panel.timeline.lanes), "task")]
        if panel.folded
        else [x.name for x in panel.timeline.lanes]
    )
    return ["holding the loop" if panel.folded else "event loop", *lanes, *labels(panel.requests)]


def _draw(ids: str, panel: LoopPanel, scale: Scale, y: float) -> tuple[Markup, float]:
    start, drawn = panel.timeline.started, []
    if panel.held:
        drawn.append(_names(panel.held, start, scale, y))
        y += NAMES
    top = y
    drawn.append(_lane(ids, Lane("event loop", panel.timeline.loop), start, scale, y, LOOP, strong=True))
    y += LOOP + 4
    if panel.folded:
        folded, y = _folded(panel, scale, y)
        drawn.append(folded)
    else:
        for lane in panel.timeline.lanes:
            drawn.append(_lane(ids, lane, start, scale, y, LANE))
            y += LANE
    if panel.requests:
        y += 6
        drawn.append(text(scale.left, y + 13, "requests, as the server saw them", class_="kp-muted"))
        y += CAPTION - 2
        drawn.append(rows(ids, panel.requests, start, scale, y))
        y += rows_height(panel.requests)
    # While the loop is held nothing else moves: a wash over everything below shows it.
    wash = [_wash(s, start, scale, top + LOOP - 4, y) for s in _merged(panel.held, start, scale)]
    return join([*wash, *drawn]), y + 10


def _wash(held: Segment, start: float, scale: Scale, top: float, bottom: float) -> Markup:
    x0, x1 = scale(held.started - start), scale(held.ended - start)
    return tag("rect", x=x0, y=top, width=max(x1 - x0, 1.0), height=bottom - top, class_="kp-wash")


def _names(held: Sequence[Segment], start: float, scale: Scale, y: float) -> Markup:
    """Name what held the loop above its lane, once for each place in the code, as far as there is room."""
    places: dict[str, list[Segment]] = {}
    for segment in sorted(held, key=length, reverse=True):
        places.setdefault(segment.where, []).append(segment)
    taken: list[tuple[float, float]] = []
    drawn = []
    for where, holds in places.items():
        took = seconds(length(holds[0]))
        took = took if len(holds) == 1 else f"{len(holds):,} times, longest {took}"
        words = shorten(f"{where}, {took}" if where else took, 0.75 * WIDTH)
        x0 = max(0.0, min(scale(min(s.started for s in holds) - start), WIDTH - width(words)))
        x1 = x0 + width(words) + 8
        if all(x1 <= left or x0 >= right for left, right in taken):
            taken.append((x0, x1))
            drawn.append(text(x0, y + 13, words, class_="kp-muted"))
    return join(drawn)


def _lane(
    ids: str, lane: Lane, start: float, scale: Scale, y: float, height: float, *, strong: bool = False
) -> Markup:
    middle = y + height / 2
    name = text(
        scale.left - 10,
        middle + 4.5,
        lane.name,
        room=scale.left - 10,
        class_="kp-end kp-strong" if strong else "kp-end",
    )
    drawn = [name]
    if strong:  # the loop waits most of the time; a line is enough to say so
        drawn.append(tag("line", x1=scale.left, x2=scale.right, y1=middle, y2=middle, class_="kp-grid"))
    pieces = [s for s in _merged(lane.segments, start, scale) if not (strong and s.state == "waiting")]
    # What is short is drawn last, or the wide bar after it would cover it.
    for s in sorted(pieces, key=lambda s: s.state != "waiting"):
        x0, x1 = scale(s.started - start), scale(s.ended - start)
        where = f" in {s.where}" if s.where and s.state != "waiting" else f" at {s.where}" if s.where else ""
        tooltip = f"{lane.name}: {WORDS[s.state]}{where}, {seconds(s.ended - s.started)}"
        tooltip += f" from {seconds(s.started - start)}"
        inset = 5 if s.state == "waiting" else 3
        # A hair's breadth between one hold and the next shows that they are two.
        x1 -= 1.5 if s.state == "blocked" and x1 - x0 > 6 else 0
        drawn.append(bar(ids, s.state, x0, y + inset, x1 - x0, height - 2 * inset, tooltip))
    return join(drawn)


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
    return segment.state != "blocked" or min(length(last), length(segment)) < 4 * grain


def _folded(panel: LoopPanel, scale: Scale, y: float) -> tuple[Markup, float]:
    """Draw tasks too many for a lane each as curves: how many are alive, and in each state."""
    lanes, start, drawn = panel.timeline.lanes, panel.timeline.started, []
    alive = [(x.segments[0].started, max(s.ended for s in x.segments)) for x in lanes if x.segments]
    drawn.append(strip(alive, plural(len(lanes), "task"), "waiting", start, scale, y, ALL, "task"))
    y += ALL
    by_state: dict[str, list[tuple[float, float]]] = {}
    for lane in lanes:
        for s in lane.segments:
            by_state.setdefault(s.state, []).append((s.started, s.ended))
    for state in present([state for state in by_state if state != "waiting"]):
        drawn.append(strip(by_state[state], WORDS[state], state, start, scale, y, ROW, "stretch"))
        y += ROW
    return join(drawn), y
