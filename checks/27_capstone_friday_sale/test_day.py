"""The whole sale: who comes when, what its meters say, and the files of the service."""

import asyncio

import pytest

from kettle.lessons import larder_files
from kettle.lessons.friday import open_books
from kettle.lessons.larder_files import (
    MERGED,
    SOLUTION,
    Files,
    changes,
    difference,
    open_files,
    put_back,
    yours_and_solution,
)
from kettle.lessons.sale_day import BUDGET, RATES, Day, Visit, hold_sale, objective, planned
from kettle.redis_server import open_redis
from kettle.shop import Shop


def day(*visits, **seen):
    meters = {"busy": 0.0, "held_by": "", "statements": 2.0, "connections": 3, "suppliers": 20}
    return Day(tuple(visits), **{**meters, "opened": 5, "grown": 0, **seen})


def test_visitors_come_at_a_steady_rate_of_each_kind():
    plan = planned(60)
    assert [due for *_, due in plan] == sorted(due for *_, due in plan)
    for kind, rate in RATES.items():
        assert sum(each[0] == kind for each in plan) == pytest.approx(60 * rate, abs=1)
    assert all(0 < due < 60 for *_, due in plan)
    of_a_hundred = {kind: 100 * rate / sum(RATES.values()) for kind, rate in RATES.items()}
    told = {"account": 40, "front": 40, "order": 14}  # by the exercise
    assert {kind: of_a_hundred[kind] for kind in told} == pytest.approx(told, abs=1.5)


def test_the_objective_counts_late_and_failed_visits_and_connections():
    good = [Visit("account", 0.0, 0.1, 200)] * 199
    assert day(*good).good
    assert day(*good, Visit("order", 0.0, 0.1, 409)).errors == 0
    assert day(*good, Visit("order", 0.0, 9.0, 500)).good
    assert not day(*good[:49], Visit("order", 0.0, 0.1, 500)).good
    assert not day(*[Visit("front", 0.0, 1.0, 200)] * 20).good
    assert not day(*good, connections=BUDGET["connections"] + 1).good


def test_complaints_name_no_meter():
    told = day(Visit("order", 0.0, 4.2, 200), Visit("front", 0.0, 0.1, 200), Visit("index", 0.0, 0.1, 500))
    words = told.complaints().text
    assert "4 seconds" in words
    assert "search" in words
    assert "front page" not in words
    assert "ms" not in words
    assert "Nobody wrote anything" in day(Visit("front", 0.0, 0.1, 200)).complaints().title


def test_a_short_sale_of_the_solution_has_no_errors_and_loses_no_order():
    with Shop(seed=27) as shop, open_books() as books, open_redis() as redis:
        before = max(row["id"] for row in books.data.orders)
        seen = asyncio.run(hold_sale(Files(SOLUTION), shop, books, redis, seconds=3))
        with books.behind.connect() as connection:
            orders = connection.exec_driver_sql(f"SELECT count(*) FROM orders WHERE id > {before}").scalar()
            stock = connection.exec_driver_sql("SELECT stock FROM products WHERE sku = 'KC-00001'").scalar()
        told = asyncio.run(objective(Files(SOLUTION), shop, books, redis, seconds=1, runs=1))
    placed = sum(each.kind == "order" and each.status == 200 for each in seen.visits)
    assert placed > 0
    assert placed == orders
    assert stock == books.data.products[0]["stock"] - placed
    assert seen.suppliers <= 20
    assert "p95" in seen.meters().text
    assert "loop" not in seen.p95().text
    assert "Yours: p95" in told


def test_a_file_is_put_back_and_a_copy_is_kept(tmp_path, monkeypatch):
    mine = tmp_path / larder_files.STEM / "larder"
    mine.mkdir(parents=True)
    for file in MERGED.glob("*.py"):
        (mine / file.name).write_bytes(file.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert changes() == "Your files are as merged."
    (mine / "photos.py").write_bytes((SOLUTION / "photos.py").read_bytes())
    assert "+    return await asyncio.get_running_loop()" in changes()
    assert changes() == difference("photos", SOLUTION).replace(str(SOLUTION), "")
    assert open_files().folder == mine
    yours, right = yours_and_solution()
    assert "# photos.py" not in yours + right
    assert (MERGED / "courier.py").read_text() in yours and (SOLUTION / "courier.py").read_text() in right
    (copy,) = put_back("photos")
    assert copy.read_bytes() == (SOLUTION / "photos.py").read_bytes()
    assert changes() == "Your files are as merged."
    assert put_back() == []


def test_the_merged_code_has_files_of_its_own():
    assert open_files("merged_exercise_27").folder == MERGED


def test_a_function_takes_the_place_of_one_of_the_files():
    def shown(order, lines):
        return "another one"

    files = Files(MERGED).replace(shown)
    assert files.account_page.__globals__["shown"] is shown
    with pytest.raises(AttributeError, match="defines 'nothing'"):
        _ = files.nothing
