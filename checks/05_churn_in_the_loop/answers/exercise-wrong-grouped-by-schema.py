# says: right entries in the wrong order
def intake(messages: list[dict]) -> dict[str, list[int]]:
    """Sort messages by whether they match the schema of their kind."""
    current, groups = {}, []
    for message in messages:
        if message["kind"] == "schema":
            group = (message["schema"], [])
            groups.append(group)
            current[message["of"]] = group
        else:
            current[message["kind"]][1].append(message)

    accepted, rejected = [], []
    for schema, group in groups:
        checker.check_schema(schema)
        validator = checker(schema)
        for message in group:
            (accepted if validator.is_valid(message) else rejected).append(message["id"])
    return {"accepted": accepted, "rejected": rejected}
