"""The shop of lesson 03, in virtual time: nobody waits for it, and no machine is too slow."""

from kettle.checking.causes.virtually import virtual_shop_world

THINKS = 60.0  # seconds: until then all that can be done meanwhile has been done


def services(rng):
    """Return what makes a shop that answers at once."""
    return virtual_shop_world(rng, latency=0.001)
