"""Every kind of folder, with everything that can happen in it: what runs, in which order, and what is seen.

The cells are generated, and tests/chain_model.py says what each must give. A layer, an error file or a
handler does what the request tells it to, so that one tree serves many cells; each cell is asked twice, since
answers that are shared show only then.
"""

import json
import logging
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import count, pairwise
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st

from fsroute import App, TreeError
from tests.chain_model import (
    Question,
    Site,
    centre_of,
    foretell,
    layers_of,
    named,
    upwards,
    walked_round,
)
from tests.exchange import environ_of, exchange

LOG = '''
import json
from pathlib import Path
from fsroute import HTTPError, Response

SHARED = {}

def kind_of(exception):
    if isinstance(exception, HTTPError):
        return f"HTTPError {exception.status}"
    return "KeyError" if isinstance(exception, KeyError) else "fault" if exception else ""

def shape_of(response):
    body = response.body
    return json.loads(body).get("shape", "default") if type(body) is bytes and body[:1] == b"{" else ""

def seen(request):
    return request.route, dict(request.params)

def layer(name):
    def middleware(request, call_next):
        note = request.environ["test.log"].append
        act = request.environ["test.do"].get(name)
        note((name, "in", *seen(request)))
        if act == "raises before":
            raise KeyError(name)
        if act == "refuses before":
            raise HTTPError(401)
        if act == "answers before":
            request.state.inside = call_next
            return Response.json({"shape": name}, status=290)
        if act == "shares before":
            return SHARED.setdefault(name, Response.json({"shape": name}, status=290))
        if act == "moves":
            request.path = "/nowhere"
        request.state.inside = call_next
        response = call_next(request)
        note((name, "out", response.status, kind_of(response.exception), shape_of(response)))
        if act == "raises after":
            raise KeyError(name)
        if act == "refuses after":
            raise HTTPError(402)
        if act == "asks twice":
            return call_next(request)
        if act == "reaches in":
            return request.state.inside(request)
        if act == "forgets":
            return None
        if act == "raises it" and response.exception is not None:
            raise response.exception
        if act == "answers after":
            return {"shape": name}
        if act in ("rewrites", "rewrites, raises again"):
            response.status = 291
            response.headers["Content-Type"] = "application/json"
            response.body = json.dumps({"shape": name}).encode()
        if act in ("raises again", "rewrites, raises again"):
            response.raise_exception()
        passed = response.headers.get("X-Through")
        response.headers["X-Through"] = f"{passed} | {name}" if passed else name
        return response
    return middleware

def error_file(name):
    def error(request, exception):
        request.environ["test.log"].append((name, "error", kind_of(exception), *seen(request)))
        act = request.environ["test.do"].get("error:" + name)
        if act == "passes":
            return None
        if act == "raises":
            raise KeyError(name)
        if act == "refuses":
            raise HTTPError(410)
        if act == "answers alike":
            return Response.json({"shape": name}, status=getattr(exception, "status", 500))
        if act == "answers":
            return SHARED.setdefault("error " + name, Response.json({"shape": name}, status=292))
        return {"shape": name}
    return error

def broken():
    raise KeyError("no first chunk")
    yield b""

def answer(request, name):
    request.environ["test.log"].append((name, "handler", *seen(request)))
    act = request.environ["test.do"].get("")
    if act == "raises":
        raise KeyError(name)
    if act == "refuses":
        raise HTTPError(409, headers={"Allow": "NOTHING"})
    if act == "forgets":
        return None
    if act == "shares":
        return SHARED.setdefault(name, Response.json({"shape": name}))
    if act == "streams":
        return iter([b"a", b"b"])
    if act == "streams badly":
        return broken()
    if act and act.startswith("sends"):
        return Response.file(Path(__file__).with_name("_sent.txt"))
    return {"shape": name}
'''

FIELDS = {"sends 206": {"HTTP_RANGE": "bytes=0-1"}, "sends 304": {"HTTP_IF_NONE_MATCH": "*"}}
"""What a client says to be sent a part of a file, or nothing."""


# -- a tree, from the words of its files ---------------------------------------------------------------------

def text_of(file: str, said: str) -> str:
    *names, name = file.split("/")
    folder = "/".join(names) or "/"
    importing = f"from {'.' * (len(names) + 1)}_log import answer, error_file, layer\n"
    match name:
        case "middleware.py":
            made = ", ".join(f"layer({f'{folder}#{number}'!r})" for word in said.split() if word.isdigit()
                             for number in range(int(word)))
            return importing + (f"middleware = [{made}]\n" if made else "") + (
                "inherit = False\n" if "alone" in said else "")
        case "error.py":
            return importing + f"error = error_file({folder!r})\n"
        case "route.py":
            return importing + "from fsroute import use\n" + "".join(
                handler_text(folder, word, said.split()) for word in said.split())
        case _:
            return said


def handler_text(folder: str, word: str, said: list[str]) -> str:
    if word.startswith("slash:"):
        return f"trailing_slash = {word[6:]!r}\n"
    if word in ("below", "broken"):
        return "below = True\n" if word == "below" else "1 / 0\n"
    if not word.isupper():
        return ""
    name = f"{folder} {word}"
    used = f"@use(layer({name + '0'!r}))\n@use(layer({name + '1'!r}))\n" if f"use:{word}" in said else ""
    typed = ", ".join(["request", *(f"{other[4:]}: int" for other in said if other.startswith("int:"))])
    return f"{used}def {word}({typed}): return answer(request, {name!r})\n"


_numbers = count()


def write(folder: Path, site: Site) -> Path:
    """Writes the tree, and returns its root: a new name each time, since it names the modules."""
    root = folder / f"matrix{next(_numbers)}" / f"matrix_site{next(_numbers)}"
    texts = {file: text_of(file, said) for file, said in site.files.items()}
    texts |= {"_log.py": LOG, "_sent.txt": "sent"}
    texts |= {f"../public/{file}": "public" for file in site.public}
    for file, text in texts.items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def fallback(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("203 Fallback", [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return [b""]


def start(root: Path, site: Site, **options: Any) -> App:
    return App(str(root), trailing_slash=site.slash, fallback=fallback if site.fallback else None, **options)


# -- one cell ------------------------------------------------------------------------------------------------

class _Counter(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record.getMessage())


@contextmanager
def counted() -> Iterator[list[str]]:
    """What fsroute logs meanwhile, which is then kept from the output."""
    counter, logger = _Counter(), logging.getLogger("fsroute")
    propagates, logger.propagate = logger.propagate, False
    logger.addHandler(counter)
    try:
        yield counter.records
    finally:
        logger.removeHandler(counter)
        logger.propagate = propagates


def environ_for(asked: Question) -> dict[str, Any]:
    environ = environ_of(asked.method, "/") | FIELDS.get(asked.do.get("", ""), {})
    environ["PATH_INFO"] = "/\xff" if asked.path is None else asked.path.encode().decode("latin-1")
    environ["HTTP_HOST"] = "localhost" if asked.host else "ex ample"
    return environ | {"test.log": [], "test.do": asked.do}


def happened(app: App, asked: Question) -> dict[str, Any]:
    environ = environ_for(asked)
    with counted() as records:
        answer = exchange(app, environ, shaped=True)
    shape = "" if answer.body[:1] != b"{" else json.loads(answer.body).get("shape", "default")
    return {
        "log": environ["test.log"],
        "status": answer.status,
        "shape": shape,
        "through": answer.headers.get("x-through", ""),
        "allow": answer.headers.get("allow", ""),
        "route": environ.get("fsroute.route"),
        "faults": len(records),
        "exception": "fsroute.exception" in environ,
    }


def foretold(site: Site, asked: Question) -> dict[str, Any]:
    told = foretell(site, asked)
    outcome = told.outcome
    if outcome is None:
        return {"log": [], "status": 203, "shape": "", "through": "", "allow": "", "route": None, "faults": 0,
                "exception": False}
    return {
        "log": told.log,
        "status": outcome.status,
        "shape": "" if asked.method == "HEAD" else outcome.shape,
        "through": " | ".join(outcome.through),
        "allow": outcome.allow,
        "route": told.route,
        "faults": told.faults,
        "exception": told.faults > 0,
    }


def check(app: App, site: Site, questions: Iterable[Question]) -> None:
    """AssertionError, with each of these cells where the app does not do what the model says, at the first or
    at the second time."""
    found = []
    for asked in questions:
        expected = foretold(site, asked)
        for time in ("first", "second"):
            seen = happened(app, asked)
            found += [f"{asked}, {time} time: {name} is\n    {seen[name]}\n  not {expected[name]}"
                      for name in expected if seen[name] != expected[name]]
    assert not found, f"{len(found)} differences\n" + "\n".join(found[:10])


# -- the matrix ----------------------------------------------------------------------------------------------

class Kind(NamedTuple):
    """A kind of folder. target: a URL that is answered there, or below it where it has no route."""

    folder: str
    target: str


KINDS = {
    "the root": Kind("", "/"),
    "index of a folder": Kind("docs", "/docs"),
    "two deep": Kind("docs/deep/er", "/docs/deep/er"),
    "no route of its own": Kind("bare", "/bare"),
    "below one without": Kind("bare/inner", "/bare/inner"),
    "only a middleware": Kind("empty", "/empty"),
    "[id]": Kind("items/[id]", "/items/7"),
    "below [id]": Kind("items/[id]/notes", "/items/x y/notes"),
    "[...x]": Kind("files/[...path]", "/files/a/b"),
    "[[...x]] with values": Kind("tags/[[...tag]]", "/tags/a"),
    "[[...x]] without": Kind("tags/[[...tag]]", "/tags"),
    "folder beside [...x]": Kind("files/fixed", "/files/fixed"),
    "group": Kind("(team)/people", "/people"),
    "group in a group": Kind("(team)/(inner)/desk", "/desk"),
    "index of a group": Kind("plain/(index)", "/plain"),
    "group beside group": Kind("(one)/x/p", "/x/p"),
    "group beside group, too": Kind("(two)/x/q", "/x/q"),
    "groups beside each other at [id]": Kind("things/(one)/[a]/p", "/things/5/p"),
    "groups beside each other at [id], too": Kind("things/(two)/[b]/q", "/things/5/q"),
    "another name at [id]": Kind("items/[key]/tags", "/items/7/tags"),
    "before one equally deep": Kind("tie/a/[x]", "/tie/a/b"),
    "deeper, by the less specific way": Kind("tie/[y]/b/c", "/tie/a/b/c"),
    "inherit = False": Kind("open", "/open"),
    "below inherit = False": Kind("open/below", "/open/below"),
    "inherit = False and nothing else": Kind("bald/inner", "/bald/inner"),
    "inherit = False in a group": Kind("(free)/free", "/free"),
    "page": Kind("pages/one", "/pages/one"),
    "public file": Kind("pub", "/pub/file.txt"),
    "public file without a folder": Kind("", "/alone/file.txt"),
    "public file in a folder of a group": Kind("(team)/people", "/people/photo.txt"),
    "private folder": Kind("docs", "/docs/_lib"),
    "%-encoded name": Kind("%5Fodd", "/_odd"),
    "a bracket in a literal name": Kind("%5Bid%5D", "/[id]"),
    "a name in another script": Kind("größe", "/größe"),
    ".well-known": Kind(".well-known/info", "/.well-known/info"),
    "a slash that is ignored": Kind("hooks", "/hooks"),
    "a slash that is a miss": Kind("exact", "/exact"),
    "a file that fails when it is first asked for": Kind("docs/broken", "/docs/broken"),
    "OPTIONS written": Kind("docs/written", "/docs/written"),
    "HEAD written": Kind("docs/headed", "/docs/headed"),
}
ROUTES = "GET POST use:POST"
SITE = {
    "route.py": ROUTES, "middleware.py": "2",
    "docs/route.py": ROUTES, "docs/middleware.py": "1",
    "docs/_lib/middleware.py": "raise ImportError", "docs/_lib/route.py": "raise ImportError",
    "docs/.hidden/middleware.py": "raise ImportError", "docs/helper.py": "raise ImportError",
    "docs/deep/middleware.py": "2", "docs/deep/er/route.py": "GET PUT use:GET",
    "docs/deep/er/middleware.py": "1",
    "docs/written/route.py": "OPTIONS GET use:OPTIONS", "docs/written/middleware.py": "1",
    "docs/headed/route.py": "HEAD GET use:HEAD",
    "bare/middleware.py": "1", "bare/inner/route.py": ROUTES, "bare/inner/middleware.py": "1",
    "empty/middleware.py": "1",
    "items/middleware.py": "1", "items/[id]/route.py": "GET DELETE int:id use:GET",
    "items/[id]/middleware.py": "1", "items/[id]/notes/route.py": ROUTES, "items/[key]/tags/route.py": "GET",
    "files/middleware.py": "1", "files/[...path]/route.py": "GET POST use:POST below",
    "files/[...path]/middleware.py": "1", "files/fixed/route.py": "GET", "files/fixed/middleware.py": "1",
    "tags/middleware.py": "1", "tags/[[...tag]]/route.py": ROUTES, "tags/[[...tag]]/middleware.py": "1",
    "(team)/middleware.py": "1", "(team)/people/route.py": ROUTES, "(team)/people/middleware.py": "1",
    "(team)/(inner)/middleware.py": "1", "(team)/(inner)/desk/route.py": ROUTES,
    "plain/middleware.py": "1", "plain/(index)/route.py": ROUTES, "plain/(index)/middleware.py": "1",
    "(one)/middleware.py": "1", "(one)/x/middleware.py": "1", "(one)/x/p/route.py": ROUTES,
    "(two)/middleware.py": "1", "(two)/x/middleware.py": "1", "(two)/x/q/route.py": "PATCH",
    "things/middleware.py": "1", "things/(one)/[a]/middleware.py": "1", "things/(one)/[a]/p/route.py": ROUTES,
    "things/(two)/[b]/middleware.py": "1", "things/(two)/[b]/q/route.py": ROUTES,
    "tie/middleware.py": "1", "tie/a/[x]/middleware.py": "1", "tie/a/[x]/route.py": ROUTES,
    "tie/[y]/b/middleware.py": "1", "tie/[y]/b/c/middleware.py": "1", "tie/[y]/b/c/route.py": ROUTES,
    "open/middleware.py": "1 alone", "open/route.py": ROUTES,
    "open/below/middleware.py": "1", "open/below/route.py": ROUTES,
    "bald/middleware.py": "alone", "bald/inner/route.py": ROUTES,
    "(free)/middleware.py": "1 alone", "(free)/free/route.py": ROUTES, "(free)/free/middleware.py": "1",
    "pages/middleware.py": "1", "pages/one/page.html": "a page", "pages/one/middleware.py": "1",
    "pub/middleware.py": "2",
    "%5Fodd/route.py": ROUTES, "%5Fodd/middleware.py": "1",
    "%5Bid%5D/route.py": ROUTES, "%5Bid%5D/middleware.py": "1",
    "größe/route.py": ROUTES, "größe/middleware.py": "1",
    ".well-known/middleware.py": "1", ".well-known/info/route.py": ROUTES,
    "hooks/route.py": ROUTES + " slash:ignore", "hooks/middleware.py": "1",
    "exact/route.py": ROUTES + " slash:strict", "exact/middleware.py": "1",
}   # fmt: skip
ONLY_LAZY = {"docs/broken/route.py": "GET use:GET broken", "docs/broken/middleware.py": "1"}
PUBLIC = ("pub/file.txt", "alone/file.txt", "people/photo.txt")
FOLDERS = sorted({file.rpartition("/")[0] for file in SITE if "_lib" not in file and ".hidden" not in file})

ERRORS = {
    "none": [],
    "the root's": ["error.py"],
    "each folder's": [f"{folder}/error.py".lstrip("/") for folder in FOLDERS],
    "each second folder's": [f"{folder}/error.py" for folder in FOLDERS if folder.count("/") % 2],
}
LAYER_ACTS = ("raises before", "refuses before", "answers before", "shares before", "moves", "raises after",
              "refuses after", "asks twice", "reaches in", "forgets", "raises it", "raises again",
              "rewrites, raises again", "answers after", "rewrites")
HANDLER_ACTS = ("raises", "refuses", "forgets", "shares", "streams", "streams badly", "sends 200",
                "sends 206", "sends 304")
FEW_ACTS = ("raises before", "answers before", "raises after", "raises again", "rewrites")
ERROR_ACTS = ("passes", "raises", "refuses", "answers", "answers alike")
METHODS = ("GET", "OPTIONS", "BREW", "HEAD", "POST", "PUT")


def cells(kind: Kind) -> Iterator[Question]:
    """What is asked of one kind of folder, when nobody is told to do anything else than pass on."""
    for path in paths_around(kind.target):
        methods = METHODS if path.rstrip("/") == kind.target.rstrip("/") else METHODS[:3]
        yield from (Question(method, path) for method in methods)
    for act in HANDLER_ACTS:
        yield from (Question(method, kind.target, {"": act}) for method in ("GET", "HEAD", "POST"))


def cells_of_acts(site: Site, kind: Kind) -> Iterator[Question]:
    """What is asked of one kind of folder when a layer, an error file or the handler is told to act: one of
    them, then two: what fails, and what the error files and the layers around do with that."""
    target = kind.target
    for method, path in (("GET", target), ("HEAD", target), ("OPTIONS", target), ("PUT", target),
                         ("GET", target + "/nope/zzz"), ("GET", target + "/")):
        some = LAYER_ACTS if (method, path) == ("GET", target) else FEW_ACTS
        centre = centre_of(site, Question(method, path))
        assert centre is not None
        layers = [name for name, _ in layers_of(site, centre)]
        files = [f"error:{named(folder)}" for folder in upwards(centre.place)]
        for layer in layers:
            yield from (Question(method, path, {layer: act}) for act in some)
        for file in files:
            yield from (Question(method, path, {"": "raises", file: act}) for act in ERROR_ACTS)
        if (method, path) == ("GET", target):
            yield from cells_of_two_acts(target, layers, files)


def cells_of_two_acts(target: str, layers: list[str], files: list[str]) -> Iterator[Question]:
    for layer in layers:
        told = [{layer: "refuses after", file: "passes"} for file in files]
        told += [{"": fault, layer: act} for fault in ("raises", "refuses")
                 for act in ("raises it", "raises again", "rewrites, raises again")]
        yield from (Question("GET", target, do) for do in [*told, {"": "shares", layer: "rewrites"}])
    for outer, inner in pairwise(layers):
        yield Question("GET", target, {outer: "reaches in", inner: "answers before"})
        yield Question("GET", target, {outer: "rewrites", inner: "shares before"})
    for file in files:
        yield from (Question("GET", target, {"": "refuses", file: act}) for act in ERROR_ACTS)


def paths_around(target: str) -> list[str]:
    """A URL, and those beside and below it that may be none."""
    beside = target.rpartition("/")[0]
    return list(dict.fromkeys([
        target, target + "/", target + "//", target + "/nope", target + "/nope/", target + "/nope/zzz",
        target + "/..", target + "/./x", target + "//x", beside, beside + "/nope", beside + "/nope/zzz",
        beside + "/../zzz", target.swapcase(), "/" + target]))


EVERYWHERE = [Question(method, path, do, host)
              for method in ("GET", "OPTIONS", "BREW")
              for path, host in (("", True), ("*", True), ("no-slash", True), (None, True), ("/docs", False),
                                 ("/nope", False), (None, False), ("*", False), ("/\0", True))
              for do in ({}, {"/#0": "rewrites"}, {"/#1": "raises after"}, {"/#0": "answers before"},
                         {"error:/": "passes"}, {"error:/": "raises"})]


class Variant(NamedTuple):
    errors: str
    lazy: bool = False
    slash: str = "redirect"
    fallback: bool = False


PLAIN = [Variant("none"), Variant("the root's"), Variant("each folder's"),
         Variant("each second folder's", lazy=True)]
VARIANTS = [*PLAIN, Variant("the root's", slash="ignore"), Variant("each folder's", slash="strict"),
            Variant("each folder's", fallback=True), Variant("none", True, "strict", fallback=True)]


@pytest.fixture(scope="module")
def site_and_app(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Site, App]:
    variant: Variant = request.param
    files = SITE | (ONLY_LAZY if variant.lazy else {}) | dict.fromkeys(ERRORS[variant.errors], "")
    site = Site(files, PUBLIC, variant.slash, variant.fallback)
    return site, start(write(tmp_path_factory.mktemp("matrix"), site), site, lazy=variant.lazy)


def of_variants(variants: list[Variant]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("site_and_app", variants, indirect=True,
                                   ids=[" ".join(map(str, variant)) for variant in variants])


@of_variants(VARIANTS[:1])
@pytest.mark.parametrize(("method", "path", "layers"), [
    ("GET", "/docs", ["/#0", "/#1", "docs#0", "docs GET"]),
    ("HEAD", "/docs", ["/#0", "/#1", "docs#0", "docs GET"]),
    ("POST", "/docs", ["/#0", "/#1", "docs#0", "docs POST0", "docs POST1", "docs POST"]),
    ("PUT", "/docs", ["/#0", "/#1", "docs#0"]),
    ("OPTIONS", "/docs", ["/#0", "/#1", "docs#0"]),
    ("GET", "/docs/", ["/#0", "/#1", "docs#0"]),
    ("GET", "/docs/nope/zzz", ["/#0", "/#1", "docs#0"]),
    ("GET", "/bare", ["/#0", "/#1", "bare#0"]),
    ("GET", "/nope", ["/#0", "/#1"]),
    ("GET", "/items/x", ["/#0", "/#1", "items#0", "items/[id]#0", "items/[id] GET0", "items/[id] GET1"]),
    ("DELETE", "/items/x", ["/#0", "/#1", "items#0", "items/[id]#0"]),
    ("GET", "/items/7/nope", ["/#0", "/#1", "items#0"]),        # [id] and [key] spell it: what both lie in
    ("GET", "/x/nope", ["/#0", "/#1"]),
    ("GET", "/files/a/b", ["/#0", "/#1", "files#0", "files/[...path]#0", "files/[...path] GET"]),
    ("GET", "/files", ["/#0", "/#1", "files#0"]),
    ("GET", "/tags", ["/#0", "/#1", "tags#0", "tags/[[...tag]]#0", "tags/[[...tag]] GET"]),
    ("GET", "/open/below/nope", ["open#0", "open/below#0"]),
    ("GET", "/bald/inner", ["bald/inner GET"]),
    ("GET", "/pub/file.txt", ["/#0", "/#1", "pub#0", "pub#1"]),
    ("GET", "/alone/file.txt", ["/#0", "/#1"]),
    ("OPTIONS", "*", ["/#0", "/#1"]),
])
def test_who_runs_in_the_plainest_cases(
    site_and_app: tuple[Site, App], method: str, path: str, layers: list[str]
) -> None:
    """Written by hand, so that the model has something to be held against."""
    site, app = site_and_app
    for log in (happened(app, Question(method, path))["log"], foretell(site, Question(method, path)).log):
        assert [name for name, way, *_ in log if way != "out"] == layers


def test_the_cells_reach_every_answer() -> None:
    site = Site(SITE | dict.fromkeys(ERRORS["each folder's"], ""), PUBLIC)
    asked = [*EVERYWHERE]
    for kind in KINDS.values():
        asked += [*cells(kind), *cells_of_acts(site, kind)]
    assert len(asked) >= 10_000
    told = [foretell(site, each) for each in asked]
    statuses = {each.outcome.status for each in told if each.outcome is not None}
    assert statuses == {200, 204, 206, 290, 291, 292, 304, 308, 400, 401, 402, 404, 405, 409, 500}
    called = {entry[0] for each in told for entry in each.log if entry[1] in ("in", "error", "handler")}
    assert {folder or "/" for folder in FOLDERS} <= called


@of_variants(VARIANTS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_runs_around_each_kind_of_folder_follows_from_its_place(
    site_and_app: tuple[Site, App], kind: str
) -> None:
    site, app = site_and_app
    check(app, site, cells(KINDS[kind]))


@of_variants(PLAIN)
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_layer_an_error_file_or_a_handler_does_reaches_those_around_it(
    site_and_app: tuple[Site, App], kind: str
) -> None:
    site, app = site_and_app
    check(app, site, cells_of_acts(site, KINDS[kind]))


@of_variants(PLAIN[:1])
@pytest.mark.parametrize("kind", KINDS)
def test_what_the_app_says_of_a_request_is_what_happens_to_it(
    site_and_app: tuple[Site, App], kind: str
) -> None:
    site, app = site_and_app
    found = []
    for asked in cells(KINDS[kind]):
        expected = explained(site, asked)
        said = app.match(asked.method, quote(asked.path or ""))
        seen = (said.status, said.route and said.route.pattern, said.params, len(said.chain))
        if not asked.do and seen != expected:
            found.append((asked, seen, expected))
    assert not found


def explained(site: Site, asked: Question) -> tuple[Any, ...]:
    centre = centre_of(site, asked)
    assert centre is not None
    status = int(centre.does[-3:]) if centre.does[-3:].isdigit() else 200
    return status, centre.route, centre.params, len(layers_of(site, centre))


@of_variants(VARIANTS)
def test_what_is_judged_before_the_match_runs_the_roots_layers(site_and_app: tuple[Site, App]) -> None:
    site, app = site_and_app
    check(app, site, EVERYWHERE)


@pytest.mark.parametrize(("folder", "group", "public", "starts"), [
    ("", "(g)", "f", True), ("a", "(g)", "a/f", True), ("[x]", "(g)", "a/f", True),
    ("a", "", "a/f", True), ("a", "", "b/f", True), ("a", "", "f", True),
    ("[x]", "", "f", True), ("[x]", "", "a/f", False), ("[x]", "", "a/b/f", False),
    ("(g)/a", "", "a/f", True), ("(g)/[x]", "", "a/f", False), ("a/[x]", "", "a/f", True),
    ("a/[...x]", "", "a/f", True), ("a/[...x]", "", "a/b/f", False), ("a/[[...x]]", "", "a/f", False),
    ("a/[...x]", "(g)", "a/b/f", False), ("a/[[...x]]", "(g)", "a/f", False),
])
def test_a_public_file_that_would_lead_round_a_layer_does_not_start(
    tmp_path: Path, folder: str, group: str, public: str, starts: bool
) -> None:
    place = "/".join(name for name in (folder, group) if name)
    files = {"other/route.py": "GET", f"{place}/route.py": "GET", f"{place}/middleware.py": "1"}
    site = Site(files, [public])
    assert bool(walked_round(site)) is not starts
    with nullcontext() if starts else pytest.raises(TreeError, match="under other middleware"):
        start(write(tmp_path, site), site)


# -- any tree ------------------------------------------------------------------------------------------------

NAMES = ("a", "b", "[x]", "[y]", "(g)", "(h)")
ENDS = ("[...z]", "[[...z]]")
FOLDERS_OF_ANY = st.tuples(
    st.lists(st.sampled_from(NAMES), max_size=4, unique=True),
    st.lists(st.sampled_from(ENDS), max_size=1) | st.just([]),
).map(lambda two: two[0] + two[1])
FILES_OF_ANY = st.sampled_from([
    ["route.py"], ["route.py", "middleware.py"], ["route.py", "middleware.py", "error.py"], ["middleware.py"],
    ["middleware.py", "error.py"], ["error.py"], ["page.html", "middleware.py"]])
WORDS_OF_ANY = {
    "route.py": st.tuples(
        st.lists(st.sampled_from(("GET", "POST", "OPTIONS", "use:GET", "use:POST")), max_size=4, unique=True),
        st.sampled_from(("", "slash:ignore", "slash:strict", "slash:redirect")),
    ).map(lambda two: " ".join(["PUT", *two[0], two[1]])),
    "page.html": st.just("a page"),
    "middleware.py": st.sampled_from(("1", "2", "1 alone", "alone")),
    "error.py": st.just(""),
}
PUBLIC_OF_ANY = st.lists(st.sampled_from(("f", "a/f", "a/b/f", "b/a/f")), max_size=2, unique=True)
SEGMENTS = st.sampled_from(("a", "b", "a", "b", "c", "f", "", ".", ".."))
PATHS = st.lists(SEGMENTS, max_size=5).map("/".join).map("/".__add__) | st.sampled_from(("", "*", "a"))
METHODS_OF_ANY = st.sampled_from(("GET", "GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE"))


@st.composite
def sites(draw: st.DrawFn) -> Site:
    files: dict[str, str] = {}
    for folder in draw(st.lists(FOLDERS_OF_ANY, min_size=1, max_size=8, unique_by=tuple)):
        for name in draw(FILES_OF_ANY):
            files["/".join([*folder, name])] = draw(WORDS_OF_ANY[name])
    return Site(files, draw(PUBLIC_OF_ANY), draw(st.sampled_from(("redirect", "ignore", "strict"))),
                draw(st.booleans()))


@st.composite
def questions(draw: st.DrawFn, site: Site) -> Question:
    """A request, and up to three of those that it will meet told to act."""
    asked = Question(draw(METHODS_OF_ANY), draw(PATHS))
    centre = centre_of(site, asked)
    if centre is None:
        return asked
    acts = {name: LAYER_ACTS for name, _ in layers_of(site, centre)} | {"": HANDLER_ACTS} | {
        f"error:{named(folder)}": ERROR_ACTS for folder in upwards(centre.place)}
    told = draw(st.lists(st.sampled_from(sorted(acts)), max_size=3, unique=True))
    return Question(asked.method, asked.path, {name: draw(st.sampled_from(acts[name])) for name in told})


@contextmanager
def started(site: Site, lazy: bool) -> Iterator[App]:
    """An app of this tree, of which nothing stays. The example is dropped if the tree has a fault."""
    folder = Path(tempfile.mkdtemp())
    before = set(sys.modules)
    guarded = not walked_round(site)
    try:
        app = start(write(folder, site), site, lazy=lazy)
    except TreeError as fault:
        if guarded and "under other middleware" in str(fault):
            raise
        reject()
    else:
        assert guarded, "a public file leads round a layer"
        yield app
    finally:
        shutil.rmtree(folder)
        for name in set(sys.modules) - before:
            if name.startswith("matrix_site"):
                del sys.modules[name]


@settings(max_examples=120, deadline=None, phases=[each for each in Phase if each is not Phase.explain],
          suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(st.data(), sites(), st.booleans())
def test_any_tree_that_starts_does_what_the_model_says(data: st.DataObject, site: Site, lazy: bool) -> None:
    with started(site, lazy) as app:
        check(app, site, data.draw(st.lists(questions(site), min_size=5, max_size=20)))
