"""The plans by the minute: `python3 workshop/make_plans.py` writes them from plans.toml and the cards.

It writes the tables of README.md and feedback.md, too.
"""

import re
import sys
import tomllib
from itertools import zip_longest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # any Python 3.11 can run it, without the set-up
sys.path.insert(0, str(Path(__file__).resolve().parent))

from timetable import BadPlan, Slot, clock, days_of, drops, exercise_minutes, section, steps

from kettle.files.course import lessons

WORKSHOP = Path(__file__).resolve().parent
PLANS = WORKSHOP / "plans"
SOURCE = PLANS / "plans.toml"
DOORS = 30  # minutes before the start: for people whose machine is not ready yet


def link(each: Slot) -> str:
    """Write the name of a slot, a lesson with a link to its card."""
    if each.lesson is None:
        return f"*{each.name}*" if each.is_break else each.name
    return f"[{each.name}](../{each.lesson.card.name})"


def overview(day: list[Slot]) -> list[str]:
    """Write the table of a day, one row for each slot."""
    rows = [
        f"| {clock(each.start)} | {clock(each.start + each.minutes)} | {each.minutes} | {link(each)} |"
        for each in day
    ]
    return ["| from | to | minutes | what |", "|---|---|---|---|", *rows, ""]


def by_the_minute(each: Slot) -> list[str]:
    """Write the steps of one slot, by the clock, and what to drop first."""
    end = each.start + each.minutes
    lines = [f"### {clock(each.start)} to {clock(end)}: {each.name}", ""]
    if each.is_exercise:
        told = section(each.lesson.card.read_text(encoding="utf-8"), "The exercise")
        return [*lines, f"{told} The notebook is exercises/{each.lesson.exercise.name}.", ""]
    at = each.start
    lines += ["| at | minutes | step |", "|---|---|---|"]
    for words, minutes in steps(each.lesson):
        lines.append(f"| {clock(at)} | {minutes} | {words} |")
        at += minutes
    left_out = [f"{number}. {words}" for number, words in enumerate(drops(each.lesson), start=1)]
    return [*lines, "", "Drop first:", "", *left_out, ""]


def warm_ups(days: list[list[Slot]]) -> int:
    """Return the minutes that all warm-ups take together, as the cards tell them."""
    taught = [each.lesson for day in days for each in day if each.lesson and not each.is_exercise]
    told = [re.match(r"The warm-up \((\d+) minute", item) for each in taught for item in drops(each)]
    return sum(int(found[1]) for found in told if found)


def in_short(plan: dict, days: list[list[Slot]]) -> list[str]:
    """Write what a teacher wants to know first: how long, which lessons, what goes first."""
    every = [each for day in days for each in day]
    core = sum(each.minutes for each in every if each.lesson)
    count = sum(each.lesson is not None for each in every)
    beside = sum(each.minutes for each in every) - core
    hours = [f"{clock(day[0].start)} to {clock(day[-1].start + day[-1].minutes)}" for day in days]
    when = hours[0] if len(hours) == 1 else f"{hours[0]}, and {hours[1]} on the second day"
    lines = [
        plan["who"],
        "",
        f"**{when}.** {count} lessons take {core} minutes. Welcome, breaks and close take {beside}.",
        "There is no slack: book a quarter more, or leave out from the start what goes first.",
        f"The room opens at {clock(days[0][0].start - DOORS)}, for people whose machine is not ready yet.",
        "",
        f"You need: {plan['needs']}.",
    ]
    for number, why in plan.get("skips", {}).items():
        lines.append(f"Of the path on the landing page, only lesson {number} is not here. {why}")
    lines += [plan["note"]] if "note" in plan else []
    return [*lines, ""]


def if_late(plan: dict, days: list[list[Slot]]) -> list[str]:
    """Write how time is gained: warm-ups first, then one whole lesson of each day."""
    lines = [
        "## If you are late",
        "",
        f"- Leave the warm-ups out. All of them together take {warm_ups(days)} minutes.",
    ]
    for number, (day, (gone, why)) in enumerate(zip(days, plan["first_to_go"], strict=True), start=1):
        of = f"On day {number}, leave" if len(days) > 1 else "Leave"
        (lesson,) = [each for each in day if each.lesson and each.lesson.number == gone]
        lines.append(f"- {of} lesson {lesson.name} out: {lesson.minutes} minutes. {why}")
    return [*lines, "- Keep the breaks, and keep the predictions.", ""]


def page(plan: dict) -> str:
    """Return the page of a plan; BadPlan, in a sentence, where its data cannot be used."""
    days = days_of(plan)
    lines = [f"# {plan['title']}: the plan", "", *in_short(plan, days)]
    for number, day in enumerate(days, start=1):
        lines += [f"## Day {number}" if len(days) > 1 else "## The day at a glance", "", *overview(day)]
    lines += if_late(plan, days)
    for number, day in enumerate(days, start=1):
        lines += [f"## Day {number}, by the minute" if len(days) > 1 else "## By the minute", ""]
        for each in day:
            lines += by_the_minute(each) if each.lesson else [f"**{clock(each.start)}: {each.name}**", ""]
    return "\n".join(lines).rstrip() + "\n"


def pages(source: Path = SOURCE) -> dict[str, str]:
    """Return each plan's file name and text; BadPlan, in a sentence, where the data cannot be used."""
    made = {}
    for name, plan in tomllib.loads(source.read_text(encoding="utf-8")).items():
        try:
            made[f"plans/{name}.md"] = page(plan)
        except (BadPlan, KeyError, TypeError, ValueError) as error:
            why = f"it has no {error}" if isinstance(error, KeyError) else error
            raise BadPlan(f"The plan {name} in {source.name} cannot be made: {why}") from error
    return made


def plans_table() -> str:
    """Return the table of the plans, for README.md."""
    rows = ["| plan | from, to | lessons | learners know |", "|---|---|---|---|"]
    for name, plan in tomllib.loads(SOURCE.read_text(encoding="utf-8")).items():
        days = days_of(plan)
        hours = [f"{clock(day[0].start)} to {clock(day[-1].start + day[-1].minutes)}" for day in days]
        taught = [
            f"{each.lesson.number:02}{' (exercise)' * each.is_exercise}"
            for day in days
            for each in day
            if each.lesson
        ]
        rows.append(
            f"| [{plan['title']}](plans/{name}.md) | {'<br>'.join(hours)} | {', '.join(taught)} "
            f"| {plan['needs']} |"
        )
    return "\n".join(rows)


def cards_table() -> str:
    """Return the table of the cards, for README.md."""
    rows = ["| card | minutes | the exercise, in minutes |", "|---|---|---|"]
    for each in lessons():
        name = f"[{each.number:02} {each.title}]({each.card.name})"
        rows.append(f"| {name} | {each.minutes} | {exercise_minutes(each)} |")
    return "\n".join(rows)


def form_table() -> str:
    """Return the lessons for feedback.md: three columns, so that the form is one page."""
    every = lessons()
    third = -(-len(every) // 3)
    columns = [every[n : n + third] for n in range(0, len(every), third)]
    heads = [f"{column[0].number:02} to {column[-1].number:02}" for column in columns]
    names = [[f"{each.number:02} {each.title}" for each in column] for column in columns]
    rows = [heads, ["---"] * len(columns), *zip_longest(*names, fillvalue="")]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def filled(text: str, name: str, table: str) -> str:
    """Return a text with a table between its comments `<!-- name -->` and `<!-- end of name -->`."""
    between = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- end of {name} -->)", re.DOTALL)
    text, count = between.subn(lambda _: f"\n{table}\n\n", text)
    if count != 1:
        raise BadPlan(
            f"There is no one place between <!-- {name} --> and <!-- end of {name} --> for the table."
        )
    return text


def everything() -> dict[str, str]:
    """Return the text of each file that this writes, by its path in workshop/."""
    made = pages()
    front = filled((WORKSHOP / "README.md").read_text(encoding="utf-8"), "plans", plans_table())
    form = (WORKSHOP / "feedback.md").read_text(encoding="utf-8")
    return made | {
        "README.md": filled(front, "cards", cards_table()),
        "feedback.md": filled(form, "lessons", form_table()),
    }


def main() -> int:
    """Write all plans and tables; return the exit status."""
    try:
        made = everything()
    except (BadPlan, tomllib.TOMLDecodeError) as error:
        sys.exit(str(error))
    for name, text in made.items():
        (WORKSHOP / name).write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
