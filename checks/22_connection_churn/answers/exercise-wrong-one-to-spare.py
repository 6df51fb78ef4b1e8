# says: does not start: psycopg's pool does not start
# wrong: leaves one for the administrator: with a share of 1 (granted == workers) max_size is 0, below min_size; breaks "Django starts with them" (and "no request fails")
def settings(site: Site) -> dict:
    if site.name == "tills":
        return {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    share = site.granted // site.workers
    return {"CONN_HEALTH_CHECKS": True, "OPTIONS": {"pool": {"min_size": 1, "max_size": share - 1}}}
