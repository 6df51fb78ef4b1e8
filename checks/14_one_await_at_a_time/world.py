"""What the lesson's checks and the exercise's share."""

PATIENCE = 2.0  # seconds; paid by wrong answers only


def _why_not(gathers, tasks):
    if gathers:
        return (
            "At most 1 call was in flight at once: gather was called with one call at a time, "
            "and it can overlap only what it is given together."
        )
    if tasks:
        return (
            "At most 1 call was in flight at once: tasks were made, but each was awaited before the next was made. "
            "Start all of them first, then await."
        )
    return "At most 1 call was in flight at once: each await waits for the one before it, and a coroutine that nobody awaits yet has not begun. What could start earlier?"
