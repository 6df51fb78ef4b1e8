# says: When a batch is taken in
# wrong: breaks "the two lists hold what they held, in the order of the messages": sorted by kind, then put back by the place of each id; an id that comes twice (a delivered after a scanned of the same id) has one place only: 5, 7, 5 becomes 7, 5, 5
from collections import defaultdict


def intake(messages: list[dict], schemas: dict[str, dict]) -> dict[str, list[int]]:
    """Sort messages by whether they are as the schema of their kind says."""
    by_kind = defaultdict(list)
    for message in messages:
        by_kind[message["kind"]].append(message)

    accepted, rejected = [], []
    for kind, some in by_kind.items():
        schema = schemas[kind]
        checker = jsonschema.validators.validator_for(schema)
        checker.check_schema(schema)
        validator = checker(schema)
        for message in some:
            (accepted if validator.is_valid(message) else rejected).append(message["id"])

    place = {message["id"]: number for number, message in enumerate(messages)}
    accepted.sort(key=place.__getitem__)
    rejected.sort(key=place.__getitem__)
    return {"accepted": accepted, "rejected": rejected}
