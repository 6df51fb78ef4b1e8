"""Lesson 12 in another framework: what its learners are shown does what it says."""

import asyncio
import multiprocessing
from dataclasses import dataclass

import httpx
from own_code import run_snippet

from kettle.lessons.thumbnails import take_photo, thumbnail
from kettle.probes.leftovers import watch_leftovers

STEM = "12_cpu_on_the_loop"


@dataclass
class Visit:
    """What a client got from the app, and what the app left behind."""

    answers: list
    left: object


def visited(requests, meanwhile=lambda: None):
    """Post photos to the app, one after another, and ask for /health at last."""
    names = run_snippet(STEM, "fastapi")

    async def visit():
        app, answers = names["app"], []
        with watch_leftovers() as watch:
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kettle") as client,
            ):
                for body in requests:
                    answers.append(await client.post("/thumbnails", content=body))
                    meanwhile()
                answers.append(await client.get("/health"))
            return Visit(answers, await watch.left(patience=5))

    return asyncio.run(visit())


def test_fastapi_makes_thumbnails_in_another_process_and_closes_its_pool():
    photos = [take_photo("tea.jpg", side=64, seed=seed) for seed in range(2)]
    visit = visited([photo.pixels for photo in photos])
    assert [answer.content for answer in visit.answers[:2]] == [thumbnail(photo) for photo in photos]
    assert visit.answers[2].json() == "ok"
    assert not visit.left


def test_fastapi_says_that_a_photo_is_damaged():
    answer, _ = visited([bytes(1000)]).answers
    assert answer.status_code == 422
    assert "is damaged" in answer.json()["detail"]


def test_fastapi_opens_another_pool_when_a_worker_was_killed():
    photo, kills = take_photo("tea.jpg", side=64, seed=1), [1]

    def kill_workers_once():
        for worker in multiprocessing.active_children() if kills else ():
            worker.kill()
            worker.join(5)
        kills.clear()

    answers = visited([photo.pixels] * 3, kill_workers_once).answers
    assert [answer.status_code for answer in answers] == [200, 503, 200, 200]
