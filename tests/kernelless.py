"""A notebook judged in the process that asks: its cells, then its checks; neither pytest nor a kernel.

For what is judged by hundreds. It does what kettle/checking/runner does with nbval, by the same functions,
but knows no limit for a cell and no memory for a notebook, and does not tell why a cell stops: for such an
answer it gives no verdict, and the real way has to be asked.
"""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

import nbformat
from IPython.core.interactiveshell import InteractiveShell

from kettle.checking.checks import checks_of, find_checks, function_of, gone_of, kind_of, words_of
from kettle.checking.runner import judge
from kettle.checking.runner.shown import sources_run
from kettle.checking.runner.verdict import PASSED, SKIPPED, Finding, Verdict, verdict_of
from kettle.probes.engines.own_thread import OwnThread


def verdict_on(notebook: Path) -> Verdict | None:
    """Judge a notebook; return None where one of its cells stops. A process can do this once.

    Args:
        notebook: its path.
    """
    shell = InteractiveShell.instance()
    shell.user_ns.setdefault("__spec__", None)  # as in a kernel: multiprocessing looks for it
    return asyncio.new_event_loop().run_until_complete(_verdict_on(notebook, shell))


async def _verdict_on(notebook: Path, shell: InteractiveShell) -> Verdict | None:
    folder, kind = find_checks(notebook), kind_of(notebook)
    judge.prepare(str(folder), str(notebook))
    cells = [c for c in nbformat.read(notebook, as_version=4).cells if c.cell_type == "code"]
    for source in filter(None, sources_run(cells)):
        code = shell.transform_cell(source)
        ran = await shell.run_cell_async(source, store_history=False, transformed_cell=code)
        if not ran.success:
            return None
    found = await asyncio.to_thread(_findings, folder, kind, shell.user_ns)
    unseen = Finding("Nothing fails unseen", PASSED, kind="cell")
    if judge._unseen:
        return None
    return verdict_of([*found, unseen], gone=gone_of(notebook))


def _findings(folder: Path, kind: str, names: dict) -> list[Finding]:
    found, thread, apart = [], OwnThread(), words_of(folder).of(kind).apart
    stopped = False
    for check in (each for each in checks_of(folder, kind) if each.kind == "check"):
        if stopped:
            found.append(Finding(check.title, SKIPPED, kind=check.kind))
            continue
        told = judge.judge(check, function_of(folder, kind, check), names, thread, home=(folder, kind))
        goes_on = told.outcome in (PASSED, SKIPPED) or (apart and found and told.outcome == "not yet")
        stopped = not goes_on
        found.append(told)
    return found


def write_verdict(notebook: Path, place: Path) -> None:
    """Judge a notebook, and leave the verdict as pytest does with `--kettle-verdicts`."""
    verdict = verdict_on(notebook)
    if verdict is not None:
        place.write_text(json.dumps({"notebook": str(notebook), **asdict(verdict)}), encoding="utf-8")
