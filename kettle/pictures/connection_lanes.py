"""Connections over time: a lane for each, its handshake first, then what was sent over it."""

from collections.abc import Sequence
from typing import Any

from kettle.pictures.figure import Picture, Table, entry, figure, new_ids
from kettle.pictures.marks import bar, time_axis, unit_for
from kettle.pictures.scale import Scale
from kettle.pictures.svg import Markup, join, tag, text
from kettle.pictures.units import number, plural, seconds
from kettle.pictures.waterfall import AXIS, CAPTION, RIGHT, label_room, panel_caption

FEW = 12  # lanes that have a name each; of more, only the first and the last one are named
TALL, HIGH, LOW = 20, 380, 6  # a lane's height, the height of all of many, the least height of one
GAP = 12
ENDS = {True: "failed", False: "running"}


def connection_lanes(
    traffic: Any,
    *,
    before: Any = None,
    title: str = "Connections over time",
    noun: str = "request",
    point: str = "",
) -> Picture:
    """Draw what was sent over which connection, and what opening each one cost.

    Args:
        traffic: anything with `.requests`, or the requests: each with .connection (a number), .started,
            .ended (seconds on one clock), .handshake (seconds of it, 0 on a connection that is kept),
            .path and .status.
        before: the same of an earlier version, drawn above on the same scale.
        title: the caption.
        noun: what one piece is, for the sentences.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
    """
    panels = {} if before is None else {"before": _requests(before)}
    panels["after" if panels else ""] = _requests(traffic)
    total = max(_length(requests) for requests in panels.values())
    most = max(len(_lanes(requests)) for requests in panels.values())
    scale = Scale(0, total or 1, label_room([f"connection {most}"]), RIGHT)
    ids, drawing, y = new_ids(), [], 4.0
    for name, requests in panels.items():
        if name:
            drawing.append(panel_caption(y, name, _in_short(requests, noun)))
            y += CAPTION
        drawn, y = _draw(ids, requests, scale, y)
        drawing.append(drawn)
        y += GAP
    told = [f"{name}: {_in_short(requests, noun)}".removeprefix(": ") for name, requests in panels.items()]
    states = {"blocked": "handshake", "running": noun}
    legend = [entry(bar(ids, state, 0, 0, 24, 12), words) for state, words in states.items()]
    return figure(
        ids,
        title,
        " ".join(f"{each[:1].upper()}{each[1:]}." for each in told),
        [time_axis(scale, 4 if before is None else 4 + CAPTION, y - GAP + 2, unit_for(total)), *drawing],
        y - GAP + 2 + AXIS,
        point=point,
        legend=legend,
        table=_table(panels, noun),
    )


def _requests(traffic: Any) -> list[Any]:
    return sorted(getattr(traffic, "requests", traffic), key=lambda request: request.started)


def _lanes(requests: Sequence[Any]) -> dict[int, list[Any]]:
    lanes: dict[int, list[Any]] = {}
    for request in requests:
        lanes.setdefault(request.connection, []).append(request)
    return lanes


def _draw(ids: str, requests: Sequence[Any], scale: Scale, top: float) -> tuple[Markup, float]:
    lanes = _lanes(requests)
    height = TALL if len(lanes) <= FEW else max(HIGH / len(lanes), LOW)
    start, y, drawn = _start(requests), top, []
    for place, lane in enumerate(lanes.values(), 1):
        if len(lanes) <= FEW or place in (1, len(lanes)):
            words = f"connection {place}"
            at = (scale.left - 10, y + height / 2 + 4.5)
            drawn.append(text(*at, words, room=scale.left - 10, class_="kp-end"))
        middle = y + height / 2
        ends = scale(max(request.ended for request in lane) - start)
        drawn.append(tag("line", x1=scale.left, x2=ends, y1=middle, y2=middle, class_="kp-grid"))
        inset = min(2.0, height / 6)
        drawn += [_piece(ids, request, start, scale, y + inset, height - 2 * inset) for request in lane]
        y += height
    return join(drawn), max(y, top + TALL)


def _piece(ids: str, request: Any, start: float, scale: Scale, y: float, height: float) -> Markup:
    began, ended = request.started - start, request.ended - start
    ready = min(began + request.handshake, ended)
    told = f"{request.path}: {seconds(ended - began)}"
    shown = []
    if request.handshake:
        told += f", of which {seconds(request.handshake)} are the handshake"
        shown.append(bar(ids, "blocked", scale(began), y, scale(ready) - scale(began), height, told))
    failed = request.status is not None and request.status >= 400
    width = max(scale(ended) - scale(ready) - 0.6, 1.0)  # so that two that touch can be told apart
    return join([*shown, bar(ids, ENDS[failed], scale(ready), y, width, height, told)])


def _start(requests: Sequence[Any]) -> float:
    return min((request.started for request in requests), default=0.0)


def _length(requests: Sequence[Any]) -> float:
    return max((request.ended for request in requests), default=0.0) - _start(requests)


def _in_short(requests: Sequence[Any], noun: str) -> str:
    if not requests:
        return f"no {noun} was sent"
    over = f"{plural(len(requests), noun)} over {plural(len(_lanes(requests)), 'connection')}"
    costly = sum(request.handshake for request in requests)
    return f"{over} in {seconds(_length(requests))}, handshakes {seconds(costly)} together"


def _table(panels: dict[str, list[Any]], noun: str) -> Table:
    rows = []
    for name, requests in panels.items():
        places = {connection: place for place, connection in enumerate(_lanes(requests), 1)}
        for request in requests:
            times = (request.started - _start(requests), request.handshake, request.ended - request.started)
            cells = [number(places[request.connection]), request.path, *map(seconds, times)]
            rows.append([*([name] if len(panels) > 1 else []), *cells])
    version = ["Version"] if len(panels) > 1 else []
    return Table([*version, "Connection", noun.capitalize(), "Starts", "Handshake", "Took"], rows)
