import contextlib
import io
import logging
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.errors import HTTPError
from fsroute.http.wsgi import (
    CHUNK,
    BodyReader,
    body_length,
    decoded_path,
    read_exactly,
    read_to_end,
    replaced_path,
    script_name,
    too_large,
)

MakeInput = Callable[..., Any]
characters = st.text(st.characters(categories=["L", "N", "P", "S", "Z", "C"]), max_size=30)


# paths

@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("/", "/"), ("", ""), ("/a b", "/a b"), ("/Ã©", "/é"), ("/æ\x97¥", "/日"), ("/ð\x9f\x98\x80", "/😀"),
        ("/%41", "/%41"), ("/a\\b", "/a\\b"),
        ("/\x01\n", "/\x01\n"), ("/e\xcc\x81", "/e\u0301"),
    ],
)
def test_a_path_is_utf_8_in_the_clothes_of_latin_1(raw: str, path: str) -> None:
    assert decoded_path(raw) == path
    assert replaced_path(raw) == path


@pytest.mark.parametrize(
    "raw",
    [
        "/\xff", "/\xc3", "/\xc3(", "/\xc0\xaf", "/\xed\xa0\x80", "/\xf5\x80\x80\x80", "/é", "/日", "/\u0141",
        "/\ud800", "/\0", "/Ã©\0"
    ]
)
def test_a_path_that_is_not_or_holds_a_nul_is_none(raw: str) -> None:
    assert decoded_path(raw) is None
    replaced_path(raw).encode()


@given(characters)
def test_every_path_of_text_comes_back(path: str) -> None:
    raw = path.encode(errors="replace").decode("latin-1")
    decoded = decoded_path(raw)
    assert decoded == (None if "\0" in path else path.encode(errors="replace").decode())
    assert replaced_path(raw) == path.encode(errors="replace").decode()


@given(characters)
def test_no_path_makes_it_fail(raw: str) -> None:
    path = decoded_path(raw)
    assert path is None or path.encode("utf-8").decode("latin-1") == raw
    replaced_path(raw).encode()
    assert script_name({"SCRIPT_NAME": raw}) == replaced_path(raw)


def test_without_a_script_name_there_is_no_prefix() -> None:
    assert script_name({}) == ""


# framing

@pytest.mark.parametrize(
    ("environ", "length"),
    [
        ({}, 0),
        ({"CONTENT_LENGTH": ""}, 0),
        ({"CONTENT_LENGTH": "0"}, 0),
        ({"CONTENT_LENGTH": "5"}, 5),
        ({"CONTENT_LENGTH": "0005"}, 5),
        ({"CONTENT_LENGTH": "9" * 19}, 10**19 - 1),
        # the end of the input tells, where its host says so
        ({"wsgi.input_terminated": True}, None),
        ({"wsgi.input_terminated": True, "CONTENT_LENGTH": ""}, None),
        ({"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}, None),
        ({"wsgi.input_terminated": True, "CONTENT_LENGTH": "5"}, 5),
        ({"wsgi.input_terminated": True, "CONTENT_LENGTH": "5", "HTTP_TRANSFER_ENCODING": "chunked"}, None),
        # and not where it says the contrary
        ({"wsgi.input_terminated": False}, 0),
        ({"wsgi.input_terminated": False, "CONTENT_LENGTH": "5"}, 5),
        ({"wsgi.input_terminated": None}, 0),
    ],
)
def test_a_length_or_the_end_of_the_input_gives_a_body(environ: dict[str, Any], length: int | None) -> None:
    assert body_length(environ) == length


@pytest.mark.parametrize("flag", [{}, {"wsgi.input_terminated": False}, {"wsgi.input_terminated": True}])
@pytest.mark.parametrize(
    "length",
    [
        "-1", "+5", "1_0", " 5", "5 ", "5\n", "٣", "²", "５", "0x5", "5.0", "5,5", "5, 5", "1e3", "x",
        "9" * 20, "9" * 100_000, "\ud800"
    ]
)
def test_a_length_that_is_no_number_is_a_400(length: str, flag: dict[str, Any]) -> None:
    with pytest.raises(HTTPError, match="Content-Length") as caught:
        body_length({"CONTENT_LENGTH": length, **flag})
    assert caught.value.status == 400


@pytest.mark.parametrize("flag", [{}, {"wsgi.input_terminated": False}])
@pytest.mark.parametrize(("fields", "status"), [
    ({"HTTP_TRANSFER_ENCODING": "chunked"}, 411),
    ({"HTTP_TRANSFER_ENCODING": "identity"}, 411),
    ({"HTTP_TRANSFER_ENCODING": "", "CONTENT_LENGTH": ""}, 411),
    ({"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "5"}, 400),
    ({"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "0"}, 400),
    ({"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "x"}, 400),
])
def test_a_transfer_encoding_that_the_host_left_is_refused(
    fields: dict[str, str], status: int, flag: dict[str, Any]
) -> None:
    with pytest.raises(HTTPError) as caught:
        body_length({**fields, **flag})
    assert caught.value.status == status


# reading a known length

@pytest.mark.parametrize("step", [None, 1, 3, 100])
@pytest.mark.parametrize("length", [1, 2, 7, 100])
def test_exactly_the_length_is_read_however_it_arrives(
    length: int, step: int | None, make_input: MakeInput
) -> None:
    data = bytes(range(length))
    source = make_input(data + b"the next request", step=step)
    assert read_exactly({"wsgi.input": source}, length) == data
    assert source.given == length
    assert all(size <= length for size in source.sizes)


@pytest.mark.parametrize("step", [None, 1, 4])
def test_no_read_asks_for_more_than_is_left(step: int | None, make_input: MakeInput) -> None:
    source = make_input(b"x" * 10, step=step)
    read_exactly({"wsgi.input": source}, 10)
    left = 10
    for size in source.sizes:
        assert size <= left
        left -= min(size, step or size)


@pytest.mark.parametrize("claimed", [2**20 + 1, 10**12])
def test_no_read_makes_a_host_find_room_for_what_a_length_only_claims(claimed: int, make_input: MakeInput
                                                                      ) -> None:
    source = make_input(b"x")
    with pytest.raises(HTTPError, match="shorter"):
        read_exactly({"wsgi.input": source}, claimed)
    assert max(source.sizes) <= 2**20


@pytest.mark.parametrize("step", [None, 1, 3])
@pytest.mark.parametrize("sent", [0, 1, 9])
def test_a_body_that_is_shorter_than_promised_is_a_400(
    sent: int, step: int | None, make_input: MakeInput
) -> None:
    with pytest.raises(HTTPError, match=f"shorter than its Content-Length by {10 - sent} bytes") as caught:
        read_exactly({"wsgi.input": make_input(b"x" * sent, step=step)}, 10)
    assert caught.value.status == 400


@pytest.mark.parametrize("breaks_at", [0, 1, 9])
def test_a_lost_connection_is_a_400(breaks_at: int, make_input: MakeInput) -> None:
    ways: list[Callable[[dict[str, Any]], bytes]] = [
        lambda environ: read_exactly(environ, 10),
        lambda environ: read_to_end(environ, None),
        lambda environ: read_to_end(environ, 100),
    ]
    for read in ways:
        with pytest.raises(HTTPError, match="ended before it was complete") as caught:
            read({"wsgi.input": make_input(b"x" * 10, step=1, breaks_at=breaks_at)})
        assert caught.value.status == 400
        assert caught.value.__suppress_context__


def test_a_lost_connection_is_no_alarm(make_input: MakeInput, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "fsroute")
    with pytest.raises(HTTPError):
        read_exactly({"wsgi.input": make_input(b"x", breaks_at=0)}, 1)
    said = "a body could not be read: ConnectionResetError"
    assert caplog.record_tuples == [("fsroute", logging.INFO, said)]


# reading to the end

@pytest.mark.parametrize("step", [None, 1, 3])
@pytest.mark.parametrize("limit", [None, 10, 11])
def test_a_body_up_to_the_limit_is_read_to_its_end(
    limit: int | None, step: int | None, make_input: MakeInput
) -> None:
    assert read_to_end({"wsgi.input": make_input(b"0123456789", step=step)}, limit) == b"0123456789"
    assert read_to_end({"wsgi.input": make_input(b"")}, limit) == b""


@pytest.mark.parametrize("step", [None, 1, 3])
@pytest.mark.parametrize(
    ("limit", "sent"), [(9, 10), (9, 10**6), (0, 1), (CHUNK, CHUNK + 1), (CHUNK - 1, CHUNK)]
)
def test_past_the_limit_is_a_413_after_one_byte_more(
    limit: int, sent: int, step: int | None, make_input: MakeInput
) -> None:
    source = make_input(b"x" * sent, step=step)
    with pytest.raises(HTTPError, match=f"larger than the {limit} bytes") as caught:
        read_to_end({"wsgi.input": source}, limit)
    assert caught.value.status == 413
    assert source.given <= limit + 1


def test_a_413_names_the_limit_and_the_setting() -> None:
    error = too_large(1_024)
    assert (error.status, error.extra) == (413, {"max_body": 1_024})
    assert "1024 bytes" in error.detail
    assert "max_body" in error.detail


def test_a_large_body_is_read_in_chunks(make_input: MakeInput) -> None:
    source = make_input(b"x" * (3 * CHUNK))
    assert len(read_to_end({"wsgi.input": source}, None)) == 3 * CHUNK
    assert max(source.sizes) <= CHUNK


# as a file

def reader(source: Any, length: int | None, limit: int | None = None) -> io.BufferedReader:
    return io.BufferedReader(BodyReader({"wsgi.input": source}, length, limit))


@pytest.mark.parametrize("step", [None, 1, 3])
@pytest.mark.parametrize("length", [10, None])
def test_the_file_ends_where_the_body_ends(
    length: int | None, step: int | None, make_input: MakeInput
) -> None:
    data = b"a\nbb\n\nccc\n"
    after = b"" if length is None else b"the next request"
    ways: list[Callable[[io.BufferedReader], bytes]] = [
        lambda file: file.read(),
        lambda file: file.read(-1),
        lambda file: file.read(1_000),
        lambda file: b"".join(iter(lambda: file.read(3), b"")),
        lambda file: b"".join(iter(lambda: file.read1(3), b"")),
        lambda file: b"".join(file),
        lambda file: b"".join(file.readlines()),
        lambda file: b"".join(iter(file.readline, b"")),
    ]
    for way in ways:
        source = make_input(data + after, step=step)
        file = reader(source, length, 1_000)
        assert way(file) == data
        assert file.read() == file.readline() == b""
        assert source.given == 10
    lines = list(reader(make_input(data + after, step=step), length))
    assert lines == [b"a\n", b"bb\n", b"\n", b"ccc\n"]


def test_a_file_of_nothing_does_not_touch_the_input(untouchable: Any) -> None:
    file = reader(untouchable, 0)
    assert file.read() == b""
    assert list(file) == []
    assert io.BufferedReader(BodyReader({}, 0, None)).read() == b""


@pytest.mark.parametrize("length", [1, None])
def test_a_file_of_one_byte_is_one_byte(length: int | None, make_input: MakeInput) -> None:
    assert reader(make_input(b"x"), length, 1).read() == b"x"
    with pytest.raises(HTTPError, match="larger than the 0 bytes"):
        reader(make_input(b"x"), length, 0).read()


def test_a_file_of_one_byte_that_did_not_arrive_is_a_400(make_input: MakeInput) -> None:
    with pytest.raises(HTTPError, match="shorter than its Content-Length by 1 bytes"):
        reader(make_input(b""), 1).read()


def test_making_the_file_and_asking_for_nothing_is_no_touch(untouchable: Any) -> None:
    raw = BodyReader({"wsgi.input": untouchable}, 10, None)
    file = io.BufferedReader(raw)
    assert (
        file.readable(), file.writable(), file.seekable(), file.read(0), raw.touched
    ) == (True, False, False, b"", False)


@pytest.mark.parametrize("step", [None, 1])
def test_the_file_counts_against_the_limit_again_and_again(step: int | None, make_input: MakeInput) -> None:
    file = reader(make_input(b"x" * 100, step=step), None, 10)
    for _ in range(3):
        with pytest.raises(HTTPError, match="larger than the 10 bytes"):
            file.read()


@pytest.mark.parametrize(
    "make", [lambda make: make(b"x" * 5), lambda make: make(b"x" * 20, step=1, breaks_at=5)],
    ids=["short", "lost"]
)
def test_the_file_of_a_part_of_a_body_fails_again_and_again(
    make: Callable[[MakeInput], Any], make_input: MakeInput
) -> None:
    file = reader(make(make_input), 10)
    for _ in range(3):
        with pytest.raises(HTTPError) as caught:
            file.read()
        assert caught.value.status == 400


@given(
    st.binary(max_size=40), st.integers(1, 50), st.none() | st.integers(1, 7), st.none() | st.integers(0, 45),
    st.lists(st.integers(0, 9), max_size=6)
)
def test_reading_in_any_steps_gives_the_body_or_an_http_error(
    make_input: MakeInput, data: bytes, length: int, step: int | None, limit: int | None, sizes: list[int]
) -> None:
    for known in (length, None):
        source = make_input(data, step=step)
        file = reader(source, known, limit)
        got = b""
        with contextlib.suppress(HTTPError):
            for size in sizes:
                got += file.read(size)
            got += file.read()
            assert got == (data if known is None else data[:length])
            assert limit is None or len(got) <= limit
        assert data.startswith(got)
        assert known is None or source.given <= length
