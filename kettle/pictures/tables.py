"""Tables: as plain text for a terminal, and as a figure in a notebook."""

from collections.abc import Iterable, Sequence

from kettle.pictures.figure import Picture, Table, html_table, is_numeric, new_ids


def text_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as lines of text: columns aligned, numbers set to the right."""
    written = [[str(cell) for cell in row] for row in rows]
    columns = list(zip(headers, *written, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    right = [is_numeric(column[1:]) for column in columns]
    lines = [_line(headers, widths, right), "  ".join("─" * w for w in widths)]
    return "\n".join([*lines, *(_line(row, widths, right) for row in written)])


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True)]
    return "  ".join(padded).rstrip()


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str = "",
    says: str = "",
    point: str = "",
) -> Picture:
    """Show a table as a figure; its text is the table in plain text.

    Args:
        headers: one a column.
        rows: cells, written with str().
        title: the caption.
        says: what the table shows, in a sentence or two.
        point: what it is there to show: beneath it, and first in its text.
    """
    written = [[str(cell) for cell in row] for row in rows]
    shown = html_table(Table(headers, written))
    return Picture(new_ids(), title, says, point, lambda _: [shown], words=text_table(headers, written))
