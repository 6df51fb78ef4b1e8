# says: for 120 messages of 20 kinds
# wrong: breaks "a schema is not checked more often for many messages than for a few": the cache has room for 16 kinds; with 17 kinds in turn each message finds its own just thrown out, and is checked anew
from functools import lru_cache


def intake(messages: list[dict], schemas: dict[str, dict]) -> dict[str, list[int]]:
    """Sort messages by whether they are as the schema of their kind says."""

    @lru_cache(maxsize=16)  # there are three kinds: more than enough
    def validator_of(kind):
        schema = schemas[kind]
        checker = jsonschema.validators.validator_for(schema)
        checker.check_schema(schema)
        return checker(schema)

    accepted, rejected = [], []
    for message in messages:
        if validator_of(message["kind"]).is_valid(message):
            accepted.append(message["id"])
        else:
            rejected.append(message["id"])
    return {"accepted": accepted, "rejected": rejected}
