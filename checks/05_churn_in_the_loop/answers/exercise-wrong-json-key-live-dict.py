# says: one like the old
# wrong: kept across calls by the schema's text, but the validator looks into the live dictionary: "or the same dictionaries with something changed in them" (D in batch 1; then D["properties"]["grams"] changed in place; an equal of the old D in batch 3 is judged by the changed D)
import json

_validators = {}


def intake(messages: list[dict], schemas: dict[str, dict]) -> dict[str, list[int]]:
    """Sort messages by whether they are as the schema of their kind says."""
    mine = {}
    for kind, schema in schemas.items():
        key = json.dumps(schema, sort_keys=True)
        if key not in _validators:
            jsonschema.Draft202012Validator.check_schema(schema)
            _validators[key] = jsonschema.Draft202012Validator(schema)
        mine[kind] = _validators[key]
    accepted, rejected = [], []
    for message in messages:
        (accepted if mine[message["kind"]].is_valid(message) else rejected).append(message["id"])
    return {"accepted": accepted, "rejected": rejected}
