# says: by a `True` where it had 1
# wrong: breaks "the next batch may bring others, under the same names, or the same dictionaries with something changed in them": compared by == with a copy of last time; {"const": 1} made {"const": True}, or additionalProperties False made 0 (a SchemaError), counts as unchanged
import copy

_last = {}  # kind: (a copy of its schema, its validator), in one tuple for the threads' sake


def _validator(kind, schema):
    known = _last.get(kind)
    if known is not None and known[0] == schema:
        return known[1]
    kept = copy.deepcopy(schema)
    checker = jsonschema.validators.validator_for(kept)
    checker.check_schema(kept)
    validator = checker(kept)
    _last[kind] = kept, validator
    return validator


def intake(messages: list[dict], schemas: dict[str, dict]) -> dict[str, list[int]]:
    """Sort messages by whether they are as the schema of their kind says."""
    validators = {}
    accepted, rejected = [], []
    for message in messages:
        kind = message["kind"]
        if kind not in validators:
            validators[kind] = _validator(kind, schemas[kind])
        if validators[kind].is_valid(message):
            accepted.append(message["id"])
        else:
            rejected.append(message["id"])
    return {"accepted": accepted, "rejected": rejected}
