"""Churn in the loop: a schema is checked for each message; a validator lives until the next schema comes."""

from contextlib import contextmanager

import jsonschema

from kettle.checking import Case, Contract
from kettle.checking.equivalence import Told, with_another
from kettle.probes.calls import count_calls
from kettle.probes.work import growth

FEW, MANY = 6, 60  # messages
COUNTED = (4, 8)  # messages; counting instructions is slow
SHARE = 0.1  # of the merged code's instructions for a message: a look at it takes 0.02


def schema(of, **properties):
    """Make the message that brings a schema."""
    rules = {"type": "object", "properties": properties, "required": list(properties)}
    return {"kind": "schema", "of": of, "schema": rules}


def scan(number, place):
    """Make a message of a scan."""
    return {"id": number, "kind": "scanned", "place": place}


SCANNED = schema("scanned", place={"type": "string", "pattern": "^KC[0-9]+$"})
WEIGHED = schema("weighed", grams={"type": "integer", "minimum": 1})
NEWER = schema("scanned", place={"type": "string", "pattern": "^XY[0-9]+$"})
FAULTY = {"kind": "schema", "of": "scanned", "schema": {"type": "object", "required": "place"}}
SCANS = [scan(3, "KC1"), scan(1, "KC22"), scan(4, "XY1"), scan(2, 7)]
WEIGHTS = [{"id": number, "kind": "weighed", "grams": grams} for number, grams in ((5, 0), (6, 9), (1, 3))]


def next_batch(intake, _):
    """Take in a batch, and then one without schemas."""
    intake([SCANNED, *SCANS])
    intake(SCANS)
    raise Told(exercise.say("kept"))


def two_batches(intake, _):
    """Take in a batch while another one is taken in by another thread."""
    return with_another(intake, [SCANNED, *SCANS], lambda: intake([NEWER, *SCANS]))


exercise = Contract(
    "intake",
    cases={
        "a batch is taken in": Case([SCANNED, WEIGHED, *WEIGHTS[:2], *SCANS, *WEIGHTS[2:]]),
        "a new schema comes in the middle of a batch": Case([SCANNED, *SCANS, NEWER, *SCANS], why="newer"),
        "the next batch brings no schema": Case(call=next_batch, raises=KeyError),
        "a schema is invalid": Case([FAULTY, *SCANS], raises=jsonschema.SchemaError),
        "a second batch is taken in by another thread": Case(call=two_batches, why="shared"),
    },
)


def batch(number):
    """Make a batch of so many messages, after two schemas."""
    return [SCANNED, WEIGHED, *(scan(each, "KC7") for each in range(number))]


@exercise.cause
def checked_once(intake, equivalence):
    """Count how often a schema is checked, and what one more message costs."""
    seen = []
    for number in (FEW, MANY):
        with count_calls(jsonschema.Draft202012Validator, "check_schema") as checks:
            intake(batch(number))
        seen.append(checks.count)
    few, many = seen
    assert many <= few, exercise.say("checked", n=MANY, less=FEW, many=many, few=few)
    merged, yours = (growth(each, COUNTED, batch).per_item for each in (equivalence.merged.intake, intake))
    assert yours <= SHARE * merged, exercise.say("built", yours=yours, merged=merged)
    return exercise.say("once", n=MANY, checks=many)


@exercise.faster
@contextmanager
def one_batch():
    """Take in sixty messages."""
    given = batch(MANY)
    yield lambda intake: intake(given)
