# says: for 120 messages of 20 kinds
# wrong: room for four kinds, so with more kinds in turn each message checks again: "a schema is not checked more often for many messages than for a few"
from functools import lru_cache


def intake(messages: list[dict], schemas: dict[str, dict]) -> dict[str, list[int]]:
    """Sort messages by whether they are as the schema of their kind says."""

    @lru_cache(maxsize=4)
    def validator(kind):
        jsonschema.Draft202012Validator.check_schema(schemas[kind])
        return jsonschema.Draft202012Validator(schemas[kind])

    accepted, rejected = [], []
    for message in messages:
        if validator(message["kind"]).is_valid(message):
            accepted.append(message["id"])
        else:
            rejected.append(message["id"])
    return {"accepted": accepted, "rejected": rejected}
