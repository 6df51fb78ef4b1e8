"""Garbage collections that look at what is new only."""

import gc
import weakref

from kettle.probes.engines.collecting import only_new_collected


class Thing:
    """Sits in a cycle with itself."""

    def __init__(self):
        self.itself = self


def test_a_block_keeps_what_was_there_out_until_its_end():
    old, before = Thing(), gc.get_freeze_count()
    reference = weakref.ref(old)
    with only_new_collected():
        del old
        gc.collect()
        assert reference() is not None
    gc.collect()
    assert reference() is None
    assert gc.get_freeze_count() == before


def test_a_block_inside_another_lets_go_of_nothing_and_hides_nothing():
    with only_new_collected():
        kept = gc.get_freeze_count()
        reference = weakref.ref(Thing())
        with only_new_collected():
            gc.collect()
            assert reference() is None  # it is new to the outer block, which shall see it go
        assert gc.get_freeze_count() > kept / 2 > 0  # to let go is to let go of all
