"""Recycle the leak: a screen is added at each reconnect, and none is ever let go."""

import gc
import weakref

from kettle.checking import Case, Contract
from kettle.probes.memory import unbounded_growth

TIMES = 5  # that a connection breaks
CHANGE, NEXT = ("KC-123", 7), ("KC-456", 31)


def play(publish, w, *steps):
    """Let screens connect, such as "a1" at the desk "a", and changes come; return what screens show."""
    screens: dict = {}
    for step in steps:
        if step in (CHANGE, NEXT):
            publish(*step)
        else:
            screens.setdefault(step, w.names["Screen"](step[0]))
            w.names["connect"](screens[step])
    return {step: dict(screen.shown) for step, screen in screens.items()}


def after_others(publish, w):
    """Let screens come and go, then some stay; return what those show: they often have the ids of the others."""
    for place in range(20):
        w.names["connect"](w.names["Screen"](f"gone {place}"))
    screens = connected(w.names["connect"], w.names["Screen"], 5)
    publish(*CHANGE)
    return [dict(screen.shown) for screen in screens]


exercise = Contract(
    "publish",
    call=play,
    noun="screen",
    why="misses",
    cases={
        "two screens are connected, and a change comes": Case("a1", "b1", CHANGE),
        "other screens have come and gone": Case(call=after_others),
        "a connection breaks between two changes": Case("a1", "b1", CHANGE, "a1", NEXT),
        "two screens are in use at one desk": Case("a1", "a2", CHANGE),
    },
)


def connected(connect, Screen, number):  # noqa: N803 - the notebook's name
    """Let screens connect; return them."""
    screens = [Screen(f"desk {place}") for place in range(number)]
    for screen in screens:
        connect(screen)
    return screens


@exercise.cause
def drawn_once(publish, connect, Screen):  # noqa: N803
    """Count how often a change is drawn on screens whose connection broke, and on those in use beside them."""
    screens = connected(connect, Screen, 8)
    for screen in screens[:4] * TIMES:
        connect(screen)
    before = [screen.drawn for screen in screens]
    publish("KC-7", 7)
    most = max(screen.drawn - was for screen, was in zip(screens, before, strict=True))
    assert most <= 1, exercise.say("often", n=most, times=TIMES + 1)


@exercise.cause
def let_go(publish, connect, Screen):  # noqa: N803
    """Look whether screens that nobody uses any more are freed, and watch the memory while more come and go."""
    gone = [weakref.ref(screen) for screen in connected(connect, Screen, 20)]
    publish("KC-8", 8)
    gc.collect()
    alive = sum(each() is not None for each in gone)
    collects = "collect" in (*publish.__code__.co_names, *connect.__code__.co_names)
    assert not alive, exercise.say("collected" if collects else "alive", n=alive, of=len(gone))

    def reloads(_):
        for _ in range(200):
            connect(Screen("a desk"))
            publish("KC-9", 9)
        return 200

    growth = unbounded_growth(reloads)
    assert growth is None, exercise.say("grows", bytes=growth.per_item, n=sum(growth.counts))
