"""The teacher's side of the server: the class as it is, the predictions, the pictures, what is released."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from kettle.files.progress import Progress
from kettle.pictures.palette import stylesheet
from kettle_room.dots import predictions
from kettle_room.events import Refused, read_json
from kettle_room.identity import Provider
from kettle_room.people import Learner
from kettle_room.room import Room
from kettle_room.syllabus import STEPS, Notebook, picture_of

HOLD = 20.0  # seconds that a question for news is held, at most
PAGES = Path(__file__).with_name("pages")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(app: web.Application, prefix: str, room: Room, provider: Provider) -> None:
    """Add the teacher's addresses to an application."""
    side = _Teacher(room)

    def only(handler: Handler) -> Handler:
        async def looked(request: web.Request) -> web.StreamResponse:
            if not await provider.teacher(request):
                raise Refused("Only the teacher sees this.", 401)
            return await handler(request)

        return looked

    def page(name: str) -> Handler:
        async def shown(request: web.Request) -> web.StreamResponse:
            return web.FileResponse(PAGES / name)

        return shown

    # The pages hold nothing; what they show, they ask for.
    app.router.add_get(f"{prefix}teacher", page("teacher.html"))
    app.router.add_get(f"{prefix}projector", page("projector.html"))
    for name in ("class", "predictions", "picture"):
        app.router.add_get(f"{prefix}api/{name}", only(getattr(side, f"get_{name}")))
    for name in ("reach", "fact", "remove"):
        app.router.add_post(f"{prefix}api/{name}", only(getattr(side, f"post_{name}")))


class _Teacher:
    def __init__(self, room: Room) -> None:
        self.room = room

    # --- what is asked

    async def get_class(self, request: web.Request) -> web.Response:
        """Return the class as it is; with `since`, when something is newer than that version."""
        since = request.query.get("since", "")
        await self.room.wait(int(since) if since.isdecimal() else -1, HOLD)
        response = web.json_response(self.snapshot())
        response.enable_compression()
        return response

    def snapshot(self) -> dict[str, Any]:
        """Return the whole class as plain data."""
        now = self.room.clock()
        people = [self._person(each, now) for each in self.room.learners.values()]
        people.sort(key=lambda each: (not each["stuck"], each["name"].casefold()))
        return {
            "version": self.room.version,
            "code": self.room.code,
            "steps": STEPS,
            "people": people,
            "causes": self._causes(),
            "notebooks": [self._notebook(each) for each in self._begun()],
        }

    def _person(self, learner: Learner, now: float) -> dict[str, Any]:
        work, notebook = learner.work, self.room.notebooks.get(learner.here)
        told: dict[str, Any] = {
            "id": learner.id,
            "name": learner.name,
            "stuck": learner.stuck(now, self.room.quiet),
            "title": notebook.title if notebook else "",
            "notebook": learner.here,
            "idle": now - (work.moved if work else learner.joined),
        }
        if work is not None and notebook is not None:
            cause = notebook.causes.get(work.cause, "") if work.outcome else ""
            told |= {"step": work.step, "outcome": work.outcome, "cause": cause}
            told |= {"hints": work.hints, "solution": work.solution}
        return told

    def _causes(self) -> list[dict[str, Any]]:
        told: Counter[tuple[str, str]] = Counter()
        people: Counter[tuple[str, str]] = Counter()
        for learner in self.room.learners.values():
            for notebook, work in learner.works.items():
                told.update({(notebook, key): count for key, count in work.causes.items()})
                people.update((notebook, key) for key in work.causes)
        found = []
        for (name, key), count in told.most_common():
            of = self.room.notebooks[name]
            cause = {"lesson": of.title, "title": of.causes.get(key, key)}
            found.append({"notebook": name, **cause, "told": count, "people": people[name, key]})
        return found

    def _begun(self) -> list[Notebook]:
        """List the notebooks that somebody is at or was, in the course's order."""
        known = {name for learner in self.room.learners.values() for name in learner.works}
        return [each for name, each in self.room.notebooks.items() if name in known | set(self.room.reached)]

    def _notebook(self, notebook: Notebook) -> dict[str, Any]:
        works = [work for learner in self.room.learners.values() if (work := learner.works.get(notebook.id))]
        here = sum(learner.here == notebook.id for learner in self.room.learners.values())
        asked = [
            {"name": each.name, "text": each.text, "unit": each.unit}
            | {"answers": sum(each.name in work.predicted for work in works)}
            for each in notebook.questions.values()
        ]
        return {
            "id": notebook.id,
            "title": notebook.title,
            "here": here,
            "at": [sum(work.step >= step for work in works) for step in range(1, len(STEPS) + 1)],
            "reached": self.room.reached.get(notebook.id, 0),
            "questions": asked,
        }

    async def get_predictions(self, request: web.Request) -> web.Response:
        """Return the predictions of the class for one question, drawn; the fact where `fact` asks for it."""
        notebook, name = self._question(request)
        asked = notebook.questions[name]
        numbers = [
            work.predicted[name]
            for learner in self.room.learners.values()
            if (work := learner.works.get(notebook.id)) and name in work.predicted
        ]
        wanted = request.query.get("fact") == "1"
        fact = self._fact(notebook, name) if wanted else None
        drawn = predictions(numbers, asked.unit, fact)
        told: dict[str, Any] = {
            "svg": drawn.html,
            "text": drawn.text,
            "question": asked.text,
            "unit": asked.unit,
        }
        told |= {"title": notebook.title, "answers": len(numbers), "known": fact is not None}
        return web.json_response(told | ({"card": notebook.numbers} if wanted else {}))

    def _fact(self, notebook: Notebook, name: str) -> float | None:
        """Return the fact that the teacher has given, else what their own run on this machine has found."""
        if (given := self.room.facts.get((notebook.id, name))) is not None:
            return given
        for event in reversed(Progress().of(notebook.id).events):
            facts = event.get("facts")
            if event["event"] == "ran" and isinstance(facts, dict):
                found = facts.get(name)
                if isinstance(found, int | float) and math.isfinite(found):
                    return float(found)
        return None

    async def get_picture(self, request: web.Request) -> web.Response:
        """Return the recorded picture of a lesson's mistake."""
        notebook = self.room.notebooks.get(request.query.get("notebook", ""))
        if notebook is None:
            raise Refused("There is no such notebook.", 404)
        html, text = picture_of(notebook)
        return web.json_response(
            {"title": notebook.title, "html": html, "text": text, "css": stylesheet() if html else ""}
        )

    def _question(self, request: web.Request) -> tuple[Notebook, str]:
        notebook = self.room.notebooks.get(request.query.get("notebook", ""))
        name = request.query.get("question", "")
        if notebook is None or name not in notebook.questions:
            raise Refused("There is no such question.", 404)
        return notebook, name

    # --- what is said

    async def post_reach(self, request: web.Request) -> web.Response:
        """Say which step the class has reached."""
        said = await self._said(request, notebook=str, step=int)
        await self.room.reach(said["notebook"], said["step"])
        return web.json_response({})

    async def post_fact(self, request: web.Request) -> web.Response:
        """Take a fact, for a question that this machine has not measured."""
        said = await self._said(request, notebook=str, question=str, value=int | float)
        if not 0 <= said["value"] < 1e15:
            raise Refused("A fact is a number of zero or more.")
        await self.room.give(said["notebook"], said["question"], float(said["value"]))
        return web.json_response({})

    async def post_remove(self, request: web.Request) -> web.Response:
        """Take somebody out of the room, so that the name is free."""
        said = await self._said(request, learner=str)
        learner = self.room.learners.get(said["learner"])
        if learner is None:
            raise Refused("Nobody in the room has that id.", 404)
        await self.room.forget(learner)
        return web.json_response({})

    async def _said(self, request: web.Request, **kinds: Any) -> dict[str, Any]:
        said = read_json(await request.read())
        if not isinstance(said, dict) or said.keys() != kinds.keys():
            raise Refused(f"The body has {', '.join(kinds)}.")
        for name, kind in kinds.items():
            if not isinstance(said[name], kind) or isinstance(said[name], bool):
                raise Refused(f"`{name}` is of another kind.")
        return said
