"""Forms, uploads and cookies through whole apps: what a client gets, and what is still open after it."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webtest import TestApp, Upload

from fsroute import App
from tests.conftest import Client, Make
from tests.exchange import environ_of, exchange
from tests.uploads import MULTIPART, URLENCODED, multipart, nameless_files, needs_proc, on_disk, part, watch

TELL = """
def POST(request):
    form = request.form()
    return {
        "text": form.items(),
        "files": [[name, file.filename, file.content_type, file.size, file.file.read().decode("latin-1")]
                  for name, file in form.files.items()],
    }
"""
LARGE = b"\xff\r\n--" + b"z" * 100_000


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The temporary files made in this test."""
    return watch(monkeypatch)


def posted(body: bytes, content_type: str | None = MULTIPART, method: str = "POST", *,
           seen: list[Any] | None = None,
           source: Any = None, **more: Any) -> dict[str, Any]:
    """seen: what the handler tells the test. source: the wsgi.input, where it is not just the body."""
    own = {"test.seen": seen, **({"wsgi.input": source} if source is not None else {})}
    return environ_of(method, "/", body, **{"CONTENT_TYPE": content_type, **own, **more})


# what a client gets

def test_a_form_without_files_arrives(client: Client) -> None:
    app = client({"route.py": TELL})
    sent = [("a", "1"), ("b", "x y&z=é"), ("a", "2"), ("c", "")]
    assert app.post("/", sent).json == {"text": [[*pair] for pair in sent], "files": []}
    assert app.post("/", {}, content_type=URLENCODED).json == {"text": [], "files": []}


def test_a_form_with_files_arrives_and_nothing_stays_open(client: Client, temporary: list[Any]) -> None:
    app = client({"route.py": TELL})
    files: Any = [("f", "C:/x/ü.txt", b"content", "text/plain"), ("f", "large.bin", LARGE),
                  ("g", "empty.png", b""), ("none", "", b"")]
    answer = app.post("/", [("a", "é"), ("b", "")], upload_files=files)
    assert answer.json == {"text": [["a", "é"], ["b", ""]], "files": [
        ["f", "ü.txt", "text/plain", 7, "content"],
        ["f", "large.bin", "application/octet-stream", len(LARGE), LARGE.decode("latin-1")],
        ["g", "empty.png", "image/png", 0, ""],
    ]}
    assert [on_disk(file) for file in temporary] == [False, True, False]
    assert all(file.closed for file in temporary)


def test_a_page_with_a_form_is_filled_in_and_sent(client: Client) -> None:
    app = client({"route.py": TELL, "new/page.html": """<!doctype html><title>New</title>
        <form action="/" method="post" enctype="multipart/form-data">
        <input name="title"><input type="file" name="picture"><input type="file" name="other">
        <textarea name="text"></textarea><input type="submit" name="go" value="Send"></form>"""})
    form = app.get("/new").form
    form["title"], form["text"] = "Hi", "two\r\nlines"
    form["picture"] = Upload("a.png", b"\x89PNG", "image/png")
    told = form.submit("go").json
    assert sorted(told["text"]) == [["go", "Send"], ["text", "two\r\nlines"], ["title", "Hi"]]
    assert told["files"] == [["picture", "a.png", "image/png", 4, "\x89PNG"]]


SIMPLE = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(SIMPLE, st.text(st.characters(exclude_categories=["Cs"]), max_size=10)),
                max_size=4),
       st.lists(st.tuples(SIMPLE, SIMPLE.map("{}.é".format), st.binary(max_size=20),
                          st.sampled_from(["a/b", "text/x"])),
                max_size=4))
def test_whatever_a_client_encodes_comes_back(
    kept: dict[str, TestApp], client: Client, texts: list[tuple[str, str]], files: Any
) -> None:
    app = kept.setdefault("app", kept.get("app") or client({"route.py": TELL}))
    told = app.post("/", texts, upload_files=files).json if texts or files else {"text": [], "files": []}
    assert told["text"] == [[*pair] for pair in texts]
    assert told["files"] == [[name, filename, kind, len(data), data.decode("latin-1")] for name, filename,
                             data, kind in files]


@pytest.fixture
def kept() -> dict[str, TestApp]:
    """One app for all examples of a test."""
    return {}


@pytest.mark.parametrize(("environ", "status", "detail"), [
    (posted(b"{}", "application/json"), 415, "The body must be a form"),
    (posted(b"a=1", None), 415, "The body must be a form"),
    (posted(b"a=1", ""), 415, "The body must be a form"),
    (posted(b"a=%FF", URLENCODED), 400, "The form is not UTF-8"),
    (posted(b"a=1", URLENCODED, CONTENT_LENGTH="9"), 400, "shorter than its Content-Length by 6 bytes"),
    (posted(b"a=1", URLENCODED, HTTP_CONTENT_ENCODING="gzip"), 415, "Content-Encoding is not supported"),
    (posted(b"a=1", URLENCODED, HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH=None), 411,
     "needs a Content-Length"),
    (posted(b"&" * 1_000, URLENCODED), 413, "The form has more than 1000 fields"),
    (posted(b"a=" + b"x" * 500_001, URLENCODED), 413, "The form's text is larger than 500000 bytes"),
    (posted(b"", URLENCODED, CONTENT_LENGTH=str(2**20 + 1)), 413,
     "larger than the 1048576 bytes allowed here (max_body)"),
    (posted(b"", MULTIPART), 400, "The form is cut off"),
    (posted(multipart([part("a", "1")])[:-4]), 400, "The form is cut off"),
    (posted(multipart([part("a", "1")]), "multipart/form-data"), 400, "The Content-Type has no boundary"),
    (posted(multipart([part("a", b"\xff")])), 400, "The form field 'a' is not UTF-8"),
    (posted(multipart([part("f", b"", filename="f")] * 101)), 413, "The form has more than 100 files"),
    (posted(multipart([part("a", "")] * 1_001)), 413, "1000 parts"),
])
def test_a_form_that_cannot_be_read_is_the_clients_mistake(
    environ: dict[str, Any], status: int, detail: str, make: Make, temporary: list[Any]
) -> None:
    answer = exchange(make({"route.py": TELL}), {**environ})
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    assert detail in json.loads(answer.body)["detail"]
    assert all(file.closed for file in temporary)


def test_a_missing_field_or_file_is_a_400_that_names_it(client: Client) -> None:
    app = client({"route.py": """
def POST(request, ):
    form = request.form()
    return {"age": form.get("age", type=int), "name": form["name"], "photo": form.files["photo"].size}
"""})
    assert app.post("/", [("name", "Eve"), ("age", "7")], upload_files=[("photo", "p", b"xyz")]).json == {
        "age": 7, "name": "Eve", "photo": 3}
    assert app.post("/", {"age": "7"}, status=400).json["detail"] == "The form field 'name' is missing"
    assert app.post("/", {"name": "Eve", "photo": "text"},
                    status=400).json["detail"] == "The file 'photo' is missing"
    assert "'age' must be a whole number" in app.post("/", {"age": "old"}, status=400).json["detail"]


# the limit on the body

@pytest.mark.parametrize("terminated", [False, True], ids=["by its length", "by counting"])
@pytest.mark.parametrize("lazy", [False, True], ids=["", "lazy"])
def test_a_route_file_says_how_large_its_forms_may_be(
    make: Make, lazy: bool, terminated: bool, temporary: list[Any]
) -> None:
    body = multipart([part("f", LARGE, filename="f")])
    app = make({"route.py": TELL, "small/route.py": f"max_body = {len(body) - 1}\n{TELL}",
                "large/route.py": f"max_body = {len(body)}\n{TELL}"}, max_body=10, lazy=lazy)
    fields: dict[str, Any] = {"wsgi.input_terminated": True, "CONTENT_LENGTH": None} if terminated else {}
    for path, status, limit in (("/large", 200, 0), ("/small", 413, len(body) - 1), ("/", 413, 10)):
        answer = exchange(app, posted(body, PATH_INFO=path, **fields))
        assert answer.status == status
        if status == 413:
            assert json.loads(answer.body)["max_body"] == limit
    assert temporary
    assert all(file.closed for file in temporary)


@pytest.mark.parametrize("files", [
    {"route.py": "max_body = None\n" + TELL}, {"route.py": TELL, "options": ""},
], ids=["of the route file", "of the app"])
@pytest.mark.parametrize(("body", "kind"), [(b"a=1", URLENCODED), (multipart([part("a", "1")]), MULTIPART),
                                            (b"", "")])
def test_without_a_limit_the_log_says_what_to_do(
    files: dict[str, str], body: bytes, kind: str, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    app = make({"route.py": files["route.py"]}, **({"max_body": None} if "options" in files else {}))
    with caplog.at_level(logging.ERROR, "fsroute"):
        answer = exchange(app, posted(body, kind))
    assert answer.status == 500
    assert "max_body" not in answer.text
    assert "form() needs a finite max_body: set one in the route file" in str(caplog.records[0].exc_text)


@needs_proc
@pytest.mark.parametrize("breaks", [ConnectionResetError("gone"), TimeoutError("slow"),
                                    ValueError("a bad chunk"), None])
def test_a_client_that_breaks_off_in_a_file_is_a_400_and_leaves_nothing(
    breaks: Exception | None, make: Make, temporary: list[Any]
) -> None:
    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            if not data and breaks is not None:
                raise breaks
            return data

    body = multipart([part("f", LARGE, filename="f")])
    before = nameless_files()
    answer = exchange(make({"route.py": TELL}), posted(body, source=Breaking(body[:90_000])))
    assert answer.status == 400
    assert temporary
    assert all(file.closed for file in temporary)
    assert nameless_files() == before


# how long a file lives

HANDLERS = {
    "a dict": "return {}",
    "nothing": "return Response.empty()",
    "a not-modified": "return Response.empty(304)",
    "its content": "return upload.file.read()",
    "an HTTPError": "raise HTTPError(409, 'taken')",
    "a fault": "1 / 0",
    "no answer": "return None",
    "a stream": "return Response.stream(iter(lambda: upload.file.read(9_000), b''))",
    "a generator": "return pieces(upload.file)",
    "a stream that fails at once": "return failing(upload.file, at=0)",
    "the file as a stream": "return Response.stream(upload.file)",
    "events": "return Response.events(str(len(line)) for line in upload.file)",
    "a cancellation": "raise asyncio.CancelledError",
}
ROUTE = """
import asyncio
from fsroute import HTTPError, Response

def pieces(file):
    while data := file.read(9_000):
        yield data

def ending(file, seen):
    try:
        yield file.read(10)
        yield "more"
    finally:
        seen.append(("ended", file.closed))

def failing(file, at):
    for number in range(at + 1):
        if number == at:
            raise ValueError("bug")
        yield file.read(10)

{kind} POST(request):
    seen = request.environ["test.seen"]
    upload = request.form().files["f"]
    assert upload.file.tell() == 0
    seen.append(upload.file)
    request.after(lambda: seen.append(("first", upload.file.closed)))
    request.after(lambda: 1 / 0)
    request.after(lambda: seen.append(("last", upload.file.closed)))
    {answer}

GET = POST
"""


def app_of(make: Make, answer: str, kind: str = "def") -> App:
    return make({"route.py": ROUTE.format(answer=answer, kind=kind)})


def begun(app: App, environ: dict[str, Any]) -> Any:
    """The body of the answer, not read yet."""
    return app(environ, lambda status, headers, exc_info=None: lambda data: None)


@needs_proc
@pytest.mark.parametrize("method", ["POST", "GET", "HEAD"])
@pytest.mark.parametrize("kind", ["def", "async def"])
@pytest.mark.parametrize("answer", HANDLERS.values(), ids=HANDLERS)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_file_lives_until_the_answer_is_out_and_after_ran(
    answer: str, kind: str, method: str, make: Make, temporary: list[Any]
) -> None:
    app = app_of(make, answer, kind)
    before = nameless_files()
    for data in (b"small", LARGE):          # twice on one app
        seen: list[Any] = []
        body = begun(app, posted(multipart([part("f", data, filename="f")]), method=method, seen=seen))
        [file] = seen
        chunks = list(body)
        if answer in (HANDLERS["a stream"], HANDLERS["its content"], HANDLERS["a generator"]):
            assert b"".join(chunks) == (b"" if method == "HEAD" else data)
        elif answer != HANDLERS["the file as a stream"]:
            assert not file.closed          # what a stream was made of, it closes
        body.close()
        assert file.closed
        if answer != HANDLERS["the file as a stream"]:
            assert seen[1:] == [("first", False), ("last", False)]
        body.close()                        # some hosts do
        assert len(seen) == 3
    assert all(each.closed for each in temporary)
    assert nameless_files() == before


def test_a_client_that_leaves_a_stream_half_way_ends_it_and_closes_the_file(make: Make) -> None:
    seen: list[Any] = []
    body = begun(app_of(make, "return ending(upload.file, seen)"),
                 posted(multipart([part("f", LARGE, filename="f")]), seen=seen))
    assert next(iter(body)) == LARGE[:10]
    assert not seen[0].closed
    body.close()
    assert seen[0].closed
    assert seen[1:] == [("ended", False), ("first", False), ("last", False)]


def test_a_stream_that_fails_half_way_closes_the_file(make: Make) -> None:
    seen: list[Any] = []
    body = begun(app_of(make, "return failing(upload.file, at=2)"),
                 posted(multipart([part("f", LARGE, filename="f")]), seen=seen))
    with pytest.raises(ValueError, match="bug"):
        list(body)
    assert not seen[0].closed
    body.close()
    assert seen[0].closed


@pytest.mark.parametrize(("answer", "method"), [
    ("raise SystemExit(3)", "POST"), ("raise SystemExit(3)", "HEAD"), ("raise KeyboardInterrupt", "POST"),
    ("raise GeneratorExit", "POST"), ("return (exec('raise SystemExit(3)') for _ in upload.file)", "POST"),
])
def test_what_ends_the_worker_passes_on_and_leaves_nothing_open(
    answer: str, method: str, make: Make, temporary: list[Any]
) -> None:
    with pytest.raises((SystemExit, KeyboardInterrupt, GeneratorExit)):
        begun(app_of(make, answer), posted(multipart([part("f", LARGE, filename="f")]), method=method,
                                           seen=[]))
    [file] = temporary
    assert file.closed


def test_a_host_that_refuses_the_answer_leaves_nothing_open(make: Make, temporary: list[Any]) -> None:
    def refusing(*arguments: Any) -> Any:
        raise RuntimeError("no")

    seen: list[Any] = []
    environ = posted(multipart([part("f", LARGE, filename="f")]), seen=seen)
    with pytest.raises(RuntimeError, match="no"):
        app_of(make, "return ending(upload.file, seen)")(environ, refusing)
    assert [file.closed for file in temporary] == [True]
    assert seen[1:] == [("ended", False), ("first", False), ("last", False)]


@pytest.mark.parametrize("when", ["before the first chunk", "after the first chunk", "in after"])
def test_a_form_that_is_read_late_is_let_go_as_well(when: str, make: Make, temporary: list[Any]) -> None:
    app = make({"route.py": f"""
WHEN = {when!r}

def POST(request):
    if WHEN == "in after":
        request.after(request.form)
        return {{}}
    return late(request)

def late(request):
    if WHEN == "after the first chunk":
        yield "first"
    file = request.form().files["f"].file
    yield str(file.closed)
"""})
    answer = exchange(app, posted(multipart([part("f", LARGE, filename="f")])))
    assert answer.status == 200
    assert answer.text.endswith("False") or when == "in after"
    assert [file.closed for file in temporary] == [True]


def test_two_requests_in_a_row_share_nothing(make: Make, temporary: list[Any]) -> None:
    app = make({"route.py": TELL})
    bodies = [multipart([part("f", name, filename=name), part("t", name)]) for name in ("one", "two", "one")]
    # the answers overlap: the second is begun before the first is read
    open_ones = [begun(app, posted(body)) for body in bodies]
    told = [json.loads(b"".join(body)) for body in open_ones]
    assert [(each["text"], each["files"][0][1]) for each in told] == [([["t", name]],
                                                                       name) for name in ("one", "two",
                                                                                          "one")]
    assert [file.closed for file in temporary] == [False] * 3
    open_ones[1].close()
    assert [file.closed for file in temporary] == [False, True, False]
    for body in open_ones:
        body.close()
    assert [file.closed for file in temporary] == [True] * 3


def test_a_saved_file_outlives_the_request(client: Client, tmp_path: Any) -> None:
    app = client({"route.py": f"""
def POST(request):
    request.form().files["f"].save({str(tmp_path / 'kept')!r})
    return {{}}
"""})
    app.post("/", upload_files=[("f", "../../evil", LARGE)])
    assert (tmp_path / "kept").read_bytes() == LARGE


def test_a_request_without_uploads_needs_nothing_of_the_host(make: Make) -> None:
    app = make({"route.py": TELL})
    for body, kind in ((b"a=1", URLENCODED), (multipart([part("a", "1")]), MULTIPART)):
        assert type(begun(app, posted(body, kind))) is list


# cookies and conditions

def test_a_browser_keeps_a_cookie_until_it_is_forgotten(client: Client) -> None:
    app = client({"route.py": """
from fsroute import Response

def GET(request):
    return {"all": request.cookies.items(), "visits": request.cookies.get("visits", 0, type=int)}

def POST(request):
    response = Response.json({})
    response.set_cookie("visits", str(request.cookies.get("visits", 0, type=int) + 1), max_age=60)
    response.set_cookie("shop", "x", path="/shop")
    return response

def DELETE(request):
    response = Response.empty()
    response.delete_cookie("visits")
    response.delete_cookie("shop", path="/shop")
    return response
""", "shop/route.py": "def GET(request): return request.cookies.lists()\n"})
    assert app.get("/").json == {"all": [], "visits": 0}
    app.post("/")
    app.post("/")
    assert app.get("/").json == {"all": [["visits", "2"]], "visits": 2}
    assert app.get("/shop").json == {"shop": ["x"], "visits": ["2"]}
    app.delete("/")
    assert app.get("/shop").json == {}
    answer = app.get("/", headers={"Cookie": 'bad[]=1; =x; visits="7"; visits=8'}, status=400)
    assert answer.json["detail"] == "The cookie 'visits' must be a whole number of at most 64 bits"


@pytest.mark.parametrize("call", [
    "set_cookie('a;b', '1')", "set_cookie('a', '1; Domain=evil')", "set_cookie('__Host-a', '1')",
    "set_cookie('a', '1\\r\\nX: y')", "delete_cookie('a', path=';')",
])
def test_a_cookie_that_cannot_be_sent_is_a_500_and_a_log_line_and_never_a_header(
    call: str, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    app = client({"route.py": f"""
from fsroute import Response

def GET():
    response = Response()
    response.{call}
    return response
"""})
    answer = app.get("/", status=500)
    assert "Set-Cookie" not in answer.headers
    assert "X" not in answer.headers
    assert "ValueError" in caplog.text


NOTES = """
from fsroute import HTTPError, Response

notes = {}

def tag(name):
    return f"v{notes[name][0]}" if name in notes else None

def GET(request, name):
    if name not in notes:
        raise HTTPError(404)
    if same := request.precondition(etag=tag(name)):
        return same
    return Response.text(notes[name][1], headers={"ETag": f'"{tag(name)}"'})

def PUT(request, name):
    request.precondition(etag=tag(name))
    notes[name] = notes.get(name, (0,))[0] + 1, request.text()
    return Response.empty(headers={"ETag": f'"{tag(name)}"'})
"""


def test_two_editors_do_not_overwrite_each_other(client: Client) -> None:
    app = client({"notes/[name]/route.py": NOTES})

    def put(text: str, status: int, **condition: str) -> str:
        headers = {name.replace("_", "-"): value for name, value in condition.items()}
        return str(app.put("/notes/a", text, headers=headers, status=status).headers.get("ETag"))

    put("nothing to change yet", 412, If_Match="*")
    first = put("one", 204, If_None_Match="*")
    assert first == '"v1"'
    put("made twice", 412, If_None_Match="*")
    second = put("two", 204, If_Match=first)
    put("based on one", 412, If_Match=first)
    assert (app.get("/notes/a").text, second) == ("two", '"v2"')
    answer = app.get("/notes/a", headers={"If-None-Match": f'"x", W/{second}'}, status=304)
    assert (answer.body, answer.headers["ETag"]) == (b"", second)
    assert app.head("/notes/a", headers={"If-None-Match": second}, status=304).body == b""
    assert app.get("/notes/a", headers={"If-None-Match": first}).text == "two"
    assert app.get("/notes/a", headers={"If-Match": first}, status=412).json["status"] == 412


def test_the_files_of_many_requests_are_all_let_go(make: Make, tmp_path: Any,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of their own, which is as empty after them as before."""
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    app: Callable[..., Any] = make({"route.py": TELL})
    for tail in (0, 3, 30, 50_000):
        body = multipart([part("f", LARGE, filename="f"), part("g", LARGE, filename="g")])
        exchange(app, posted(body[: len(body) - tail]))
        assert list(tmp_path.glob("tmp*")) == []


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    """What is closed here is closed by the app, and not because nobody knows it any more."""
    import gc

    gc.disable()
    yield
    gc.enable()
