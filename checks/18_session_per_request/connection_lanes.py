"""Connections over time: a lane for each, its handshake first, then what was sent over it."""

from collections.abc import Iterator, Sequence
from typing import Any

from kettle.pictures.figure import Picture, new_ids
from kettle.pictures.lanes import Drawn, Panel, Piece, Row, draw_rows, stacked, versions
from kettle.pictures.model import in_order, length
from kettle.pictures.scale import Scale
from kettle.pictures.units import number, plural, seconds

FEW = 12  # lanes that have a name each; of more, only the first and the last one are named
TALL, HIGH, LOW = 20, 380, 6  # a lane's height, the height of all of many, the least height of one


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
        traffic: what a server saw, or some of its requests.
        before: the same of an earlier version, drawn above on the same scale.
        title: the caption.
        noun: what one piece is, for the sentences.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
    """
    shown = versions(traffic, before, lambda seen: in_order(getattr(seen, "requests", seen)))
    ids = new_ids()
    return stacked(
        ids,
        {name: _panel(ids, requests, noun) for name, requests in shown.items()},
        ["Connection", noun.capitalize(), "Start", "Handshake", "Duration"],
        title=title,
        point=point,
        states={"blocked": "handshake", "running": noun},
    )


def _panel(ids: str, requests: Sequence[Any], noun: str) -> Panel:
    by_number: dict[int, list[Any]] = {}
    for request in requests:
        by_number.setdefault(request.connection, []).append(request)
    start = requests[0].started if requests else 0.0
    places = {connection: place for place, connection in enumerate(by_number, 1)}
    data = [
        (
            number(places[request.connection]),
            request.path,
            *map(seconds, (request.started - start, request.handshake, request.ended - request.started)),
        )
        for request in requests
    ]
    many = len(by_number)
    height = TALL if many <= FEW else max(HIGH / many, LOW)
    rows = []
    for place, sent in enumerate(by_number.values(), 1):
        pieces = [piece for request in sent for piece in _pieces(request, start, min(2.0, height / 6))]
        name = f"connection {place}" if many <= FEW or place in (1, many) else ""
        rows.append(Row(name, pieces, rail=pieces[-1].began))

    def draw(scale: Scale, y: float) -> Drawn:
        drawn, bottom = draw_rows(ids, rows, height, scale, y)
        return drawn, max(bottom, y + TALL)

    handshakes = seconds(sum(request.handshake for request in requests))
    over = f"{plural(len(requests), noun)} over {plural(many, 'connection')}"
    heading = f"{over} in {seconds(length(requests))} (handshakes {handshakes})" if many else f"no {noun}s"
    return Panel(heading, length(requests), [f"connection {many}"], draw, data)


def _pieces(request: Any, start: float, inset: float) -> Iterator[Piece]:
    began, ended = request.started - start, request.ended - start
    ready = min(began + request.handshake, ended)
    told = f"{request.path}: {seconds(ended - began)}"
    if request.handshake:
        told += f", {seconds(request.handshake)} of it for the handshake"
        yield Piece("blocked", began, ready, told, inset)
    failed = request.status is not None and request.status >= 400
    yield Piece("failed" if failed else "running", ready, ended, told, inset, 0.6)
