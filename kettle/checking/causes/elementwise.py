"""The court on work for each element of an array: instructions, objects, memory; at last, CPU time."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from kettle.checking.checks import Undecided
from kettle.probes.calls import count_calls
from kettle.probes.engines.elements import (
    loop_of_library,
    objects_for_each,
    own_instructions,
    taken_one_by_one,
)
from kettle.probes.memory import peak_bytes
from kettle.probes.ratio import compare
from kettle.probes.work import Growth, Work, growth

LOOP = 4  # instructions for each element: the least that a loop over all of them takes
FEW = "too few for a loop over all of them: is there one over parts, or over each different value?"
MAKERS = ("array", "asarray", "append", "concatenate", "hstack", "insert")
ROWS_OF_PANDAS = ("DataFrame.apply", "DataFrame.agg", "DataFrame.transform")
BY_ONE = {"tolist", "iterated", "map"}


@dataclass(frozen=True)
class Elementwise:
    """Judges what a function does for each element of its arrays or columns.

    Args:
        answer: the function.
        make: its arguments, for a number of elements.
        item: what an element is called, such as "line".
    """

    answer: Callable
    make: Callable[[int], tuple]
    item: str

    def no_instructions(self, few: int, many: int, most: int) -> str:
        """Let the interpreter execute nothing for each element, neither among few nor among very many.

        Args:
            few: elements; a row of pandas takes thousands of instructions, and counting makes those slow.
            many: some times as many.
            most: so many that a loop which few are spared is seen.

        Returns:
            The counts, in a sentence.
        """
        with np.printoptions(threshold=8):  # below 1,000 elements, Python writes out a long array in full
            grown = growth(lambda arguments: self.answer(*arguments), (few, many), self.make)
            first, last = grown.runs
            away = last.sent_away or last.processes
            assert not away, (
                f"Work was sent to other processes ({away} {'job' if away == 1 else 'jobs'}): it is moved "
                "there, not removed, and the arrays are copied there and back. What could this process do "
                "with whole arrays?"
            )
            assert grown.per_item < 1, self._why_instructions(grown)
            self.memory_in_proportion()
        self._spares_nobody(many, most)
        also = "as many" if first.instructions == last.instructions else f"{first.instructions:,}"
        return f"{last.instructions:,} instructions for {many} {self.item}s, and {also} for {few}."

    def _spares_nobody(self, few: int, most: int) -> None:
        """Let there be no loop that only few elements are spared; a loop over parts is none."""
        less, more = (own_instructions(self.answer, self.make(n)) for n in (few, most))
        each = (more - less) / (most - few)
        assert each < 1, (
            f"{self._executes(each)} of your code among {most:,}, and hardly any among {few}: "
            f"is there a loop that only few {self.item}s are spared?"
        )

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
            why = ": an array is made into Python objects, even if no line of yours loops. Is that needed?"
        else:
            why = ": is there a list, or an array of dtype object, on the way?"
        raise AssertionError(told + why)

    def memory_in_proportion(self) -> None:
        """Let memory grow no faster than the elements."""
        for n in (250, 500):
            self.answer(*self.make(n))
        low, middle, high = (peak_bytes(self.answer, *self.make(n)) for n in (250, 500, 1000))
        first, second = (middle - low) / 250, (high - middle) / 500
        assert second < 1.6 * max(first, 300), (
            f"One more {self.item} takes {first:,.0f} bytes at first and {second:,.0f} among twice as many: "
            f"somewhere every {self.item} meets every other. What needs a table of all with all?"
        )

    def cheap(self, reference: Callable, times: int) -> None:
        """Let further elements cost at most so many times what they cost a reference, by CPU time.

        The allowance holds the answer itself on few elements: what a library does once does not count.

        Raises:
            Undecided: the machine is too busy to tell.
        """
        if self._noted() & BY_ONE:
            raise AssertionError(self._why_dear())
        few, many = self.make(1000), self.make(15_000)  # 120 kB an array: every allocator's quick path

        def allowed() -> None:
            self.answer(*few)
            for _ in range(times):
                reference(*many)

        def taken() -> None:
            self.answer(*many)

        allowed()
        share = _seconds(allowed, 2) / max(_seconds(taken, 2), 1e-6)
        if share > 3:
            return
        if share > 0.05:  # otherwise one look is enough, and more of them would take long
            ratio = compare(
                allowed, taken, clock="cpu", patience=4.0, enough=lambda r: not r.low <= 1 <= r.high
            )
            share = ratio.best_ratio
            if ratio.low > 1 or share > 1.2:
                return
            if ratio.high >= 1 and share > 0.8:
                raise Undecided(
                    f"The CPU time is too near the limit to tell whether one more {self.item} costs over "
                    f"{times} times what it could."
                )
        raise AssertionError(self._why_dear(f" over {times} times what it costs"))

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
                f"arithmetic, and {told}. What could be one array for all?"
            )
        return self._of_interpreter(grown.per_item, many)

    def _of_library(self, name: str, told: str) -> str:
        if name.startswith("DataFrame.iter"):
            return (
                f"`{name}` hands out each row as a Python object: {told}. "
                "Which operation on columns does it for all?"
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
        ask = "as a Python object of its own. What could be one operation on all?"
        if "map" in noted:
            return f"{told}: `map` hides the loop, and does not remove it."
        if "tolist" in noted:
            return (
                f"{told}: an array is made into a list, and a Python loop goes through that. "
                "What would need no list?"
            )
        if "iterated" in noted:
            return f"{told}: a loop or a comprehension takes each element out of its array, {ask}"
        if "indexed" in noted:
            return f"{told}: each element is taken out of its array by an index, {ask}"
        if each < LOOP:
            return f"{told}, {FEW}"
        return f"{told}: somewhere a loop in Python goes through them. What could be one operation on all?"

    def _why_dear(self, over: str = " far more than it does") -> str:
        grown = growth(lambda arguments: self.answer(*arguments), (1000, 2000), self.make)
        told = f"Among many, one more {self.item} costs{over} in operations on whole arrays"
        if grown.per_item > 0.3:
            return f"{told}. {self._executes(grown.per_item)}, {FEW}"
        name = loop_of_library(self.answer, self.make(100), 100)
        if name:
            return f"{told}: `{name}` calls a function for each {self.item}."
        if self._noted():
            return (
                f"{told}: C code goes through the elements as Python objects, one by one, as `sum` and `map` "
                "do. What does NumPy have for it?"
            )
        return f"{told}. What is done with each of them?"

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


def _seconds(function: Callable, times: int) -> float:
    """Return the shortest CPU time of some runs."""
    taken = []
    for _ in range(times):
        start = time.thread_time()
        function()
        taken.append(time.thread_time() - start)
    return min(taken)
