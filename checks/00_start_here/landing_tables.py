"""The tables of the landing page: map of the course, paths through it, findings of a preflight."""

from html import escape

from kettle.files.course import BEGINNINGS, PARTS, PATHS, CoursePath, LessonFiles, Part, lessons
from kettle.files.history import NotebookProgress
from kettle.files.progress import Progress
from kettle.lessons.preflight import Preflight
from kettle.panels.style import Said

# A sign and a word for each state and level: neither needs the colour.
_STATES = {"solved": "●", "run": "◕", "predicted": "◔", "not started": "○"}
_LEVELS = {"ok": ("✓", "wk-good"), "limited": ("!", "wk-doubt"), "missing": ("✗", "wk-bad")}

# Said twice (.wk-landing.wk-landing), to come before what JupyterLab says about tables and links in outputs.
CSS = """<style>
.wk-landing.wk-landing { container-type: inline-size; overflow-x: auto; padding: 3px; }
.wk-landing.wk-landing table { border-collapse: collapse; margin: .4em 0 .8em; width: 100%;
  font-size: inherit; table-layout: auto; color: var(--wk-ink); border: 0; background: none; }
.wk-landing.wk-landing caption { text-align: left; color: var(--wk-soft); padding: 0 0 .4em;
  caption-side: top; }
.wk-landing.wk-landing :is(th, td) { text-align: left; vertical-align: top; padding: .35em 1.2em .35em 0;
  border: 0; color: var(--wk-ink); white-space: normal; overflow-wrap: break-word; line-height: 1.5;
  max-width: none; }
.wk-landing.wk-landing :is(th, td):last-child { padding-right: 0; }
.wk-landing.wk-landing thead th { border-bottom: 1px solid var(--wk-edge); font-weight: 600; }
.wk-landing.wk-landing tbody tr { background: none; }
.wk-landing.wk-landing tbody tr + tr > * {
  border-top: 1px solid color-mix(in srgb, var(--wk-edge) 35%, transparent); }
.wk-landing.wk-landing tbody th { font-weight: 400; }
.wk-landing.wk-landing tbody.wk-part > tr:first-child th { padding-top: 1em; font-weight: 700; }
.wk-landing.wk-landing td.wk-soft, .wk-landing .wk-mean { color: var(--wk-soft); }
.wk-landing.wk-landing td.wk-good { color: var(--wk-right); }
.wk-landing.wk-landing td.wk-doubt { color: var(--wk-unsure); font-weight: 600; }
.wk-landing.wk-landing td.wk-bad { color: var(--wk-wrong); font-weight: 600; }
.wk-landing.wk-landing :is(a, a:visited, a:hover) { color: var(--wk-link); text-decoration: underline; }
.wk-landing.wk-landing a:hover { text-decoration-thickness: 2px; }
.wk-landing.wk-landing a:focus-visible { outline: 3px solid var(--wk-link); outline-offset: 2px; }
.wk-landing.wk-landing td.wk-state { white-space: nowrap; }
.wk-landing .wk-sign { display: inline-block; width: 1.1em; margin-right: .3em; }
.wk-landing.wk-landing.wk-paths th { white-space: nowrap; }
.wk-landing .wk-mean { display: block; } .wk-landing .wk-exercise { margin-right: .8em; }
@container (max-width: 34rem) {
  .wk-landing.wk-landing :is(th, td) { padding-right: .7em; }
  .wk-landing.wk-landing td.wk-state, .wk-landing.wk-landing.wk-paths th { white-space: normal; }
  .wk-landing .wk-exercise { display: block; } }
</style>"""


def draw_map(progress: Progress) -> Said:
    """Draw the map of the course, with this learner's progress, as a table."""
    found = lessons()
    bodies, lines = [], []
    for part in PARTS:
        here = [each for each in found if each.number in part.numbers]
        drawn = [_lesson_row(each, progress) for each in here]
        left = _in_preparation(part, here)
        head = f'<tr><th scope="rowgroup" colspan="3">{part.letter}. {escape(part.name)}</th></tr>'
        note = f'<tr><td colspan="3" class="wk-soft">{left}</td></tr>' if left else ""
        bodies.append(f'<tbody class="wk-part">{head}{"".join(row for row, _ in drawn)}{note}</tbody>')
        lines += [f"{part.letter}. {part.name}", *(line for _, line in drawn)]
        lines += [f"  {left}"] if left else []
    kept = (progress.of(each.notebook_id(kind)) for each in found for kind in ("lesson", "exercise"))
    said = (
        f"{_number(len(found), 'lesson')} so far, each with an exercise. "
        f"You have solved {sum(each.solved for each in kept)} of {2 * len(found)}."
    )
    table = as_table(said, ("Lesson", "Your progress", "Exercise"), "".join(bodies))
    return as_page(table, "\n".join([said, *lines]), "wk-map")


def draw_paths(progress: Progress) -> Said:
    """Draw the paths through the course: their lessons, the minutes that these add up to, what is solved."""
    found = {each.number: each for each in lessons()}
    drawn = [_path_row(path, found, progress) for path in PATHS]
    said = (
        "Time for the cores of the lessons, as the teacher's cards plan them. Exercises and the parts for "
        "the curious take more time."
    )
    body = f"<tbody>{''.join(row for row, _ in drawn)}</tbody>"
    table = as_table(said, ("Path", "Lessons", "You"), body)
    return as_page(table, "\n".join([said, *(line for _, line in drawn)]), "wk-paths")


def draw_beginnings() -> Said:
    """Draw where to begin, by what somebody works on; only lessons that exist are named."""
    found = {each.number: each for each in lessons()}
    rows, lines = [], []
    for each in BEGINNINGS:
        steps = [(lesson.notebook.name, name_of(lesson)) for n in each.numbers if (lesson := found.get(n))]
        if each.exercise is not None and (lesson := found.get(each.exercise)):
            steps.append((f"../exercises/{lesson.exercise.name}", f"the exercise of {name_of(lesson)}"))
        if steps:
            links = ", then ".join(link_to(target, name) for target, name in steps)
            rows.append(f'<tr><th scope="row">{escape(each.who)}</th><td>{links}</td></tr>')
            lines.append(f"{each.who}: {', then '.join(name for _, name in steps)}")
    said = "Begin with what is closest to your own work."
    table = as_table(said, ("Your work", "Begin with"), f"<tbody>{''.join(rows)}</tbody>")
    return as_page(table, "\n".join([said, *lines]), "wk-beginnings")


def draw_preflight(found: Preflight) -> Said:
    """Draw the findings of a preflight as a table."""
    rows = []
    for each in found.findings:
        sign, tone = _LEVELS[each.level]
        state = f'<span class="wk-sign" aria-hidden="true">{sign}</span>{each.level}'
        rows.append(
            f'<tr><th scope="row">{escape(each.name)}</th><td class="wk-state {tone}">{state}</td>'
            f'<td>{escape(each.value)}<span class="wk-mean">{escape(each.meaning)}</span></td></tr>'
        )
    heads = ("Checked", "Result", "Found, and what it means for the course")
    table = as_table(f"This took {found.seconds:.1f} seconds.", heads, f"<tbody>{''.join(rows)}</tbody>")
    said = f'<p role="status"><b>{escape(found.summary)}</b></p>'
    return as_page(said + table, repr(found), "wk-findings-table")


def _lesson_row(each: LessonFiles, progress: Progress) -> tuple[str, str]:
    lesson, exercise = (progress.of(each.notebook_id(kind)) for kind in ("lesson", "exercise"))
    there = each.exercise.is_file()
    practise = f'<span class="wk-exercise">{link_to(f"../exercises/{each.exercise.name}", "Exercise")}</span>'
    name = name_of(each)
    link, lesson_state = link_to(each.notebook.name, name), _state_html(lesson)
    cause = f'<span class="wk-mean">{escape(each.cause)}</span>' if each.cause else ""
    row = (
        f'<tr><th scope="row">{link}{cause}</th><td class="wk-state">{lesson_state}</td>'
        f'<td class="wk-state">{f"{practise} {_state_html(exercise)}" if there else ""}</td></tr>'
    )
    return row, f"  {name}: {_state(lesson)}; exercise: {_state(exercise)}"


def _state(known: NotebookProgress) -> str:
    if known.solved:
        return "solved"
    if known.runs:
        return "run"
    return "predicted" if known.predictions else "not started"


def _state_html(known: NotebookProgress) -> str:
    state = _state(known)
    return f'<span class="wk-sign" aria-hidden="true">{_STATES[state]}</span>{state}'


def _in_preparation(part: Part, here: list[LessonFiles]) -> str:
    left = len(part.numbers) - len({each.number for each in here})
    return f"{left}{' more' if here else ''} in preparation" if left else ""


def _path_row(path: CoursePath, found: dict[int, LessonFiles], progress: Progress) -> tuple[str, str]:
    here = [found[number] for number in path.numbers if number in found]
    core = sum(each.minutes for each in here)
    of = f"{core} min for {_number(len(here), 'lesson')}"
    of += f", {path.beside} min for welcome, breaks and close" if path.beside else ", without breaks"
    left = len(path.numbers) - len(here)
    more = f"{left} more in preparation" if left else ""
    solved = sum(progress.of(each.notebook_id("lesson")).solved for each in here)
    done, time = f"{solved} of {len(here)} solved", _hours(core + path.beside)
    links = ", ".join(link_to(each.notebook.name, name_of(each)) for each in here)
    if len(here) == len(found) > 1:
        links = "Every lesson, in the order of the map"
    row = (
        f'<tr><th scope="row"><b>{escape(path.name)}</b><span class="wk-mean">{time}</span></th>'
        f'<td>{links}<span class="wk-mean">{". ".join(filter(None, (of, more)))}.</span></td>'
        f'<td class="wk-state">{done}</td></tr>'
    )
    names = ", ".join(map(name_of, here)) + (f", {more}" if more else "")
    return row, f"{path.name}: {time} ({of}): {names}. {done}."


def _hours(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest or not hours))


def as_table(caption: str, heads: tuple[str, ...], bodies: str) -> str:
    """Make a table; bodies: HTML."""
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>{bodies}</table>"


def link_to(target: str, text: str) -> str:
    """Make a link."""
    return f'<a href="{escape(target)}">{escape(text)}</a>'


def as_page(body: str, text: str, name: str) -> Said:
    """Put HTML into the look of the course's own pages, with a text for other front ends; name: a CSS class."""
    return Said(f'{CSS}<div class="wk wk-landing {name}">{body}</div>', text)


def name_of(lesson: LessonFiles) -> str:
    """Name a lesson by its number and title."""
    return f"{lesson.number:02} {lesson.title}"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
