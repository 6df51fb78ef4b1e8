"""The row of buttons: Check, Stop, Hint, Solution, Reset; and what they have to say."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from kettle.files.kernel_loop import on_loop
from kettle.panels.actions import Actions
from kettle.panels.style import Said, inline, say, sheet, show
from kettle.panels.verdict import draw


class Panel:
    """Check, Stop, Hint, Solution and Reset in one row, and below it what they have to say.

    Args:
        actions: does what the buttons ask for.
    """

    def __init__(self, actions: Actions) -> None:
        self.actions = actions
        self._checking = False
        self._shown: tuple = ()

    def show(self) -> None:
        """Display the buttons; without widgets, the verbs."""
        text = "lesson.check()   lesson.hint()   lesson.solution()   lesson.reset()"
        show(self._widget(), f"Check your fix, ask for a hint, see the solution, start again:\n{text}")

    def _widget(self) -> Any:
        import ipywidgets

        self._soon = on_loop()
        self.check, self.stop, self.hint, self.solution, self.reset = (
            ipywidgets.Button(description=text, tooltip=tip).add_class(f"wk-{name}")
            for text, name, tip in (
                ("Check my fix", "check", "Save the notebook and check it"),
                ("Stop", "stop", "Stop the check"),
                ("Hint", "hint", "The next hint; asking costs nothing"),
                ("Solution", "solution", "The solution beside your code"),
                ("Reset", "reset", "Keep a dated copy and go back to the starter"),
            )
        )
        self.check.add_class("wk-main")
        self.stop.disabled = True
        self.check.on_click(self._check)
        self.stop.on_click(self._stop)
        self.hint.on_click(lambda _: self._say(*self.actions.hint()))
        self.solution.on_click(
            lambda _: self._ask("See the solution now? Another hint may be enough.", self.actions.solution)
        )
        self.reset.on_click(
            lambda _: self._ask(
                "Go back to the starter? A dated copy of your notebook is kept.", self.actions.reset
            )
        )
        row = ipywidgets.HBox([self.check, self.stop, self.hint, self.solution, self.reset]).add_class(
            "wk-row"
        )
        self._question = ipywidgets.HBox([]).add_class("wk-row").add_class("wk-ask")
        self._below = ipywidgets.Output()
        panel = ipywidgets.VBox([sheet(), row, self._question, self._below])
        return panel.add_class("wk").add_class("wk-panel")

    def _say(self, *things: Any) -> None:
        self._question.children = ()
        self._shown = things
        self._below.outputs = tuple(as_output(thing) for thing in things)

    def _ask(self, sentence: str, verb: Callable[[], list]) -> None:
        import ipywidgets

        yes = ipywidgets.Button(description="Yes").add_class("wk-main").add_class("wk-yes")
        no = ipywidgets.Button(description="No").add_class("wk-no")
        yes.on_click(lambda _: self._say(*verb()))
        no.on_click(lambda _: setattr(self._question, "children", ()))
        text = ipywidgets.HTML(f'<span role="status" aria-live="polite">{inline(sentence)}</span>')
        self._question.children = (text, yes, no)

    def _check(self, _: object = None) -> None:
        if self._checking:
            return
        self._checking, self.check.disabled, self.stop.disabled = True, True, False
        self._progress("Saving your notebook")
        before = self.actions.saver.start_saving()  # a comm message: sent here, awaited in the thread
        threading.Thread(target=self._work, args=(before,), name="check", daemon=True).start()

    def _work(self, before: tuple[int, int] | None) -> None:
        drawn = threading.Event()
        said: list[Said] = []

        def note(*verdict: Any) -> None:
            if drawn.wait(10):
                self._soon(self._replace, said[0], draw(*verdict))

        try:
            verdict, *advice = self.actions.check(before, lambda what: self._soon(self._progress, what), note)
            said = [draw(verdict, *advice), *self.actions.after(verdict)]
        except Exception as error:  # noqa: BLE001 - whatever happens, the buttons come back
            said = [
                say(
                    f"The check itself failed: {error}",
                    heading="Not checked",
                    tone="wrong",
                    where="wk-verdict",
                )
            ]
        self._soon(self._done, *said)
        drawn.set()

    def _progress(self, what: str) -> None:
        if self._checking:
            self._say(checking(what))

    def _done(self, *said: Any) -> None:
        self._checking, self.check.disabled, self.stop.disabled = False, False, True
        self._say(*said)

    def _replace(self, said: Said, more: Said) -> None:
        """Draw a verdict again with what is known by now, where it still stands."""
        if any(each is said for each in self._shown):
            self._say(*(more if each is said else each for each in self._shown))

    def _stop(self, _: object = None) -> None:
        self.stop.disabled = True
        self._progress("Stopping")
        # Ending processes takes a moment; the loop goes on meanwhile.
        threading.Thread(target=self.actions.stop, daemon=True).start()


def checking(what: str) -> Said:
    """Say what is being checked just now."""
    return Said(
        f'<div class="wk wk-checking"><p role="status" aria-live="polite">{inline(what)} …</p>'
        '<div class="wk-bar" aria-hidden="true"><i class="wk-sweep"></i></div></div>',
        f"{what} …",
    )


def as_output(thing: Any) -> dict:
    """Turn something displayable into an output for `ipywidgets.Output.outputs`."""
    data = thing._repr_mimebundle_()
    data = data[0] if isinstance(data, tuple) else data
    return {"output_type": "display_data", "data": {"text/plain": "", **data}, "metadata": {}}
