"""Which statements of a notebook define a name, and what each of them uses."""

from kettle.files.names import source_of

CELLS = [
    "import json\nimport shop",
    "LOCK = make_lock()\n\ndef make_lock():\n    return object()",
    "def cached(key):\n    return json.loads(kept(key))",
    "%%timeit\npass",
    "before = cached",
    "@once\ndef cached(key):\n    with LOCK:\n        return kept(key)",
    "def once(f):\n    return f\n\nprint(cached('x'))",
    "kept = None\n\ndef kept(key):\n    return key",
]


def test_only_what_a_name_needs_is_taken_in_the_order_it_was_run():
    source = source_of(CELLS, "cached")
    assert "import json" not in source
    assert "import shop" not in source
    assert "print" not in source
    assert source.index("LOCK =") < source.index("@once") < source.index("def once")
    assert source.count("def cached") == 1


def test_another_name_of_an_older_version_takes_that_one_along():
    source = source_of(CELLS, "before")
    assert source.index("json.loads") < source.index("before = cached") < source.index("@once")


def test_the_last_definition_counts():
    assert source_of(["f = 1", "g = f", "f = 2"], "f") == "f = 2"


def test_what_a_function_calls_its_own_is_not_taken():
    cells = ["seen = run()", "def f(seen):\n    rows = [row for row in seen]\n    return rows", "row = 1"]
    assert source_of(cells, "f").startswith("def f(seen)")


def test_a_top_level_await_and_what_it_binds_are_taken():
    cells = [
        "import shop",
        "async with shop.open() as desk:\n    first = await desk.ask()",
        "total = 0",
        "total += first",
    ]
    assert source_of(cells, "total").splitlines()[0] == "import shop"
    assert "first = await" in source_of(cells, "total")
    assert source_of(cells, "total").endswith("total = 0\ntotal += first")


def test_what_fills_a_list_or_a_dictionary_is_taken_too():
    cells = [
        "rows, kept = [], {}",
        "for n in range(3):\n    rows.append(n)",
        "kept['a'] = rows",
        "print(kept)",
    ]
    assert source_of(cells, "kept").splitlines()[1:] == [
        "for n in range(3):",
        "    rows.append(n)",
        "kept['a'] = rows",
    ]
    assert "kept['a']" not in source_of(cells, "rows")


def test_all_of_a_whole_cell_is_taken_and_what_it_needs():
    cells = ["import site, json", "set_up(site)", "def set_up(place):\n    pass", "print(json)"]
    assert source_of(cells, whole=[1]) == "import site, json\nset_up(site)\ndef set_up(place):\n    pass"
