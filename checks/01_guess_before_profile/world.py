"""What the lesson's checks and the exercise's share."""


def _read(text, end="\n"):
    """Take a text apart into its lines, so that the one that differs can be named."""
    return text.split(end) if isinstance(text, str) else text


def _line(path, whole="receipt"):
    """Name a line of a text, or a part of what it was made from."""
    if path and isinstance(path[0], str):
        return f"`{path[0]}`" if len(path) == 1 else f"entry {path[1] + 1} of `{path[0]}`"
    names = [f"line {path[-1] + 1}"] if path else []
    return " of ".join([*names, f"{whole} {path[0] + 1}" if len(path) > 1 else f"the {whole}"])
