"""The palette: one colour for each state, in a light and a dark theme, and the CSS that uses them.

The colours start from Okabe and Ito's palette, which people with any common colour blindness can tell apart
(Okabe & Ito 2008, "Color Universal Design", https://jfly.uni-koeln.de/color/); some are darkened or lightened
until they stand out from the page by 3:1 (marks) or 4.5:1 (text), as WCAG 2.2 asks.
"""

from pathlib import Path

WORDS = {
    "running": "running",
    "waiting": "waiting",
    "blocked": "blocking the event loop",
    "failed": "failed",
    "cancelled": "cancelled",
    "orphan": "orphan: nobody waits for it",
}
STATES = tuple(WORDS)
SERIES = ("series0", "series1", "series2", "series3")

LIGHT = {
    "paper": "#ffffff",
    "ink": "#1f2328",
    "muted": "#59636e",
    "grid": "#dfe3e8",
    "running": "#0072b2",
    "waiting": "#3c8fc4",
    "blocked": "#d55e00",
    "failed": "#a8457f",
    "cancelled": "#6e7781",
    "orphan": "#9a6700",
    "series0": "#0072b2",
    "series1": "#d55e00",
    "series2": "#00855f",
    "series3": "#a8457f",
}
DARK = {
    "paper": "#111111",
    "ink": "#f0f2f4",
    "muted": "#b1bac4",
    "grid": "#33383e",
    "running": "#56b4e9",
    "waiting": "#4793c4",
    "blocked": "#f0802e",
    "failed": "#d98db5",
    "cancelled": "#9aa4ae",
    "orphan": "#e0b040",
    "series0": "#56b4e9",
    "series1": "#f0802e",
    "series2": "#2bb98d",
    "series3": "#d98db5",
}


_LAYOUT = " ".join(Path(__file__).with_name("figure.css").read_text(encoding="utf-8").split())


def _variables(theme: dict[str, str]) -> str:
    # The paper is JupyterLab's own where there is one, so that a figure melts into its notebook.
    paper = f"--kp-paper:var(--jp-layout-color0,{theme['paper']});"
    return paper + "".join(f"--kp-{name}:{colour};" for name, colour in theme.items() if name != "paper")


def stylesheet() -> str:
    """Return the CSS that each figure carries with it, so that an exported page needs nothing else."""
    light, dark = _variables(LIGHT), _variables(DARK)
    states = "".join(
        f".kp-{s}{{fill:var(--kp-{s});stroke:var(--kp-{s})}}.kp-{s}-ink{{stroke:var(--kp-{s})}}"
        for s in STATES
    )
    series = "".join(f".kp-{s}{{stroke:var(--kp-{s})}}.kp-{s}-dot{{fill:var(--kp-{s})}}" for s in SERIES)
    themes = (
        f".kettle-picture{{{light}}}"
        f"@media (prefers-color-scheme:dark){{.kettle-picture{{{dark}}}}}"
        f'[data-jp-theme-light="true"] .kettle-picture,.vscode-light .kettle-picture{{{light}}}'
        f'[data-jp-theme-light="false"] .kettle-picture,.vscode-dark .kettle-picture{{{dark}}}'
    )
    return themes + _LAYOUT + states + series
