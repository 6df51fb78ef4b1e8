KEEP = {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}


def settings(site: Site) -> dict:
    if site.name in ("api", "office"):
        return {"OPTIONS": {"pool": {"min_size": 1, "max_size": site.granted // site.workers}}}
    return KEEP
