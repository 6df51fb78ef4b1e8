"""Evenings: what is to be said of a simulated deployment whose connections are refused, ended or churned."""

from __future__ import annotations

from kettle.checking.words import many
from kettle.deployments import Site, simulate

KEEPS = {
    "WSGI": "Who keeps one for the next request?",
    "ASGI": "A request's thread ends with it, and takes its connection along. Who could keep some for all?",
}


def judge_evening(site: Site, theirs: dict) -> None:
    """Let a site's evening be played with these settings.

    Raises:
        AssertionError: with a sentence, where it does not go well.
    """
    given = f"{site.name} ({site.workers} workers, {site.granted} connections granted)"
    evening = simulate(site, theirs)
    requests = f"of {evening.requests:,} requests"
    assert not evening.dropped, (
        f"{given}: {evening.dropped} {requests} meet a connection that was ended while it was idle. "
        "Who asks it whether it still works, or closes it before?"
    )
    failing = f", and {evening.refused} {requests} fail" if evening.refused else ""
    assert not evening.refused + evening.refusals, (
        f"{given}: the database refuses {many(evening.refusals, 'connection')}{failing}. "
        f"{_who_wants(site, theirs)}"
    )
    assert not evening.late, (
        f"{given}: {evening.late} {requests} have no answer after 5 s. Whom do they wait for, and what does "
        "that one hold meanwhile?"
    )
    assert evening.connects <= evening.requests / 10, (
        f"{given}: {many(evening.connects, 'connection')} for {evening.requests:,} requests. "
        f"{KEEPS[site.server]}"
    )


def _who_wants(site: Site, theirs: dict) -> str:
    if (theirs.get("OPTIONS") or {}).get("pool"):
        return f"Each of its {site.workers} workers has a pool of its own: how large may one be?"
    if theirs.get("CONN_MAX_AGE", 0) == 0:
        return "In a rush each request that is under way opens one. Who lets the others wait?"
    if site.server == "ASGI":
        return "Each request has a thread of its own: what becomes of the connection that it leaves behind?"
    return "How many may one worker have, if each of its threads keeps one?"
