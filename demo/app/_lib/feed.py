"""The live feed: new orders for as long as somebody looks.

Rules this module keeps
-----------------------
1. Each open feed holds a thread of its process, so there are at most PLACES of them; the other threads are
   for the shop. A place is given back in close(), which is called whatever becomes of the answer: a
   generator that never began would not run its `finally`.
2. A feed asks the database, which all workers share, about once a second. In between it yields None: a
   write that fails is how the host learns that the visitor has left.
3. After LASTS seconds it ends, so that a worker can be replaced. The browser comes back by itself and says
   which order it saw last.
"""

import re
import threading
import time
from collections.abc import Iterator
from typing import Any

from app._lib.orders import newest_order, orders_after
from fsroute import HTTPError

PLACES = 2          # of the four threads that a worker has
PAUSE = 1.0         # seconds between two looks
LASTS = 180.0       # seconds
FEW = 5             # orders that a new visitor is shown
MANY = 100          # orders that one who was away gets told

_taken: set["Feed"] = set()
_lock = threading.Lock()


class Feed:
    """The events of one visitor. 503 when all places are taken."""

    def __init__(self, last_event_id: str) -> None:
        self._seen = _start(last_event_id)
        with _lock:
            if len(_taken) >= PLACES:
                raise HTTPError(503, "Too many are watching the orders: try again in a moment",
                                headers={"Retry-After": "5"})
            _taken.add(self)

    def __iter__(self) -> Iterator[dict[str, Any] | None]:
        end = time.monotonic() + LASTS
        yield {"retry": 2000}
        while True:
            for order in orders_after(self._seen):
                yield {"event": "order", "id": order.id, "data": order}
                self._seen = order.id
            if time.monotonic() >= end:
                return
            yield None
            time.sleep(PAUSE)

    def close(self) -> None:
        with _lock:
            _taken.discard(self)


def _start(last_event_id: str) -> int:
    """The order after which a feed begins. An id that we cannot have given is as good as none."""
    newest = newest_order()
    seen = int(last_event_id) if re.fullmatch("[0-9]{1,18}", last_event_id) else newest + 1
    return newest - FEW if seen > newest else max(seen, newest - MANY)
