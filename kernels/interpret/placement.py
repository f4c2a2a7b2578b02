"""Where an array's elements lie in the memory block under it, in granules; found from its address and strides."""
from __future__ import annotations

import numpy as np

from .memory import Selection


class Placement:
    """Of one array over the block that begins at `address`.

    start: granule of the first element. steps: granules from one element to the next, by axis. span: granules that an
    element covers. whole: whether all of these are whole numbers; they are not where memory is viewed as a smaller type,
    and then several elements share a granule.
    """

    __slots__ = ("start", "steps", "span", "whole", "_data", "_bytes", "_granule", "_places")

    def __init__(self, data: np.ndarray, address: int, granule: int) -> None:
        self._data = data
        self._granule = granule
        self._bytes = data.__array_interface__["data"][0] - address if data.size else 0
        self._places: np.ndarray | None = None
        self.start = self._bytes // granule
        self.steps = tuple(stride // granule for stride in data.strides)
        self.span = max(1, data.itemsize // granule)
        self.whole = data.itemsize % granule == 0 and not any(stride % granule for stride in data.strides)

    def places(self) -> np.ndarray:
        """The first granule of every element, in the array's shape."""
        if self._places is None:
            found = np.asarray(self.start if self.whole else self._bytes, np.int64)
            for length, step in zip(self._data.shape, self.steps if self.whole else self._data.strides):
                found = found[..., None] + np.arange(length, dtype=np.int64) * step
            self._places = found if self.whole else found // self._granule
        return self._places

    def covered(self) -> Selection:
        """All granules of the array."""
        if self.whole and self._data.flags.c_contiguous:
            return slice(self.start, self.start + self._data.size * self.span)
        return self.widened(self.places())

    def widened(self, places: np.ndarray) -> np.ndarray:
        """All granules of the elements that begin at `places`."""
        places = places.reshape(-1)
        if self.span == 1:
            return places
        return (places[:, None] + np.arange(self.span)).reshape(-1)
