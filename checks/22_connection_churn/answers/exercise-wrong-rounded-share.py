# says: has a pool of its own, and together they may have
# wrong: round() goes up for 7 connections and 4 workers: 4 × 2 = 8: "the site never asks the database for more connections than it is `granted`"
def settings(site: Site) -> dict:
    if site.name == "tills":
        return {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    each = round(site.granted / site.workers)
    return {
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"pool": {"min_size": 1, "max_size": each}},
    }
