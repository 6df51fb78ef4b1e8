"""What probes are: a block of code that is watched, by `with` or by `async with`."""

from typing import Self


class Block:
    """A context manager whose `async with` does what its `with` does."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None: ...

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, *error: object) -> None:
        self.__exit__(*error)
