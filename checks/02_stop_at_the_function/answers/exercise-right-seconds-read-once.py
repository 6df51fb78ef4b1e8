# the comprehension stays; lru_cache of the function's own, with room for three days
from functools import lru_cache


def busy_minutes(log: list[str]) -> dict[datetime, int]:
    @lru_cache(maxsize=5_000)
    def minute_of(text: str) -> datetime:
        return datetime.strptime(text, "%d/%b/%Y:%H:%M")

    @lru_cache(maxsize=100)
    def check(seconds: str) -> None:
        datetime.strptime(seconds, ":%S")

    entries = []
    for line in log:
        check(line[17:20])
        entries.append((minute_of(line[:17]), int(line.split()[-1])))
    spent = defaultdict(int)
    for minute, milliseconds in entries:
        spent[minute] += milliseconds
    return dict(sorted(spent.items()))
