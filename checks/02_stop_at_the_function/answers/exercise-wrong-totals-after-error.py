# says: What is left of the one that stopped?
# wrong: the kept records also hold the totals and are set to 0 only at the end; after a report that stopped with an error the next has its milliseconds too. "each report is his own, and made from the log as it is now"
_records: dict[str, list] = {}  # text of a minute: [minute, milliseconds]


def busy_minutes(log: list[str]) -> dict[datetime, int]:
    for line in log:
        text = line[:17]
        record = _records.get(text)
        if record is None:
            record = _records[text] = [datetime.strptime(text, "%d/%b/%Y:%H:%M"), None]
        record[1] = (record[1] or 0) + int(line.split()[-1])
    spent = sorted((record for record in _records.values() if record[1] is not None), key=lambda record: record[0])
    report = {minute: milliseconds for minute, milliseconds in spent}
    for record in spent:  # what is known of a minute may be kept, its sum may not
        record[1] = None
    return report
