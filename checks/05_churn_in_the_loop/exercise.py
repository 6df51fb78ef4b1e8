"""Churn in the loop: an expensive object is built anew for each item, or shared though it keeps state."""

import copy
from contextlib import nullcontext
from types import SimpleNamespace

import jsonschema

from kettle.checking.equivalence import Situation, with_another
from kettle.probes.calls import count_calls
from kettle.probes.work import work

from .world import MANY

KINDS = 20  # of messages, that take turns


COUNTED = 4  # of them; counting instructions is slow


SHARE = 0.1  # of the merged code's instructions for a message: a look at it takes 0.02


def check_same_lists(intake, same, rng):
    """Messages are accepted and rejected as they were, by the schemas that came with them."""
    kinds = ("scanned", "weighed", "scanned")
    fine = [_message(rng, 20 + at % 2, "KC7", kind) for at, kind in enumerate(kinds)]  # the last is 20 again
    messages = [_message(rng, number) for number in (*range(1, 7), 3, 5)] + fine
    schemas = _schemas()
    strict = {kind: {**schema, "maxProperties": 1} for kind, schema in schemas.items()}
    broken = {**schemas, "scanned": {"type": "object", "required": "place"}}

    def batch(messages, schemas=schemas):
        return lambda f, w: f(copy.deepcopy(messages), copy.deepcopy(schemas))

    def stricter(w):
        for schema in w.schemas.values():
            schema["maxProperties"] = 1

    def never_seen(w):
        for schema in w.schemas.values():
            schema["title"] = "from another town"

    def one_like_the_old(w):
        w.schemas, changed = copy.deepcopy(w.schemas), w.schemas
        changed["scanned"]["properties"]["place"]["pattern"] = "^never$"

    def made_faulty(w):
        w.schemas["weighed"]["properties"]["grams"]["minimum"] = True

    lost = {"id": 4, "kind": "lost"}
    dated = {**schemas, "scanned": {"properties": {"place": {"format": "date"}}}}
    alike = [
        {"id": at, "kind": "weighed", "place": "KC7", "grams": n} for at, n in enumerate((1, True, 1.0, 1))
    ]

    def two_batches(f, w):
        given = {"the first": strict, "the second": schemas}
        return {which: f(copy.deepcopy(fine), copy.deepcopy(each)) for which, each in given.items()}

    def both(f, w):
        return with_another(lambda given: f(given, schemas), fine, lambda: f(fine[:2], strict))

    new = "Which batch did that schema come with?"
    situations = (
        Situation("a batch is taken in", batch(messages)),
        Situation("two batches bring different schemas", two_batches, why=new),
        Situation(
            "a schema is changed in its place", lambda f, w: f(fine, w.schemas), between=stricter, why=new
        ),
        Situation(
            "a schema is changed in its place, and the next batch brings one like the old",
            lambda f, w: f(fine, w.schemas),
            never_seen,
            one_like_the_old,
            why=new,
        ),
        Situation(
            "a schema is made faulty in its place, by a `True` where it had 1",
            lambda f, w: f(fine, w.schemas),
            between=made_faulty,
            raises=jsonschema.SchemaError,
        ),
        Situation("the same batch is taken in again", batch(messages), again=True),
        Situation(
            "messages hold 1, True and 1.0",
            batch(alike),
            why="Python calls them equal; a schema that wants an integer does not take `True`.",
        ),
        Situation("there is no message", batch([])),
        Situation("a schema is empty, and so allows everything", batch([lost], {"lost": {}})),
        Situation("a schema names a format", batch(fine, dated), why="`validate` checks no formats."),
        Situation("a message is of a kind without a schema", batch([*fine, lost])),
        # Right after a failure: what it left behind would hide this one.
        Situation("a schema is not in order", batch(fine, broken), raises=jsonschema.SchemaError),
        Situation("a second batch is taken in by another thread", both, why="What do the two batches share?"),
    )
    same(intake, lambda: nullcontext(SimpleNamespace(schemas=copy.deepcopy(schemas))), situations)


def check_checked_once(intake, same, rng):
    """A schema is not checked more often for many messages than for a few."""
    kinds = [(f"{kind} {at}", schema) for at in range(KINDS // 2) for kind, schema in _schemas().items()]
    schemas = {kind: {**schema, "title": kind} for kind, schema in kinds}
    many = [_message(rng, at, "KC7", kinds[at % KINDS][0]) for at in range(MANY)]
    few = many[:KINDS]
    seen = []
    for messages in (few, many):
        with count_calls(jsonschema.Draft202012Validator, "check_schema") as checks:
            intake(messages, schemas)
        seen.append(checks.count)
    assert seen[1] <= seen[0], (
        f"{seen[1]} times a schema is checked for {len(many)} messages of {len(schemas)} kinds, and {seen[0]} times for {len(few)}: "
        "they are the same schemas. What has to be done once for each of them?"
    )
    once, known = many[:COUNTED], {kind: schemas[kind] for kind, _ in kinds[:COUNTED]}
    twice = once + many[KINDS : KINDS + COUNTED]
    merged, yours = (_for_one_more(f, once, twice, known) for f in (same.merged.intake, intake))
    assert yours <= SHARE * merged, (
        f"No schema is checked again, and still one more message costs {yours:,.0f} instructions; as merged, it was {merged:,.0f}. "
        "What is built anew for each message?"
    )
    return f"{len(many)} messages took {seen[1]} checks of a schema; as merged, it was one for each message."


def _schemas():
    schemas: dict[str, dict] = {
        "scanned": {"place": {"type": "string", "pattern": "^KC[0-9]+$"}},
        "weighed": {"place": {"type": "string"}, "grams": {"type": "integer", "minimum": 1}},
    }
    return {
        kind: {"type": "object", "properties": properties, "required": list(properties)}
        for kind, properties in schemas.items()
    }


def _message(rng, number, place=None, kind=None):
    place = place or rng.choice(("KC1", "KC22", "XY1", 7))
    return {"id": number, "kind": kind or rng.choice(("scanned", "weighed")), "place": place, "grams": 5}


def _for_one_more(intake, few, many, schemas):
    runs = [work(intake, messages, schemas) for messages in (few, many)]
    return (runs[1].instructions - runs[0].instructions) / (len(many) - len(few))
