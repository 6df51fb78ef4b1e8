"""Connections over time: a lane for each, its handshake first, then what was sent over it."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from kettle.pictures.figure import Picture, new_ids
from kettle.pictures.lanes import Drawn, Panel, Piece, lane, stacked, versions
from kettle.pictures.model import in_order, length
from kettle.pictures.points import each_version
from kettle.pictures.scale import Scale
from kettle.pictures.svg import join
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
        says=each_version({name: f"{_in_words(requests, noun)}." for name, requests in shown.items()}),
        states={"blocked": "handshake", "running": noun},
    )


def _panel(ids: str, requests: Sequence[Any], noun: str) -> Panel:
    lanes: dict[int, list[Any]] = {}
    for request in requests:
        lanes.setdefault(request.connection, []).append(request)
    start = requests[0].started if requests else 0.0
    places = {connection: place for place, connection in enumerate(lanes, 1)}
    data = [
        (
            number(places[request.connection]),
            request.path,
            *map(seconds, (request.started - start, request.handshake, request.ended - request.started)),
        )
        for request in requests
    ]
    room, draw = [f"connection {len(lanes)}"], partial(_draw, ids, list(lanes.values()), start)
    costly = seconds(sum(request.handshake for request in requests))
    in_short = f"{seconds(length(requests))}, {plural(len(lanes), 'connection')}, {costly} of handshakes"
    return Panel(in_short, length(requests), room, draw, data)


def _draw(ids: str, lanes: Sequence[Sequence[Any]], start: float, scale: Scale, top: float) -> Drawn:
    height = TALL if len(lanes) <= FEW else max(HIGH / len(lanes), LOW)
    y, drawn, inset = top, [], min(2.0, height / 6)
    for place, requests in enumerate(lanes, 1):
        named = len(lanes) <= FEW or place in (1, len(lanes))
        pieces = [piece for request in requests for piece in _pieces(request, start)]
        drawn.append(lane(ids, f"connection {place}" if named else "", pieces, scale, y, height, inset=inset))
        y += height
    return join(drawn), max(y, top + TALL)


def _pieces(request: Any, start: float) -> Iterator[Piece]:
    began, ended = request.started - start, request.ended - start
    ready = min(began + request.handshake, ended)
    told = f"{request.path}: {seconds(ended - began)}"
    if request.handshake:
        told += f", {seconds(request.handshake)} of it for the handshake"
        yield Piece("blocked", began, ready, told)
    failed = request.status is not None and request.status >= 400
    yield Piece("failed" if failed else "running", ready, ended, told, hair=0.6)


def _in_words(requests: Sequence[Any], noun: str) -> str:
    if not requests:
        return f"No {noun} was sent"
    connections = plural(len({request.connection for request in requests}), "connection")
    costly = seconds(sum(request.handshake for request in requests))
    took = f"{plural(len(requests), noun)} over {connections} in {seconds(length(requests))}"
    return f"{took}; handshakes took {costly} in total"
