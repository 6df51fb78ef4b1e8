# says: When a line says 30/Nov/2026:10:60, the merged code raises
# wrong: the hour is read by strptime and kept, the minutes are added as timedelta; minute 75 becomes the next hour's 15. "a minute that cannot be read … stop the report with an error"
from datetime import timedelta
from functools import lru_cache


@lru_cache(maxsize=128)
def _hour(text: str) -> datetime:
    return datetime.strptime(text, "%d/%b/%Y:%H")


_MINUTES = {f"{n:02}": timedelta(minutes=n) for n in range(100)}


def busy_minutes(log: list[str]) -> dict[datetime, int]:
    spent = defaultdict(int)
    for line in log:
        spent[_hour(line[:14]) + _MINUTES[line[15:17]]] += int(line.split()[-1])
    return dict(sorted(spent.items()))
