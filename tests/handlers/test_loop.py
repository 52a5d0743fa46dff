"""Coroutines run to their end."""

import asyncio
import contextvars
import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from fsroute.handlers import loop


def run(awaitable: Any) -> Any:
    return loop.run(awaitable, lambda: None)


variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return number * 2


async def current_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def test_the_result_or_the_exception_comes_back() -> None:
    assert run(double(4)) == 8
    with pytest.raises(ZeroDivisionError):
        run(fail())


async def fail() -> None:
    raise ZeroDivisionError


def test_an_awaitable_that_is_no_coroutine_is_awaited_too() -> None:
    class Awaitable:
        def __await__(self) -> Any:
            return double(3).__await__()

    assert run(Awaitable()) == 6


def test_a_thread_keeps_its_loop_and_another_has_its_own() -> None:
    loops = [run(current_loop()), run(current_loop())]
    thread = threading.Thread(target=lambda: loops.append(run(current_loop())))
    thread.start()
    thread.join()
    assert loops[0] is loops[1]
    assert loops[2] is not loops[0]


def test_the_loop_of_a_thread_is_closed_with_it() -> None:
    loops: list[asyncio.AbstractEventLoop] = []
    thread = threading.Thread(target=lambda: loops.append(run(current_loop())))
    thread.start()
    thread.join()
    assert loops[0].is_closed()


def test_where_a_loop_runs_already_a_thread_of_its_own_takes_over_with_the_context() -> None:
    async def read() -> tuple[str, str]:
        return variable.get(), threading.current_thread().name

    async def outer() -> Any:
        variable.set("seen")
        with pytest.raises(ZeroDivisionError):
            run(fail())
        return run(read())

    assert asyncio.run(outer()) == ("seen", "fsroute-async")


def test_what_a_coroutine_sets_in_its_context_ends_with_it() -> None:
    async def write() -> None:
        variable.set("left behind")

    run(write())
    assert variable.get() == "unset"


def test_tasks_left_behind_are_cancelled() -> None:
    ended = []

    async def background() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    async def handler() -> asyncio.Task[None]:
        task = asyncio.ensure_future(background())
        await asyncio.sleep(0)
        return task

    assert run(handler()).cancelled()
    assert ended == [True]


def test_a_task_that_is_made_while_others_are_cancelled_is_cancelled_too() -> None:
    ended = []

    async def second() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("second")

    async def first() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            tasks.append(asyncio.ensure_future(second()))
            ended.append("first")

    tasks: list[Any] = []

    async def handler() -> None:
        tasks.append(asyncio.ensure_future(first()))
        await asyncio.sleep(0)

    run(handler())
    assert all(task.done() for task in tasks)
    assert ended[0] == "first"


def test_a_task_that_will_not_end_is_logged_and_its_loop_is_closed_and_replaced(
    caplog: pytest.LogCaptureFixture
) -> None:
    async def stubborn() -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue

    async def handler() -> asyncio.AbstractEventLoop:
        asyncio.ensure_future(stubborn()).set_name("stubborn\nCRITICAL forged")
        await asyncio.sleep(0)
        return asyncio.get_running_loop()

    before = run(handler())
    assert before.is_closed()
    assert run(current_loop()) is not before
    [message] = caplog.messages
    assert message.startswith("1 task(s) of a request did not end within 1.0 s of being cancelled")
    assert "\n" not in message


def test_a_loop_that_somebody_closed_is_replaced() -> None:
    run(current_loop()).close()
    assert run(double(4)) == 8


@pytest.mark.parametrize("fault", [SystemExit, KeyboardInterrupt])
def test_what_is_no_exception_passes_on_and_leaves_a_loop_that_works(fault: type[BaseException]) -> None:
    async def handler() -> None:
        await asyncio.sleep(0)
        raise fault

    with pytest.raises(fault):
        run(handler())
    assert run(double(4)) == 8


def test_a_cancelled_coroutine_is_an_ordinary_failure() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(RuntimeError, match="cancelled"):
        run(cancelled())
    assert run(double(1)) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here, so nothing is inherited")
def test_a_forked_process_makes_its_own_loop_and_leaves_the_parents_alone() -> None:
    program = """
import asyncio, os
from fsroute.handlers.loop import run as run_it
run = lambda awaitable: run_it(awaitable, int)
async def loop(): return asyncio.get_running_loop()
async def work():
    await asyncio.to_thread(int)        # needs the self-pipe, which a child could break
    return True
mine = run(loop())
pid = os.fork()
if pid == 0:
    raise SystemExit(0 if run(loop()) is not mine and run(work()) else 1)
assert os.waitpid(pid, 0)[1] == 0
assert run(work())
print("well")
"""
    done = subprocess.run([sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-c", program],
                          capture_output=True, text=True, timeout=30, check=False)
    assert (done.stdout, done.stderr) == ("well\n", "")


def test_nothing_is_left_open_when_the_process_ends() -> None:
    program = ("import threading; from fsroute.handlers.loop import run\nasync def f(): pass\n"
               "run(f(), int); t = threading.Thread(target=lambda: run(f(), int)); t.start(); t.join()")
    done = subprocess.run([sys.executable, "-X", "dev", "-W", "error", "-c", program],
                          capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")



def test_beside_greenlets_nothing_grows_and_a_timeout_holds() -> None:
    program = """
import gevent.monkey; gevent.monkey.patch_all()
import asyncio, gc, gevent
from gevent.hub import Hub
from fsroute.handlers.loop import run as run_it
run = lambda awaitable: run_it(awaitable, int)
async def double(number):
    await asyncio.sleep(0)
    return number * 2
def hubs():
    gc.collect()
    return sum(isinstance(thing, Hub) for thing in gc.get_objects())
run(double(1))
before = hubs()
assert [run(double(number)) for number in range(100)] == [number * 2 for number in range(100)]
assert hubs() == before, (before, hubs())
jobs = [gevent.spawn(run, double(number)) for number in range(20)]
gevent.joinall(jobs)
assert [job.value for job in jobs] == [number * 2 for number in range(20)]
try:
    with gevent.Timeout(0.1):
        run(asyncio.sleep(0.5))
except gevent.Timeout:
    assert run(double(3)) == 6
    print("well")
"""
    done = subprocess.run([sys.executable, "-c", program],
                          capture_output=True, text=True, timeout=30, check=False)
    assert (done.stdout, done.stderr) == ("well\n", "")
