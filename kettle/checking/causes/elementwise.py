"""Work for each element of an array: instructions and Python objects, counted; who does it is named."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from kettle.checking.contract import Contract, taking
from kettle.probes.calls import count_calls
from kettle.probes.engines.elements import loop_of_library, objects_for_each, taken_one_by_one
from kettle.probes.work import Growth, Work, growth

LOOP = 4  # instructions for each element: the least that a loop over all of them takes
FEW = "too few for a loop over all of them: there is one over small parts. Make the parts larger."
WHOLE = "Write one operation on whole arrays instead."
MAKERS = ("array", "asarray", "append", "concatenate", "hstack", "insert")
ROWS_OF_PANDAS = ("DataFrame.apply", "DataFrame.agg", "DataFrame.transform")
BY_ONE = {"tolist", "iterated", "map"}


@dataclass(frozen=True)
class Elementwise:
    """The interpreter does nothing for each element of an array or column, and no object is made for it.

    Args:
        make: given a number of elements and a random.Random, returns the arguments of a call.
        item: what an element is called, such as "line".
        few: elements; a row of pandas takes thousands of instructions, and counting makes those slow.
        many: some times as many.
        name: of the title in words.toml.
    """

    make: Callable[[int, random.Random], tuple]
    item: str
    few: int = 100
    many: int = 400
    name: str = "elementwise"

    def check(self, contract: Contract) -> Callable:
        """Return the check."""

        def elementwise(rng: random.Random, **given: Any) -> str:
            elements = Elements(given[contract.name], lambda n: self.make(n, rng), self.item)
            return elements.untouched(self.few, self.many)

        return taking(elementwise, contract.name, "rng")


@dataclass(frozen=True)
class Elements:
    """What a function does for each element of its arrays or columns.

    Args:
        answer: the function.
        make: its arguments, for a number of elements.
        item: what an element is called, such as "line".
    """

    answer: Callable
    make: Callable[[int], tuple]
    item: str

    def untouched(self, few: int, many: int) -> str:
        """Let elements be touched by compiled code only; return the counts, in a sentence."""
        counted = self.no_instructions(few, many)
        self.no_objects()
        noted = self._noted() & BY_ONE
        assert not noted, (
            f"C code goes through the {self.item}s as Python objects, one by one, as `sum` and `map` do. "
            "Let NumPy work on the whole array: `.sum()` in place of `sum`, `np.frombuffer` in place of a list."
        )
        return counted

    def no_instructions(self, few: int, many: int) -> str:
        """Let the interpreter execute nothing for each element; return the counts, in a sentence."""
        with np.printoptions(threshold=8):  # below 1,000 elements, Python writes out a long array in full
            grown = growth(lambda arguments: self.answer(*arguments), (few, many), self.make)
            first, last = grown.runs
            away = last.sent_away or last.processes
            assert not away, (
                f"Work was sent to other processes ({away} {'job' if away == 1 else 'jobs'}): the loop runs there "
                "now, and the arrays are copied there and back. Let this process work on whole arrays."
            )
            assert grown.per_item < 1, self._why_instructions(grown)
        also = "as many" if first.instructions == last.instructions else f"{first.instructions:,}"
        return f"{last.instructions:,} instructions for {many} {self.item}s, and {also} for {few}."

    def no_objects(self) -> None:
        """Let no Python object be made and kept for each element."""
        made = objects_for_each(self.answer, self.make)
        if made < 0.5:
            return
        noted, name = self._noted(), loop_of_library(self.answer, self.make(100), 100)
        told = f"{made:.1f} Python objects for each {self.item} are alive at once"
        if name:
            why = f": `{name}` calls a function for each {self.item}, even where that is written in C."
        elif "object" in noted:
            why = ", in an array of dtype object: its arithmetic is that of Python, object by object."
        elif noted & BY_ONE:
            why = ": an array is made into Python objects, even if no line of yours loops. Keep it an array."
        else:
            why = ": look for a list, or an array of dtype object, on the way."
        raise AssertionError(told + why)

    # --- what is told

    def _why_instructions(self, grown: Growth) -> str:
        """Say who executes instructions for each element."""
        (few, many), (first, last) = grown.runs, grown.sizes
        told = f"{_instructions(grown.per_item)} for each {self.item}"
        name = loop_of_library(
            self.answer, self.make(last), last, calls=(many.calls - few.calls) / (last - first)
        )
        if name:
            return self._of_library(name, told)
        arrays = [self._arrays_made(n) for n in grown.sizes]
        if arrays[1] - arrays[0] >= (last - first) / 2:
            return (
                f"NumPy made {arrays[1]} arrays for {last} {self.item}s, which costs far more than the "
                f"arithmetic, and {told}. Make one array for all."
            )
        return self._of_interpreter(grown.per_item, many)

    def _of_library(self, name: str, told: str) -> str:
        if name.startswith("DataFrame.iter"):
            return (
                f"`{name}` hands out each row as a Python object: {told}. Use an operation on whole columns."
            )
        if name == "np.vectorize":
            return (
                f"`np.vectorize` looks like an array operation and calls your function for each {self.item}, "
                f"with {told}: it is a loop."
            )
        if name == "np.frompyfunc":
            return f"A ufunc of `np.frompyfunc` calls your Python function for each {self.item}: {told}."
        each = "row" if name in ROWS_OF_PANDAS else self.item
        return f"`{name}` calls your function for each {each}: {told}. It is a loop, out of sight."

    def _of_interpreter(self, each: float, run: Work) -> str:
        if run.threads:
            return (
                f"{run.threads} other threads worked on it, and together they still execute "
                f"{_instructions(each)} for each {self.item}: one interpreter runs them in turn."
            )
        noted, told = self._noted(), self._executes(each)
        ask = f"as a Python object of its own. {WHOLE}"
        if "map" in noted:
            return f"{told}: `map` hides the loop, and does not remove it. {WHOLE}"
        if "tolist" in noted:
            return f"{told}: an array is made into a list, and a Python loop goes through that. {WHOLE}"
        if "iterated" in noted:
            return f"{told}: a loop or a comprehension takes each element out of its array, {ask}"
        if "indexed" in noted:
            return f"{told}: each element is taken out of its array by an index, {ask}"
        if each < LOOP:
            return f"{told}, {FEW}"
        return f"{told}: somewhere a loop in Python goes through them. {WHOLE}"

    def _executes(self, each: float) -> str:
        return f"The interpreter executes {_instructions(each)} for each {self.item}"

    def _noted(self) -> set[str]:
        return taken_one_by_one(self.answer, self.make(100))

    def _arrays_made(self, n: int) -> int:
        with ExitStack() as stack:
            seen = [stack.enter_context(count_calls(np, name)) for name in MAKERS]
            self.answer(*self.make(n))
        return max(found.count for found in seen)


def _instructions(each: float) -> str:
    text = f"{each:,.0f}" if each >= 10 else f"{each:.2g}"
    return f"{text} instruction{'s' * (text != '1')}"
