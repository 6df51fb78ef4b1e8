"""The palette: one colour for each state, in a light and a dark theme, and the CSS that uses them.

The colours start from Okabe and Ito's palette, which people with any common colour blindness can tell apart
(Okabe & Ito 2008, "Color Universal Design", https://jfly.uni-koeln.de/color/); some are darkened or lightened
until they stand out from the page by 3:1 (marks) or 4.5:1 (text), as WCAG 2.2 asks.
"""

STATES = ("running", "waiting", "blocked", "failed", "cancelled", "orphan")
WORDS = {
    "running": "running",
    "waiting": "waiting",
    "blocked": "holding the loop",
    "failed": "failed",
    "cancelled": "cancelled",
    "orphan": "running on for nobody",
}
SERIES = ("series0", "series1", "series2", "series3")
TEXTS = ("ink", "muted")

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


def luminance(colour: str) -> float:
    """Return the relative luminance (0 to 1) of a colour written as #rrggbb; source: WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio (1 to 21) of two colours written as #rrggbb; source: WCAG 2.2."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


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
    return themes + _LAYOUT.replace("FIGURE", ".kettle-picture" * 3) + states + series


# FIGURE becomes the class said thrice, where JupyterLab's rules for rendered HTML would win otherwise.
_LAYOUT = """
.kettle-picture{background:var(--kp-paper);color:var(--kp-ink);forced-color-adjust:none;
margin:0;padding:10px 12px 8px;max-width:664px;box-sizing:border-box;
font:14px/1.45 var(--jp-content-font-family,system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif)}
.kettle-picture figcaption{margin:0 0 8px;padding:0;color:var(--kp-ink);text-align:left;font-style:normal}
.kettle-picture .kp-title{display:block;font-weight:600;font-size:15px}
.kettle-picture .kp-says{display:block;color:var(--kp-muted)}
FIGURE .kp-point{margin:8px 0 0;padding:0 0 0 10px;border-left:3px solid var(--kp-running);
color:var(--kp-ink)}
.kettle-picture .kp-scroll{overflow-x:auto;container-type:inline-size;scrollbar-width:thin;
scrollbar-color:var(--kp-muted) transparent}
.kettle-picture .kp-scroll:focus-visible,.kettle-picture summary:focus-visible{
outline:2px solid var(--kp-running);outline-offset:2px}
.kettle-picture svg.kp-svg{display:block;width:100%;min-width:370px;height:auto;background:none}
.kettle-picture svg text{font-family:inherit;font-size:12.5px;fill:var(--kp-ink);
font-variant-numeric:tabular-nums}
/* The drawing shrinks with its window; its text shrinks less, and stays at 11 px or more. */
@container (max-width:520px){.kettle-picture svg text{font-size:14.5px}}
@container (max-width:425px){.kettle-picture svg text{font-size:16.5px}}
.kettle-picture svg text.kp-muted,.kettle-picture svg tspan.kp-muted{fill:var(--kp-muted)}
.kettle-picture svg text.kp-strong,.kettle-picture svg tspan.kp-strong{font-weight:600}
.kettle-picture svg text.kp-end{text-anchor:end}
.kettle-picture svg text.kp-middle{text-anchor:middle}
.kettle-picture .kp-grid{stroke:var(--kp-grid);stroke-width:1;fill:none}
.kettle-picture .kp-axis{stroke:var(--kp-muted);stroke-width:1;fill:none}
.kettle-picture .kp-rule{stroke:var(--kp-ink);stroke-width:1.25;stroke-dasharray:4 3;fill:none}
.kettle-picture .kp-line{fill:none;stroke-width:2;stroke-linejoin:round}
.kettle-picture .kp-ink-line{stroke:var(--kp-ink);stroke-width:1.5;fill:none}
.kettle-picture .kp-outline{fill:none;stroke:var(--kp-ink);stroke-width:1.25;stroke-dasharray:3 2}
.kettle-picture .kp-paper{fill:var(--kp-paper)}
.kettle-picture .kp-hatch{stroke:var(--kp-paper);stroke-width:1.4;fill:none}
.kettle-picture .kp-through{fill:var(--kp-running);fill-opacity:.2;stroke:var(--kp-running);stroke-width:1}
.kettle-picture .kp-wash{fill:var(--kp-blocked);fill-opacity:.13}
.kettle-picture .kp-halo{stroke:var(--kp-paper);stroke-width:4;fill:none}
.kettle-picture .kp-tick{fill:none}
.kettle-picture .kp-hit{fill:transparent;stroke:none}
FIGURE .kp-legend{display:flex;flex-wrap:wrap;gap:2px 16px;margin:6px 0 0;padding:0;list-style:none;
font-size:13px;color:var(--kp-muted)}
FIGURE .kp-legend li{display:flex;align-items:center;gap:6px;margin:0;padding:0}
.kettle-picture details{margin-top:6px;font-size:13px;color:var(--kp-muted)}
.kettle-picture summary{cursor:pointer;width:max-content;max-width:100%}
.kettle-picture .kp-rows{overflow:auto;scrollbar-width:thin;scrollbar-color:var(--kp-muted) transparent;
max-height:320px;margin-top:4px}
FIGURE table{border-collapse:collapse;margin:0;font-size:13px;color:var(--kp-ink);
font-variant-numeric:tabular-nums;background:none;border:0}
FIGURE th,FIGURE td{padding:2px 16px 2px 0;text-align:left;vertical-align:top;border:0;
background:none;max-width:44ch;overflow-wrap:anywhere}
FIGURE th{color:var(--kp-muted);font-weight:600;
border-bottom:1px solid var(--kp-muted);white-space:nowrap}
FIGURE .kp-number{text-align:right;white-space:nowrap}
FIGURE tr{background:none}
/* Source is not broken into lines: the picture grows as far as the page lets it, and scrolls then. */
.kettle-picture:has(.kp-lines){max-width:1060px}
FIGURE .kp-lines td,FIGURE .kp-lines th{white-space:nowrap;max-width:none;padding-right:12px}
FIGURE .kp-lines code{white-space:pre;padding:0;background:none;color:inherit;
font:12px/1.5 var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace)}
FIGURE .kp-lines .kp-share svg{display:inline-block;vertical-align:middle;margin-right:6px;max-width:none}
FIGURE .kp-lines .kp-share span{display:inline-block;min-width:5ch;text-align:right}
FIGURE .kp-lines .kp-strong{font-weight:600}
FIGURE .kp-lines .kp-strong code{font-weight:600}
.kettle-picture .kp-waiting{fill-opacity:.22;stroke-width:1}
.kettle-picture .kp-cancelled{fill-opacity:.12;stroke-width:1.25;stroke-dasharray:3 2}
.kettle-picture .kp-running,.kettle-picture .kp-blocked,.kettle-picture .kp-failed,
.kettle-picture .kp-orphan{stroke:none}
"""
