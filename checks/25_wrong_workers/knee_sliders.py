"""The knee, turned by hand: sliders for a simulated machine, and the same as a function."""

from typing import Any

from kettle.lessons.knee import knee_picture
from kettle.lessons.queue_simulator import curve, knee_of
from kettle.pictures.figure import Picture
from kettle.pictures.units import plural, seconds

CORES = (0.5, 1, 2, 4, 8, 16, 32)
PER_WORKER = 150  # MB of a worker, in the simulator's sentence


def knee_at(cores: float = 2, workers: int = 5, waiting: int = 0, arrivals: int = 300) -> Picture:
    """Draw what the simulator says of a machine; a request that has it to itself takes 0.1 s.

    Args:
        cores: that are granted; may be 0.5.
        workers: processes, each with one place.
        waiting: the percentage of a request's time in which it waits.
        arrivals: requests per second.

    Raises:
        ValueError: a number lies outside what the simulator can play.
    """
    for name, value, low, high in (
        ("cores", cores, 0.1, 1000),
        ("workers", workers, 1, 200),
        ("waiting", waiting, 0, 99),
        ("arrivals", arrivals, 1, 10_000),
    ):
        if not low <= value <= high:
            raise ValueError(f"`{name}` lies between {low} and {high}; got {value}.")
    served = curve(cores, waiting / 100, arrivals, also=int(workers))
    rates = {n: each.rate for n, each in served.items()}
    now, knee = served[int(workers)], knee_of(rates)
    memory = f"{workers * PER_WORKER:,} MB at {PER_WORKER} MB each"
    bends = knee < max(rates)
    where = f"The knee is at {plural(knee, 'worker')}." if bends else f"There is no knee up to {max(rates)}."
    point = (
        f"{plural(int(workers), 'worker')}, {memory}: {now.rate:.0f} answers per second. "
        f"19 of 20 requests take at most {seconds(now.slow)}. {where}"
    )
    granted = "1 core" if cores == 1 else f"{cores:g} cores"
    says = f"A simulator, no real server: {granted}; requests wait for {waiting}% of their 0.1 s."
    marks = {int(workers): "your workers"}
    if bends:
        marks[knee] = "your workers, at the knee" if int(workers) == knee else "the knee"
    return knee_picture(
        {}, {"answers": rates}, title="Where is the knee?", says=says, marks=marks, point=point
    )


def knee_sliders(**start: Any) -> None:
    """Show four sliders and the picture that they turn; where there are no widgets, the picture.

    Args:
        **start: where the sliders stand, by the names of the arguments of `knee_at`.
    """
    from kettle.panels.style import show

    drawn = knee_at(**start)
    how = "Without widgets: knee_at(cores=4, workers=9, waiting=50, arrivals=300)"
    show(sliders(**start), f"{drawn.text}\n{how}")


def sliders(cores: float = 2, workers: int = 5, waiting: int = 0, arrivals: int = 300) -> Any:
    """Make the sliders and the picture beneath them, which is drawn again whenever one is moved."""
    import ipywidgets

    from kettle.panels.style import sheet

    wide = {"layout": {"width": "34em", "max_width": "100%"}, "style": {"description_width": "15em"}}
    given = {
        "cores": ipywidgets.SelectionSlider(
            options=CORES, value=cores, description="Cores that are granted", **wide
        ),
        "workers": ipywidgets.IntSlider(workers, 1, 40, description="Workers", **wide),
        "waiting": ipywidgets.IntSlider(waiting, 0, 95, 5, description="Share of waiting, in %", **wide),
        "arrivals": ipywidgets.IntSlider(arrivals, 10, 400, 10, description="Requests per second", **wide),
    }
    below = ipywidgets.HTML()

    def draw(_: object = None) -> None:
        below.value = knee_at(**{name: slider.value for name, slider in given.items()}).html

    for slider in given.values():
        slider.observe(draw, names="value")
    draw()
    panel = ipywidgets.VBox([sheet(), *given.values(), below])
    return panel.add_class("wk").add_class("wk-knee")
