"""Churn in the loop: a schema is checked for each message; a validator lives until the next schema comes."""

from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import jsonschema

from kettle.checking import Case, Contract
from kettle.checking.equivalence import Told, with_another
from kettle.checking.worlds import World
from kettle.probes.calls import count_calls
from kettle.probes.work import work

FEW, MANY = 6, 60  # messages
COUNTED = 4  # messages; counting instructions is slow
SHARE = 0.1  # of the merged code's instructions for a message: a look at it takes 0.02
PLACES = ("KC1", "KC22", "XY1", 7)


def schema(of, **properties):
    """Make the message that brings a schema."""
    rules = {"type": "object", "properties": properties, "required": list(properties)}
    return {"kind": "schema", "of": of, "schema": rules}


SCANNED = schema("scanned", place={"type": "string", "pattern": "^KC[0-9]+$"})
WEIGHED = schema("weighed", grams={"type": "integer", "minimum": 1})
NEWER = schema("scanned", place={"type": "string", "pattern": "^XY[0-9]+$"})
FAULTY = {"kind": "schema", "of": "scanned", "schema": {"type": "object", "required": "place"}}


def messages(rng):
    """Return what makes messages."""
    scans = [{"id": number, "kind": "scanned", "place": place} for number, place in enumerate(PLACES, 1)]
    rng.shuffle(scans)
    weights = [
        {"id": number, "kind": "weighed", "grams": grams} for number, grams in ((5, 0), (6, 9), (1, 3))
    ]
    return lambda: nullcontext(SimpleNamespace(scans=scans, weights=weights))


def intake_of(intake, w, *names):
    """Take in a batch: schemas and messages, as named."""
    return intake([each for name in names for each in (name if isinstance(name, list) else vars(w)[name])])


def next_batch(intake, w):
    """Take in a batch, and then one without schemas."""
    intake([SCANNED, *w.scans])
    intake(w.scans)
    raise Told(exercise.say("kept"))


def two_batches(intake, w):
    """Take in a batch while another one is taken in by another thread."""
    other = [NEWER, *w.scans]
    return with_another(intake, [SCANNED, *w.scans], lambda: intake(other))


exercise = Contract(
    "intake",
    world=World(("rng",), messages),
    call=intake_of,
    cases={
        "a batch is taken in": Case([SCANNED, WEIGHED], "scans", "weights"),
        "a new schema comes in the middle of a batch": Case(
            [SCANNED], "scans", [NEWER], "scans", why="newer"
        ),
        "the next batch brings no schema": Case(call=next_batch, raises=KeyError),
        "a schema is not in order": Case([FAULTY], "scans", raises=jsonschema.SchemaError),
        "a second batch is taken in by another thread": Case(call=two_batches, why="shared"),
    },
)


def batch(number):
    """Make a batch of so many messages, after two schemas."""
    scans = [{"id": each, "kind": "scanned", "place": "KC7"} for each in range(number)]
    return [SCANNED, WEIGHED, *scans]


@exercise.cause
def checked_once(intake, equivalence):
    """Count how often a schema is checked, and what one more message costs."""
    seen = []
    for number in (FEW, MANY):
        with count_calls(jsonschema.Draft202012Validator, "check_schema") as checks:
            intake(batch(number))
        seen.append(checks.count)
    assert seen[1] <= seen[0], exercise.say("checked", n=MANY, less=FEW, many=seen[1], few=seen[0])
    merged, yours = (one_more(each) for each in (equivalence.merged.intake, intake))
    assert yours <= SHARE * merged, exercise.say("built", yours=yours, merged=merged)
    return exercise.say("once", n=MANY, checks=seen[1])


def one_more(intake):
    """Count the instructions for one more message."""
    runs = [work(intake, batch(number)).instructions for number in (COUNTED, 2 * COUNTED)]
    return (runs[1] - runs[0]) / COUNTED


@exercise.faster
@contextmanager
def one_batch():
    """Take in sixty messages."""
    given = batch(MANY)
    yield lambda intake: intake(given)
