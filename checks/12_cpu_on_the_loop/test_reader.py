"""Reader: a connection in memory, fast and slow."""

import asyncio

import pytest

from kettle.lessons.reader import NoJson, Reader


def written(reader, *texts):
    async def main():
        tasks = [asyncio.ensure_future(reader(text)) for text in texts]
        await asyncio.gather(*tasks)
        return reader

    return asyncio.run(main())


def test_a_reader_keeps_what_is_written():
    assert written(Reader(), "[1,", "2]").data() == [1, 2]


def test_a_slow_reader_has_the_first_text_last_if_nobody_waits_for_it():
    assert written(Reader(1), "a", "b").texts == ["b", "a"]


def test_a_reader_gives_way_only_where_it_is_slow():
    def steps(coroutine):
        try:
            coroutine.send(None)
        except StopIteration:
            return 0
        return 1 + steps(coroutine)

    assert steps(Reader()("a")) == 0
    assert steps(Reader(2)("a")) == 20


def test_a_reader_hangs_up_and_takes_texts_only():
    with pytest.raises(ConnectionResetError):
        written(Reader(most=3), "ab", "cd")
    with pytest.raises(TypeError, match="given bytes"):
        written(Reader(), b"ab")


def test_what_is_no_json_says_why():
    data = written(Reader(), "[1,]").data()
    assert isinstance(data, NoJson)
    assert data == "[1,]"
    assert "line 1" in getattr(data, "why", "")
    assert type(data).__name__ == "text that is no JSON"
