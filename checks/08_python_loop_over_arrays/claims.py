"""Claims that lesson 08 answers for and does not ask about."""

import numpy as np
import pandas as pd

from kettle.probes.ratio import compare


def by_column_and_by_row() -> str:
    """Compare pandas used by the column, and by the row, with a plain list."""
    numbers = list(range(10_000))
    column = pd.Series(numbers)

    def plain() -> list:
        return [x * 2 + 1 for x in numbers]

    whole = compare(plain, lambda: column * 2 + 1, clock="cpu", shortest=0.01).ratio
    each = compare(plain, lambda: column.apply(lambda x: x * 2 + 1), clock="cpu", shortest=0.01).ratio
    rows = column.to_frame("x")
    by_row = compare(plain, lambda: rows.apply(lambda row: row["x"] * 2 + 1, axis=1)).ratio
    return (
        f"Against a list of 10,000: the column {whole:.0f} times as fast, `Series.apply` {each:.1f}, "
        f"`DataFrame.apply` by rows {by_row:.3f}."
    )


def by_operation() -> str:
    """Compare what vectorising brings to two operations of one length."""
    array = np.arange(10_000) / 7
    numbers = array.tolist()

    def plain() -> list:
        return [x * 2 + 1 for x in numbers]

    def there_and_back() -> list:
        packed = np.array(numbers) * 2 + 1
        return packed.tolist()

    affine = compare(plain, lambda: array * 2 + 1, clock="cpu").ratio
    back = compare(plain, there_and_back, clock="cpu").ratio
    return f"`x * 2 + 1` {affine:.0f} times as fast, and from a list to an array and back {back:.1f}."


MEASURES = {
    "ten_to_hundred": by_column_and_by_row,
    "vectorise_and_measure": by_operation,
}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""
