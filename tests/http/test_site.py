"""Which hosts an app answers to, and what it believes of proxies."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.site import Site


@pytest.mark.parametrize(
    ("environ", "host"),
    [
        ({"HTTP_HOST": "Example.COM:8000"}, "example.com:8000"),
        ({"HTTP_HOST": "a", "SERVER_NAME": "b"}, "a"),
        ({"HTTP_HOST": "[::1]"}, "[::1]"),
        ({"HTTP_HOST": "a", "HTTP_X_FORWARDED_HOST": "evil"}, "a"),
        # none sent, or one that is none: the server's own name
        ({"SERVER_NAME": "b", "SERVER_PORT": "80"}, "b"),
        ({"SERVER_NAME": "B", "SERVER_PORT": "8000"}, "b:8000"),
        ({"SERVER_NAME": "b", "SERVER_PORT": 8000}, "b:8000"),
        ({"SERVER_NAME": "b", "SERVER_PORT": ""}, "b"),
        ({"SERVER_NAME": "b"}, "b"),
        ({"SERVER_NAME": "b", "SERVER_PORT": "443", "wsgi.url_scheme": "https"}, "b"),
        ({"SERVER_NAME": "b", "SERVER_PORT": "443"}, "b:443"),
        ({"SERVER_NAME": "b", "SERVER_PORT": "80", "wsgi.url_scheme": "https"}, "b:80"),
        ({"HTTP_HOST": "", "SERVER_NAME": "b"}, "b"),
        ({"HTTP_HOST": "x/admin?", "SERVER_NAME": "b"}, "b"),
        # a product's name, nothing
        ({"SERVER_NAME": "Cheroot/11.1.2", "SERVER_PORT": "80"}, "localhost"),
        ({"SERVER_NAME": "b", "SERVER_PORT": "x"}, "localhost"),
        ({}, "localhost"),
    ],
)
def test_the_host_is_what_the_client_named_else_the_servers_name(environ: dict[str, Any], host: str) -> None:
    assert Site().host(environ) == host


@pytest.mark.parametrize(
    ("environ", "scheme"),
    [
        ({"wsgi.url_scheme": "https"}, "https"), ({"wsgi.url_scheme": "http"}, "http"), ({}, "http"),
        ({"wsgi.url_scheme": "javascript"}, "http"), ({"HTTP_X_FORWARDED_PROTO": "https"}, "http"),
    ],
)
def test_the_scheme_is_what_the_host_says_and_one_of_two(environ: dict[str, Any], scheme: str) -> None:
    assert Site().scheme(environ) == scheme


@pytest.mark.parametrize("host", [
    "example.com", "example.com.", "EXAMPLE.com:8000", "example.com:1", "a.wild.org", "a.b.WILD.org:80",
    "[::1]", "[::1]:80"])
def test_a_host_among_those_named_is_answered(host: str) -> None:
    assert Site(["example.com", "*.wild.org", "[::1]"]).knows({"HTTP_HOST": host})


@pytest.mark.parametrize("host", [
    None, "", "example.org", "wild.org", "xwild.org", "example.com.evil.org", "evil.org/example.com",
    "example.com@x", "..wild.org",
    "a..wild.org",
    "example.com:x", "[::2]", "::1", ".wild.org:80 ", "example.com.."])
def test_any_other_host_is_not(host: str | None) -> None:
    environ = {"SERVER_NAME": "example.com"} | ({"HTTP_HOST": host} if host is not None else {})
    assert not Site(["example.com", "*.wild.org", "[::1]"]).knows(environ)


def test_without_names_any_host_that_is_one_is_answered_and_none_at_all() -> None:
    site = Site()
    assert site.knows({"HTTP_HOST": "anything.example"})
    assert site.knows({})
    assert not site.knows({"HTTP_HOST": "x/admin"})


def test_without_a_host_a_forwarded_one_counts_when_told() -> None:
    site = Site(None, {"host": 1})
    assert site.knows({"HTTP_X_FORWARDED_HOST": "outer.example"})
    assert not site.knows({"HTTP_X_FORWARDED_HOST": "out/er"})
    assert not Site(["outer.example"], {"host": 1}).knows({"HTTP_X_FORWARDED_HOST": "outer.example"})


def test_names_that_passed_are_remembered_in_lower_case_and_not_without_end() -> None:
    site = Site(["*.example.com", "example.com"])
    assert site.passed == {"example.com"}
    site.knows({"HTTP_HOST": "A.example.com"})
    site.knows({"HTTP_HOST": "evil.org"})
    assert site.passed == {"example.com"}
    for number in range(200):
        assert site.knows({"HTTP_HOST": f"a{number}.example.com"})
    assert len(site.passed) == 64


@pytest.mark.parametrize(("proxies", "forwarded", "client"), [
    (0, "6.6.6.6", "10.0.0.1"),
    (1, "6.6.6.6", "6.6.6.6"),
    (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
    (2, "6.6.6.6, 1.2.3.4, 5.6.7.8", "1.2.3.4"),
    (2, "1.2.3.4", "10.0.0.1"),             # fewer entries than hops: it did not come through them
    (1, "", "10.0.0.1"),
    (1, "6.6.6.6,", "10.0.0.1"),
    (1, "[2001:db8::1]:4711", "2001:db8::1"),
    (1, "[2001:db8::1]", "2001:db8::1"),
    (1, "2001:db8::1", "2001:db8::1"),
    (1, "1.2.3.4:555", "1.2.3.4"),
    (1, "unknown", "10.0.0.1"),
    (1, "_hidden", "10.0.0.1"),
    (1, "<script>", "10.0.0.1"),
    ({"proto": 1}, "6.6.6.6", "10.0.0.1"),
    ({"for": 1}, " 6.6.6.6 ", "6.6.6.6"),
])
def test_the_clients_address_is_counted_from_the_right(proxies: Any, forwarded: str, client: str) -> None:
    environ = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": forwarded}
    assert Site(None, proxies).client(environ) == client


@pytest.mark.parametrize("address", ["", None])
def test_behind_a_unix_socket_there_is_no_address(address: str | None) -> None:
    assert Site().client({"REMOTE_ADDR": address}) is None


@pytest.mark.parametrize(("proxies", "forwarded", "scheme"), [
    (0, "https", "http"), (1, "https", "https"), (1, "HTTPS", "https"), (1, "http, https", "https"),
    (1, "https, http", "http"), (1, "javascript", "http"), (2, "https", "http"),
    ({"for": 1}, "https", "http")])
def test_the_scheme_is_the_proxys_word_where_it_counts(proxies: Any, forwarded: str, scheme: str) -> None:
    environ = {"wsgi.url_scheme": "http", "HTTP_X_FORWARDED_PROTO": forwarded}
    assert Site(None, proxies).scheme(environ) == scheme


@pytest.mark.parametrize(("proxies", "hosts", "host", "forwarded", "known", "named"), [
    (1, None, "inner", "outer.example", True, "inner"),         # a number does not count for the host
    ({"host": 1}, None, "inner", "outer.example", True, "outer.example"),
    ({"host": 1}, None, "inner", "evil/x", False, ""),
    ({"host": 1}, None, "in/ner", "outer.example", False, ""),
    ({"host": 1}, ["outer.example", "inner"], "inner", "outer.example", True, "outer.example"),
    ({"host": 1}, ["outer.example"], "inner", "outer.example", False, ""),   # Host is checked even then
    ({"host": 1}, ["inner"], "inner", "outer.example", False, ""),
    ({"host": 2}, None, "inner", "outer.example", True, "inner"),
])
def test_a_forwarded_host_counts_when_told_and_is_checked_like_the_other(
    proxies: Any, hosts: list[str] | None, host: str, forwarded: str, known: bool, named: str
) -> None:
    environ = {"HTTP_HOST": host, "HTTP_X_FORWARDED_HOST": forwarded}
    site = Site(hosts, proxies)
    assert site.knows(environ) is known
    assert not known or site.host(environ) == named


@pytest.mark.parametrize("environ", [
    {"HTTP_X_FORWARDED_PREFIX": "/evil"}, {"HTTP_X_FORWARDED_PORT": "1"},
    {"HTTP_FORWARDED": "for=6.6.6.6;host=evil"},
    {"HTTP_X_REAL_IP": "6.6.6.6"}, {"HTTP_X_ORIGINAL_URL": "/evil"}])
def test_other_words_of_proxies_are_never_read(environ: dict[str, str]) -> None:
    site = Site(None, {"for": 1, "proto": 1, "host": 1})
    plain = {"HTTP_HOST": "a", "REMOTE_ADDR": "10.0.0.1"}
    assert site.absolute({**plain, "HTTP_HOST": "localhost", **environ}, "/x") == "http://localhost/x"
    assert site.client({**plain, **environ}) == "10.0.0.1"


@pytest.mark.parametrize("host", [
    "localhost", "localhost:8000", "a.localhost", "127.0.0.1:80", "127.1.2.3", "[::1]:8000"])
def test_an_absolute_url_needs_no_names_on_loopback(host: str) -> None:
    environ = {"HTTP_HOST": host, "SCRIPT_NAME": "/mnt"}
    assert Site().absolute(environ, "/é") == f"http://{host}/mnt/%C3%A9"


@pytest.mark.parametrize("host", ["example.com", "localhost.evil.org", "evil.org:127", "128.0.0.1", "[::2]"])
def test_an_absolute_url_elsewhere_needs_names(host: str) -> None:
    with pytest.raises(RuntimeError, match=r"name your hosts, App\(\.\.\., hosts="):
        Site().absolute({"HTTP_HOST": host}, "/x")
    named = Site(["example.com", "localhost.evil.org", "evil.org", "128.0.0.1", "[::2]"])
    assert named.absolute({"HTTP_HOST": host}, "/x") == f"http://{host}/x"


@pytest.mark.parametrize(("arguments", "error"), [
    (("example.com",), TypeError), ((["example.com:80"],), ValueError),
    ((["http://example.com"],), ValueError),
    ((["*"],), ValueError), ((["a.*.com"],), ValueError), (([""],), ValueError),
    (([],), ValueError), ((5,), TypeError), (([5],), ValueError), (([b"x"],), ValueError),
    ((None, -1), ValueError), ((None, True), TypeError), ((None, "1"), TypeError),
    ((None, {"prefix": 1}), ValueError),
    ((None, {"for": "1"}), ValueError), ((None, {"for": True}), ValueError), ((None, None), TypeError)])
def test_what_may_not_be_given_is_refused_at_once(arguments: tuple[Any, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        Site(*arguments)


@given(st.dictionaries(
    st.sampled_from(["HTTP_HOST", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO",
                     "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme", "REMOTE_ADDR"]), st.text(max_size=20)))
def test_whatever_they_say_a_host_that_is_known_is_one(environ: dict[str, str]) -> None:
    for hosts in (None, ["example.com"]):
        site = Site(hosts, {"for": 1, "proto": 1, "host": 1})
        known = site.knows(environ)
        assert site.host(environ).isascii()
        assert "/" not in site.host(environ)
        assert site.scheme(environ) in ("http", "https")
        site.client(environ)
        assert not known or hosts is None or site.host(environ).startswith("example.com")
