"""Leaky handles: an answer that is not read to its end keeps its connection."""

from contextlib import contextmanager
from types import SimpleNamespace

import requests

from kettle.checking import Case, Contract
from kettle.checking.worlds import World
from kettle.probes.handles import handles
from kettle.shop import Shop
from kettle.shop.data import Data

from .world import TIMES


def mirrors(rng):
    """Return what makes a shop, a session and, later, a mirror."""
    seed, suppliers = rng.randrange(1 << 30), rng.sample(Data.suppliers, 3)

    @contextmanager
    def world():
        with Shop(seed) as shop, requests.Session() as session:
            shop.set(latency=0.0)
            yield SimpleNamespace(
                shop=shop, session=session, suppliers=suppliers, mirror=None, half_way=False
            )

    return world


def refreshed(refresh, w, *places):
    """Ask suppliers one after another, each by its place in the list."""
    w.mirror = w.mirror or w.names["Mirror"](w.shop.url)
    return [refresh(w.session, w.suppliers[place], w.mirror) for place in places]


def failing(refresh, w):
    """Refresh a mirror, and once more when the supplier fails; tell whether that raises."""
    refreshed(refresh, w, 0)
    w.shop.revise()
    w.spoil(w)
    try:
        return refreshed(refresh, w, 0)
    except Exception:  # noqa: BLE001 - however it fails
        return "it raised"


def fails(spoil):
    """Return a case in which the supplier fails when the mirror has its stock."""
    return Case(call=failing, prepare=lambda w: setattr(w, "spoil", spoil))


def stops_half_way(w):
    """Let answers end in their middle; whether such a one is an answer, and has an entry, is open."""
    w.shop.set("stock", cut_body=True)
    w.half_way = True


def refuses(w):
    """Let the first supplier answer with a 503."""
    w.shop.break_calls(f"/suppliers/{w.suppliers[0]}/stock")


def held(w):
    """Return what the mirror holds, and the entries of its report."""
    report = [
        getattr(answer, "status_code", None) for answer in w.mirror.answers[: 1 if w.half_way else None]
    ]
    return {"stock": w.mirror.stock, "versions": w.mirror.versions, "report": report}


exercise = Contract(
    "refresh",
    world=World(("rng",), mirrors),
    call=refreshed,
    observe=held,
    why={"report": "report", "versions": "version_first"},
    cases={
        "nothing is new": Case(0, 1, 0, 1),
        "a supplier's stock changes between two rounds": Case(0, 1, between=lambda w: w.shop.revise()),
        "a supplier fails": fails(refuses),
        "an answer stops half-way": fails(stops_half_way),
    },
)

WAYS = {
    "nothing is new": lambda w: None,
    "a supplier has something new": lambda w: w.mirror.versions.clear(),
    "a supplier fails": refuses,
}


@exercise.cause
def every_way_out_releases(refresh, equivalence, rng):
    """Take each way out, and count the connections that are open beside the one that the pool may keep."""
    for when, lead in WAYS.items():
        with mirrors(rng)() as w:
            w.names, errors = equivalence.names, []
            refreshed(refresh, w, 0)
            with handles() as found:
                for _ in range(TIMES):
                    lead(w)
                    try:
                        refreshed(refresh, w, 0)
                    except Exception as error:  # noqa: BLE001 - any way out
                        errors.append(error)
            left = len(found.connections)
            why = exercise.say("kept_by_error" if errors else "kept_by_answer")
            assert left <= 1, exercise.say("left", when=when, times=TIMES, n=left, why=why)
    return exercise.say("nothing_left", ways=len(WAYS), times=TIMES)
