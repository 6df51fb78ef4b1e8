"""What is told of a service that has ended, when something of it has not."""

from kettle.checking.words import many
from kettle.probes.leftovers import Left


def has_ended(left: Left, when: str = "The service has ended", who: str = "the service") -> None:
    """Raise AssertionError, with a sentence, if anything is left.

    Args:
        left: what `watch_leftovers` has found.
        when: the begin of the sentence.
        who: ought to have ended what is left.
    """
    workers = many(len(left.processes), "worker process")
    assert not left.processes or not left.kept, (
        f"{when}, and {workers} of a pool that was open before it started did not end with it. "
        f"Open the pool where {who} starts, and shut it down where {who} ends."
    )
    assert not left.processes, (
        f"{when}, and {workers} of its own did not end with it. Shut down each pool that {who} "
        "opens: with a `with` block, or in a `finally`."
    )
    assert not left.programs, (
        f"{when}, and {many(len(left.programs), 'process')} that it started by hand did not end "
        f"with it. End what {who} started, and wait for it, in a `finally`."
    )
    assert not left.tasks, (
        f"{when}, and {many(len(left.tasks), 'task')} that it started did not end with it, such as "
        f"`{left.tasks[0]}`. Cancel and await what {who} started, in a `finally`."
    )
    made = len(left.executors)
    assert not made, (
        f"{when}, and {many(made, 'executor')} that it made {'was' if made == 1 else 'were'} never shut "
        f"down. Shut down each executor that {who} opens: with a `with` block, or in a `finally`."
    )
