"""The sliders of lesson 25, turned by keys in a real browser."""

from browser import POLLING

LESSON, CELL = "notebooks/25_wrong_workers.ipynb", "turn-it"
SLIDERS = ("cores", "workers", "waiting", "arrivals")
WATCH = """panel => {
    window.turned = [];
    let pressed = null;
    panel.addEventListener('keydown', () => { pressed = performance.now(); }, true);
    new MutationObserver(() => {
        if (pressed !== null) window.turned.push(performance.now() - pressed);
        pressed = null;
    }).observe(panel.querySelector('.widget-html:has(svg)'), {childList: true, subtree: true});
}"""


def turn_each(learner, presses):
    """Turn each slider to and fro; return the milliseconds until the new picture was there, by slider.

    Args:
        learner: a browser.Learner.
        presses: of each slider.
    """
    learner.open(LESSON)
    for cell in ("imports", "open-lesson"):
        learner.run(cell)
    panel = learner.run(CELL).locator(".wk-knee")
    panel.locator("svg[role=img]").wait_for()
    panel.evaluate(WATCH)
    found = {}
    for slider, handle in zip(SLIDERS, panel.locator(".noUi-handle").all(), strict=True):
        handle.focus()
        for press in range(presses):
            before = learner.page.evaluate("window.turned.length")
            learner.page.keyboard.press("ArrowRight" if press % 2 else "ArrowLeft")
            learner.page.wait_for_function(
                "before => window.turned.length > before", arg=before, polling=POLLING
            )
        found[slider] = learner.page.evaluate(f"window.turned.slice(-{presses})")
    return found
