# says: When a line says 30/ovD/2026:10:00, the merged code raises
# wrong: the month is looked up by its place in one string, so "anF" counts as January and "ovD" as November. "a minute that cannot be read (… month `Xyz`) … stop the report with an error"
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


def _read(text: str) -> datetime:
    month = _MONTHS.index(text[3:6]) // 3 + 1  # ValueError when there is none
    return datetime(int(text[7:11]), month, int(text[:2]), int(text[12:14]), int(text[15:17]))


def busy_minutes(log: list[str]) -> dict[datetime, int]:
    minute_of = {}
    spent = defaultdict(int)
    for line in log:
        text = line[:17]
        if text not in minute_of:
            minute_of[text] = _read(text)
        spent[minute_of[text]] += int(line.split()[-1])
    return dict(sorted(spent.items()))
