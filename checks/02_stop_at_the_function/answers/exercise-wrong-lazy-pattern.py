# says: When a line has '12.5' for milliseconds
# wrong: the pattern takes the digits at the end of the line, so milliseconds "1O5" or "12.5" are read as 5. "milliseconds that are no number stop the report with an error" (12.5 is an error now, and 5 is not 1O5)
import re

_LINE = re.compile(r"(\d\d/\w{3}/\d{4}:\d\d:\d\d).*?(\d+)\s*$")


def busy_minutes(log: list[str]) -> dict[datetime, int]:
    minutes = {}
    spent = defaultdict(int)
    for line in log:
        found = _LINE.match(line)
        if found is None:
            raise ValueError(f"cannot read {line!r}")
        text, milliseconds = found.groups()
        if text not in minutes:
            minutes[text] = datetime.strptime(text, "%d/%b/%Y:%H:%M")
        spent[minutes[text]] += int(milliseconds)
    return dict(sorted(spent.items()))
