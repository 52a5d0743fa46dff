import contextlib
import re
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.url import checked_location, is_local, quoted_path, quoted_query, valid_host

on_the_wire = re.compile(r"[!-~]*").fullmatch
any_text = st.text(
    st.characters(
        categories=["L", "N", "P", "S", "Z", "C"]
    ) | st.sampled_from("/\\%:?#@\r\n\t \x7f\ud800\udcff"), max_size=30
)


# hosts

@pytest.mark.parametrize(
    "host",
    [
        "localhost", "example.com", "EXAMPLE.com", "a.b-c.d", "web_1", "127.0.0.1", "xn--bcher-kva.example",
        "example.com.",
        "[::1]", "[2001:DB8::1]", "[::ffff:1.2.3.4]",
        "localhost:8000", "[::1]:8000", "example.com:0", "example.com:65535", "example.com:080",
    ],
)
def test_a_name_or_an_address_with_a_port_or_without_is_a_host(host: str) -> None:
    assert valid_host(host) is True


@pytest.mark.parametrize(
    "host",
    [
        "", " ", ":", ":80", "a:", "a:x", "a:-1", "a:65536", "a:99999", "a:123456", "a:80:80", "a:٣", "a:8 0",
        "x/admin?", "a/b", "a?b", "a#b", "a@b", "user:pw@host", "a b", " a", "a ", "a\n", "a\r\nX: y", "a\0",
        "a\t", "a,b", "a;b",
        "http://a", "//a", "a\\b", "a%41", "é", "bücher.example", "a\u2028", "\ud800", "(a)", "a'", 'a"',
        "a<b>", "*", "a|b", "a&b",
        "[", "]", "[]", "[::1", "::1]", "::1", "[g::]", "[::1]x", "[::1]:", "[::1]:x", "[[::1]]",
        "[fe80::1%eth0]", "[a/b]",
    ],
)
def test_anything_else_is_no_host(host: str) -> None:
    assert valid_host(host) is False


@given(any_text)
def test_a_valid_host_is_all_authority_and_nothing_else(host: str) -> None:
    if valid_host(host):
        with contextlib.suppress(ValueError):       # "[.]" has the letters of an address and is none
            parts = urlsplit(f"http://{host}/p?q")
            assert (parts.netloc, parts.path, parts.query, parts.username) == (host, "/p", "q", None)


@given(st.from_regex(r"(\[[0-9A-F:.]{1,10}\]|[A-Za-z0-9._-]{1,20})(:[0-9]{1,6})?", fullmatch=True))
def test_a_port_is_a_number_of_16_bits(host: str) -> None:
    port = re.search(r":([0-9]+)$", re.sub(r"^\[.*\]", "", host))
    assert valid_host(host) is (port is None or (len(port[1]) <= 5 and int(port[1]) <= 65_535))


# paths and queries on the wire

@pytest.mark.parametrize(
    ("path", "quoted"),
    [
        ("/", "/"),
        ("", "/"),
        ("/a/b", "/a/b"),
        ("a", "/a"),
        ("/a/", "/a/"),
        ("/a//b", "/a//b"),
        ("//evil.example", "/evil.example"),
        ("///evil", "/evil"),
        ("/\\evil", "/%5Cevil"),
        ("\\\\evil", "/%5C%5Cevil"),
        ("/\t/evil", "/%09/evil"),
        ("/a b", "/a%20b"),
        ("/é", "/%C3%A9"),
        ("/100%", "/100%25"),
        ("/%41", "/%2541"),
        ("/a?b", "/a%3Fb"),
        ("/a#b", "/a%23b"),
        ("/a\r\nX: y", "/a%0D%0AX:%20y"),
        ("/[id]", "/%5Bid%5D"),
        ("/<b>\"'", "/%3Cb%3E%22'"),
        ("/@user:x,y;z=1&a+b$c!d*(e)~-._", "/@user:x,y;z=1&a+b$c!d*(e)~-._"),
        ("/../x", "/../x"),
    ],
)
def test_a_path_is_quoted_anew_behind_exactly_one_slash(path: str, quoted: str) -> None:
    assert quoted_path(path) == quoted


@given(any_text)
def test_a_quoted_path_stays_on_its_host_whatever_was_in_it(path: str) -> None:
    quoted = quoted_path(path)
    assert on_the_wire(quoted)
    assert re.match(r"/(?![/\\])", quoted)
    assert not set(quoted) & set("?#\\")
    if not re.search("[\ud800-\udfff]", path):
        assert unquote(quoted) == "/" + path.lstrip("/")


@pytest.mark.parametrize(
    ("query", "quoted"),
    [
        ("", ""),
        ("a=1&b=%20+c", "?a=1&b=%20+c"),
        ("a=%zz", "?a=%zz"),
        ("a=Ã©", "?a=%C3%A9"),
        ("a=#b", "?a=%23b"),
        ("a b", "?a%20b"),
        ("a\r\nX: y", "?a%0D%0AX:%20y"),
        ("a[]=1", "?a[]=1"),
        ("a=\"<b>\\", "?a=%22%3Cb%3E%5C"),
        ("a=?", "?a=?"),
        ("\u0141", "??"),                           # no host's doing: as good as lost
    ],
)
def test_a_query_goes_back_as_it_came(query: str, quoted: str) -> None:
    assert quoted_query(query) == quoted


@given(any_text)
def test_a_quoted_query_is_ascii_and_nothing_but_a_query(query: str) -> None:
    quoted = quoted_query(query)
    assert on_the_wire(quoted)
    assert quoted[:1] == ("?" if query else "")
    assert "#" not in quoted


# redirects

@pytest.mark.parametrize(
    ("location", "sent"),
    [
        ("/", "/"),
        ("/a?b=c#d", "/a?b=c#d"),
        ("a/b", "a/b"),
        ("../x", "../x"),
        ("?page=2", "?page=2"),
        ("#top", "#top"),
        ("//cdn.example/x", "//cdn.example/x"),
        ("https://example.com/", "https://example.com/"),
        ("HTTP://example.com", "HTTP://example.com"),
        ("http://[::1", "http://[::1"),         # what urllib cannot split, a browser judges
        ("http://[::1]:99999/", "http://[::1]:99999/"),
        ("/a:b", "/a:b"),
        ("?next=javascript:1", "?next=javascript:1"),
        ("/%C3%A9%20", "/%C3%A9%20"),
        ("/é", "/%C3%A9"),
        ("/é%20?q=ü#ö", "/%C3%A9%20?q=%C3%BC#%C3%B6"),
        ("/\x85\u2028\xa0", "/%C2%85%E2%80%A8%C2%A0"),
    ],
)
def test_a_redirects_target_is_sent_as_ascii(location: str, sent: str) -> None:
    assert checked_location(location) == sent


@pytest.mark.parametrize(
    "location",
    [
        "", " ", " /a", "/a ", "/a b", "/a\r\nX: y", "/a\n", "\t/a", "/\0", "/\x7f", "java\tscript:alert(1)",
        "\x01javascript:x"
    ]
)
def test_white_space_and_control_characters_are_no_url(location: str) -> None:
    with pytest.raises(ValueError, match="without white space or control characters"):
        checked_location(location)


@pytest.mark.parametrize(
    ("location", "scheme"),
    [
        ("javascript:alert(1)", "javascript"), ("JaVaScRiPt:alert(1)", "JaVaScRiPt"),
        ("data:text/html,x", "data"), ("file:///etc/passwd", "file"),
        ("vbscript:x", "vbscript"), ("mailto:a@b", "mailto"), ("ftp://x", "ftp"), ("httpx://x", "httpx"),
        ("localhost:8000/x", "localhost"),
        ("view-source:x", "view-source"), ("javascript:é", "javascript"),
    ],
)
def test_a_scheme_other_than_http_is_refused_by_name(location: str, scheme: str) -> None:
    with pytest.raises(ValueError, match=f"not to {scheme}:"):
        checked_location(location)


@given(any_text)
def test_a_location_is_refused_or_goes_on_the_wire(location: str) -> None:
    with contextlib.suppress(ValueError):
        sent = checked_location(location)
        assert on_the_wire(sent)
        assert sent
        scheme = re.match("([A-Za-z][A-Za-z0-9+.-]*):", sent)
        assert scheme is None or scheme[1].lower() in {"http", "https"}


# targets that a client named

@pytest.mark.parametrize(
    "target",
    [
        "/", "/account", "/a/b/", "/a?b=c&d=e#f", "/?next=/a", "/#top", "/?", "/#", "/search?q=a+b%20c",
        "/view/?next=http://evil.example", "/view?next=//evil.example", "/a#//evil.example", "/a/http:2222",
        "/@evil.example", "/user:password@evil.example", "/.evil.example", "/a//b", "/a/../b", "/..//x",
        "/.//x", "/%2e%2e//x",
        "/javascript:alert(1)", "/%2f%2fevil.example", "/%2Fevil.example", "/%5cevil.example",
        "/%09/evil.example",
        "/%00", "/%zz", "/%", "/é?q=ü#ö", "/日本語", "/😀", "/\u2044evil.example", "/\uff0fevil.example",
        "/\u3002evil.example", "/\u202eelpmaxe.live", "/\xa0/evil.example", "/\x85/evil.example",
        "/[id]", "/a;b=c", "/a|b", "/~a", "/'\"<>", "/a" * 1_000,
    ],
)
def test_a_path_on_this_site_is_local(target: str) -> None:
    assert is_local(target) is True
    assert on_the_wire(checked_location(target))


NOT_LOCAL = [
    # nothing, or relative to where the client is now
    "", "a", "a/b", "./a", "../a", "?x", "#x", ".", "..", "%2f", "%2fevil.example", "x//evil.example",
    "@evil.example",
    # another host
    "//", "///", "////", "//evil.example", "///evil.example", "////evil.example", "//evil.example/a",
    "//shop.example@evil.example",
    "//user:password@evil.example", "//evil.example:80", "//[::1]/", "//1", "//%65vil.example",
    "//\uff45vil.example",
    # browsers read a backslash as a slash
    "/\\", "/\\evil.example", "\\evil.example", "\\\\evil.example", "\\/evil.example", "/\\/evil.example",
    "/\\\\/evil.example",
    "\\\\//evil.example", "/a\\b", "/a\\..\\..\\\\evil.example", "/?a\\b",
    # and leave out tabs and line ends, and blanks and control characters at the edges
    "\t//evil.example", " //evil.example", "\n//evil.example", "\x00//evil.example", "\x08//evil.example",
    "\x1f//evil.example",
    "\x0b/a", "\xa0//evil.example", "\u2028//evil.example", "\ufeff//evil.example", "\u3000/a", "\x85/a",
    "/\t/evil.example", "/\n/evil.example", "/\r/evil.example", "/\r\n/evil.example", "/\t\\evil.example",
    "/\t\t/evil.example",
    "/a\tb", "/a\n", "/a\r\nSet-Cookie: a=b", "/a ", "/a b", " /a", "/\x00/evil.example", "/a\x7f", "/\x1f",
    # a scheme
    "http:", "http:evil.example", "http:/evil.example", "http://evil.example", "http:///evil.example",
    "http:////evil.example",
    "http:999999999", "HTTP://evil.example", "https:evil.example", "https:///evil.example",
    "ftp://evil.example",
    "http:\\\\evil.example", "http:\\evil.example", "http:/\\evil.example", "http:/\\//evil.example",
    "http://shop.example\\@evil.example",
    "http://shop.example/", "https://shop.example", "http://shop.example@evil.example", "http://[::1",
    "://evil.example", ":", ":80/a",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "\njavascript:alert(1)", "java\nscript:alert(1)",
    "javascript://shop.example/%0aalert(1)",
    "data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:http://x", "about:blank", "mailto:a@b",
    "view-source:x", "localhost:8000",
    # slashes that are none
    "\uff0fevil.example", "\u2215\u2215evil.example", "\u2044/evil.example",
    # what cannot be sent
    "/\ud800", "/a\udfff", "\ud800",
    # what no client needs
    "/" + "a" * 2_001, "/" + "/a" * 50_000, "/" * 100_000,
]


@pytest.mark.parametrize("target", NOT_LOCAL, ids=lambda target: repr(target[:30]))
def test_what_a_browser_might_take_elsewhere_is_not_local(target: str) -> None:
    assert is_local(target) is False


@pytest.mark.parametrize("target", [None, 5, b"/a", ["/a"], object(), True])
def test_what_is_no_text_is_not_local(target: Any) -> None:
    assert is_local(target) is False


def browsers_reading(target: str) -> str:
    """What is left of it before it is parsed (WHATWG URL, 4.4), with the slash that a backslash is."""
    edges = "".join(map(chr, range(0x21)))
    return re.sub("[\t\r\n]", "", target.strip(edges)).replace("\\", "/")


@given(st.text("/\\.:@?#%2f5ceE \t\r\n\0\x1f\x7f\x85\xa0\u2028\uff0f\ud800", max_size=8) | any_text)
def test_what_is_local_stays_so_however_it_is_read(target: str) -> None:
    if is_local(target):
        read = browsers_reading(target)
        assert re.match("/(?!/)", read)
        assert not re.match("[A-Za-z][A-Za-z0-9+.-]*:", read)
        parts = urlsplit(target)
        assert (parts.scheme, parts.netloc) == ("", "")
        sent = checked_location(target)     # and it can be sent
        assert on_the_wire(sent)
        assert is_local(sent) or len(sent) > 2_001
