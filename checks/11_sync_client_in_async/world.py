"""What the lesson's checks and the exercise's share."""

import http.client

from kettle.checking.held_calls import hold_calls

PATIENCE = 3.0  # seconds; paid by wrong answers only


TOGETHER = 4  # calls that must be in flight at once: the smallest default pool of to_thread has 5 threads


LATE_BODY = 0.12  # seconds of the client's life from the head of an answer to its body, which may be waited for elsewhere


TURNS = 30  # that the loop takes while calls are held, 5 ms each: time for what waits there to show


CONNECTION = "The client has one connection, and two threads used it at once. How can they be kept apart?"


def _shared(error):
    return CONNECTION if isinstance(error, http.client.HTTPException) else ""


async def _held(ask, shop, turns=TURNS, meanwhile=None, late_body=0.0):
    shop.set(latency=0.01)
    options = {"meanwhile": meanwhile, "turns": turns, "late_body": late_body, "patience": PATIENCE}
    seen = await hold_calls(ask, shop, "stock", TOGETHER, **options)
    if (seen.met or not seen.together) and seen.error and not _shared(seen.error):
        raise seen.error
    shop.set(latency=0.13, hang=None)  # for what may have to be explained
    return seen
