"""Coroutines run to their end (`async def` handlers).

Facts
-----
- Making an event loop costs four times what running a coroutine on one costs.
- A loop that is dropped closes itself, which takes its pipe out of its selector. A forked child shares that
  selector with its parent, whose loop then goes deaf.
- asyncio knows threads and no greenlets: a coroutine that waits stops all greenlets of its thread.

Rules this module keeps
-----------------------
1. `async` is there for async libraries, not for concurrency: whoever takes a request waits for its coroutine.
2. One loop a thread, kept, and closed with its thread. A fork closes the loop of the thread that forks.
3. Where a loop runs in this thread already (a notebook, an async host that calls WSGI), or where threads are
   gevent's greenlets, the coroutine runs in another, real thread, on a loop of its own.
4. Tasks that a request leaves behind are cancelled with it. If they have not ended after a second, that is
   logged, and their loop is closed all the same. Timers and async generators, which asyncio does not list,
   are left to the loop.
"""

from __future__ import annotations

import os
import sys
import threading
from weakref import finalize

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable
    from typing import Any

    Job = Callable[[], None]

_GRACE = 1.0        # seconds that tasks left behind have to end once they are cancelled


class _Kept:
    """A thread's loop; closed when the thread's locals are dropped, at the latest when the process exits."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.close = finalize(self, _close, loop, os.getpid())


_here = threading.local()
# gevent's pools that are idle, of one thread each: in a pool of few, coroutines would wait for others that
# wait for them; and each thread leaves a hub behind, so they are used again
_pools: list[Any] = []
_not_ours: list[object] = []        # loops of the parent's other threads: one dropped here is closed there


def run(awaitable: Awaitable[Any], fetch: Callable[[], None]) -> Any:
    """The awaitable's result. Raises what it raises, RuntimeError when it was cancelled.

    fetch: called first where another thread could not read what this one can: gevent's sockets belong to the
    greenlets of one thread.
    """
    import asyncio

    if _threads_are_greenlets():
        fetch()
        return _run_there(awaitable, _beside_greenlets)
    try:
        asyncio.get_running_loop()
        runs_already = True
    except RuntimeError:
        runs_already = False
    return _run_there(awaitable, _in_new_thread) if runs_already else _run_on(_loop(), awaitable)


def is_cancellation(error: BaseException) -> bool:
    """Whether it is asyncio's CancelledError: no Exception, yet no reason to end a worker."""
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and isinstance(error, asyncio.CancelledError)


def _run_on(loop: asyncio.AbstractEventLoop, awaitable: Awaitable[Any]) -> Any:
    import asyncio

    async def awaited() -> Any:
        return await awaitable

    try:
        return loop.run_until_complete(awaited())
    except asyncio.CancelledError as fault:
        raise RuntimeError("the handler's coroutine was cancelled") from fault
    finally:
        if asyncio.all_tasks(loop):
            _cancel_rest(loop)


def _run_there(awaitable: Awaitable[Any], do: Callable[[Job], None]) -> Any:
    """The same in another thread, with this one's context; do: does a job there and waits for it."""
    from contextvars import copy_context

    context = copy_context()
    results: list[Any] = []
    faults: list[BaseException] = []

    def job() -> None:
        try:
            results.append(context.run(_run_and_close, awaitable))
        except BaseException as fault:          # for the thread that waits
            faults.append(fault)

    do(job)
    if faults:
        raise faults.pop()
    return results[0]


def _run_and_close(awaitable: Awaitable[Any]) -> Any:
    import asyncio

    loop = asyncio.new_event_loop()
    try:
        return _run_on(loop, awaitable)
    finally:
        if not loop.is_closed():
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()


def _in_new_thread(job: Job) -> None:
    thread = threading.Thread(target=job, name="fsroute-async")
    thread.start()
    thread.join()


def _beside_greenlets(job: Job) -> None:
    """As above; the other greenlets of this thread go on meanwhile."""
    from importlib import import_module

    hub = sys.modules["gevent"].get_hub()
    pool = next((pool for pool in _pools if pool.hub is hub), None)
    if pool is None:
        pool = import_module("gevent.threadpool").ThreadPool(1)
    else:
        _pools.remove(pool)
    pool.apply(job)             # when the greenlet is killed meanwhile, the pool is busy and not kept
    _pools.append(pool)


def _threads_are_greenlets() -> bool:
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and monkey.is_module_patched("threading")


def _loop() -> asyncio.AbstractEventLoop:
    """This thread's loop, made on first use."""
    import asyncio

    kept: _Kept | None = getattr(_here, "kept", None)
    if kept is None or kept.loop.is_closed():
        kept = _here.kept = _Kept(asyncio.new_event_loop())
    return kept.loop


def _close_idle() -> None:
    _pools.clear()
    kept: _Kept | None = getattr(_here, "kept", None)
    if kept is not None and not kept.loop.is_running():
        kept.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_close_idle)


def _close(loop: asyncio.AbstractEventLoop, pid: int) -> None:
    if pid == os.getpid():
        loop.close()
    else:
        _not_ours.append(loop)


def _cancel_rest(loop: asyncio.AbstractEventLoop) -> None:
    """Ends the tasks that a request left behind, and those that they make meanwhile."""
    import asyncio

    end = loop.time() + _GRACE
    while (tasks := asyncio.all_tasks(loop)) and (left := end - loop.time()) > 0:
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.wait(tasks, timeout=left))
    if tasks:
        _give_up(loop, tasks)


def _give_up(loop: asyncio.AbstractEventLoop, tasks: set[asyncio.Task[Any]]) -> None:
    import logging

    names = [task.get_name() for task in tasks]
    logging.getLogger("fsroute").error(
        "%d task(s) of a request did not end within %s s of being cancelled: %a", len(tasks), _GRACE, names)
    loop.set_exception_handler(lambda loop, context: None)      # it has been said; no "destroyed but pending"
    loop.close()
