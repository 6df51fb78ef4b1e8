"""Claims that lesson 05 answers for and does not ask about."""

import threading
import time


def handed_over() -> str:
    """Let two threads change reference counts; count how often one takes over from the other."""
    shared, changes = object(), 300_000
    turns: list[int] = []
    ready = threading.Barrier(2)

    def change(name: int) -> None:
        ready.wait()
        for _ in range(changes):
            held = shared  # up by one
            del held  # and down
            if not turns or turns[-1] != name:
                turns.append(name)

    threads = [threading.Thread(target=change, args=(name,)) for name in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return f"{4 * changes:,} changes of reference counts by two threads that took {len(turns):,} turns."


def places() -> str:
    """Build and drop dictionaries; count the different places in memory that they were built in."""
    began, found = time.process_time(), {id({"number": number}) for number in range(100_000)}
    took = time.process_time() - began
    return f"Places in memory of 100,000 dictionaries, built in {took / 0.1:.2f} µs each: {len(found):,}."


MEASURES = {
    "gil": handed_over,
    "fragmentation": places,
}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""
