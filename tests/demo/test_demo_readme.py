"""The demo's README, taken at its word: each curl line, in turn, must print what stands below it."""

import re
import shlex
from pathlib import Path

from webtest import TestApp

DEMO = Path(__file__).resolve().parents[2] / "demo"
README = (DEMO / "README.md").read_text()


def curl(shop: TestApp, line: str) -> str:
    """What curl prints; it knows -X, --json and -w, as far as the README uses them."""
    method, body, suffix, url = "", "", "", ""
    words = iter(shlex.split(line))
    for word in words:
        match word:
            case "-X":
                method = next(words)
            case "--json":
                body = next(words)
            case "-w":
                suffix = next(words)
            case _:
                url = word.removeprefix("localhost:8000")
    method = method or ("POST" if body else "GET")
    answer = shop.request(
        url, method=method, body=body.encode(), content_type="application/json", expect_errors=True,
    )
    return str(answer.text) + suffix.replace("%{http_code}", str(answer.status_int))


def test_every_curl_line_prints_what_the_readme_says(shop: TestApp) -> None:
    examples = re.findall(r"^\$ curl (.+)\n(.+)$", README, re.MULTILINE)
    assert len(examples) == README.count("$ curl") >= 14
    for line, printed in examples:
        assert curl(shop, line) == printed, line


def test_the_table_names_every_file_that_answers() -> None:
    app = DEMO / "app"
    answering = [path for path in app.rglob("*") if path.name in ("route.py", "page.html")]
    files = [path.relative_to(app).as_posix() for path in answering]
    assert sorted(files) == sorted(re.findall(r"^\| `(\S+(?:\.py|\.html))` \|", README, re.MULTILINE))
