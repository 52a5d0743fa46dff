"""The demo's README, taken at its word: each curl line, in turn, must print what stands below it."""

import base64
import re
import shlex
from argparse import ArgumentParser
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from webtest import TestApp

from .conftest import ENVIRON, Upload, multipart

DEMO = Path(__file__).resolve().parents[2] / "demo"
README = (DEMO / "README.md").read_text()

OPTIONS = ArgumentParser("curl", exit_on_error=False)
OPTIONS.add_argument("url")
for option in ("-F", "-H"):
    OPTIONS.add_argument(option, action="append", default=[])
for option in ("-X", "--json", "-b", "-c", "-o", "-u", "-w"):
    OPTIONS.add_argument(option, default="")


class Curl:
    """What curl prints, as far as the README uses it. It keeps the cookie jars by name."""

    def __init__(self, shop: TestApp, files: dict[str, bytes]) -> None:
        """files: what -F may send, by name."""
        self.shop = shop
        self.files = files
        self.jars: dict[str, CookieJar] = {}

    def __call__(self, line: str) -> str:
        said = OPTIONS.parse_args(shlex.split(line))
        body, kind = said.json.encode(), "application/json"
        if said.F:
            body, kind = multipart([self.field(text) for text in said.F])
        is_jar = "=" not in said.b
        assert said.c == (said.b if is_jar else ""), "one jar, to read and to write"
        self.shop.cookiejar = self.jars.setdefault(said.c, CookieJar()) if said.c else CookieJar()
        headers = dict(line.split(": ", 1) for line in said.H)
        if not is_jar:
            headers["Cookie"] = said.b
        if said.u:
            headers["Authorization"] = f"Basic {base64.b64encode(said.u.encode()).decode()}"
        answer = self.shop.request(
            said.url.removeprefix("localhost:8000"), method=said.X or ("POST" if body else "GET"),
            body=body, content_type=kind, headers=headers, expect_errors=True,
        )
        told: str = said.w.replace("%{http_code}", str(answer.status_int))
        told = told.replace("%{content_type}", answer.content_type or "")
        told = re.sub(r"%header\{([a-z-]+)\}", lambda found: answer.headers.get(found[1], ""), told)
        return told if said.o else f"{answer.text.rstrip()}{told}"

    def field(self, text: str) -> tuple[str, str | Upload]:
        """A field of the form: `name=value` or `name=@file;type=...`."""
        name, _, value = text.partition("=")
        if not value.startswith("@"):
            return name, value
        file, _, kind = value[1:].partition(";type=")
        return name, (file, self.files[file], kind or "application/octet-stream")


def test_every_curl_line_prints_what_the_readme_says(shop: TestApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the README has a "…", anything may stand."""
    for line in re.findall(r"^    export (.+)$", README, re.MULTILINE):
        for name, _, value in (word.partition("=") for word in shlex.split(line)):
            if name.endswith("_PASSWORD"):
                assert ENVIRON[name] == value       # the app has read it already
            else:
                monkeypatch.setenv(name, value)
    made = re.findall(r"^\$ echo (\S+) \| base64 -d > (\S+)$", README, re.MULTILINE)
    files = {name: base64.b64decode(text) for text, name in made}
    curl = Curl(shop, {"README.md": README.encode(), **files})
    examples = re.findall(r"^\$ curl (.+)\n(.+)$", README, re.MULTILINE)
    assert len(examples) == README.count("$ curl") >= 32
    for line, printed in examples:
        pattern = ".+".join(map(re.escape, printed.split("…")))
        answer = curl(line)
        assert re.fullmatch(pattern, answer), (line, answer)


def test_the_tables_name_every_file_that_answers_or_runs_around() -> None:
    app = DEMO / "app"
    special = ("route.py", "page.html", "middleware.py", "error.py")
    answering = [path for path in app.rglob("*") if path.name in special]
    files = [path.relative_to(app).as_posix() for path in answering]
    assert sorted(files) == sorted(re.findall(r"^\| `(\S+(?:\.py|\.html))` \|", README, re.MULTILINE))
