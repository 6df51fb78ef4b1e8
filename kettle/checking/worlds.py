"""Where the cases of a contract are played: a practice shop, a database's tables, or nowhere in particular.

A world is made again for each case and for each of the two versions, the merged code and the learner's. What
is drawn at random is drawn once, so that both meet the same. A lesson may have a world of its own:

    def desks(rng):                    # given what it `needs`, by name
        ...
        return desk                    # makes one world: a context manager, asynchronous or not

    Contract("cart", world=World(("rng",), desks), ...)

What the context manager yields is the `w` of the contract's functions.
"""

from __future__ import annotations

import asyncio
import copy
import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from kettle.checking.equivalence import worlds as made
from kettle.checking.equivalence.leftovers import on_loop
from kettle.checking.equivalence.situations import empty, entered

Draw = Callable[..., Mapping[str, Any]]
"""Given a random.Random and what makes the world (with `.rows`, for a database), returns attributes of it."""


@dataclass(frozen=True)
class World:
    """A kind of place where cases are played.

    Args:
        needs: names of what it takes to make one, of those that kettle.checking.runner.judge offers.
        make: given these by name, returns a function that makes one: a context manager, asynchronous or not.
        draw: draws what all of them have in common; it needs "rng".
        failed: ends "When …" where something fails, with its name for the braces: "the {} fails once".
        fail: given a world and one of the contract's `fails`, lets it fail there.
        run: runs a coroutine function, such as `virtually`; by default the judge awaits it.
    """

    needs: tuple[str, ...]
    make: Callable[..., Callable]
    draw: Draw | None = None
    failed: str = "{} fails"
    fail: Callable[[Any, Any], None] | None = None
    run: Callable[[Callable], Any] | None = None

    def open(self, **given: Any) -> Callable:
        """Return a function that makes one, after what is drawn has been drawn.

        Args:
            **given: what it `needs`.
        """
        world = self.make(**given)
        if self.draw is None:
            return world
        drawn = dict(self.draw(given["rng"], world))

        @asynccontextmanager
        async def drawn_world() -> AsyncIterator[SimpleNamespace]:
            async with entered(world()) as here:
                vars(here).update(copy.deepcopy(drawn))  # a case may change what it was given
                yield here

        return drawn_world

    def failing(self, thing: Any) -> Callable:
        """Return a function that lets a thing fail in the world that it is given."""
        if self.fail is None:
            raise TypeError("nothing can be let fail in this world")
        fail = self.fail
        return lambda world: fail(world, thing)


NOWHERE = World((), lambda: empty)
"""For functions that need nothing but their arguments: an empty world."""


def drawn(draw: Draw) -> World:
    """Return a world that has nothing but what is drawn, for functions that need only their arguments."""
    return World(("rng",), lambda rng: empty, draw)


def shop(draw: Draw | None = None, **options: Any) -> World:
    """Return the world of a practice shop, with a session: `w.shop`, `w.url`, `w.api`, `w.traffic`.

    What fails is a path, in which braces name what was drawn: "/customers/{customer}/orders". Its first call
    gets a 503.

    Args:
        draw: given a random.Random, what is drawn.
        **options: see kettle.checking.equivalence.shop_world; the traffic is collected unless told otherwise.
    """

    def fail(world: Any, path: str) -> None:
        world.shop.break_calls(path.format(**vars(world)), calls=(1,))

    return World(
        ("rng",),
        lambda rng: made.shop_world(rng, **{"watched": True, **options}),
        draw,
        "the call for the {} fails once",
        fail,
    )


def rows(draw: Draw | None = None, **options: Any) -> World:
    """Return the world of a database with edge cases in its rows: `w.engine`, `w.tables`, `w.rows`.

    What fails is a table, by its name.

    Args:
        draw: given a random.Random and what makes the world, which has `rows`.
        **options: see kettle.checking.equivalence.database_world.
    """
    return World(
        ("database", "rng"),
        lambda database, rng: made.database_world(database, rng, **options),
        draw,
        "the table `{}` is gone",
        _fail_table,
    )


def tables(*names: str, draw: Draw | None = None, django: bool = False, **seeded: Any) -> World:
    """Return the world of tables that are written to: `w.engine`, `w.tables`; they are put back afterwards.

    What fails is a table, by its name.

    Args:
        *names: of the tables that get their rows back, children before parents.
        draw: as for `rows`.
        django: whether Django is pointed at the database.
        **seeded: sizes of the tables and their `shape`, as for `Database.seed`; none where left out.
    """

    def make(database: Any, rng: Any) -> Callable:
        from kettle.checking.equivalence.tables import put_back

        nothing = dict.fromkeys(("orders", "reviews"), 0)
        data = database.seed(rng.randrange(1 << 30), **{**nothing, **seeded})
        if django:
            database.configure_django()
        engine = database.engine()

        def world() -> Any:
            return put_back(database, *names, engine=engine, rows=data)

        vars(world)["rows"] = data
        return world

    return World(("database", "rng"), make, draw, "the table `{}` cannot be written", _fail_table)


def at_once(*calls: Callable) -> Any:
    """Make calls at once: awaited together, or each in a thread of its own, begun together.

    Args:
        *calls: plain functions without arguments, all of them asynchronous or none.

    Returns:
        What they return, in order; an awaitable, where they are asynchronous.
    """
    if not on_loop():
        return made.at_once(*calls)
    called = [call() for call in calls]
    return asyncio.gather(*called) if all(map(inspect.isawaitable, called)) else called


def _fail_table(world: Any, table: str) -> None:
    world.tables.fail(table)
