"""Connection churn in Django's settings: five sites, each of which keeps too few connections or too many.

There are no cases: the merged settings are wrong, so no site's are compared with them. Each site's evening
is played instead.
"""

from kettle.checking import Contract
from kettle.checking.runner.errors import told
from kettle.lessons.deployments import five_sites, simulate, starts

EVENINGS = (
    1,
    5,
    39,
)  # seeds: the evening that is shown, one with more workers, one with small, uneven shares
SITES = [site for seed in EVENINGS for site in five_sites(seed)]
exercise = Contract("settings", cases={})


def given(settings, site):
    """Return what a site is given, and what to call the site in a sentence."""
    name = exercise.say("site", name=site.name, workers=site.workers, granted=site.granted)
    try:
        return settings(site), name
    except Exception as error:
        raise AssertionError(exercise.say("raised", site=name, error=told(error))) from error


@exercise.cause
def accepted(settings):
    """Give Django and its pool the settings of each site."""
    for site in SITES:
        theirs, name = given(settings, site)
        try:
            starts(theirs)
        except ValueError as error:
            raise AssertionError(exercise.say("refuses", site=name, error=error)) from None


@exercise.cause
def evenings(settings):
    """Play each site's evening, with other numbers of workers and of connections, too."""
    for site in SITES:
        play(site, *given(settings, site))
    return exercise.say("went_well", n=len(SITES))


def play(site, theirs, name):
    """Play one evening, and judge how it went."""
    evening = simulate(site, theirs)
    said = {"site": name, "of": evening.requests}
    assert not evening.dropped, exercise.say("dropped", n=evening.dropped, **said)
    why = exercise.say(who_opens(site, theirs), workers=site.workers, granted=site.granted)
    failed = exercise.say("failed", n=evening.refused, of=evening.requests) if evening.refused else ""
    assert not evening.refusals, exercise.say(
        "refused", site=name, refusals=evening.refusals, failed=failed, why=why
    )
    why = exercise.say(who_holds(theirs))
    assert not evening.late, exercise.say("late", n=evening.late, why=why, **said)
    why = exercise.say(f"keep_{site.server}")
    assert evening.connects <= evening.requests / 10, exercise.say(
        "churn", n=evening.connects, most=evening.requests // 10, why=why, **said
    )


def pool_of(theirs):
    """Return the pool's options."""
    return (theirs.get("OPTIONS") or {}).get("pool")


def who_opens(site, theirs):
    """Name what opens too many connections."""
    if pool_of(theirs):
        return "pools"
    if theirs.get("CONN_MAX_AGE", 0) == 0:
        return "rush"
    return "left" if site.server == "ASGI" else "threads"


def who_holds(theirs):
    """Name what keeps requests waiting for a connection."""
    if theirs.get("ATOMIC_REQUESTS"):
        return "atomic"
    return "small_pool" if pool_of(theirs) else "slow"
