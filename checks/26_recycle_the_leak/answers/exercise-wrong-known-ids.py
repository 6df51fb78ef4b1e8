# says: other screens have come and gone
import weakref

screens: list[weakref.ref] = []
known: set[int] = set()


def connect(screen: Screen) -> None:
    """Let a screen have every change from now on."""
    if id(screen) in known:
        return
    known.add(id(screen))
    screens.append(weakref.ref(screen, screens.remove))


def publish(code: str, stock: int) -> None:
    """Pass a change of stock on to the screens."""
    for reference in list(screens):
        screen = reference()
        if screen is not None:
            screen.show(code, stock)
