"""Places: how many pieces of work were under way at once, and whether places stood empty with work left.

For any work that has a bound: calls with a limit, queries on a pool, jobs on workers. In virtual time the
numbers are exact; otherwise they are as good as the clock.

    run = virtually(night)
    use = use_of(spans, limit, number)
    use.most, use.full, use.in_batches
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

UNUSED = 0.05  # share of the places' time that may stand empty: a gate that is polled needs some


@dataclass(frozen=True)
class Use:
    """How places were used.

    most: pieces of work under way at once. unused: share of the places' time, 0 to 1, in which they stood
    empty though some work had not begun. fewest, left: when most of it was lost, how many pieces were under
    way, and how many had not begun. starts: at how many different moments work began.
    """

    places: int
    wanted: int
    most: int
    unused: float
    fewest: int
    left: int
    starts: int

    @property
    def full(self) -> bool:
        """Whether all places were used for as long as there was work."""
        return self.most == self.places and self.unused <= UNUSED

    @property
    def in_batches(self) -> bool:
        """Whether work began only when all that had begun before was done."""
        return self.most > 1 and 1 < self.starts <= -(-self.wanted // self.most) and not self.full


def use_of(spans: Iterable[tuple[float, float]], places: int, wanted: int) -> Use:
    """Tell how places were used.

    Args:
        spans: of each piece of work, when it began and when it ended; one that ends as another begins does
            not overlap it.
        places: that there are.
        wanted: pieces of work that there are.
    """
    spans = list(spans)
    steps = sorted((moment, step) for span in spans for moment, step in zip(span, (1, -1), strict=True))
    moments = [(moment, [step for _, step in each]) for moment, each in groupby(steps, key=lambda s: s[0])]
    now = begun = most = 0
    lost = total = 0.0
    worst = (0.0, 0, 0)
    for (moment, each), (until, _) in zip(moments, [*moments[1:], (None, None)], strict=True):
        now, begun = now + sum(each), begun + each.count(1)
        most = max(most, now)
        if until is None or begun >= wanted:
            continue
        empty = max(0, places - now) * (until - moment)
        lost, total = lost + empty, total + places * (until - moment)
        worst = max(worst, (empty, now, wanted - begun))
    starts = len({began for began, _ in spans})
    return Use(places, wanted, most, lost / total if total else 0.0, *worst[1:], starts)
