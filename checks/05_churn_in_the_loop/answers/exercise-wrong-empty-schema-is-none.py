# says: a schema is empty, and so allows everything
# wrong: breaks "the two lists hold what they held" (and "a kind without a schema is a KeyError", which this one has): a kind with the empty schema {}, which allows everything, raises KeyError
def intake(messages: list[dict], schemas: dict[str, dict]) -> dict[str, list[int]]:
    """Sort messages by whether they are as the schema of their kind says."""
    validators = {}
    accepted, rejected = [], []
    for message in messages:
        kind = message["kind"]
        validator = validators.get(kind)
        if not validator:
            schema = schemas.get(kind)
            if not schema:
                raise KeyError(kind)
            jsonschema.Draft202012Validator.check_schema(schema)
            validator = validators[kind] = jsonschema.Draft202012Validator(schema)
        if validator.is_valid(message):
            accepted.append(message["id"])
        else:
            rejected.append(message["id"])
    return {"accepted": accepted, "rejected": rejected}
