"""Measures claims outside their lesson: a kernel runs what a measure needs of the lesson's notebook, then the measure."""

from __future__ import annotations

import ast
import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager

from kettle.checking.runner.assertions import environment_with_assertions
from kettle.checking.runner.shown import LEFT_OUT
from kettle.files.course import LessonFiles
from kettle.files.names import source_of, used
from kettle.files.notebook import source, starter
from kettle.panels.solution import load
from kettle.processes import OWNER
from kettle.processes.owner import owner

MOST = 120.0  # seconds that one measure may take, and what it needs
LOOK = 0.5  # seconds between two looks at its process
LEDGER = """from kettle.lessons.ledger_claims import ledger_of as kettle_ledger_of
from kettle.panels.claims import sentence_of as kettle_sentence_of
kettle_measures = kettle_measures | {{claim.name: claim.measure for claim in kettle_ledger_of({stem!r})}}"""


class NotMeasured(Exception):
    """A claim could not be measured here; the message says why."""


async def measured(lesson: LessonFiles, names: Collection[str]) -> AsyncGenerator[tuple[str, str, str], None]:
    """Measure claims of one lesson, one after another, in a kernel that ends with the last one.

    Args:
        lesson: that answers for them.
        names: of the claims.

    Yields:
        The name of a claim; its sentence, or ""; and why it could not be measured, or "".
    """
    left = list(names)
    try:
        async with _kernel(lesson) as client:
            await _run(client, code_of(lesson, names))
            await _run(client, LEDGER.format(stem=lesson.stem))
            while left:
                name = left[0]
                try:
                    said = await _run(
                        client,
                        f"kettle_said = await kettle_sentence_of(kettle_measures[{name!r}])",
                        "kettle_said",
                    )
                    yield left.pop(0), said, ""
                except NotMeasured as trouble:
                    yield left.pop(0), "", str(trouble)
                    if not await client.is_alive():
                        raise
    except NotMeasured as trouble:
        for name in left:
            yield name, "", str(trouble)


def code_of(lesson: LessonFiles, names: Collection[str]) -> str:
    """Return the code that defines a lesson's measures: what they need of its notebook, with the solution's fix."""
    cells = json.loads(starter(lesson.stem, "lesson"))["cells"]
    fix = load(lesson.solution, "lesson").code
    cells = [cell for cell in cells if cell["cell_type"] == "code"]
    tags = [cell["metadata"].get("tags", ()) for cell in cells]
    codes = [fix if "fix" in tag else source(cell) for cell, tag in zip(cells, tags, strict=True)]
    whole = [number for number, tag in enumerate(tags) if not LEFT_OUT.intersection(tag)]  # what a check runs
    given = next(filter(None, map(_measures_in, codes)), [])
    wanted = [each for each in given if each.arg in names]
    needed = {name for each in wanted for name in used(ast.Expr(each.value))}
    pairs = ", ".join(f"{each.arg!r}: {ast.unparse(each.value)}" for each in wanted)
    return f"{source_of(codes, *sorted(needed), whole=whole)}\nkettle_measures = {{{pairs}}}"


def _measures_in(code: str) -> list[ast.keyword]:
    """Return the measures that a cell gives to `lesson.claims`."""
    with suppress(SyntaxError):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "lesson.claims":
                return node.keywords
    return []


@asynccontextmanager
async def _kernel(lesson: LessonFiles) -> AsyncIterator[AsyncKernelClient]:
    manager = AsyncKernelManager()
    environment = environment_with_assertions() | {OWNER: owner().token}
    environment.pop("JPY_SESSION_NAME", None)
    await manager.start_kernel(cwd=str(lesson.notebook.parent), env=environment)
    client = manager.client()
    try:
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=MOST)
        except RuntimeError as error:
            raise NotMeasured(f"a kernel did not start: {error}") from None
        yield client
    finally:
        client.stop_channels()
        await asyncio.shield(manager.shutdown_kernel(now=True))


async def _run(client: AsyncKernelClient, code: str, answer: str = "") -> str:
    """Run code in a kernel; return the text that a name of it stands for then.

    Raises:
        NotMeasured: it raised, took too long, or its process ended.
    """
    asked = {answer: answer} if answer else {}
    asking = asyncio.ensure_future(
        client.execute_interactive(
            code, user_expressions=asked, allow_stdin=False, timeout=MOST, output_hook=lambda _: None
        )
    )
    try:
        while not (await asyncio.wait({asking}, timeout=LOOK))[0]:
            if not await client.is_alive():  # else its death shows when the time is over
                raise NotMeasured("its process has ended")
        reply = asking.result()
    except TimeoutError:
        raise NotMeasured(f"it took more than {MOST:.0f} s") from None
    except RuntimeError as error:
        raise NotMeasured(str(error)) from None
    finally:
        asking.cancel()
    content = reply["content"]
    if content["status"] != "ok":
        raise NotMeasured(f"{content.get('ename', 'it was stopped')}: {content.get('evalue', '')}")
    return ast.literal_eval(content["user_expressions"][answer]["data"]["text/plain"]) if answer else ""
