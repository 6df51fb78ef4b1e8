# says: has a pool of its own: how large may one be?
# wrong: pool=True is 4 for each of the office's workers whatever is granted, so other evenings, with fewer granted for each, are refused: "take them from `site`"
def settings(site: Site) -> dict:
    match site.name:
        case "shop":
            return {"CONN_MAX_AGE": 600}
        case "api":
            return {"CONN_MAX_AGE": 0, "OPTIONS": {"pool": {"min_size": 5, "max_size": 5}}}
        case "office":
            return {"CONN_MAX_AGE": 0, "OPTIONS": {"pool": {"min_size": 6, "max_size": 6}}}
        case "reports":
            return {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
        case "tills":
            return {"CONN_MAX_AGE": None, "ATOMIC_REQUESTS": False}
