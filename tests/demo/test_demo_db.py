"""The shop's SQLite file under threads, processes and forks: nothing lost, twice or left open."""

import os
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def add(db: ModuleType, name: str) -> None:
    with db.transaction() as connection:
        connection.execute("INSERT INTO users (name, email) VALUES (?, ?)", (name, f"{name}@example.com"))


def count(db: ModuleType, table: str = "users") -> int:
    number: int = db.connection().execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return number


def script(text: str, database: Path) -> subprocess.Popen[str]:
    """A fresh interpreter that stops at every warning and says what it leaves open."""
    environ = {**os.environ, "SHOP_DB": str(database), "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'demo'}"}
    return subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-c", text], env=environ, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )


def finish(process: subprocess.Popen[str], said: str = "") -> str:
    """What a script prints. It must end well and must not complain."""
    output, complaint = process.communicate(said, timeout=60)
    assert (process.returncode, complaint) == (0, "")
    return output


def test_nothing_is_opened_before_it_is_used(db: ModuleType, database: Path) -> None:
    assert not database.exists()
    assert count(db) == 3
    assert database.exists()


def test_a_thread_keeps_its_connection_and_another_thread_has_another(db: ModuleType) -> None:
    assert db.connection() is db.connection()
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(db.connection).result() is not db.connection()


def test_another_file_is_another_connection(
    db: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    add(db, "first")
    monkeypatch.setenv("SHOP_DB", str(tmp_path / "other.db"))
    assert count(db) == 3


def test_a_block_that_raises_writes_nothing(db: ModuleType) -> None:
    def fail() -> None:
        with db.transaction() as connection:
            connection.execute("DELETE FROM users")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert count(db) == 3
    add(db, "next")                             # the write lock is free again
    assert count(db) == 4


def test_eight_threads_write_and_no_row_is_lost(db: ModuleType) -> None:
    gate = threading.Barrier(8)

    def work(worker: int) -> None:
        gate.wait()
        for number in range(25):
            add(db, f"worker{worker}.{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert count(db) == 3 + 8 * 25


def test_a_writer_waits_for_another(db: ModuleType) -> None:
    writing, waiting = threading.Event(), threading.Event()

    def slow() -> None:
        with db.transaction() as connection:
            connection.execute("INSERT INTO users (name, email) VALUES ('slow', 'slow@example.com')")
            writing.set()
            assert waiting.wait(10)

    def quick() -> None:
        assert writing.wait(10)
        threading.Timer(0.05, waiting.set).start()
        add(db, "quick")

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(slow), pool.submit(quick)]:
            done.result()
    names = [row["name"] for row in db.connection().execute("SELECT name FROM users ORDER BY id")]
    assert names[-2:] == ["slow", "quick"]


def test_readers_do_not_wait_for_a_writer(db: ModuleType) -> None:
    with db.transaction() as connection, ThreadPoolExecutor(1) as pool:
        connection.execute("DELETE FROM users")
        assert pool.submit(count, db).result(5) == 3


def test_the_connection_of_a_thread_is_closed_when_the_thread_ends(db: ModuleType) -> None:
    opened: list[sqlite3.Connection] = []
    thread = threading.Thread(target=lambda: opened.append(db.connection()))
    thread.start()
    thread.join()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


def test_four_processes_that_start_at_once_fill_the_file_once(db: ModuleType, database: Path) -> None:
    text = """
from app._lib.db import transaction
import os, sys
print("ready", flush=True)
sys.stdin.readline()
with transaction() as db:
    db.execute("INSERT INTO users (name, email) VALUES ('worker', ?)", (f"{os.getpid()}@example.com",))
"""
    processes = [script(text, database) for _ in range(4)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        finish(process)
    assert (count(db), count(db, "products"), count(db, "categories")) == (3 + 4, 21, 10)


@pytest.mark.parametrize("version", [1, 2, 99])
def test_a_file_of_another_schema_is_refused_and_left_alone(
    db: ModuleType, database: Path, version: int,
) -> None:
    with sqlite3.connect(database) as other:
        other.execute(f"PRAGMA user_version = {version}")
    other.close()
    with pytest.raises(RuntimeError, match=f"has schema {version}, not 3"):
        db.connection()
    with sqlite3.connect(database) as other:
        assert other.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
    other.close()


def test_a_half_made_file_is_made_anew(
    db: ModuleType, database: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(db, "PRODUCTS", [("broken",)])
    with pytest.raises(sqlite3.ProgrammingError):
        db.connection()
    monkeypatch.undo()
    monkeypatch.setenv("SHOP_DB", str(database))
    assert count(db, "products") == 21


def test_nothing_is_left_open_when_the_interpreter_ends(database: Path) -> None:
    text = """
from app._lib.db import connection
import threading
held = [connection()]
for _ in range(3):
    thread = threading.Thread(target=connection)
    thread.start()
    thread.join()
print(held.pop().execute("SELECT count(*) FROM users").fetchone()[0])
"""
    assert finish(script(text, database)) == "3\n"
    assert list(database.parent.iterdir()) == [database]        # who closes last takes the other files away


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks are of Unix")
def test_a_connection_is_closed_before_a_fork_and_parent_and_child_open_their_own(database: Path) -> None:
    text = """
from app._lib.db import connection, transaction
import os, sqlite3
def add(name):
    with transaction() as db:
        db.execute("INSERT INTO users (name, email) VALUES (?, ?)", (name, name + "@example.com"))
add("before")
old = connection()
child = os.fork()
try:
    old.execute("SELECT 1")
except sqlite3.ProgrammingError as fault:
    assert "closed" in str(fault)
else:
    raise AssertionError("an open connection went through a fork")
if child == 0:
    add("child")
else:
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    add("parent")
    print(*[row["name"] for row in connection().execute("SELECT name FROM users ORDER BY id")])
"""
    assert finish(script(text, database)) == "Alice Bob Arthur before child parent\n"


def test_a_thread_per_write_loses_nothing(db: ModuleType) -> None:
    for number in range(20):
        thread = threading.Thread(target=add, args=(db, f"thread{number}"))
        thread.start()
        thread.join()
    assert count(db) == 3 + 20
