# says: two screens are in use at one desk
import weakref

screens: weakref.WeakValueDictionary[str, Screen] = weakref.WeakValueDictionary()


def connect(screen: Screen) -> None:
    """Let a screen have every change from now on."""
    screens[screen.desk] = screen


def publish(code: str, stock: int) -> None:
    """Pass a change of stock on to the screens."""
    for screen in list(screens.values()):
        screen.show(code, stock)
