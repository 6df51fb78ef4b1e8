"""Lesson 14 in other frameworks: what its learners are shown does what it says."""

import asyncio

import httpx
from own_code import run_snippet
from sqlalchemy import Integer
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kettle.shop import Shop

STEM = "14_one_await_at_a_time"


def test_fastapi_has_three_calls_in_flight_together():
    names = run_snippet(STEM, "fastapi")

    async def visit(shop):
        names["LARDER"] = shop.url
        app = names["app"]
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport) as client,
            shop.rendezvous(routes=("profile", "orders", "alerts"), patience=5) as meeting,
        ):
            answer = await client.get("http://kettle/account/1001")
        return answer.json(), meeting

    with Shop(seed=14) as shop:
        shop.set(latency=0.0)
        page, meeting = asyncio.run(visit(shop))
        assert meeting.met, meeting
        assert page["orders"] == shop.data.orders(1001)
        assert page["ship_to"]["customer"] == 1001


def test_sqlalchemy_gives_each_task_a_session_of_its_own(tmp_path):
    class Base(DeclarativeBase):
        pass

    class Tea(Base):
        __tablename__ = "teas"
        id: Mapped[int] = mapped_column(Integer, primary_key=True)

    class Biscuit(Base):
        __tablename__ = "biscuits"
        id: Mapped[int] = mapped_column(Integer, primary_key=True)

    async def count():
        engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}")
        sessions = async_sessionmaker(engine)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        async with sessions.begin() as session:
            session.add_all([Tea(id=1), Tea(id=2), Biscuit(id=1)])
        found = await run_snippet(STEM, "sqlalchemy")["counts"](sessions, [Tea, Biscuit])
        await engine.dispose()
        return found

    assert asyncio.run(count()) == [2, 1]
