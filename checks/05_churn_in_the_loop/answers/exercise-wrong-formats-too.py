# says: checks no formats
# wrong: breaks "the two lists hold what they held, in the order of the messages": the validator is made with a format checker, which jsonschema.validate does not use; a schema with "format": "date" or "ipv4" now rejects messages that were accepted
def intake(messages: list[dict], schemas: dict[str, dict]) -> dict[str, list[int]]:
    """Sort messages by whether they are as the schema of their kind says."""
    validators = {}
    accepted, rejected = [], []
    for message in messages:
        kind = message["kind"]
        if kind not in validators:
            schema = schemas[kind]
            checker = jsonschema.validators.validator_for(schema)
            checker.check_schema(schema)
            validators[kind] = checker(schema, format_checker=checker.FORMAT_CHECKER)
        if validators[kind].is_valid(message):
            accepted.append(message["id"])
        else:
            rejected.append(message["id"])
    return {"accepted": accepted, "rejected": rejected}
