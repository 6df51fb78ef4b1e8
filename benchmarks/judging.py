"""One answer, judged again and again in a process of its own: started by verdict_trust.py, never by hand.

Standard input holds one line of JSON: the answer, how often to judge it, and how often to ask the naive rule.
Standard output gets one line of JSON for each verdict.
"""

import json
import os
import sys
import time

import nbformat

from kettle import course

sys.path.insert(0, str(course.ROOT / "tests"))
from contract import Answer


def main() -> None:
    """Judge the answer that standard input names."""
    from IPython.core.interactiveshell import InteractiveShell

    from kettle.checking.checks import checks_of, load_checks

    order = json.loads(sys.stdin.readline())
    answer = Answer(**order["answer"])
    starter = Answer(answer.stem, answer.kind, "starter", "as-given")
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what an answer prints is not a verdict
    shell = InteractiveShell.instance()
    files = course.lesson(answer.stem)
    checks, module = checks_of(files.check, answer.kind), load_checks(files.check)
    for number in range(order["runs"]):
        found = verdict(checks, module, define(shell, answer))
        if number % order["naive_every"] == 0:
            slow = first_check_seconds(checks, module, define(shell, starter))
            quick = first_check_seconds(checks, module, define(shell, answer))
            found["naive"] = quick <= slow / 2
        out.write(json.dumps(found) + "\n")


def define(shell, answer: Answer) -> dict:
    """Run the starter's cells, with the answer in place of its fix, in a fresh namespace; return it."""
    shell.reset(new_session=False)
    notebook = nbformat.read(course.lesson(answer.stem).path(answer.kind), as_version=4)
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", ())
        if cell.cell_type == "code" and "demo" not in tags:
            source = answer.source if "fix" in tags and answer.source is not None else cell.source
            shell.run_cell(source, store_history=False, silent=True).raise_error()
    shell.user_ns.setdefault("__spec__", None)  # as in a kernel: multiprocessing looks for it
    return shell.user_ns


def verdict(checks, module, names: dict) -> dict:
    """Return the outcome, the message and the milliseconds of one verdict."""
    from kettle.checking.judge import judge

    started = time.perf_counter()
    message, outcome = "", "passed"
    for check in (check for check in checks if check.kind == "check"):
        finding = judge(check, getattr(module, check.name), names)
        if finding.outcome != "passed":
            outcome, message = finding.outcome, finding.message
            break
    return {"outcome": outcome, "message": message, "ms": round(1000 * (time.perf_counter() - started))}


def first_check_seconds(checks, module, names: dict) -> float:
    """Return what a stopwatch says: the seconds of the first check, which looks at the results only."""
    from kettle.checking.judge import judge

    return judge(checks[0], getattr(module, checks[0].name), names).seconds


if __name__ == "__main__":
    main()
