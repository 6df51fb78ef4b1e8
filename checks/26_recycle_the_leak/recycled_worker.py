"""One worker of a web service: defines what a notebook defines, answers requests, and tells what it keeps."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from types import ModuleType

from kettle.processes import ChildTrouble
from kettle.processes.serve import Service, serve


class Worker(Service):
    """Defines names by running their source, and calls one of them for each request."""

    async def load(self, source: str, name: str) -> None:
        """Run the definitions, as a worker does that imports its application; from here on, memory counts."""
        self.shop = sys.modules["shop"] = ModuleType("shop")  # where a dataclass looks for its module
        try:
            exec(compile(source, "<the notebook>", "exec"), vars(self.shop))
        except Exception as error:
            raise ChildTrouble(f"{type(error).__name__}: {error}") from error
        self.respond = vars(self.shop)[name]
        gc.collect()
        tracemalloc.start()

    async def answer(self, urls: list[str]) -> int:
        """Answer requests; return how many bytes are kept by now."""
        for url in urls:
            self.respond(url)
        return tracemalloc.get_traced_memory()[0]

    async def pages(self) -> int:
        """Return how many pages are in memory."""
        page = vars(self.shop)["Page"]
        return sum(type(each) is page for each in gc.get_objects())


if __name__ == "__main__":
    serve(Worker)
