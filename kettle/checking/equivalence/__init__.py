"""The same answers: the learner's code and the merged code in the same situations, compared.

Equal values are not enough. Whoever calls relies on the order, on failures that stay failures, on arguments
that are left alone, on results that nobody else holds, on fresh answers, and on two calls at once.
"""

from kettle.checking.equivalence.equivalence import CONDITIONS, Equivalence, driven
from kettle.checking.equivalence.merged import MergedMissing, merged_names
from kettle.checking.equivalence.moments import with_another
from kettle.checking.equivalence.situations import Situation, Told
from kettle.checking.equivalence.worlds import (
    asked,
    asked_otherwise,
    at_once,
    database_world,
    fails,
    late,
    revised,
    shop_world,
    shuffled,
)

__all__ = [
    "CONDITIONS",
    "Equivalence",
    "MergedMissing",
    "Situation",
    "Told",
    "asked",
    "asked_otherwise",
    "at_once",
    "database_world",
    "driven",
    "fails",
    "late",
    "merged_names",
    "revised",
    "shop_world",
    "shuffled",
    "with_another",
]
