"""Every snippet of the README does what it shows."""

import http.client
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from webtest import TestApp

PROJECT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"(?:# |<!-- )(\S+\.(?:py|html|txt))(?: -->)?\n")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"}
BLOCKS: list[tuple[str, str]] = BLOCK.findall((PROJECT / "README.md").read_text())
SESSIONS = [text for kind, text in BLOCKS if kind == "console"]
COMMANDS = [tuple(part.split("\n", 1)) for text in SESSIONS for part in text.split("$ ") if part]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the README, where it puts them."""
    folder = tmp_path_factory.mktemp("readme")
    for kind, text in BLOCKS:
        named = NAMED.match(text)
        if kind != "console" and named:
            file = folder / named[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    return folder


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    """Where `fsroute dev` serves them."""
    process = subprocess.Popen([sys.executable, "-m", "fsroute", "dev", "--port", "0"], cwd=folder, text=True,
                               env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    found = re.search(r":(\d+)/", process.stdout.readline())
    assert found
    yield int(found[1])
    process.terminate()
    process.communicate(timeout=10)


def test_every_block_is_a_file_or_a_session() -> None:
    assert len(COMMANDS) > 15
    for kind, text in BLOCKS:
        assert kind == "console" or NAMED.match(text), f"nothing runs this block:\n{text}"


def test_a_tree_with_faults_is_told_as_the_readme_shows(tmp_path: Path) -> None:
    broken = "from app._lib import db\n"
    for name, text in {
        "_lib/db.py": "\n\nx y\n", "api/products/route.py": broken, "api/users/route.py": broken,
        "api/users/[id]/route.py": "def GET(): ...", "api/users/[slug]/route.py": "def GET(): ...",
        "api/users/[user-id]/route.py": "def GET(): ...",
    }.items():
        file = tmp_path / "app" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    done = subprocess.run([sys.executable, "-m", "fsroute", "routes"], cwd=tmp_path, env=ENVIRONMENT,
                          capture_output=True, text=True, timeout=60, check=False)
    told = done.stderr.replace(str(tmp_path), "/home/me/shop").rstrip("\n").split("\n")
    assert "\n".join(f"    {line}" for line in told) in (PROJECT / "README.md").read_text()
    assert len(told) == 4


@pytest.mark.parametrize(("line", "shown"), COMMANDS, ids=[command[0] for command in COMMANDS])
def test_a_command_prints_what_the_readme_shows(folder: Path, port: int, line: str, shown: str) -> None:
    program, *arguments = shlex.split(line)
    if program == "curl":
        assert curl(arguments, port, folder).removesuffix("\n") == shown.removesuffix("\n")
        return
    assert program == "python"
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env=ENVIRONMENT, capture_output=True,
                          text=True, timeout=60, check=False)
    passed = re.search(r"^\d+ passed", done.stdout, re.MULTILINE)     # of pytest's words what does not vary
    printed = passed[0] + "\n" if passed else done.stdout
    status = 1 if "--without" in arguments else 0       # what an audit finds is no success
    assert (printed, done.returncode) == (shown, status), done.stderr


def curl(arguments: list[str], port: int, folder: Path) -> str:
    """What curl prints: these options are all that the README uses, and the machine need not have it."""
    method, url, data, headers = None, "", None, {}
    fields, files = [], []
    options = iter(arguments)
    for option in options:
        if option == "-X":
            method = next(options)
        elif option == "-H":
            name, _, value = next(options).partition(": ")
            headers[name] = value
        elif option == "-d":
            data = next(options).encode()
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        elif option == "-b":
            headers["Cookie"] = next(options)
        elif option == "-F":
            name, _, value = next(options).partition("=")
            if value.startswith("@"):
                path, *more = value[1:].split(";")
                said = dict(pair.split("=") for pair in more)
                files.append((name, said["filename"], (folder / path).read_bytes(), said["type"]))
            else:
                fields.append((name, value))
        else:
            url = option
    if files:
        encode = TestApp(lambda environ, start_response: []).encode_multipart
        headers["Content-Type"], data = encode(fields, files)  # type: ignore[arg-type]
    connection = http.client.HTTPConnection("localhost", port, timeout=10)
    path = url.removeprefix("localhost:8000")
    connection.request(method or ("POST" if data else "GET"), path, data, headers)
    answer = connection.getresponse().read().decode()
    connection.close()
    return answer
