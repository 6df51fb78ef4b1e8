# right: the text of the schema holds all that the validator is built from; writing it costs next to nothing
import json

known = {}


def intake(messages, schemas):
    accepted, rejected = [], []
    for message in messages:
        key = json.dumps(schemas[message["kind"]], sort_keys=True)
        if key not in known:
            schema = json.loads(key)
            jsonschema.Draft202012Validator.check_schema(schema)
            known[key] = jsonschema.Draft202012Validator(schema)
        (accepted if known[key].is_valid(message) else rejected).append(message["id"])
    return {"accepted": accepted, "rejected": rejected}
