"""Connection churn: connections are lent out to those who wait for something else, or opened anew for each."""

import copy
from dataclasses import replace

from kettle.checking.equivalence import scribble
from kettle.checking.evenings import judge_evening
from kettle.checking.runner.errors import told
from kettle.deployments import five_sites, starts

EVENINGS = (1, 2, 5)  # seeds: the evening that is shown, one with small shares, one with more workers


def check_settings(settings):
    """Django starts with what each site is given, and each call returns a dictionary of its own."""
    sites = [*(site for seed in EVENINGS for site in five_sites(seed)), *_one_each()]
    given, kept = [], []
    for site in sites:
        given.append(_given(settings, site))
        kept.append(copy.deepcopy(given[-1]))
    for site, theirs in zip(sites, kept, strict=True):
        try:
            starts(theirs)
        except ValueError as error:
            raise AssertionError(
                f"{site.name} ({site.workers} workers, {site.granted} connections granted) does not start: {error}"
            ) from None
    alone = given == kept
    scribble(given)
    assert alone and [_given(settings, site) for site in sites] == kept, (
        "Whoever changes the settings that one call has returned changes those of a later call, or of another "
        "site. Where is the dictionary made?"
    )


def check_evenings(settings, rng):
    """Each site's evening goes well, with other numbers of workers and of connections, too."""
    seeds = (*EVENINGS, rng.randrange(1000, 10_000))
    sites = [*(site for seed in seeds for site in five_sites(seed)), *_one_each()]
    for site in sites:
        judge_evening(site, _given(settings, site))
    return f"{len(sites)} evenings were played: no request failed, and connections were kept."


def _one_each():
    """Return sites whose workers may have one connection each, and not quite two."""
    sites = [site for site in five_sites(2) if site.name in ("api", "office")]
    return [replace(site, granted=most) for site in sites for most in (site.workers, 2 * site.workers - 1)]


def _given(settings, site):
    try:
        return settings(site)
    except Exception as error:
        raise AssertionError(f"For {site.name}, `settings` stops with {told(error)}") from error
