"""What the lesson's checks and the exercise's share."""


def lines_of(text, end="\n"):
    """Split a text into its lines, so that the one that differs can be named."""
    return text.split(end) if isinstance(text, str) else text


def line_of(whole):
    """Return what names a line of a text, or of one of several texts."""

    def name(path):
        if path and isinstance(path[0], str):
            return f"`{path[0]}`" if len(path) == 1 else f"entry {path[1] + 1} of `{path[0]}`"
        names = [f"line {path[-1] + 1}"] if path else []
        return " of ".join([*names, f"{whole} {path[0] + 1}" if len(path) > 1 else f"the {whole}"])

    return name
