# says: too few places
# wrong: lru_cache keeps 128 minutes unless told otherwise, and a log may hold 4,320
from functools import lru_cache


@lru_cache
def read(text):
    return datetime.strptime(text, "%d/%b/%Y:%H:%M")


def busy_minutes(log: list[str]) -> dict[datetime, int]:
    spent = defaultdict(int)
    for line in log:
        spent[read(line[:17])] += int(line.split()[-1])
    return dict(sorted(spent.items()))
