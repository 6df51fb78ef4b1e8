# says: When a schema is not in order
# wrong: breaks "the schemas are those of this call": the default argument lives on and is emptied only at the end of a batch that went well; after a batch that stopped with KeyError or SchemaError the next one is judged by the old schemas
def intake(
    messages: list[dict], schemas: dict[str, dict], _validators: dict = {}
) -> dict[str, list[int]]:
    """Sort messages by whether they are as the schema of their kind says."""
    import threading

    mine = _validators.setdefault(threading.get_ident(), {})  # each thread its own
    accepted, rejected = [], []
    for message in messages:
        kind = message["kind"]
        schema = schemas[kind]
        if kind not in mine:
            jsonschema.Draft202012Validator.check_schema(schema)
            mine[kind] = jsonschema.Draft202012Validator(schema)
        if mine[kind].is_valid(message):
            accepted.append(message["id"])
        else:
            rejected.append(message["id"])
    mine.clear()  # the next batch may bring others
    return {"accepted": accepted, "rejected": rejected}
