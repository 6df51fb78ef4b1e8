"""The fact check: a vote on each claim, and then its truth and what this machine measures."""

from __future__ import annotations

import asyncio
import html
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kettle.checking.claims import DOES_NOT_HOLD, HOLDS, NOT_SHOWN, PARTLY, TRUTHS, Claim
from kettle.panels.run import in_thread
from kettle.panels.style import Said, inline, mark, sheet, show

ASK = "Does it hold? Vote first."
SENTENCES = {
    HOLDS: "It holds.",
    PARTLY: "It holds partly.",
    DOES_NOT_HOLD: "It does not hold.",
    NOT_SHOWN: "Nobody has shown it.",
}


class Votes:
    """Claims on the screen; a vote shows the truth, why, and what is measured here.

    Args:
        claims: of the lesson, in order.
        measures: by the claims' names, functions that return a sentence: asynchronous or not.
        voted: what this learner has voted first, by name.
        record: called with "voted", the claim's name, the vote and whether it was right; and with "measured",
            the claim's name and the sentence.

    Raises:
        ValueError: a measure belongs to no claim.
    """

    def __init__(
        self,
        claims: Sequence[Claim],
        measures: Mapping[str, Callable],
        voted: Mapping[str, str],
        record: Callable[..., None],
    ) -> None:
        self.claims = {claim.name: claim for claim in claims}
        if strange := sorted(set(measures) - set(self.claims)):
            raise ValueError(f"No claim of this lesson is called {', '.join(strange)}.")
        self._measures = dict(measures)
        self._first = dict(voted)
        self._record = record
        self._measured: dict[str, asyncio.Task] = {}
        self._cards: dict[str, tuple] = {}
        self._busy = asyncio.Lock()

    def show(self) -> None:
        """Display the claims, as buttons where the front end has them."""
        show(self.widget(), self.text())

    def __repr__(self) -> str:
        return f"{len(self.claims)} claims: {', '.join(self.claims)}"

    def _ipython_display_(self) -> None:
        pass  # it was shown when it was made

    def text(self) -> str:
        """Return the claims as plain text, without what is true of them."""
        lines = [f"{ASK} Your choices: {', '.join(TRUTHS)}."]
        lines += [f"  {claim.name}: {quoted(claim)}" for claim in self.claims.values()]
        if self.claims:
            lines.append(f'Without buttons: await lesson.vote("{next(iter(self.claims))}", "partly")')
        return "\n".join(lines)

    async def measures(self) -> dict[str, str]:
        """Run every measure; return the sentences by the claims' names."""
        return {name: await self._sentence(name) for name in self._measures}

    async def vote(self, name: str, vote: str) -> Said:
        """Vote on a claim; return its truth, why, and what is measured here. The first vote is recorded.

        Args:
            name: of the claim.
            vote: one of TRUTHS.

        Raises:
            KeyError: there is no such claim.
            ValueError: that is no vote.
        """
        claim = self._take(name, vote)
        return reply(claim, vote, await self._told(name))

    def _take(self, name: str, vote: str) -> Claim:
        claim = self.claims[name]
        if vote not in TRUTHS:
            raise ValueError(f"{vote!r} is not one of {', '.join(TRUTHS)}")
        if name not in self._first:
            self._first[name] = vote
            self._record("voted", name=name, vote=vote, right=vote == claim.truth)
        return claim

    async def _told(self, name: str) -> str:
        """Measure once, however often the vote changes; where that fails, say so."""
        if name not in self._measures:
            return ""
        if name not in self._measured:
            self._measured[name] = asyncio.ensure_future(self._sentence(name))
        try:
            return await self._measured[name]
        except asyncio.CancelledError:  # interrupted: the next vote measures again
            self._measured.pop(name, None)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it measures, the vote has its answer
            self._measured.pop(name, None)
            return f"It could not be measured: {type(error).__name__}: {error}"

    async def _sentence(self, name: str) -> str:
        async with self._busy:  # two at once would disturb each other
            said = await sentence_of(self._measures[name])
        self._record("measured", name=name, said=said)
        return said

    def widget(self) -> Any:
        """Return the claims as buttons."""
        import ipywidgets

        cards = []
        for claim in self.claims.values():
            buttons = [ipywidgets.Button(description=truth.capitalize()) for truth in TRUTHS]
            below = ipywidgets.HTML()
            for truth, button in zip(TRUTHS, buttons, strict=True):
                button.on_click(lambda _, name=claim.name, truth=truth: self._click(name, truth))
            row = ipywidgets.HBox(buttons).add_class("wk-row")
            said = ipywidgets.HTML(f'<p class="wk-said">{inline(quoted(claim))}</p>')
            cards.append(ipywidgets.VBox([said, row, below]).add_class("wk-claim"))
            self._cards[claim.name] = buttons, below
        title = ipywidgets.HTML(f'<p class="wk-heading">{ASK}</p>')
        return ipywidgets.VBox([sheet(), title, *cards]).add_class("wk").add_class("wk-claims")

    def _click(self, name: str, vote: str) -> None:
        claim = self._take(name, vote)
        buttons, below = self._cards[name]
        for truth, button in zip(TRUTHS, buttons, strict=True):
            mark(button, truth.capitalize(), "✓" if truth == claim.truth else "✗" if truth == vote else "")
        measuring = name in self._measures
        below.value = reply(claim, vote, "measuring …" if measuring else "").html
        if measuring:  # off the click's handler: the next click is taken meanwhile
            self._task = asyncio.ensure_future(self._finish(name, vote, below))

    async def _finish(self, name: str, vote: str, below: Any) -> None:
        told = await self._told(name)
        if f'data-vote="{vote}"' in below.value:  # else the vote was changed meanwhile, and has its own
            below.value = reply(self.claims[name], vote, told).html


async def sentence_of(measure: Callable) -> str:
    """Run a measure, asynchronous or in a thread of its own; return its sentence."""
    if inspect.iscoroutinefunction(measure):
        return str(await measure())
    said = await in_thread(measure)
    return str(await said if inspect.isawaitable(said) else said)


def quoted(claim: Claim) -> str:
    """Return a claim between quotation marks, whether its author wrote them or not."""
    return f"“{claim.said.strip('“”')}”"


def reply(claim: Claim, vote: str, measured: str = "") -> Said:
    """Say what is true of a claim, beside the vote.

    Args:
        claim: the claim.
        vote: of the learner.
        measured: a sentence with what this machine has measured.
    """
    right = vote == claim.truth
    word = SENTENCES[claim.truth]
    yours = "Your vote was right." if right else f"You voted: {vote}."
    here = f"Measured here: {measured}" if measured else ""
    body = f'<p><b class="wk-{"good" if right else "bad"}">{word}</b> {yours} {inline(claim.why)}</p>'
    body += f'<p class="wk-measured">{inline(here)}</p>' if here else ""
    box = (
        f'<div class="wk wk-box wk-{"right" if right else "wrong"}" role="status" aria-live="polite"'
        f' data-vote="{html.escape(vote)}">{body}</div>'
    )
    return Said(box, " ".join(filter(None, (word, yours, claim.why, here))))
