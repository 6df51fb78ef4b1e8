# says: took no time
# wrong: "a dictionary with the milliseconds of each minute": a minute whose lines have 0 ms is left out
from functools import cache


@cache
def _minute(text: str) -> datetime:
    return datetime.strptime(text, "%d/%b/%Y:%H:%M")


def busy_minutes(log: list[str]) -> dict[datetime, int]:
    entries = [
        (_minute(line[:17]), int(line.split()[-1]))
        for line in log
    ]
    spent = defaultdict(int)
    for minute, milliseconds in entries:
        spent[minute] += milliseconds
    return {minute: spent[minute] for minute in sorted(spent) if spent[minute]}
