"""Deployments: five sites with their traffic, and a simulator of the connections that Django's settings make.

    from kettle.deployments import five_sites, simulate

    for site in five_sites():
        print(simulate(site, {"CONN_MAX_AGE": 60}))

What the simulator models, what it leaves out, and where its rules come from stands in `rules`.
"""

from kettle.deployments.simulate import Evening, simulate, starts
from kettle.deployments.sites import Site, Visit, five_sites

__all__ = ["Evening", "Site", "Visit", "five_sites", "simulate", "starts"]
