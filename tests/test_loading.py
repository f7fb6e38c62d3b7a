"""Work in a thread beside the loop."""

import gc
import weakref

from netmon.loading import Loading


class Circle:
    """An object that only a search for circles frees."""

    def __init__(self):
        self.itself = self


def test_what_earlier_results_left_is_freed():
    """A sensor that reloads its signatures often does not grow, however rarely Python looks for circles."""
    gc.disable()
    try:
        left = weakref.ref(Circle())
        assert left() is not None
        assert Loading(lambda: 7).result() == 7
        assert left() is None
    finally:
        gc.enable()
