import contextlib
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.errors import HTTPError
from fsroute.http.request import Request, Settings

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
        with pytest.raises(RuntimeError, match="read from already"):
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


# any environ

text = st.text(st.characters(max_codepoint=0xFFFF, categories=["L", "N", "P", "S", "Z", "C"]), max_size=12)
fields = st.fixed_dictionaries({}, optional={
    "REQUEST_METHOD": text | st.sampled_from(["GET", "POST"]), "SCRIPT_NAME": text, "PATH_INFO": text,
    "SERVER_PROTOCOL": text, "REMOTE_ADDR": text,
    "QUERY_STRING": text | st.sampled_from(["a=%FF", "a=1&a", "\xff", "&" * 1_000]),
    "CONTENT_TYPE": text | st.sampled_from(
        ["application/json", "a/b+json", "application/json; charset=utf-8"]
    ),
    "CONTENT_LENGTH": text | st.sampled_from(["", "0", "1", "5", "20", "5 ", "-1", "٣", "9" * 19]),
    "SERVER_NAME": text | st.sampled_from(["localhost", "::1"]),
    "SERVER_PORT": text | st.sampled_from(["80", "", "99999"]) | st.integers(0, 70_000),
    "HTTP_HOST": text | st.sampled_from(["a", "a:80", "a:99999", "[::1]", "x/y?"]), "HTTP_ACCEPT": text,
    "HTTP_X_A": text,
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
    "method": lambda request: request.method,
}


@given(
    fields, st.binary(max_size=20) | st.sampled_from([b"{}", b"[1]"]), st.sampled_from([None, 0, 3, 100]),
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
            assert streamed
        streamed |= name == "stream"
    assert statuses <= {400, 411, 413, 415}
    request.url.encode("ascii")
    json.dumps(request.host)
