"""What the lesson's checks and the exercise's share."""

import re

from kettle.checking.equivalence import asked_otherwise

IN_TURN, AT_ONCE, MOST, TOGETHER = 8, 100, 20, 4


PATIENCE = 2.0  # seconds; paid by wrong answers only


CLOSED = (
    "`async with` closes what it is given at the end of its block, also where others use it. Who owns it?"
)


KEPT = "What does a failure leave behind?"


ELSEWHERE = "The service starts in one task, and requests come in others: a ContextVar that is set in one is not seen in another."


def _apart(what, connections, made, noun, mistake):
    opened = f"{IN_TURN} {what}s, one after another, went over {connections} connections"
    if made >= IN_TURN:
        return f"{opened}, and {made} {noun}s were made: {mistake}. How long does a {noun} live?"
    if connections < IN_TURN:
        return f"{opened}, where one is enough. What closes the others, or makes them?"
    return f"{opened}, though {'one' if made == 1 else made or 'no'} {noun} was made meanwhile: what closes a connection when its {what} is done?"


def _alone(what, most):
    return f"Of many {what}s at once, at most {most} were under way together, and {TOGETHER} can be. What do the others wait for?"


def _words(error):
    if re.search("connecting to|Cannot connect|connection attempts failed", str(error)):
        return "Does it go to the server of this app, or to that of an app before it?"
    if "Session is closed" in str(error) or "client has been closed" in str(error):
        return CLOSED
    return ELSEWHERE if isinstance(error, LookupError) and "ContextVar" in str(error) else ""


WHY = {"seen": asked_otherwise, "error": _words}


AFTER = {"error": lambda error: _words(error) or KEPT}


def _number(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
