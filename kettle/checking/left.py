"""What is told of a service that has ended, when something of it has not."""

from kettle.checking.words import many
from kettle.probes.leftovers import Left


def has_ended(left: Left, when: str = "The service has ended") -> None:
    """Raise AssertionError, with a sentence, if anything is left.

    Args:
        left: what `watch_leftovers` has found.
        when: the begin of the sentence.
    """
    workers = many(len(left.processes), "worker process")
    assert not left.processes or not left.kept, (
        f"{when}, and {workers} of a pool that was there before it started did not end with it. "
        "Who closes that pool, and when? Open it where the service starts."
    )
    assert not left.processes, (
        f"{when}, and {workers} of its own did not end with it. Where is what the service opened shut down?"
    )
    assert not left.programs, (
        f"{when}, and {many(len(left.programs), 'process')} that it started by hand did not end "
        "with it. Who ends what the service started, and when?"
    )
    assert not left.tasks, (
        f"{when}, and {many(len(left.tasks), 'task')} that it started did not end with it, such as "
        f"`{left.tasks[0]}`. Who cancels what the service started, and when?"
    )
    made = len(left.executors)
    assert not made, (
        f"{when}, and {many(made, 'executor')} that it made {'was' if made == 1 else 'were'} never shut "
        "down. Where should that happen?"
    )
