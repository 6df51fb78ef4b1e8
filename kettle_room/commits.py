"""One connection to SQLite that many ask at once: what waits goes into one commit, and is then confirmed."""

from __future__ import annotations

import asyncio
from typing import Any

import aiosqlite


class Commits:
    """Runs statements; those that come while a commit is under way share the next one.

    With 300 learners, a commit for each statement would keep the disk busy for seconds. A result is given
    when it is on the disk.

    Args:
        db: a connection in autocommit mode.
    """

    def __init__(self, db: aiosqlite.Connection) -> None:
        self._db = db
        self._waiting: list[tuple[str, tuple, asyncio.Future[list]]] = []
        self._worker: asyncio.Task[None] | None = None
        self._alone = asyncio.Lock()

    async def run(self, statement: str, *values: Any) -> list[Any]:
        """Run a statement; return its rows when all that it has changed is on the disk.

        Raises:
            aiosqlite.Error: it failed, or could not be written.
        """
        future: asyncio.Future[list] = asyncio.get_running_loop().create_future()
        self._waiting.append((statement, values, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await future

    async def tidy(self) -> None:
        """Put what the journal holds into the file, so that the journal keeps nothing that was deleted."""
        async with self._alone:
            await self._db.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        """Finish what waits, and close the connection."""
        if self._worker is not None:
            await self._worker
        await self._db.close()

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            async with self._alone:
                results = await self._commit([(statement, values) for statement, values, _ in batch])
            for (*_, future), result in zip(batch, results, strict=True):
                if future.cancelled():
                    continue
                if isinstance(result, aiosqlite.Error):
                    future.set_exception(result)
                else:
                    future.set_result(result)

    async def _commit(self, batch: list[tuple[str, tuple]]) -> list[list | aiosqlite.Error]:
        try:
            await self._db.execute_fetchall("BEGIN IMMEDIATE")
            results = [await self._one(statement, values) for statement, values in batch]
            await self._db.execute_fetchall("COMMIT")
        except aiosqlite.Error as error:
            if self._db.in_transaction:
                await self._db.rollback()
            return [error] * len(batch)
        return results

    async def _one(self, statement: str, values: tuple) -> list | aiosqlite.Error:
        # One call of SQLite's thread, so that no statement is left open behind another one.
        try:
            return list(await self._db.execute_fetchall(statement, values))
        except aiosqlite.IntegrityError as error:  # undoes this statement, and no other
            return error
