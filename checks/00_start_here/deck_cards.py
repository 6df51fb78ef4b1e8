"""What a card of the decks looks like, and the reply to its answer."""

from __future__ import annotations

from html import escape

from kettle.lessons.deck import Card, mistake_of
from kettle.lessons.landing_tables import link_to, name_of
from kettle.panels.style import Said, inline
from kettle.pictures.palette import stylesheet

LOOK = f"""<style>{stylesheet()}
.wk-deck .kettle-picture pre, .wk-deck.wk-deck .kettle-picture pre {{ margin: 0; padding: .5em .7em; overflow-x: auto; white-space: pre;
  border: 1px solid var(--wk-edge); background: var(--wk-plate); color: var(--wk-ink); line-height: 1.4;
  font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 13px); }}
.wk-deck .kettle-picture pre:focus-visible {{ outline: 3px solid var(--wk-link); outline-offset: 2px; }}
.wk-deck .kettle-picture {{ max-width: none; padding-left: 0; }} .wk-deck .kettle-picture .kp-scroll {{ max-width: 664px; }}
.wk-deck .widget-label.wk-deck-heading {{ width: auto; height: auto; white-space: normal; line-height: 1.5; font-size: inherit;
  color: var(--wk-soft); margin: .5em 0 .4em 4px; align-self: flex-start; }}
.wk-deck .wk-deck-heading:focus-visible {{ outline: 3px solid var(--wk-link); outline-offset: 2px; }}
.wk-deck a {{ color: var(--wk-link); text-decoration: underline; }}
</style>"""


def draw(card: Card) -> Said:
    """Draw a card's picture, with its words folded up beneath it."""
    caption = inline(card.shows)
    if not card.html:
        trace = f'<pre tabindex="0">{escape(card.text)}</pre>'
        figure = (
            f'<figure class="kettle-picture mathjax_ignore" data-lm-suppress-shortcuts="true">'
            f"<figcaption>{caption}</figcaption>{trace}</figure>"
        )
        return Said(figure, f"{card.shows}\n\n{card.text}")
    words = f'<details><summary>The picture in words</summary><pre tabindex="0">{escape(card.text)}</pre></details>'
    html = card.html.replace("></figcaption>", f">{caption}</figcaption>").replace(
        "</figure>", f"{words}</figure>"
    )
    return Said(html, f"{card.shows}\n\n{card.text}")


def reply(card: Card, index: int) -> Said:
    """Say whether an answer is right, what to look for, and which lesson it is from."""
    right = index == card.answer
    word = "Right." if right else "Not this time."
    answer = "" if right else f" The mistake: {mistake_of(card.lesson)}"
    lesson = name_of(card.lesson)
    link = link_to(card.lesson.notebook.name, lesson)
    again = "" if right else " This card comes again."
    html = (
        f'<div class="wk wk-box wk-{"right" if right else "wrong"}" role="status" aria-live="polite"><p>'
        f'<b class="wk-{"good" if right else "bad"}">{word}</b>{inline(answer)}</p>'
        f"<p><b>What to look for:</b> {inline(card.why)}</p><p>Lesson: {link}.{again}</p></div>"
    )
    return Said(html, f"{word}{answer} What to look for: {card.why} Lesson: {lesson}.{again}")
