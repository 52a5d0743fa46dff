"""Coroutines run to their end (`async def` handlers).

Rules this module keeps
-----------------------
1. `async` is there for async libraries, not for concurrency: the thread that took the request runs the
   coroutine, and answers when it is done.
2. One event loop a thread, kept, because making one costs four times what running on it does. A process
   that was forked makes its own.
3. Where a loop runs in this thread already (a notebook, an async host that calls WSGI), the coroutine
   runs in a thread of its own.
4. Tasks a request leaves behind are cancelled with it: nothing of one request runs inside another.
"""

from __future__ import annotations

import os
import threading
from weakref import finalize

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable
    from typing import Any

_GRACE = 1.0        # seconds that tasks left behind have to end once they are cancelled


class _Kept:
    """One thread's loop, closed when the thread's locals are dropped or the process exits."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.pid = os.getpid()
        finalize(self, _close, loop, self.pid)


_here = threading.local()
_forgotten: list[object] = []       # loops that may not be closed; dropping one would close it


def run(awaitable: Awaitable[Any]) -> Any:
    """The awaitable's result. Raises what it raises, RuntimeError when it was cancelled."""
    from asyncio import _get_running_loop  # get_running_loop(), but None and no exception without one

    return _run_here(awaitable) if _get_running_loop() is None else _run_in_thread(awaitable)


def _run_here(awaitable: Awaitable[Any]) -> Any:
    import asyncio

    async def awaited() -> Any:
        return await awaitable

    loop = _loop()
    try:
        return loop.run_until_complete(awaited())
    except asyncio.CancelledError as fault:     # no Exception since Python 3.8, yet no reason to end a worker
        raise RuntimeError("the handler's coroutine was cancelled") from fault
    finally:
        _cancel_rest(loop)


def _run_in_thread(awaitable: Awaitable[Any]) -> Any:
    from contextvars import copy_context

    outcome: list[Any] = []

    def target() -> None:
        try:
            outcome.append(_run_here(awaitable))
        except BaseException as fault:          # carried over to the thread that waits
            outcome.extend((None, fault))

    thread = threading.Thread(target=copy_context().run, args=(target,), name="fsroute-async")
    thread.start()
    thread.join()
    if len(outcome) == 2:
        raise outcome[1]
    return outcome[0]


def _loop() -> asyncio.AbstractEventLoop:
    """This thread's loop in this process, made on first use."""
    import asyncio

    kept: _Kept | None = getattr(_here, "kept", None)
    if kept is not None and kept.pid != os.getpid():
        _forgotten.append(kept)                 # its selector is the parent's too: leave it alone
        kept = None
    if kept is None:
        kept = _here.kept = _Kept(asyncio.new_event_loop())
    return kept.loop


def _cancel_rest(loop: asyncio.AbstractEventLoop) -> None:
    """Ends the tasks that a request left behind; one that will not end takes its loop with it."""
    import asyncio

    tasks = asyncio.all_tasks(loop)
    if not tasks:
        return
    for task in tasks:
        task.cancel()
    _, stubborn = loop.run_until_complete(asyncio.wait(tasks, timeout=_GRACE))
    if stubborn:
        import logging

        _forgotten.append(_here.kept)
        del _here.kept
        logging.getLogger("fsroute").error("%d task(s) of a request did not end within %s s of being "
                                           "cancelled: %r", len(stubborn), _GRACE, stubborn)


def _close(loop: asyncio.AbstractEventLoop, pid: int) -> None:
    if pid == os.getpid():
        loop.close()
