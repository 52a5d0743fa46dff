"""Server-sent events, read back as a browser reads them."""

import enum
import json
import re
import types
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.events import event
from fsroute.http.request import Request
from fsroute.http.response import Response
from fsroute.http.send import streamed, without_body

MakeRequest = Callable[..., Request]
Host = Callable[..., tuple[str, list[tuple[str, str]], bytes]]

NOTHING = b":\n\n"
FIELDS = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache"), ("X-Accel-Buffering", "no")]


# the client's side, slow and obvious (WHATWG HTML, 9.2.6)

@dataclass
class Message:
    type: str
    data: str
    last_id: str


class EventSource:
    """Reads a stream, line by line and field by field, in the words of the standard."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.comments: list[str] = []
        self.retry: int | None = None
        self.last_id = ""
        self._data = self._type = ""

    def read(self, stream: bytes) -> "EventSource":
        text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
        *lines, rest = re.split("\r\n|\n|\r", text)
        assert rest == "", "the stream ends within a line"
        for line in lines:
            if line == "":
                self._dispatch()
            elif line.startswith(":"):
                self.comments.append(line[1:])
            else:
                field, colon, value = line.partition(":")
                self._process(field, value.removeprefix(" ") if colon else "")
        assert (self._data, self._type) == ("", ""), "the stream ends within an event"
        return self

    def _process(self, field: str, value: str) -> None:
        if field == "event":
            self._type = value
        elif field == "data":
            self._data += value + "\n"
        elif field == "id":
            if "\0" not in value:
                self.last_id = value
        elif field == "retry":
            if value.isascii() and value.isdigit():
                self.retry = int(value)
        else:
            pytest.fail(f"a field of its own: {field!r}")

    def _dispatch(self) -> None:
        if self._data:
            data = self._data.removesuffix("\n")
            self.messages.append(Message(self._type or "message", data, self.last_id))
        self._data = self._type = ""


def received(*values: Any) -> EventSource:
    return EventSource().read(b"".join(map(event, values)))


# what comes out

@pytest.mark.parametrize(("value", "sent"), [
    ("hello", b"data: hello\n\n"),
    ("", b"data: \n\n"),
    (" led by a blank", b"data:  led by a blank\n\n"),
    ("é€😀", "data: é€😀\n\n".encode()),
    ("a\nb", b"data: a\ndata: b\n\n"),
    ("a\rb\r\nc\n", b"data: a\ndata: b\ndata: c\ndata: \n\n"),
    ("a\n\rb", b"data: a\ndata: \ndata: b\n\n"),
    ("a\u2028b\x0bc\x0cd\x85e", "data: a\u2028b\x0bc\x0cd\x85e\n\n".encode()),     # no line ends here
    ({"data": "x"}, b"data: x\n\n"),
    ({"data": {"a": [1, None, "é"]}}, 'data: {"a":[1,null,"é"]}\n\n'.encode()),
    ({"data": None}, b"data: null\n\n"),
    ({"data": 5}, b"data: 5\n\n"),
    ({"data": ["a\nb"]}, b'data: ["a\\nb"]\n\n'),
    ({"data": "5"}, b"data: 5\n\n"),
    ({"data": date(2026, 1, 2)}, b'data: "2026-01-02"\n\n'),
    ({"data": UUID(int=1)}, b'data: "00000000-0000-0000-0000-000000000001"\n\n'),
    ({"data": "x", "event": "news", "id": "7", "retry": 500}, b"event: news\nid: 7\nretry: 500\ndata: x\n\n"),
    ({"retry": 0, "id": 7, "data": "x"}, b"id: 7\nretry: 0\ndata: x\n\n"),
    ({"id": ""}, b"id: \n\n"),
    ({"retry": 1_000}, b"retry: 1000\n\n"),
    (None, NOTHING),
])
def test_an_event_is_its_fields(value: Any, sent: bytes) -> None:
    assert event(value) == sent


@pytest.mark.parametrize("make", [dict, OrderedDict, lambda pairs: types.MappingProxyType(dict(pairs))])
def test_any_mapping_is_an_event(make: Callable[[Any], Mapping[str, Any]]) -> None:
    assert event(make([("data", "x"), ("event", "news")])) == b"event: news\ndata: x\n\n"


class Kind(str, enum.Enum):  # noqa: UP042   what the test is about
    NEWS = "news"


class NewKind(enum.StrEnum):
    NEWS = "news"


@pytest.mark.parametrize("kind", [Kind.NEWS, NewKind.NEWS])
def test_a_member_of_an_enum_of_str_is_its_value(kind: Any) -> None:
    assert event(kind) == b"data: news\n\n"
    assert event({"event": kind, "id": kind, "data": kind}) == b"event: news\nid: news\ndata: news\n\n"
    assert event({"data": {"kind": kind}}) == b'data: {"kind":"news"}\n\n'


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\ude00\ud83d"])
def test_a_lone_surrogate_is_sent_as_in_any_other_body(text: str) -> None:
    assert event(text) == b"data: " + Response(text).body + b"\n\n"
    assert event({"id": text}) == b"id: " + Response(text).body + b"\n\n"
    assert json.loads(received({"data": [text]}).messages[0].data) == [text]


# what is refused

@pytest.mark.parametrize(
    "value", [5, 0, True, 1.5, b"data", bytearray(b"x"), ["x"], ("data", "x"), [("data", "x")], object()])
def test_another_kind_of_event_is_an_error_that_names_its_type(value: Any) -> None:
    says = f"a str, a mapping with event, id, retry, data, or None .*, not {type(value).__name__}"
    with pytest.raises(TypeError, match=says):
        event(value)


@pytest.mark.parametrize(
    "name", ["Data", "DATA", "name", "comment", "type", "", "data\n", "x" * 500, 5, None])
def test_another_field_is_an_error_that_names_it(name: Any) -> None:
    with pytest.raises(ValueError, match="an event has the fields event, id, retry, data, not ") as caught:
        event({"data": "x", name: "y"})
    assert repr(name)[:50] in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("field", ["event", "id"])
@pytest.mark.parametrize("value", ["a\nb", "\n", "a\rb", "a\r\ndata: forged", "\0", "a\0b", "a\n"])
def test_a_field_that_would_begin_another_is_refused(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"an event's {field} holds a line end or NUL"):
        event({"data": "x", field: value})


@pytest.mark.parametrize("field", ["event", "id"])
@pytest.mark.parametrize("value", [None, True, 1.5, b"x", ["x"], {}, object()])
def test_a_field_that_is_no_text_is_refused_by_type(field: str, value: Any) -> None:
    with pytest.raises(TypeError, match=f"an event's {field} is a str, not {type(value).__name__}"):
        event({"data": "x", field: value})


@pytest.mark.parametrize("retry", ["500", None, -1, True, 1.5, "5\ndata: x", [5]])
def test_a_retry_is_a_number_of_milliseconds(retry: Any) -> None:
    with pytest.raises(ValueError, match="an event's retry is a number of milliseconds, not"):
        event({"data": "x", "retry": retry})


@pytest.mark.parametrize(
    ("data", "error"),
    [(object(), TypeError), ({1, 2}, TypeError), (b"x", TypeError), (float("nan"), ValueError)])
def test_data_that_json_has_no_form_for_is_an_error(data: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        event({"data": data})


# there and back

TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\r\n\0: \ufeff"), max_size=12)
NAMES = TEXT.filter(lambda text: not set(text) & set("\r\n\0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5)
EVENTS = st.none() | TEXT | st.fixed_dictionaries({}, optional={
    "data": TEXT | JSON, "event": NAMES, "id": NAMES | st.integers(), "retry": st.integers(0, 10**9)})


@given(values=st.lists(EVENTS, max_size=6))
def test_the_events_that_go_in_are_the_events_that_arrive(values: list[Any]) -> None:
    _, _, body = streamed(Response.events(values), Request.build())
    client = EventSource().read(b"".join(body))
    expected, last_id, retry = [], "", None
    for value in values:
        fields = {"data": value} if isinstance(value, str) else value or {}
        last_id = str(fields.get("id", last_id))
        retry = fields.get("retry", retry)
        if "data" in fields:
            expected.append((fields.get("event") or "message", fields["data"], last_id))
    assert client.comments == [""] * (1 + values.count(None))
    assert (client.last_id, client.retry) == (last_id, retry)
    assert len(client.messages) == len(expected)
    for message, (kind, data, known_id) in zip(client.messages, expected, strict=True):
        assert (message.type, message.last_id) == (kind, known_id)
        if isinstance(data, str):
            assert message.data == re.sub("\r\n|\r", "\n", data)
        else:
            assert json.loads(message.data) == data


@given(st.text(), st.text(), st.text())
def test_no_text_makes_an_event_of_its_own(data: str, kind: str, id: str) -> None:
    try:
        sent = event({"data": data, "event": kind, "id": id})
    except ValueError:
        assert set(kind + id) & set("\r\n\0")
        return
    assert len(EventSource().read(sent).messages) == 1


# the response

def test_it_says_that_it_is_a_stream_of_events_and_may_not_be_held_back(
    make_request: MakeRequest, host: Host
) -> None:
    line, fields, body = host(streamed(Response.events(["a", None, {"data": [1]}]), make_request()))
    assert (line, fields) == ("200 OK", FIELDS)
    assert body == b":\n\n" b"data: a\n\n" b":\n\n" b"data: [1]\n\n"


def test_its_headers_and_its_status_can_be_told(make_request: MakeRequest, host: Host) -> None:
    made = Response.events([], status=203, headers={"cache-control": "no-store", "X-A": "1",
                                                   "Content-Type": "text/event-stream; charset=utf-8"})
    line, fields, _ = host(streamed(made, make_request()))
    assert line[:3] == "203"
    assert sorted(fields) == [
        ("Content-Type", "text/event-stream; charset=utf-8"), ("X-A", "1"), ("X-Accel-Buffering", "no"),
        ("cache-control", "no-store")]
    with pytest.raises(ValueError, match="hop-by-hop"):
        Response.events([], headers={"Connection": "keep-alive"})
    with pytest.raises(ValueError, match="Content-Length"):
        Response.events([], headers={"Content-Length": "5"})


class Source:
    """Events that count what is done to them."""

    def __init__(self, *values: Any) -> None:
        self.values = values
        self.iterated = self.pulled = self.closed = 0

    def __iter__(self) -> Iterator[Any]:
        self.iterated += 1
        return self._values()

    def _values(self) -> Iterator[Any]:
        for value in self.values:
            self.pulled += 1
            if isinstance(value, BaseException):
                raise value
            yield value

    def close(self) -> None:
        self.closed += 1


def test_the_source_is_not_touched_before_the_first_comment_is_out(make_request: MakeRequest) -> None:
    source = Source("a", "b")
    body: Any = streamed(Response.events(source), make_request())[2]
    chunks = iter(body)
    assert source.iterated == 0
    assert next(chunks) == NOTHING
    assert source.iterated == 0
    assert (next(chunks), source.iterated, source.pulled) == (b"data: a\n\n", 1, 1)
    body.close()
    assert source.closed == 1


def test_on_head_and_where_nobody_reads_the_source_is_closed_untouched(make_request: MakeRequest) -> None:
    for method in ("GET", "HEAD"):
        source = Source("a")

        def endpoint(request: Request, source: Source = source) -> Any:
            return streamed(Response.events(source), request)

        request = make_request(REQUEST_METHOD=method)
        line, fields, body = (without_body(endpoint) if method == "HEAD" else endpoint)(request)
        assert (line, fields) == ("200 OK", FIELDS)
        if method == "GET":
            body.close()  # type: ignore[union-attr]
        assert (source.iterated, source.closed) == (0, 1)


def test_each_nothing_yet_is_a_write_so_that_a_vanished_client_is_noticed(make_request: MakeRequest) -> None:
    ran = []

    def source() -> Iterator[Any]:
        try:
            while True:
                yield None
        finally:
            ran.append("finally")

    body: Any = streamed(Response.events(source()), make_request())[2]
    chunks = iter(body)
    assert [next(chunks) for _ in range(4)] == [NOTHING] * 4
    assert ran == []
    body.close()            # what a host does when a write fails
    assert ran == ["finally"]


@pytest.mark.parametrize(("value", "error"), [
    (5, TypeError), ({"type": "x"}, ValueError), ({"id": "\n"}, ValueError),
    (LookupError("raised"), LookupError)])
def test_an_event_that_cannot_be_sent_is_logged_and_ends_the_stream(
    value: Any, error: type[Exception], make_request: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    """Also the first one: the headers are out before it is asked for."""
    for before in ([], ["a"]):
        source = Source(*before, value, "never")
        body: Any = streamed(Response.events(source), make_request())[2]
        chunks = iter(body)
        for _ in range(1 + len(before)):
            next(chunks)
        with pytest.raises(error):
            next(chunks)
        body.close()
        assert (source.pulled, source.closed) == (1 + len(before), 1)
    assert len(caplog.records) == 2
