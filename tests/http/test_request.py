import contextlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.errors import HTTPError, ValidationError
from fsroute.http.forms import Form, UploadedFile
from fsroute.http.request import Request, Settings
from fsroute.http.send import answer
from tests.uploads import MULTIPART, URLENCODED, multipart, on_disk, part, watch

MakeRequest = Callable[..., Request]
MakeInput = Callable[..., Any]

READERS: dict[str, Callable[[Request], Any]] = {
    "bytes": lambda request: request.bytes(),
    "text": lambda request: request.text(),
    "json": lambda request: request.json(),
    "json(force)": lambda request: request.json(force=True),
    "stream": lambda request: request.stream.read(),
}
JSON = {"CONTENT_TYPE": "application/json"}
ENDLESS = {"wsgi.input_terminated": True, "CONTENT_LENGTH": None}       # only the end of the input tells

every_reader = pytest.mark.parametrize("read", READERS.values(), ids=READERS)


def status_of(read: Callable[[Request], Any], request: Request) -> int:
    with pytest.raises(HTTPError) as caught:
        read(request)
    return caught.value.status


# what came

def test_a_request_is_method_path_params_and_environ(make_environ: Callable[..., dict[str, Any]]) -> None:
    environ = make_environ(REQUEST_METHOD="HEAD", PATH_INFO="/other")
    params = {"id": "42"}
    request = Request(environ, "/users/42", params, Settings("/users/[id]", 10))
    assert (request.method, request.path, request.route) == ("HEAD", "/users/42", "/users/[id]")
    assert request.params is params
    assert request.environ is environ
    assert repr(request) == "<Request HEAD '/users/42'>"


def test_a_miss_has_no_route(make_request: MakeRequest) -> None:
    assert make_request(route=None).route is None
    assert Settings().route is None
    assert Settings().max_body == 2**20


def test_its_repr_stays_on_one_line_in_ascii(make_request: MakeRequest) -> None:
    assert repr(make_request(path="/é\n")) == "<Request GET '/\\xe9\\n'>"


def test_the_query_is_parsed_once(make_request: MakeRequest) -> None:
    request = make_request(QUERY_STRING="a=1&a=2")
    assert request.query.items() == [("a", "1"), ("a", "2")]
    assert request.query is request.query
    with pytest.raises(HTTPError, match="The query parameter 'b' is missing"):
        request.query["b"]


@pytest.mark.parametrize("text", ["a=%FF", "a=\xff", "&" * 1_000, "\u0141"])
def test_a_broken_query_is_a_400_each_time(text: str, make_request: MakeRequest) -> None:
    request = make_request(QUERY_STRING=text)
    for _ in range(2):
        assert status_of(lambda request: request.query, request) == 400


def test_headers_are_the_environs(make_request: MakeRequest) -> None:
    request = make_request(HTTP_X_A="1")
    assert request.headers["x-a"] == "1"
    with pytest.raises(HTTPError, match="The header 'X-B' is missing"):
        request.headers["X-B"]


def test_cookies_are_read_once_and_ask_as_the_query_does(make_request: MakeRequest) -> None:
    request = make_request(HTTP_COOKIE='a=1; sid="x y"; a=2; n=é%41; =z'.encode().decode("latin-1"))
    assert request.cookies.items() == [("a", "1"), ("sid", '"x y"'), ("a", "2"), ("n", "é%41")]
    assert (request.cookies["a"], request.cookies.get("a", type=int), request.cookies.getall("a")) == ("1", 1,
                                                                                                       ["1",
                                                                                                        "2"])
    assert request.cookies is request.cookies
    assert make_request().cookies.items() == []
    with pytest.raises(HTTPError) as caught:
        request.cookies["b"]
    assert (caught.value.status, caught.value.detail) == (400, "The cookie 'b' is missing")
    with pytest.raises(HTTPError, match="The cookie 'n' must be a whole number"):
        request.cookies.get("n", type=int)


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (None, ""), ("", ""), ("application/json", "application/json"),
        ("Application/JSON; charset=utf-8", "application/json"), ("text/html;x", "text/html"),
        (" text/html ;", "text/html"), (";", ""), ("é", "é"),
    ],
)
def test_the_content_type_is_in_lower_case_without_parameters(
    sent: str | None, kind: str, make_request: MakeRequest
) -> None:
    assert make_request(CONTENT_TYPE=sent).content_type == kind


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({}, "http://example.com/a/b"),
        ({"QUERY_STRING": "x=1&y=%20"}, "http://example.com/a/b?x=1&y=%20"),
        (
            {"SCRIPT_NAME": "/mnt", "wsgi.url_scheme": "https", "HTTP_HOST": "Example.COM:8443"},
            "https://example.com:8443/mnt/a/b"
        ),
        ({"SCRIPT_NAME": "/cafÃ©"}, "http://example.com/caf%C3%A9/a/b"),
        ({"SCRIPT_NAME": "//evil"}, "http://example.com/evil/a/b"),
        ({"HTTP_HOST": "x/admin?"}, "http://127.0.0.1:8000/a/b"),
        ({"HTTP_HOST": None}, "http://127.0.0.1:8000/a/b"),
        ({"HTTP_HOST": None, "SERVER_NAME": "Cheroot/11"}, "http://localhost/a/b"),
        ({"QUERY_STRING": "\r\nX: y#z"}, "http://example.com/a/b?%0D%0AX:%20y%23z"),
        (
            {
                "HTTP_X_FORWARDED_HOST": "evil", "HTTP_X_FORWARDED_PROTO": "https",
                "HTTP_FORWARDED": "host=evil"
            }, "http://example.com/a/b"
        ),
    ],
)
def test_the_url_is_joined_from_checked_parts(
    fields: dict[str, Any], url: str, make_request: MakeRequest
) -> None:
    assert make_request(path="/a/b", **fields).url == url


# the body and its readers

def test_each_reader_gives_the_body_in_its_form(make_request: MakeRequest) -> None:
    body = '{"a": "é"}'.encode()
    assert make_request(body, **JSON).bytes() == body
    assert make_request(body, **JSON).text() == body.decode()
    assert make_request(body, **JSON).json() == {"a": "é"}
    assert make_request(body, CONTENT_TYPE="text/plain").json(force=True) == {"a": "é"}
    assert make_request(body, **JSON).stream.read() == body


@pytest.mark.parametrize("read", [READERS["bytes"], READERS["text"], READERS["stream"]])
@pytest.mark.parametrize(
    "fields",
    [
        {}, {"CONTENT_LENGTH": ""}, {"CONTENT_LENGTH": "0"}, {"CONTENT_LENGTH": None},
        {"wsgi.input_terminated": False}
    ]
)
def test_without_a_length_there_is_no_body_and_no_read(
    read: Callable[[Request], Any], fields: dict[str, Any], make_request: MakeRequest, untouchable: Any
) -> None:
    assert read(make_request(**{"wsgi.input": untouchable, **fields})) in {b"", ""}


def test_nothing_is_read_until_a_reader_is_called(make_request: MakeRequest, untouchable: Any) -> None:
    request = make_request(**{"wsgi.input": untouchable, "CONTENT_LENGTH": "5", **JSON})
    seen = (
        request.query, request.headers.items(), request.url, request.host, request.scheme,
        request.content_type, request.route, repr(request)
    )
    assert len(seen) == 8
    assert request.stream.readable()


@pytest.mark.parametrize(
    ("sent", "is_text"),
    [
        (b"", True), ("é😀".encode(), True), (b"\xff", False), (b"\xed\xa0\x80", False),
        ("é".encode("latin-1"), False)
    ]
)
def test_text_is_utf_8_whatever_charset_it_claims(
    sent: bytes, is_text: bool, make_request: MakeRequest
) -> None:
    request = make_request(sent, CONTENT_TYPE="text/plain; charset=zlib")
    if is_text:
        assert request.text() == sent.decode()
    else:
        assert status_of(READERS["text"], request) == 400
        assert request.bytes() == sent


@pytest.mark.parametrize("step", [None, 1, 3])
@pytest.mark.parametrize("terminated", [None, True, False])
@every_reader
def test_a_body_at_the_limit_is_read_and_one_byte_more_is_a_413(
    read: Callable[[Request], Any], terminated: bool | None, step: int | None, make_request: MakeRequest,
    make_input: MakeInput
) -> None:
    def request(body: bytes) -> tuple[Request, Any]:
        source = make_input(body + (b"" if terminated else b"the next request"), step=step)
        length = {} if terminated else {"CONTENT_LENGTH": str(len(body))}
        return make_request(
            max_body=10, **{"wsgi.input": source, "wsgi.input_terminated": terminated, **length, **JSON}
        ), source

    allowed, source = request(b"1234567890")
    assert read(allowed) in [b"1234567890", "1234567890", 1234567890]
    assert source.given == 10
    refused, source = request(b"12345678901")
    with pytest.raises(HTTPError, match="larger than the 10 bytes") as caught:
        read(refused)
    assert (caught.value.status, caught.value.extra) == (413, {"max_body": 10})
    assert source.given == (11 if terminated else 0)


@pytest.mark.parametrize("terminated", [None, True])
@every_reader
def test_without_a_limit_a_body_may_have_any_length(
    read: Callable[[Request], Any], terminated: bool | None, make_request: MakeRequest
) -> None:
    body = b'"' + b"x" * 3_000_000 + b'"'
    request = make_request(
        body, max_body=None, **{"wsgi.input_terminated": terminated, **JSON},
        CONTENT_LENGTH="" if terminated else str(len(body))
    )
    assert len(read(request)) >= 3_000_000


@pytest.mark.parametrize("read", [READERS["bytes"], READERS["text"], READERS["stream"]])
def test_a_limit_of_nothing_takes_an_empty_body(
    read: Callable[[Request], Any], make_request: MakeRequest
) -> None:
    assert read(make_request(b"", max_body=0)) in {b"", ""}
    assert status_of(read, make_request(b"x", max_body=0)) == 413


@every_reader
@pytest.mark.parametrize("trouble", [{"step": 1}, {"step": 1, "breaks_at": 3}, {"breaks_at": 0}])
def test_a_client_that_left_sent_no_body(
    read: Callable[[Request], Any], trouble: dict[str, int], make_request: MakeRequest, make_input: MakeInput
) -> None:
    request = make_request(**{"wsgi.input": make_input(b"12345", **trouble), "CONTENT_LENGTH": "10", **JSON})
    assert status_of(read, request) == 400


# JSON

@pytest.mark.parametrize(
    "kind",
    [
        "application/json", "Application/JSON", "application/json; charset=utf-8",
        "application/json;charset=zlib", " application/json ", "application/problem+json",
        "application/vnd.api+JSON; x=y"
    ]
)
def test_json_is_read_under_a_json_type(kind: str, make_request: MakeRequest) -> None:
    assert make_request(b'{"a":1}', CONTENT_TYPE=kind).json() == {"a": 1}


@pytest.mark.parametrize(
    "kind",
    [
        None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "text/json", "application/jsonx", "application/x-json",
        "application/json-seq", "json", "text/plain; application/json", "text/plain;a=b+json",
        "application/json/x", "application/+ json", "+json", "/json",
        "text/plain, application/json", "text/plain, a/b+json", "text/plain\0application/x+json",
        "application/json, text/plain", "a b/c+json",
    ],
)
def test_another_type_is_a_415_unless_forced(
    kind: str | None, make_request: MakeRequest, untouchable: Any
) -> None:
    def request() -> Request:
        return make_request(b'{"a":1}', CONTENT_TYPE=kind)

    assert status_of(READERS["json"], request()) == 415
    assert request().json(force=True) == {"a": 1}
    # whatever was done before
    for prepare in (
        READERS["bytes"], READERS["text"], READERS["json(force)"], lambda request: request.stream,
        lambda request: request.stream.readable()
    ):
        prepared = request()
        prepare(prepared)
        assert status_of(READERS["json"], prepared) == 415
    # and before a byte is read
    unread = make_request(**{"wsgi.input": untouchable, "CONTENT_LENGTH": "7", "CONTENT_TYPE": kind})
    assert status_of(READERS["json"], unread) == 415


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"NaN", b"1e400", b"[" * 201, b"9" * 5_000, b"{} x"])
def test_malformed_json_is_a_400_and_the_body_stays(body: bytes, make_request: MakeRequest) -> None:
    request = make_request(body, **JSON)
    for _ in range(2):
        assert status_of(READERS["json"], request) == 400
        assert status_of(READERS["json(force)"], request) == 400
    assert request.bytes() == body


@pytest.mark.parametrize(
    ("text", "value"), [("null", None), ("false", False), ("0", 0), ('""', ""), ("[]", [])]
)
def test_a_value_that_is_false_is_a_value(text: str, value: Any, make_request: MakeRequest) -> None:
    assert make_request(text.encode(), **JSON).json() == value


def test_each_json_is_a_value_of_its_own(make_request: MakeRequest) -> None:
    request = make_request(b"[]", **JSON)
    request.json().append(1)
    assert request.json() == []


# the order of refusals

# What makes a request that has this fault and no other, in the order of judgement; none takes a read to see.
FAULTS: list[tuple[str, int, dict[str, Any]]] = [
    ("length is no number", 400, {"CONTENT_LENGTH": "x"}),
    ("transfer-encoding", 411, {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": None}),
    ("content-encoding", 415, {"HTTP_CONTENT_ENCODING": "gzip"}),
    ("content-type", 415, {"CONTENT_TYPE": "text/plain"}),
    ("too large", 413, {"CONTENT_LENGTH": "101"}),
]
DETAILS = {
    "length is no number": "Content-Length is not", "transfer-encoding": "needs a Content-Length",
    "content-encoding": "Content-Encoding is not",
    "content-type": "must be application/json", "too large": "larger than", "short": "shorter than",
    "malformed": "malformed at",
}


def first_fault(request: Request, read: Callable[[Request], Any] = READERS["json"]) -> str:
    with pytest.raises(HTTPError) as caught:
        read(request)
    [name] = [name for name, sign in DETAILS.items() if sign in caught.value.detail]
    expected = {"short": 400, "malformed": 400} | {name: status for name, status, _ in FAULTS}
    assert caught.value.status == expected[name]
    return name


@pytest.mark.parametrize(("name", "fields"), [(name, fields) for name, _, fields in FAULTS])
def test_a_fault_that_can_be_seen_is_refused_before_a_byte_is_read(
    name: str, fields: dict[str, Any], make_request: MakeRequest, untouchable: Any
) -> None:
    request = make_request(
        max_body=100, **{"wsgi.input": untouchable, "CONTENT_LENGTH": "5", **JSON, **fields}
    )
    for _ in range(2):
        assert first_fault(request) == name


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        # two that can stand in one request: one header has one value
        ("length is no number", "content-encoding"),
        ("length is no number", "content-type"),
        ("transfer-encoding", "content-encoding"),
        ("transfer-encoding", "content-type"),
        ("content-encoding", "content-type"),
        ("content-encoding", "too large"),
        ("content-type", "too large"),
    ],
)
@pytest.mark.parametrize("touch", [False, True], ids=["", "after an access to the stream"])
def test_of_two_faults_the_earlier_one_is_said(
    earlier: str, later: str, touch: bool, make_request: MakeRequest, untouchable: Any
) -> None:
    fields = {name: fields for name, _, fields in FAULTS}
    both = {"wsgi.input": untouchable, "CONTENT_LENGTH": "5", **JSON, **fields[later], **fields[earlier]}
    request = make_request(max_body=100, **both)
    if touch:
        with contextlib.suppress(HTTPError):
            _ = request.stream
    assert first_fault(request) == earlier


@pytest.mark.parametrize("touch", [False, True], ids=["", "after an access to the stream"])
@pytest.mark.parametrize(
    ("fields", "body", "name"),
    [
        ({"HTTP_CONTENT_ENCODING": "gzip"}, b"{", "content-encoding"),
        ({"CONTENT_TYPE": "text/plain"}, b"{", "content-type"),
        ({"CONTENT_TYPE": "text/plain", "CONTENT_LENGTH": "5"}, b"{", "content-type"),
        ({"CONTENT_LENGTH": "101"}, b"{", "too large"),
        ({"CONTENT_LENGTH": "5"}, b"{", "short"),
        ({**ENDLESS, "CONTENT_TYPE": "text/plain"}, b"x" * 101, "content-type"),
        (ENDLESS, b"x" * 101, "too large"),
        ({}, b"{", "malformed"),
    ],
)
def test_a_fault_that_is_seen_comes_before_one_that_is_read(
    fields: dict[str, Any], body: bytes, name: str, touch: bool, make_request: MakeRequest
) -> None:
    request = make_request(body, max_body=100, **{**JSON, **fields})
    if touch:
        with contextlib.suppress(HTTPError):
            _ = request.stream
    assert first_fault(request) == name


def test_content_length_beside_transfer_encoding_is_a_400(
    make_request: MakeRequest, untouchable: Any
) -> None:
    for read in READERS.values():
        request = make_request(
            **{"wsgi.input": untouchable, "CONTENT_LENGTH": "5", "HTTP_TRANSFER_ENCODING": "chunked", **JSON}
        )
        assert status_of(read, request) == 400


@every_reader
@pytest.mark.parametrize(
    ("coding", "taken"),
    [
        ("", True), ("identity", True), ("Identity ", True), ("gzip", False), ("br", False),
        ("identity, gzip", False), ("x", False)
    ]
)
def test_a_body_comes_as_it_is(
    read: Callable[[Request], Any], coding: str, taken: bool, make_request: MakeRequest
) -> None:
    request = make_request(b"1", HTTP_CONTENT_ENCODING=coding, **JSON)
    if taken:
        assert read(request) in [b"1", "1", 1]
    else:
        assert status_of(read, request) == 415


# one reader after another

WHOLE = ["bytes", "text", "json", "json(force)"]


@pytest.mark.parametrize("terminated", [None, True])
@pytest.mark.parametrize("first", WHOLE)
@pytest.mark.parametrize("second", READERS)
def test_after_a_whole_body_every_reader_works(
    first: str, second: str, terminated: bool | None, make_request: MakeRequest, make_input: MakeInput
) -> None:
    source = make_input(b"[1]", step=2)
    length = {} if terminated else {"CONTENT_LENGTH": "3"}
    request = make_request(**{"wsgi.input": source, "wsgi.input_terminated": terminated, **length, **JSON})
    READERS[first](request)
    reads = len(source.sizes)
    assert READERS[second](request) == {"bytes": b"[1]", "text": "[1]", "stream": b"[1]"}.get(second, [1])
    assert request.bytes() is request.bytes()
    assert len(source.sizes) == reads


def test_a_replay_is_one_file_so_that_reading_it_in_pieces_ends(make_request: MakeRequest) -> None:
    request = make_request(b"12345")
    request.bytes()
    assert request.stream is request.stream
    pieces = [request.stream.read(2) for _ in range(4)]
    assert pieces == [b"12", b"34", b"5", b""]
    assert request.bytes() == b"12345"


def test_a_stream_is_one_file_too(make_request: MakeRequest) -> None:
    request = make_request(b"12345")
    assert request.stream is request.stream
    assert [request.stream.read(2) for _ in range(4)] == [b"12", b"34", b"5", b""]


@pytest.mark.parametrize("touch", [
    lambda stream: stream.read(), lambda stream: stream.read(1), lambda stream: stream.readline(),
    lambda stream: stream.peek(1), lambda stream: next(iter(stream)),
    lambda stream: stream.readinto(bytearray(2)), lambda stream: stream.read1(1),
])
@pytest.mark.parametrize("later", WHOLE)
def test_after_a_stream_that_was_read_from_the_others_say_so(
    touch: Callable[[Any], Any], later: str, make_request: MakeRequest
) -> None:
    request = make_request(b"12345", **JSON)
    touch(request.stream)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="the body was read already"):
            READERS[later](request)


@pytest.mark.parametrize("terminated", [None, True])
@pytest.mark.parametrize("later", READERS)
def test_after_a_stream_that_was_only_looked_at_every_reader_works(
    later: str, terminated: bool | None, make_request: MakeRequest, make_input: MakeInput
) -> None:
    length = {} if terminated else {"CONTENT_LENGTH": "3"}
    request = make_request(
        **{"wsgi.input": make_input(b"[1]", step=2), "wsgi.input_terminated": terminated, **length, **JSON}
    )
    assert request.stream.readable()
    assert request.stream.read(0) == b""
    assert READERS[later](request) == {"bytes": b"[1]", "text": "[1]", "stream": b"[1]"}.get(later, [1])
    if later != "stream":
        assert request.stream.read() == request.bytes() == b"[1]"


# a body that failed stays failed

def refusals(request: Request) -> list[tuple[str, int]]:
    """What every reader says, one after another; never a body."""
    said = []
    for name, read in READERS.items():
        try:
            got = read(request)
        except HTTPError as error:
            said.append((name, error.status))
        except RuntimeError:
            said.append((name, 0))
        else:
            pytest.fail(f"{name} gave {got!r}")
    return said


@pytest.mark.parametrize("first", READERS)
@pytest.mark.parametrize("step", [None, 1, 3])
def test_the_tail_of_a_body_past_the_limit_is_never_the_body(
    first: str, step: int | None, make_request: MakeRequest, make_input: MakeInput
) -> None:
    source = make_input(b"1" * 15, step=step)
    request = make_request(
        max_body=10, **{"wsgi.input": source, "wsgi.input_terminated": True, "CONTENT_LENGTH": None, **JSON}
    )
    assert status_of(READERS[first], request) == 413
    given_before = source.given
    assert {status for _, status in refusals(request)} <= {413, 0}
    assert source.given == given_before


@pytest.mark.parametrize("first", READERS)
@pytest.mark.parametrize("terminated", [None, True])
def test_the_rest_of_a_body_whose_read_failed_is_never_the_body(
    first: str, terminated: bool | None, make_request: MakeRequest
) -> None:
    class Hiccup(io.BytesIO):
        """The second read times out, as a slow client's does."""
        reads = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.reads += 1
            if self.reads == 2:
                raise TimeoutError("slow")
            return super().read(min(size or 0, 4))

    source = Hiccup(b"1234567890")
    length = {} if terminated else {"CONTENT_LENGTH": "10"}
    request = make_request(**{"wsgi.input": source, "wsgi.input_terminated": terminated, **length, **JSON})
    assert status_of(READERS[first], request) == 400
    assert {status for _, status in refusals(request)} <= {400, 0}
    assert source.reads == 2


# forms

TYPES = {"urlencoded": URLENCODED, "multipart": MULTIPART}
FORMS = {URLENCODED: b"a=1&b=%C3%A9", MULTIPART: multipart([part("a", "1"), part("b", "é")])}
every_type = pytest.mark.parametrize("kind", TYPES.values(), ids=TYPES)

UPLOAD = multipart([part("a", "1"), part("f", b"content", filename="f.txt")])


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The temporary files made in this test, closed after it."""
    made = watch(monkeypatch)
    yield made
    for file in made:
        file.close()


@pytest.mark.parametrize(("sent", "kind"), [
    (URLENCODED, URLENCODED), (f"{URLENCODED}; charset=latin-1", URLENCODED),
    (f" {URLENCODED.upper()} ;", URLENCODED),
    (f"{URLENCODED};boundary=edge", URLENCODED), (MULTIPART, MULTIPART),
    (f"{MULTIPART}; charset=latin-1", MULTIPART),
    ('Multipart/Form-Data ;\tBoundary="edge"', MULTIPART), ("multipart/form-data; x=y;boundary=edge;",
                                                            MULTIPART),
])
@pytest.mark.parametrize("terminated", [None, True])
def test_a_form_is_read_under_both_of_its_types(
    sent: str, kind: str, terminated: bool | None, make_request: MakeRequest
) -> None:
    request = make_request(FORMS[kind], **{**(ENDLESS if terminated else {}), "CONTENT_TYPE": sent})
    assert request.form().items() == [("a", "1"), ("b", "é")]
    assert request.form() is request.form()


@pytest.mark.parametrize("kind", [
    None, "", "application/json", "text/plain", "multipart/mixed; boundary=edge",
    "multipart/form-data-x; boundary=edge",
    "application/x-www-form-urlencoded-x", "form-data; boundary=edge", "text/plain; multipart/form-data",
    "text/plain, multipart/form-data; boundary=edge", "multipart/form-data, text/plain; boundary=edge",
    "multipart / form-data",
    "multipart/form-data\0; boundary=edge", "*/*", "x-www-form-urlencoded",
])
def test_a_form_of_another_type_is_a_415(kind: str | None, make_request: MakeRequest,
                                         untouchable: Any) -> None:
    for prepare in (lambda request: None, lambda request: request.stream,
                    lambda request: request.stream.readable()):
        request = make_request(**{"wsgi.input": untouchable, "CONTENT_LENGTH": "9", "CONTENT_TYPE": kind})
        prepare(request)
        with pytest.raises(HTTPError) as caught:
            request.form()
        assert (caught.value.status, caught.value.detail) == (
            415, "The body must be a form: application/x-www-form-urlencoded or multipart/form-data")
    read = make_request(UPLOAD, CONTENT_TYPE=kind)
    assert read.bytes() == UPLOAD
    assert status_of(Request.form, read) == 415


@pytest.mark.parametrize("fields", [
    {}, {"CONTENT_LENGTH": ""}, {"CONTENT_LENGTH": "0"}, {"CONTENT_LENGTH": None},
    {"wsgi.input_terminated": False},
])
def test_without_a_body_there_is_an_empty_urlencoded_form_and_no_multipart_one(
    fields: dict[str, Any], make_request: MakeRequest, untouchable: Any
) -> None:
    fields = {"wsgi.input": untouchable, **fields}
    assert make_request(CONTENT_TYPE=URLENCODED, **fields).form().items() == []
    with pytest.raises(HTTPError, match="cut off"):
        make_request(CONTENT_TYPE=MULTIPART, **fields).form()


@every_type
@pytest.mark.parametrize("prepare", [None, Request.bytes])
def test_a_form_without_a_limit_on_the_body_is_the_servers_fault(
    kind: str, prepare: Callable[[Request], Any] | None, make_request: MakeRequest
) -> None:
    request = make_request(FORMS[kind], max_body=None, CONTENT_TYPE=kind)
    if prepare:
        prepare(request)
    for _ in range(2):
        with pytest.raises(RuntimeError,
                           match=r"form\(\) needs a finite max_body: set one in the route file"):
            request.form()


# as FAULTS above, for a form
FORM_FAULTS: list[tuple[str, int, dict[str, Any]]] = [
    ("length is no number", 400, {"CONTENT_LENGTH": "x"}),
    ("length and transfer-encoding", 400, {"HTTP_TRANSFER_ENCODING": "chunked"}),
    ("transfer-encoding", 411, {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": None}),
    ("content-encoding", 415, {"HTTP_CONTENT_ENCODING": "gzip"}),
    ("content-type", 415, {"CONTENT_TYPE": "text/plain"}),
    ("no content-type", 415, {"CONTENT_TYPE": None}),
    ("too large", 413, {"CONTENT_LENGTH": "1001"}),
    ("short", 400, {"CONTENT_LENGTH": "999"}),
    ("malformed", 400, {}),
]
FORM_DETAILS = {
    "length is no number": "Content-Length is not", "length and transfer-encoding": "exclude each other",
    "transfer-encoding": "needs a Content-Length", "content-encoding": "Content-Encoding is not",
    "content-type": "The body must be a form", "no content-type": "The body must be a form",
    "too large": "larger than the 1000 bytes",
    "short": "shorter than", "malformed": "form",
}
MALFORMED = {URLENCODED: b"a=%FF", MULTIPART: b"--edge\r\nX\r\n\r\n"}


def form_fault(request: Request) -> tuple[int, str]:
    with pytest.raises(HTTPError) as caught:
        request.form()
    return caught.value.status, caught.value.detail


@every_type
@pytest.mark.parametrize("touch", [False, True], ids=["", "after an access to the stream"])
@pytest.mark.parametrize(("earlier", "later"), [
    (earlier, later) for place, (earlier, _, first) in enumerate(FORM_FAULTS) for later, _,
    second in FORM_FAULTS[place:]
    if earlier == later or not first.keys() & second.keys()])
def test_of_two_faults_of_a_form_the_earlier_one_is_said_each_time(
    kind: str, earlier: str, later: str, touch: bool, make_request: MakeRequest, make_input: MakeInput
) -> None:
    fields = {name: fields for name, _, fields in FORM_FAULTS}
    status = {name: status for name, status, _ in FORM_FAULTS}[earlier]
    body = MALFORMED[kind] if later == "malformed" else FORMS[kind]
    source = make_input(body)
    both = {"wsgi.input": source, "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": kind, **fields[later],
            **fields[earlier]}
    request = make_request(max_body=1_000, **both)
    if touch:
        with contextlib.suppress(HTTPError):
            _ = request.stream
    for _ in range(2):
        told, detail = form_fault(request)
        assert (told, FORM_DETAILS[earlier] in detail) == (status, True), detail
    assert bool(source.sizes) is (earlier in ("short", "malformed"))


@every_type
@pytest.mark.parametrize("touch", [False, True], ids=["", "after an access to the stream"])
@pytest.mark.parametrize("sent", [1_001, 70_000, 200_000])
def test_a_form_that_is_found_too_large_while_it_is_counted_is_not_looked_at(
    kind: str, touch: bool, sent: int, make_request: MakeRequest, make_input: MakeInput
) -> None:
    source = make_input(MALFORMED[kind] + b"x" * (sent - len(MALFORMED[kind])))
    request = make_request(max_body=1_000, CONTENT_TYPE=kind, **{"wsgi.input": source, **ENDLESS})
    if touch:
        _ = request.stream
    for _ in range(2):
        assert form_fault(request) == (413, "The body is larger than the 1000 bytes allowed here (max_body)")
    assert source.given <= 65_536


@pytest.mark.parametrize("terminated", [None, True])
@pytest.mark.parametrize("step", [None, 1, 7])
@every_type
def test_a_form_at_the_limit_is_read_and_one_byte_more_is_a_413(
    kind: str, step: int | None, terminated: bool | None, make_request: MakeRequest, make_input: MakeInput
) -> None:
    body = FORMS[kind]
    for limit, passes in ((len(body), True), (len(body) - 1, False)):
        source = make_input(body + (b"" if terminated else b"the next request"), step=step)
        request = make_request(max_body=limit, CONTENT_TYPE=kind, **{
            "wsgi.input": source, "CONTENT_LENGTH": str(len(body)), **(ENDLESS if terminated else {})})
        if passes:
            assert request.form()["a"] == "1"
            assert source.given == len(body)
        else:
            assert form_fault(request)[0] == 413
        assert all(size <= 65_536 for size in source.sizes)


@every_type
@pytest.mark.parametrize("first", ["bytes", "text", "json(force)"])
def test_a_form_is_read_after_other_readers_whether_they_failed_or_not(
    kind: str, first: str, make_request: MakeRequest, make_input: MakeInput
) -> None:
    source = make_input(FORMS[kind], step=9)
    request = make_request(CONTENT_TYPE=kind, **{"wsgi.input": source,
                                                 "CONTENT_LENGTH": str(len(FORMS[kind]))})
    with contextlib.suppress(HTTPError):
        READERS[first](request)
    reads = len(source.sizes)
    assert request.form().items() == [("a", "1"), ("b", "é")]
    assert request.bytes() == request.stream.read() == FORMS[kind]
    assert len(source.sizes) == reads


@every_type
@pytest.mark.parametrize("first", ["bytes", "text", "json(force)"])
def test_a_malformed_form_after_another_reader_is_a_400_each_time_and_the_body_stays(
    kind: str, first: str, make_request: MakeRequest
) -> None:
    request = make_request(MALFORMED[kind], CONTENT_TYPE=kind)
    with contextlib.suppress(HTTPError):
        READERS[first](request)
    assert form_fault(request) == form_fault(request)
    assert request.bytes() == MALFORMED[kind]


def test_a_malformed_urlencoded_form_leaves_the_body(make_request: MakeRequest) -> None:
    request = make_request(MALFORMED[URLENCODED], CONTENT_TYPE=URLENCODED)
    assert form_fault(request) == form_fault(request) == (400, "The form is not UTF-8")
    assert request.bytes() == request.stream.read() == MALFORMED[URLENCODED]


@pytest.mark.parametrize("known", [True, False], ids=["a length", "only the end"])
def test_of_an_endless_urlencoded_form_no_more_is_read_than_its_text_may_take(
    known: bool, make_request: MakeRequest, make_input: MakeInput
) -> None:
    source = make_input(b"a=" + b"%41" * 3_000_000)
    how = {"CONTENT_LENGTH": "9000002"} if known else {"wsgi.input_terminated": True, "CONTENT_LENGTH": None}
    request = make_request(CONTENT_TYPE=URLENCODED, max_body=50 * 2**20, **how, **{"wsgi.input": source})
    for reader in (form_fault, form_fault):
        assert reader(request) == (413, "The form's text is larger than 500000 bytes")
    for other in ("bytes", "text", "stream"):
        with pytest.raises(HTTPError, match="413"):
            READERS[other](request)
    assert source.given < 1_600_000


def test_what_is_fetched_ahead_is_spooled_and_serves_every_reader(
    make_request: MakeRequest, make_input: MakeInput, temporary: list[Any]
) -> None:
    upload = multipart([part("f", b"x" * 1_000_000, filename="f")])
    for known in (True, False):
        source = make_input(upload)
        how = {"CONTENT_LENGTH": str(len(upload))} if known else {"wsgi.input_terminated": True,
                                                                  "CONTENT_LENGTH": None}
        request = make_request(CONTENT_TYPE=MULTIPART, **how, **{"wsgi.input": source})
        request.fetch()
        assert source.given == len(upload)
        assert on_disk(temporary[0])
        assert request.form().files["f"].size == 1_000_000
        request.release()
        assert [file.closed for file in temporary] == [True, True]
        temporary.clear()


@pytest.mark.parametrize("reader", ["bytes", "text", "json(force)", "stream"])
def test_what_cannot_be_fetched_ahead_is_told_to_who_reads(
    reader: str, make_request: MakeRequest, make_input: MakeInput
) -> None:
    request = make_request(CONTENT_LENGTH="10", **{"wsgi.input": make_input(b"123")})
    request.fetch()
    with pytest.raises(HTTPError, match="shorter than its Content-Length by 7 bytes"):
        READERS[reader](request)
    request.release()


@pytest.mark.parametrize("second", ["bytes", "text", "stream"])
def test_after_an_urlencoded_form_every_reader_works(second: str, make_request: MakeRequest) -> None:
    request = make_request(b"1", CONTENT_TYPE=URLENCODED)
    assert request.form().items() == [("1", "")]
    assert READERS[second](request) in [b"1", "1"]
    assert READERS["json(force)"](request) == 1
    assert request.form().items() == [("1", "")]


@pytest.mark.parametrize("body", [UPLOAD, multipart([])])
@pytest.mark.parametrize("touch", [False, True], ids=["", "after an access to the stream"])
@pytest.mark.parametrize("second", [name for name in READERS if name != "json"])
def test_after_a_multipart_form_the_others_say_so(
    second: str, touch: bool, body: bytes, make_request: MakeRequest, temporary: list[Any]
) -> None:
    request = make_request(body, CONTENT_TYPE=MULTIPART)
    if touch:
        _ = request.stream
    form = request.form()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="the body was read already"):
            READERS[second](request)
    assert request.form() is form


@pytest.mark.parametrize("second", [name for name in READERS if name != "json"])
@pytest.mark.parametrize("body", [MALFORMED[MULTIPART] + b"the rest" * 50_000, UPLOAD[:-4]],
                         ids=["malformed", "cut off"])
def test_after_a_multipart_form_that_failed_no_reader_gives_a_part_of_it(
    second: str, body: bytes, make_request: MakeRequest, make_input: MakeInput, temporary: list[Any]
) -> None:
    source = make_input(body)
    request = make_request(CONTENT_TYPE=MULTIPART, **{"wsgi.input": source, "CONTENT_LENGTH": str(len(body))})
    fault = form_fault(request)
    reads = len(source.sizes)
    for _ in range(2):
        with pytest.raises((HTTPError, RuntimeError)):
            READERS[second](request)
        assert form_fault(request) == fault
    assert len(source.sizes) == reads


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=" + "x" * 71])
@pytest.mark.parametrize("later", ["bytes", "text", "stream"])
def test_a_form_that_was_refused_before_it_was_read_leaves_the_body(
    kind: str, later: str, make_request: MakeRequest
) -> None:
    request = make_request(UPLOAD, CONTENT_TYPE=kind)
    assert form_fault(request)[0] == 400
    assert READERS[later](request) in [UPLOAD, UPLOAD.decode()]


@every_type
def test_after_a_stream_that_was_read_from_there_is_no_form(kind: str, make_request: MakeRequest) -> None:
    request = make_request(FORMS[kind], CONTENT_TYPE=kind)
    assert request.stream.read(2) == FORMS[kind][:2]
    for _ in range(2):
        with pytest.raises(RuntimeError, match="the body was read already"):
            request.form()


@every_type
def test_after_a_stream_that_was_only_looked_at_there_is_one(kind: str, make_request: MakeRequest) -> None:
    request = make_request(FORMS[kind], CONTENT_TYPE=kind)
    assert request.stream.readable()
    assert request.stream.read(0) == b""
    assert request.form()["b"] == "é"


def test_a_multipart_form_never_calls_bytes(make_request: MakeRequest, make_input: MakeInput,
                                            monkeypatch: pytest.MonkeyPatch,
                                            temporary: list[Any]) -> None:
    monkeypatch.setattr(Request, "bytes", lambda self: pytest.fail("bytes() was called"))
    monkeypatch.setattr(Request, "_read", lambda self, only="": pytest.fail("the whole body was read"))
    body = multipart([part("f", b"z" * 300_000, filename="f")])
    source = make_input(body)
    request = make_request(CONTENT_TYPE=MULTIPART, **{"wsgi.input": source, "CONTENT_LENGTH": str(len(body))})
    assert request.form().files["f"].size == 300_000
    assert max(source.sizes) <= 65_536


def test_what_was_uploaded_is_let_go_with_the_request(make_request: MakeRequest,
                                                      temporary: list[Any]) -> None:
    for request in (make_request(UPLOAD, CONTENT_TYPE=MULTIPART),
                    make_request(UPLOAD, CONTENT_TYPE=MULTIPART)):
        if len(temporary):
            request.bytes()         # from memory too
        file = request.form().files["f"].file
        assert not file.closed
        request.release()
        request.release()
        assert file.closed
    make_request().release()
    for kind in (URLENCODED, "text/plain"):
        request = make_request(b"a=1", CONTENT_TYPE=kind)
        with contextlib.suppress(HTTPError):
            request.form()
        request.release()


def test_a_form_of_a_request_made_by_hand_is_one_too(temporary: list[Any]) -> None:
    built = Request.build("POST", "/", body="a=1&a=2", headers={"Content-Type": URLENCODED})
    assert built.form().getall("a") == ["1", "2"]
    built = Request.build("POST", "/", body=UPLOAD, headers={"Content-Type": MULTIPART, "Cookie": "c=1"})
    assert (built.form()["a"], built.form().files["f"].filename, built.cookies["c"]) == ("1", "f.txt", "1")


# preconditions

THEN = 1_767_225_600                    # Thu, 01 Jan 2026 00:00:00 GMT
DATE = "Thu, 01 Jan 2026 00:00:00 GMT"
BEFORE, AFTER = "Wed, 31 Dec 2025 23:59:59 GMT", "Thu, 01 Jan 2026 00:00:01 GMT"
READS, WRITES = ["GET", "HEAD"], ["PUT", "PATCH", "DELETE", "POST", "OPTIONS", "QUERY"]

TAGGED: dict[str, Any] = {"etag": '"v1"'}
WEAK: dict[str, Any] = {"etag": 'W/"v1"'}
DATED: dict[str, Any] = {"modified": THEN}
BOTH: dict[str, Any] = {"etag": "v1", "modified": THEN}
NOTHING: dict[str, Any] = {}

# what is there now; the client's conditions; what becomes of a read and of a write: 304, 412, None to go on
CONDITIONS: list[tuple[dict[str, Any], dict[str, str], int | None, int | None]] = [
    *((now, {}, None, None) for now in (TAGGED, WEAK, DATED, BOTH, NOTHING)),
    # If-Match, strongly
    (TAGGED, {"IF_MATCH": '"v1"'}, None, None),
    (TAGGED, {"IF_MATCH": '"v0", "v1"'}, None, None),
    (TAGGED, {"IF_MATCH": '"v0","v,1"\t,"v1"'}, None, None),
    (TAGGED, {"IF_MATCH": " * "}, None, None),
    (TAGGED, {"IF_MATCH": '"v2"'}, 412, 412),
    (TAGGED, {"IF_MATCH": 'W/"v1"'}, 412, 412),
    (TAGGED, {"IF_MATCH": '"V1"'}, 412, 412),
    (WEAK, {"IF_MATCH": '"v1"'}, 412, 412),
    (WEAK, {"IF_MATCH": 'W/"v1"'}, 412, 412),
    (WEAK, {"IF_MATCH": "*"}, None, None),
    (DATED, {"IF_MATCH": '"v1"'}, 412, 412),
    (DATED, {"IF_MATCH": "*"}, None, None),
    (NOTHING, {"IF_MATCH": "*"}, 412, 412),
    (NOTHING, {"IF_MATCH": '"v1"'}, 412, 412),
    # whoever makes a condition is not served without it
    *((TAGGED, {"IF_MATCH": broken}, 412, 412) for broken in ("", "v1", "'v1'", '"v1', 'v1"', "**", ",",
                                                              "\xff")),
    # If-None-Match, weakly
    (TAGGED, {"IF_NONE_MATCH": '"v1"'}, 304, 412),
    (TAGGED, {"IF_NONE_MATCH": 'W/"v1"'}, 304, 412),
    (WEAK, {"IF_NONE_MATCH": '"v1"'}, 304, 412),
    (WEAK, {"IF_NONE_MATCH": '"v0", W/"v1"'}, 304, 412),
    (TAGGED, {"IF_NONE_MATCH": "*"}, 304, 412),
    (DATED, {"IF_NONE_MATCH": "*"}, 304, 412),
    (NOTHING, {"IF_NONE_MATCH": "*"}, None, None),
    (NOTHING, {"IF_NONE_MATCH": '"v1"'}, None, None),
    (TAGGED, {"IF_NONE_MATCH": '"v2"'}, None, None),
    (DATED, {"IF_NONE_MATCH": '"v1"'}, None, None),
    *((TAGGED, {"IF_NONE_MATCH": broken}, None, None) for broken in ("", "v1", '"v1', "\xff", "**")),
    # dates, to the second
    (DATED, {"IF_UNMODIFIED_SINCE": DATE}, None, None),
    (DATED, {"IF_UNMODIFIED_SINCE": AFTER}, None, None),
    (DATED, {"IF_UNMODIFIED_SINCE": BEFORE}, 412, 412),
    (DATED, {"IF_MODIFIED_SINCE": DATE}, 304, None),
    (DATED, {"IF_MODIFIED_SINCE": AFTER}, 304, None),
    (DATED, {"IF_MODIFIED_SINCE": BEFORE}, None, None),
    *((DATED, {field: broken}, None, None) for field in ("IF_UNMODIFIED_SINCE", "IF_MODIFIED_SINCE")
      for broken in ("", "now", "0", "Thu, 32 Jan 2026 00:00:00 GMT", "9" * 10_000)),
    *((now, {field: date}, None, None) for now in (TAGGED, NOTHING) for date in (BEFORE, AFTER)
      for field in ("IF_UNMODIFIED_SINCE", "IF_MODIFIED_SINCE")),
    # a tag beats a date
    (BOTH, {"IF_MATCH": '"v1"', "IF_UNMODIFIED_SINCE": BEFORE}, None, None),
    (BOTH, {"IF_MATCH": '"v2"', "IF_UNMODIFIED_SINCE": AFTER}, 412, 412),
    (BOTH, {"IF_NONE_MATCH": '"v1"', "IF_MODIFIED_SINCE": BEFORE}, 304, 412),
    (BOTH, {"IF_NONE_MATCH": '"v2"', "IF_MODIFIED_SINCE": AFTER}, None, None),
    (BOTH, {"IF_NONE_MATCH": "broken", "IF_MODIFIED_SINCE": AFTER}, None, None),
    (BOTH, {"IF_NONE_MATCH": "", "IF_MODIFIED_SINCE": AFTER}, None, None),
    # both kinds, one after the other
    (BOTH, {"IF_MATCH": '"v1"', "IF_NONE_MATCH": '"v1"'}, 304, 412),
    (BOTH, {"IF_MATCH": '"v2"', "IF_NONE_MATCH": '"v1"'}, 412, 412),
    (BOTH, {"IF_UNMODIFIED_SINCE": BEFORE, "IF_NONE_MATCH": '"v1"'}, 412, 412),
    (BOTH, {"IF_UNMODIFIED_SINCE": DATE, "IF_MODIFIED_SINCE": DATE}, 304, None),
    (BOTH, {"IF_MATCH": '"v1"', "IF_MODIFIED_SINCE": DATE}, 304, None),
]
SAID = {
    "IF_MATCH": "If-Match names another version than the current one",
    "IF_UNMODIFIED_SINCE": "It was modified after the date in If-Unmodified-Since",
    "IF_NONE_MATCH": "If-None-Match names the current version",
}


@pytest.mark.parametrize("method", [*READS, *WRITES])
@pytest.mark.parametrize(("now", "sent", "read", "write"), CONDITIONS)
def test_a_condition_is_met_or_not(
    method: str, now: dict[str, Any], sent: dict[str, str], read: int | None, write: int | None,
    make_request: MakeRequest
) -> None:
    request = make_request(REQUEST_METHOD=method, **{f"HTTP_{name}": value for name, value in sent.items()})
    expected = read if method in READS else write
    if expected == 412:
        with pytest.raises(HTTPError) as caught:
            request.precondition(**now)
        assert caught.value.status == 412
        assert caught.value.detail in [SAID[name] for name in sent if name in SAID]
        return
    made = request.precondition(**now)
    if expected is None:
        assert made is None
        return
    assert made
    told = {"ETag": {"v1": '"v1"'}.get(now["etag"], now["etag"])} if "etag" in now else {}
    told |= {"Last-Modified": DATE} if "modified" in now else {}
    assert (made.status, list(made)[1:]) == (304, [list(told.items()), b""])
    assert answer(made) == ("304 Not Modified", list(told.items()), [b""])


@pytest.mark.parametrize(("given_tag", "sent"), [
    ("v1", '"v1"'), ('"v1"', '"v1"'), ('W/"v1"', 'W/"v1"'), ("", '""'), ('""', '""'), ("W/v1", '"W/v1"'),
    ("a,b", '"a,b"'),
    ("\xe9", '"\xe9"'), ("*", '"*"'), ("v\\1", '"v\\1"'),
])
def test_a_tag_is_given_with_quotes_or_without(given_tag: str, sent: str, make_request: MakeRequest) -> None:
    made = make_request(HTTP_IF_NONE_MATCH=sent).precondition(etag=given_tag)
    assert made
    assert made.headers["ETag"] == sent
    assert make_request(HTTP_IF_NONE_MATCH='"other"').precondition(etag=given_tag) is None


@pytest.mark.parametrize("tag", ['a"b', '"a', 'W/"a', '"', "a b", "a\r\nX: y", "\0", "日", '"a" ', '"a"b"',
                                 "\x7f", 'w/"a"', "\ud800"])
@pytest.mark.parametrize("sent", [{}, {"HTTP_IF_NONE_MATCH": "*"}])
def test_a_tag_that_cannot_be_sent_is_refused_whatever_was_asked(
    tag: str, sent: dict[str, str], make_request: MakeRequest
) -> None:
    with pytest.raises(ValueError, match="an ETag is visible text without quotes or blanks, not "):
        make_request(**sent).precondition(etag=tag)


@pytest.mark.parametrize(("moment", "told"), [
    (THEN, DATE), (THEN + 0.999, DATE), (datetime(2026, 1, 1, tzinfo=UTC), DATE),
    (datetime(2026, 1, 1, 0, 0, 0, 999_999, UTC), DATE),
    (datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), DATE),
    (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
    (-0.5, "Wed, 31 Dec 1969 23:59:59 GMT"),
])
def test_a_moment_is_told_in_whole_seconds(moment: Any, told: str, make_request: MakeRequest) -> None:
    made = make_request(HTTP_IF_MODIFIED_SINCE=told).precondition(modified=moment)
    assert made
    assert made.headers["Last-Modified"] == told
    assert "ETag" not in made.headers


@pytest.mark.parametrize(("moment", "error", "message"), [
    (datetime(2026, 1, 1), ValueError, "a datetime needs a time zone here"),
    (DATE, TypeError, "a moment is a datetime or seconds since 1970, not str"),
    (timedelta(1), TypeError, "not timedelta"), (float("nan"), ValueError, "years 1 to 9999, not at nan"),
])
@pytest.mark.parametrize("sent", [{}, {"HTTP_IF_MODIFIED_SINCE": DATE}])
def test_a_moment_that_is_none_is_refused_whatever_was_asked(
    moment: Any, error: type[Exception], message: str, sent: dict[str, str], make_request: MakeRequest
) -> None:
    with pytest.raises(error, match=message):
        make_request(**sent).precondition(modified=moment)


# any environ

text = st.text(st.characters(max_codepoint=0xFFFF, categories=["L", "N", "P", "S", "Z", "C"]), max_size=12)
fields = st.fixed_dictionaries({}, optional={
    "REQUEST_METHOD": text | st.sampled_from(["GET", "POST"]), "SCRIPT_NAME": text, "PATH_INFO": text,
    "SERVER_PROTOCOL": text, "REMOTE_ADDR": text,
    "QUERY_STRING": text | st.sampled_from(["a=%FF", "a=1&a", "\xff", "&" * 1_000]),
    "CONTENT_TYPE": text | st.sampled_from(
        ["application/json", "a/b+json", "application/json; charset=utf-8", MULTIPART, URLENCODED]
    ),
    "CONTENT_LENGTH": text | st.sampled_from(["", "0", "1", "5", "20", "5 ", "-1", "٣", "9" * 19]),
    "SERVER_NAME": text | st.sampled_from(["localhost", "::1"]),
    "SERVER_PORT": text | st.sampled_from(["80", "", "99999"]) | st.integers(0, 70_000),
    "HTTP_HOST": text | st.sampled_from(["a", "a:80", "a:99999", "[::1]", "x/y?"]), "HTTP_ACCEPT": text,
    "HTTP_X_A": text, "HTTP_COOKIE": text | st.sampled_from(["a=1; b", "=;", "\xff=\xc3\xa9"]),
    **dict.fromkeys(["HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"], text | st.sampled_from(["*", '"v1"', 'W/"v1", "',
                                                                                     ""])),
    **dict.fromkeys(["HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE"],
                    text | st.sampled_from(["Thu, 01 Jan 2026 00:00:00 GMT",
                                            "Mon, 01 Jan 0001 00:00:00 +9999"])),
    "HTTP_CONTENT_ENCODING": text | st.sampled_from(["", "gzip", "identity"]),
    "HTTP_TRANSFER_ENCODING": text | st.just("chunked"),
    "wsgi.url_scheme": text | st.sampled_from(["http", "https"]),
    "wsgi.input_terminated": st.sampled_from([True, False, None, 0, 1]),
})
PROPERTIES: dict[str, Callable[[Request], Any]] = {
    "query": lambda request: request.query.items(), "headers": lambda request: request.headers.lists(),
    "url": lambda request: request.url,
    "host": lambda request: request.host, "scheme": lambda request: request.scheme,
    "content_type": lambda request: request.content_type,
    "route": lambda request: request.route, "repr": repr,
    "a header": lambda request: request.headers.get("X-A", type=int),
    "method": lambda request: request.method, "cookies": lambda request: request.cookies.lists(),
    "form": lambda request: request.form().items(),
    "precondition": lambda request: request.precondition(etag="v1", modified=1_767_225_600.5),
}


@given(
    fields, st.binary(max_size=20) | st.sampled_from([b"{}", b"[1]", b"--edge--\r\n"]),
    st.sampled_from([None, 0, 3, 100]),
    st.lists(st.sampled_from([*READERS, *PROPERTIES]), max_size=8)
)
def test_only_an_http_error_leaves_a_reader_or_property(
    make_input: MakeInput, given_fields: dict[str, Any], body: bytes, limit: int | None, asked: list[str]
) -> None:
    request = Request(
        {"wsgi.input": make_input(body, step=2), **given_fields}, "/é", {}, Settings("/", limit)
    )
    streamed, statuses = False, set[int]()
    for name in asked:
        try:
            (READERS | PROPERTIES)[name](request)
        except HTTPError as error:
            statuses.add(error.status)
        except RuntimeError:
            assert streamed or (name == "form" and limit is None)
        streamed |= name in ("stream", "form")
    assert statuses <= {400, 411, 412, 413, 415}
    request.url.encode("ascii")
    json.dumps(request.host)


# a reader with a type

@dataclass
class Person:
    name: str
    age: int = 0
    friends: list["Person"] = field(default_factory=list)


class Flat(TypedDict):
    name: str
    photo: UploadedFile | None


def doubled(value: list[int]) -> list[int]:
    return value * 2


@pytest.mark.parametrize(("kind", "body", "value"), [
    (Person, b'{"name": "a", "x": 1, "friends": [{"name": "b"}]}', Person("a", 0, [Person("b")])),
    (list[int], b"[1, 2]", [1, 2]), (dict[str, float], b'{"a": 1}', {"a": 1.0}), (int, b"5", 5),
    (str, b'"5"', "5"),
    (int | None, b"null", None), (Annotated[list[int], doubled], b"[1]", [1, 1]),
    (datetime, b'"2026-01-31T12:00:00Z"',
     datetime(2026, 1, 31, 12, tzinfo=UTC)), (Any, b'{"a": [1]}', {"a": [1]}),
])
def test_json_with_a_type_is_a_value_of_it(
    kind: Any, body: bytes, value: Any, make_request: MakeRequest
) -> None:
    request = make_request(body, **JSON)
    for _ in range(2):
        assert request.json(kind) == value
        assert request.json(type=kind) == value
    assert request.json() == json.loads(body)
    assert make_request(body, CONTENT_TYPE="text/plain").json(kind, force=True) == value
    assert make_request(body).json(kind, force=True) == value


@pytest.mark.parametrize(("kind", "body", "faults"), [
    (Person, b"{}", [("/name", "is missing")]), (Person, b"[]", [("", "must be an object, not an array")]),
    (Person, b'{"age": "1", "friends": [{}]}', [
        ("/name", "is missing"), ("/age", "must be a whole number of at most 64 bits, not a string"),
        ("/friends/0/name", "is missing")]),
    (list[int], b"null", [("", "must be an array, not null")]), (int, b"true", [
        ("", "must be a whole number of at most 64 bits, not a boolean")]),
])
def test_json_that_is_none_of_its_type_is_a_400_each_time(
    kind: Any, body: bytes, faults: list[Any], make_request: MakeRequest
) -> None:
    request = make_request(body, **JSON)
    for _ in range(2):
        with pytest.raises(ValidationError) as caught:
            request.json(kind)
        assert [(each["in"], each["name"], each["message"]) for each in caught.value.errors] == [
            ("body", name, message) for name, message in faults]
    assert request.json() == json.loads(body)


def test_the_body_is_read_before_it_is_judged(make_request: MakeRequest) -> None:
    assert status_of(lambda request: request.json(Person), make_request(b"{}")) == 415
    assert status_of(lambda request: request.json(Person), make_request(b"{", **JSON)) == 400
    assert status_of(lambda request: request.form(Flat), make_request(b"{}", **JSON)) == 415


@pytest.mark.parametrize("kind", [bytes, set, dict[int, str], object(), Form, list[bytes], int | str,
                                  Annotated[int, 5]])
def test_what_json_has_no_values_of_is_a_type_error_that_names_the_method(
    kind: Any, make_request: MakeRequest
) -> None:
    with pytest.raises(TypeError, match=r"^json\("):
        make_request(b"{}", **JSON).json(kind)


@pytest.mark.parametrize("kind", [Person, int, dict, list[Flat], bytes, Form, object()])
def test_what_no_form_could_be_is_a_type_error_too(kind: Any, make_request: MakeRequest) -> None:
    with pytest.raises(TypeError, match=r"^form\("):
        make_request(b"name=a", CONTENT_TYPE=URLENCODED).form(kind)


def test_a_form_with_a_type_is_a_value_of_it_and_its_files_are_the_forms(
    make_request: MakeRequest, temporary: list[Any]
) -> None:
    request = make_request(multipart([part("name", "a"), part("photo", b"pixels", filename="p.png")]),
                           CONTENT_TYPE=MULTIPART)
    for _ in range(2):
        made = request.form(Flat)
        assert made["name"] == "a"
        assert made["photo"] is request.form().files["photo"]
    assert len(temporary) == 1


def test_a_form_that_is_none_of_its_type_is_a_400_each_time(make_request: MakeRequest) -> None:
    request = make_request(b"name=a&name=b&photo=x", CONTENT_TYPE=URLENCODED)
    for _ in range(2):
        with pytest.raises(ValidationError) as caught:
            request.form(Flat)
        assert [(each["in"], each["name"], each["message"]) for each in caught.value.errors] == [
            ("form", "name", "must be given once, not 2 times"),
            ("form", "photo", "must be a file, not text")]
    assert request.form().getall("name") == ["a", "b"]


def test_a_request_made_by_hand_has_them_as_well() -> None:
    assert Request.build("POST", "/", json={"name": "a"}).json(Person) == Person("a")
    request = Request.build("POST", "/", body=b"name=a", headers={"Content-Type": URLENCODED})
    assert request.form(Flat) == {"name": "a", "photo": None}
