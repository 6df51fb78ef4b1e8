"""The pod that is killed at 8 GB: three pods, whose workers need more memory than there is.

There are no cases, as in the lesson: each pod's evening is played instead.
"""

from kettle.checking import Contract
from kettle.checking.runner.errors import told
from kettle.lessons.busy_evening import play, three_sites
from kettle.lessons.pods import Config

SEEDS = (1, 2, 3, 4, 5)  # the first is the one that is shown; in some of the others no connection is open
SITES = [site for seed in SEEDS for site in three_sites(seed)]
exercise = Contract("configure", cases={})


def played(configure, site):
    """Return the evening of a site with the learner's configuration, and how a sentence about it begins."""
    said = exercise.say("site", name=site.name, granted=site.granted, limit=site.limit)
    try:
        config = configure(site)
    except Exception as error:
        raise AssertionError(exercise.say("raised", site=said, error=told(error))) from error
    assert isinstance(config, Config), exercise.say("no_config", site=said, got=type(config).__name__)
    try:
        return play(site, config), said
    except ValueError as error:
        raise AssertionError(exercise.say("refuses", site=said, error=error)) from None


@exercise.cause
def own_connections(configure):
    """Look for workers that share a connection."""
    for site in SITES:
        evening, said = played(configure, site)
        assert not evening.shared, exercise.say("shared", site=said, n=evening.config.workers)


@exercise.cause
def memory(configure):
    """Add up the memory at noon, and at the busiest."""
    for site in SITES:
        evening, said = played(configure, site)
        about = {"site": said, "n": evening.config.workers, "most": site.limit}
        copies = not evening.config.preload_app and not site.opens and site.loaded > site.limit / 4
        why = exercise.say("copies" if copies else "processes", loaded=site.loaded)
        assert evening.start <= site.limit, exercise.say("at_noon", needs=evening.start, why=why, **about)
        assert evening.most <= site.limit, exercise.say("at_six", needs=evening.most, why=why, **about)


@exercise.cause
def places_and_cores(configure):
    """Compare the places with the requests at six, and the workers with the cores."""
    for site in SITES:
        evening, said = played(configure, site)
        places = int(evening.config.places)
        assert not evening.without_place, exercise.say("places", site=said, n=places, at_six=site.at_six)
        assert not evening.idle, exercise.say("idle", site=said, n=evening.config.workers)
    return exercise.say("all_well", n=len(SITES))
