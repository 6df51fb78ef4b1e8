"""Logs: what was written to any logger in a block, and how a record reads as a whole.

For example:

    with watch_logs() as logs:
        await page(api)
    logs.texts
"""

import logging

WARNING = logging.WARNING


class watch_logs:  # noqa: N801 (used as a verb: with watch_logs() as logs)
    """Collect what is logged in the block, by any logger that passes its records on; usable with `with`.

    Nothing of it is printed meanwhile. Read in the block or afterwards: records: `logging.LogRecord`s, in
    their order. asyncio's own complaints are not among them: `watch_tasks` tells of those.

    Args:
        level: records below it are left out, as `logging.WARNING`.
    """

    def __init__(self, level: int = WARNING) -> None:
        self.level = level
        self.records: list[logging.LogRecord] = []

    def __enter__(self) -> "watch_logs":
        root = logging.getLogger()
        self._handlers = root.handlers
        root.handlers = [_Keeper(self)]
        return self

    def __exit__(self, *error: object) -> None:
        logging.getLogger().handlers = self._handlers

    @property
    def texts(self) -> tuple[str, ...]:
        """Each record as a log file has it: message, and traceback where there is one."""
        return tuple(map(whole, self.records))

    def __repr__(self) -> str:
        return f"watch_logs({len(self.records)} records)"


class _Keeper(logging.Handler):
    def __init__(self, watch: watch_logs) -> None:
        super().__init__(watch.level)
        self._watch = watch

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record."""
        if record.name.partition(".")[0] != "asyncio":
            self._watch.records.append(record)


def whole(record: logging.LogRecord) -> str:
    """Return a record as a log file has it, name and level left out."""
    return logging.Formatter("%(message)s").format(record)
