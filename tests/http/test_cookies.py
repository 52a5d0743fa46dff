import enum
import http.cookiejar
import re
import sys
import urllib.request
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from email.message import Message
from http.cookies import SimpleCookie
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fsroute.http.cookies import is_prefixed, parse
from fsroute.http.response import Response


def cookie(name: str = "n", value: str = "v", **options: Any) -> str:
    """The one Set-Cookie that this call makes."""
    response = Response()
    response.set_cookie(name, value, **options)
    [field] = response.headers.getall("Set-Cookie")
    return field


def forgotten(name: str, **options: Any) -> str:
    response = Response()
    response.delete_cookie(name, **options)
    [field] = response.headers.getall("Set-Cookie")
    return field


def as_browsers_read(field: str) -> tuple[str, str, list[tuple[str, str]]]:
    """Name, value and attributes, by the steps of RFC 6265bis, 5.6: an attribute over 1,024 bytes is none."""
    pair, *rest = field.split(";")
    name, _, value = pair.partition("=")
    attributes = []
    for attribute in rest:
        key, _, text = attribute.partition("=")
        if len(text.strip(" \t")) <= 1_024:
            attributes.append((key.strip(" \t").lower(), text.strip(" \t")))
    return name.strip(" \t"), value.strip(" \t"), attributes


def attributes(field: str) -> dict[str, str]:
    _, _, found = as_browsers_read(field)
    assert len(dict(found)) == len(found), "an attribute twice"
    return dict(found)


# reading

@pytest.mark.parametrize(("header", "pairs"), [
    ("", []),
    ("a=1", [("a", "1")]),
    ("a=1; b=2", [("a", "1"), ("b", "2")]),
    ("a=1;b=2", [("a", "1"), ("b", "2")]),
    ("a=1 ;\tb=2\t", [("a", "1"), ("b", "2")]),
    ("a = 1", [("a", "1")]),
    # every one of a name, in order
    ("a=1; b=x; a=2", [("a", "1"), ("b", "x"), ("a", "2")]),
    ("a=1; A=2", [("a", "1"), ("A", "2")]),
    # the first "=" parts, the others are the value's
    ("a=b=c", [("a", "b=c")]),
    ("a==", [("a", "=")]),
    ("a=", [("a", "")]),
    ("a= ", [("a", "")]),
    # values stay as they came
    ("a=%41+b", [("a", "%41+b")]),
    ('a="x y"', [("a", '"x y"')]),
    ("a=x y", [("a", "x y")]),
    ("a=1,b=2", [("a", "1,b=2")]),
    (r'a="\"\073"', [("a", r'"\"\073"')]),
    # quotes hide no ";"
    ('a="x; b=2"', [("a", '"x'), ("b", '2"')]),
    ('a="; admin=1', [("a", '"'), ("admin", "1")]),
    # without a name it is none: it could take the name of another, __Host- ones too
    ("=1", []),
    ("=__Host-x=1", []),
    (" \t=1; a=2", [("a", "2")]),
    ("a", []),
    ("__Host-x", []),
    # what is odd hides nothing else
    ("bad[]=1; good=2", [("bad[]", "1"), ("good", "2")]),
    ("a; b; c=3", [("c", "3")]),
    (";;; a=1 ;;", [("a", "1")]),
    ("a b=1; c=2", [("a b", "1"), ("c", "2")]),
    ("a:b=1; {}=2; (x)=3; d=4", [("a:b", "1"), ("{}", "2"), ("(x)", "3"), ("d", "4")]),
    ("\x00=1; a=\x01; b=2", [("\x00", "1"), ("a", "\x01"), ("b", "2")]),
    ('"; a=1', [("a", "1")]),
    ("$Version=1; a=1; $Path=/", [("$Version", "1"), ("a", "1"), ("$Path", "/")]),
    ("expires=x; path=/; a=1", [("expires", "x"), ("path", "/"), ("a", "1")]),
    # UTF-8 in the clothes of Latin-1, and what is not
    ("a=\xc3\xa9", [("a", "é")]),
    ("\xc3\xa9=1", [("é", "1")]),
    ("a=\xe6\x97\xa5; b=2", [("a", "日"), ("b", "2")]),
    ("a=\xff; b=\xc3\xa9", [("a", "\xff"), ("b", "é")]),
    ("\xc3=\xc3\xa9", [("\xc3", "é")]),
    ("a=\xc0\xaf", [("a", "\xc0\xaf")]),
    ("a=\u65e5; b=2", [("a", "\u65e5"), ("b", "2")]),
    ("a=\ud800; b=2", [("a", "\ud800"), ("b", "2")]),
    # blank and tab alone are white space: a name in the browser's eyes is one in ours
    ("\xa0__Host-x=1", [("\xa0__Host-x", "1")]),
    ("a=1\xa0", [("a", "1\xa0")]),
    ("\xc2\xa0a=1\xc2\xa0", [("\xa0a", "1\xa0")]),
    ("\xe3\x80\x80a=1", [("\u3000a", "1")]),
    ("\x0b\x0ca=1\x1c", [("\x0b\x0ca", "1\x1c")]),
    ("\x85a=1", [("\x85a", "1")]),
    ("\na=1\r", [("\na", "1\r")]),
])
def test_a_cookie_field_is_pairs_and_an_odd_one_hides_no_other(header: str,
                                                               pairs: list[tuple[str, str]]) -> None:
    assert parse(header) == pairs


def steps(call: Callable[[], object]) -> int:
    """How many lines and calls it takes; what the collector runs meanwhile is not counted."""
    count = 0

    def tracer(frame: Any, event: str, argument: Any) -> Any:
        nonlocal count
        count += frame.f_globals["__name__"] == parse.__module__
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("unit", ["\\", '"', 'a="\\";', "a=1;", ";", "=", " ", "a", "\xff;", "\\073"])
def test_twice_the_text_is_at_most_twice_the_work(unit: str) -> None:
    once, twice = steps(lambda: parse("a=" + unit * 2_000)), steps(lambda: parse("a=" + unit * 4_000))
    assert twice <= 2 * once + 100


def test_a_hundred_kilobytes_of_backslashes_are_one_value() -> None:
    header = 'a="' + "\\" * 100_000
    assert parse(header) == [("a", header[2:])]
    assert parse(f"{header}; b=2")[1] == ("b", "2")


anything = st.text(st.characters(max_codepoint=0x17F, categories=["L", "N", "P", "S", "Z", "C"])
                   | st.sampled_from(';="\\ \t\xc3\xa9\ud800'), max_size=40)


@given(anything)
def test_no_text_makes_reading_fail_and_no_pair_is_without_a_name(header: str) -> None:
    for name, value in parse(header):
        assert name
        assert ";" not in name + value
        assert "=" not in name


@given(st.lists(anything, max_size=5), st.data())
def test_a_pair_is_read_alike_whatever_stands_around_it(around: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(around)))
    known = parse(";".join(around[:place])), parse(";".join(around[place:]))
    header = ";".join([*around[:place], " good=x=y ", *around[place:]])
    assert parse(header) == [*known[0], ("good", "x=y"), *known[1]]


# setting

OCTETS = "!#$%&'()*+-./0123456789:<=>?@ABCXYZ[]^_`abcxyz{|}~"       # cookie-octet (RFC 6265, 4.1.1), abridged


def test_a_cookie_is_for_the_whole_site_and_out_of_reach_of_scripts_and_other_sites() -> None:
    name, value, found = as_browsers_read(cookie("session", "abc"))
    assert (name, value) == ("session", "abc")
    assert dict(found) == {"path": "/", "httponly": "", "samesite": "Lax"}


@pytest.mark.parametrize(("options", "told"), [
    ({"max_age": 60}, {"max-age": "60"}),
    ({"max_age": 0}, {"max-age": "0"}),
    ({"max_age": -1}, {"max-age": "-1"}),
    ({"max_age": 10**12}, {"max-age": "1000000000000"}),
    ({"max_age": timedelta(days=2, milliseconds=999)}, {"max-age": "172801"}),
    ({"max_age": timedelta(milliseconds=1)}, {"max-age": "1"}),         # 0 would delete it
    ({"max_age": timedelta(seconds=-5)}, {"max-age": "-5"}),
    ({"expires": 0}, {"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}),
    ({"expires": 1_767_225_599.9}, {"expires": "Wed, 31 Dec 2025 23:59:59 GMT"}),
    ({"expires": datetime(2026, 1, 2, 3, 4, 5, 999_999, UTC)}, {"expires": "Fri, 02 Jan 2026 03:04:05 GMT"}),
    ({"expires": datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2)))},
     {"expires": "Wed, 31 Dec 2025 22:00:00 GMT"}),
    ({"expires": datetime(1, 1, 1, tzinfo=UTC)}, {"expires": "Mon, 01 Jan 0001 00:00:00 GMT"}),
    ({"path": "/shop"}, {"path": "/shop"}),
    ({"path": "/a b,\"c\"\\"}, {"path": "/a b,\"c\"\\"}),
    ({"domain": "example.com"}, {"domain": "example.com"}),
    ({"domain": ".Example.com"}, {"domain": ".Example.com"}),
    ({"domain": "localhost"}, {"domain": "localhost"}),
    ({"domain": "xn--caf-dma.example"}, {"domain": "xn--caf-dma.example"}),
    ({"secure": True}, {"secure": ""}),
    ({"samesite": "strict"}, {"samesite": "Strict"}),
    ({"samesite": "LAX"}, {"samesite": "Lax"}),
    ({"samesite": "none", "secure": True}, {"samesite": "None", "secure": ""}),
    ({"partitioned": True, "secure": True}, {"partitioned": "", "secure": ""}),
    ({"max_age": 5, "expires": 0, "domain": "a.b", "path": "/x", "secure": True, "partitioned": True},
     {"max-age": "5", "expires": "Thu, 01 Jan 1970 00:00:00 GMT", "domain": "a.b", "path": "/x", "secure": "",
      "partitioned": ""}),
])
def test_each_option_is_an_attribute(options: dict[str, Any], told: dict[str, str]) -> None:
    usual = {"path": "/", "httponly": "", "samesite": "Lax"}
    assert attributes(cookie(**options)) == usual | told


@pytest.mark.parametrize(("options", "left"), [
    ({"path": None}, {"httponly", "samesite"}),
    ({"httponly": False}, {"path", "samesite"}),
    ({"samesite": None}, {"path", "httponly"}),
    ({"path": None, "httponly": False, "samesite": None}, set()),
])
def test_what_is_usual_can_be_left_out(options: dict[str, Any], left: set[str]) -> None:
    assert set(attributes(cookie(**options))) == left


def test_several_cookies_are_several_fields_in_order() -> None:
    response = Response("x", headers={"Set-Cookie": "first=1"})
    response.set_cookie("a", "1")
    response.set_cookie("a", "2")
    response.delete_cookie("b")
    assert [field.partition(";")[0] for field in response.headers.getall("Set-Cookie")] == [
        "first=1", "a=1", "a=2", "b="]


def test_a_copy_has_cookies_of_its_own() -> None:
    response = Response()
    response.set_cookie("a", "1")
    copy = response.copy()
    copy.set_cookie("b", "2")
    assert [len(each.headers.getall("Set-Cookie")) for each in (response, copy)] == [1, 2]


def test_a_refused_cookie_leaves_no_trace() -> None:
    response = Response()
    with pytest.raises(ValueError, match="no cookie name"):
        response.set_cookie("a b", "1")
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("name", ["a", "A-1", "!#$%&'*+-.^_`|~09AZaz", "__Hostx", "__Secure", "path",
                                  "a" * 4_000])
def test_a_name_is_a_token(name: str) -> None:
    assert as_browsers_read(cookie(name))[:2] == (name, "v")


def test_a_value_is_cookie_octets() -> None:
    assert as_browsers_read(cookie("n", OCTETS))[1] == OCTETS
    assert as_browsers_read(cookie("n", ""))[1] == ""


# what is no ASCII, all white space and every control character, beside what each place has of its own
NOWHERE = [*map(chr, range(32)), "\x7f", "\x80", "\xa0", "é", "٣", "\u2028", "日", "\ud800", "\U0001f600"]


@pytest.mark.parametrize("culprit", [*NOWHERE, *' ()<>@,;:\\"/[]?={}'])
@pytest.mark.parametrize("where", ["{}", "a{}", "{}a", "a{}a"])
def test_a_name_of_other_characters_is_refused(culprit: str, where: str) -> None:
    name = where.format(culprit) if "{" not in culprit and "}" not in culprit else where.replace("{}",
                                                                                                 culprit)
    with pytest.raises(ValueError, match=re.escape(
            f"{name!r} is no cookie name: letters, digits and !#$%&'*+-.^_`|~")):
        cookie(name)


def test_a_name_is_not_empty_and_is_cut_in_the_error() -> None:
    with pytest.raises(ValueError, match=r"^'' is no cookie name"):
        cookie("")
    with pytest.raises(ValueError, match=r"no cookie name") as caught:
        cookie(" " * 100_000)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("culprit", [*NOWHERE, *' ",;\\'])
@pytest.mark.parametrize("where", ["{}", "a{}", "{}a"])
def test_a_value_of_other_characters_is_refused_by_the_first_of_them(culprit: str, where: str) -> None:
    with pytest.raises(ValueError, match=re.escape(
            f"the value of the cookie n holds {culprit!a}: visible ASCII without quote, comma, semicolon and "
            "backslash can be sent; encode it (urllib.parse.quote)")):
        cookie("n", where.format(culprit) + "\x00;")


@pytest.mark.parametrize("path", [
    "", "x", "x/", "/;", "/; Domain=evil.example", "/a\r\nX: y", " /", *(f"/{each}" for each in NOWHERE),
])
def test_a_path_that_would_be_something_else_is_refused(path: str) -> None:
    with pytest.raises(ValueError,
                       match=rf'^a cookie\'s path begins with "/".*, not {re.escape(ascii(path))}$'):
        cookie(path=path)


@pytest.mark.parametrize("path", ["/a ", "/ ", "/" + "a" * 1_024])
def test_a_path_that_browsers_cut_or_drop_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        cookie(path=path)


@pytest.mark.parametrize("domain", [
    "", ".", "..a", "a..b", "a.", "a b", "a:80", "[::1]", "a/b", "a,b", "http://a", "*.example.com", "a_b",
    "a;Secure",
    "example.com; Path=/x", "a\r\nX: y", *(f"a{each}" for each in NOWHERE), *(f"{each}a" for each in NOWHERE),
])
def test_a_domain_that_is_no_host_name_is_refused(domain: str) -> None:
    with pytest.raises(ValueError,
                       match=rf"^a cookie's domain is a host name.*, not {re.escape(ascii(domain))}$"):
        cookie(domain=domain)


def test_a_domain_that_browsers_drop_is_refused() -> None:
    with pytest.raises(ValueError, match="domain"):
        cookie(domain="a" * 1_025)


@pytest.mark.parametrize("make", [lambda text: cookie(path=text), lambda text: cookie(domain=text)])
def test_a_long_path_or_domain_is_cut_in_the_error(make: Callable[[str], str]) -> None:
    with pytest.raises(ValueError, match="a cookie's") as caught:
        make(";" * 100_000)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("name", ["__Host-a", "__host-a", "__HOST-a", "__hOsT-", "__Secure-a", "__secure-a",
                                  "__SECURE-"])
def test_a_prefix_in_any_case_needs_secure(name: str) -> None:
    assert is_prefixed(name)
    assert "secure" in attributes(cookie(name, secure=True))
    with pytest.raises(ValueError, match=f"^the cookie {name} needs secure=True: browsers drop it without$"):
        cookie(name)


@pytest.mark.parametrize("name", ["__Host-a", "__host-a", "__HOST-"])
@pytest.mark.parametrize("options", [
    {"path": "/x"}, {"path": None}, {"path": "//"}, {"domain": "example.com"}, {"path": "/x", "domain": "a"},
])
def test_a_host_cookie_is_for_the_whole_of_one_host(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError,
                       match=f'^the cookie {name} needs path="/" and no domain: browsers drop it otherwise$'):
        cookie(name, secure=True, **options)
    assert cookie(name.replace("ost", "ust").replace("OST", "UST"), secure=True, **options)


def test_a_secure_cookie_may_have_path_and_domain() -> None:
    assert attributes(cookie("__Secure-a", secure=True, path="/x", domain="a.b")).keys() >= {"path", "domain"}


@pytest.mark.parametrize("name", ["Host-a", "_Host-a", "__Host", "__Hosta", "x__Host-a", "__Secur-a",
                                  "__Secure"])
def test_a_name_that_only_looks_prefixed_is_free(name: str) -> None:
    assert not is_prefixed(name)
    assert "secure" not in attributes(cookie(name, path="/x"))


def test_what_browsers_drop_without_secure_needs_it() -> None:
    with pytest.raises(ValueError, match=r'^the cookie n is samesite="None", so it needs secure=True'):
        cookie(samesite="None")
    with pytest.raises(ValueError, match=r"^the cookie n needs secure=True: browsers drop it without$"):
        cookie(partitioned=True)


@pytest.mark.parametrize("samesite", ["", "Lax ", " lax", "Laxx", "Strict; Domain=x", "ſtrict", "no", "None;",
                                      5, True, b"Lax"])
def test_another_samesite_is_refused(samesite: Any) -> None:
    with pytest.raises(ValueError, match=r'^samesite is "Lax", "Strict"'):
        cookie(samesite=samesite, secure=True)


@pytest.mark.parametrize(("name", "value"), [("n", "v" * 4_095), ("n" * 4_096, ""), ("n" * 96, "v" * 4_000)])
def test_4096_bytes_of_name_and_value_are_sent_and_one_more_is_refused(name: str, value: str) -> None:
    assert as_browsers_read(cookie(name, value, domain="example.com"))[:2] == (name, value)
    for longer in ((name, value + "v"), (name + "n", value)):
        with pytest.raises(ValueError, match=r"^the cookie n+ is larger than 4096 bytes: browsers drop it$"):
            cookie(*longer)


@pytest.mark.parametrize("max_age", [True, False, 1.5, "60", b"1", [], float("nan")])
def test_a_max_age_is_whole_seconds_or_a_timedelta(max_age: Any) -> None:
    with pytest.raises(TypeError, match="a cookie's max_age is a number of seconds or a timedelta, not "):
        cookie(max_age=max_age)


@pytest.mark.parametrize(("expires", "error", "message"), [
    (datetime(2026, 1, 1), ValueError, "a datetime needs a time zone here"),
    ("Wed, 31 Dec 2025 23:59:59 GMT", TypeError, "a moment is a datetime or seconds since 1970, not str"),
    (date(2026, 1, 1), TypeError, "a moment is a datetime or seconds since 1970, not date"),
    (timedelta(1), TypeError, "a moment is a datetime or seconds since 1970, not timedelta"),
    (float("nan"), ValueError, r"\w"), (float("inf"), ValueError, r"\w"),
    # what has no four digits of a year is no date to a client (RFC 9110, 5.6.7)
    (1e20, ValueError, r"\w"), (10**400, ValueError, r"\w"), (253_402_300_800, ValueError, r"\w"),
    (-62_135_596_801, ValueError, r"\w"),
])
def test_a_moment_that_no_date_tells_is_refused(expires: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        cookie(expires=expires)


def test_the_last_second_of_the_calendar_can_be_said() -> None:
    assert attributes(cookie(expires=253_402_300_799))["expires"] == "Fri, 31 Dec 9999 23:59:59 GMT"


@pytest.mark.parametrize("what", ["name", "value", "path", "domain"])
@pytest.mark.parametrize("wrong", [5, b"/x", ["x"], True, 0, b"", [], False])
def test_what_is_no_str_is_refused_by_its_type(what: str, wrong: Any) -> None:
    with pytest.raises(TypeError, match=f"^a cookie's {what} is a str, not {type(wrong).__name__}$"):
        cookie(**{what: wrong})


@pytest.mark.parametrize("make", [cookie, forgotten])
@pytest.mark.parametrize("name", [None, 5, b"a"])
def test_a_name_that_is_no_str_is_refused_wherever_it_is_given(make: Callable[[Any], str], name: Any) -> None:
    with pytest.raises(TypeError, match=f"a cookie's name is a str, not {type(name).__name__}"):
        make(name)


class Colour(str, enum.Enum):   # noqa: UP042   of the days before StrEnum, and formatted unlike it
    RED = "red"
    PATH = "/red"


class Sly(str):
    """Shows one text to whoever checks it and another to whoever formats it."""

    def __format__(self, spec: str) -> str:
        return "x; Domain=evil.example"

    __str__ = __repr__ = lambda self: "x; Domain=evil.example"


def test_a_member_of_an_enum_of_texts_is_its_text() -> None:
    assert as_browsers_read(cookie(Colour.RED, Colour.RED))[:2] == ("red", "red")
    assert attributes(cookie(path=Colour.PATH, domain=Colour.RED)).items() >= {("path", "/red"),
                                                                               ("domain", "red")}


def test_what_was_checked_is_what_is_sent() -> None:
    assert "evil" not in cookie(Sly("n"), Sly("v"), path=Sly("/p"), domain=Sly("d"))


# forgetting

@pytest.mark.parametrize(("name", "options", "told"), [
    ("n", {}, {"path": "/"}),
    ("n", {"path": "/shop"}, {"path": "/shop"}),
    ("n", {"path": None}, {}),
    ("n", {"domain": "example.com"}, {"path": "/", "domain": "example.com"}),
    ("n", {"secure": True, "samesite": "None"}, {"path": "/", "secure": "", "samesite": "None"}),
    ("n", {"partitioned": True}, {"path": "/", "secure": "", "partitioned": ""}),
    ("__Host-n", {}, {"path": "/", "secure": ""}),
    ("__secure-n", {"domain": "a.b"}, {"path": "/", "secure": "", "domain": "a.b"}),
    ("__HOST-n", {"partitioned": True}, {"path": "/", "secure": "", "partitioned": ""}),
])
def test_a_cookie_is_forgotten_where_it_was_set(name: str, options: dict[str, Any],
                                                told: dict[str, str]) -> None:
    field = forgotten(name, **options)
    found = attributes(field)
    assert as_browsers_read(field)[:2] == (name, "")
    assert (found.pop("max-age"), found.pop("expires")) == ("0", "Thu, 01 Jan 1970 00:00:00 GMT")
    assert {key: found[key] for key in found if key not in ("httponly", "samesite")} | (
        {"samesite": found["samesite"]} if "samesite" in told else {}) == told


@pytest.mark.parametrize(("name", "options"), [
    ("a b", {}), ("n", {"path": ";"}), ("n", {"domain": ";"}), ("__Host-n", {"path": "/x"}),
    ("__Host-n", {"domain": "a"}), ("n", {"samesite": "None"}),
])
def test_what_could_not_be_set_cannot_be_forgotten(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="cookie"):
        forgotten(name, **options)


class Answer:
    """What a cookie jar wants of a response."""

    def __init__(self, response: Response) -> None:
        self._message = Message()
        for name, value in response.headers.items():
            self._message[name] = value

    def info(self) -> Message:
        return self._message


@pytest.mark.parametrize(("name", "options", "url", "elsewhere"), [
    ("n", {}, "http://www.example.com/any", "http://other.example.com/any"),
    ("n", {"path": "/shop"}, "http://www.example.com/shop/1", "http://www.example.com/sho"),
    ("n", {"domain": "example.com"}, "http://api.example.com/", "http://example.org/"),
    ("n", {"secure": True}, "https://www.example.com/", "http://www.example.com/"),
    ("__Host-n", {"secure": True}, "https://www.example.com/", "http://www.example.com/"),
    ("__Secure-n", {"secure": True, "domain": "example.com", "path": "/x"}, "https://www.example.com/x/y",
     "https://www.example.com/y"),
    ("n", {"secure": True, "partitioned": True, "samesite": "None"}, "https://www.example.com/",
     "http://www.example.com/"),
])
@pytest.mark.parametrize("life", [{"max_age": 3_600}, {"expires": 4_000_000_000}, {}])
def test_a_browser_sends_back_what_was_set_until_it_is_forgotten(
    name: str, options: dict[str, Any], url: str, elsewhere: str, life: dict[str, Any]
) -> None:
    jar = http.cookiejar.CookieJar()
    setter = urllib.request.Request(url.replace("api.", "www."))

    def store(response: Response) -> None:
        jar.extract_cookies(cast(Any, Answer(response)), setter)

    def sent_to(target: str) -> list[tuple[str, str]]:
        asking = urllib.request.Request(target)
        jar.add_cookie_header(asking)
        return parse(asking.get_header("Cookie", "") or "")

    response = Response()
    response.set_cookie(name, OCTETS, **options, **life)
    store(response)
    assert sent_to(url) == [(name, OCTETS)]
    assert sent_to(elsewhere) == []
    response = Response()
    response.delete_cookie(name, **options)
    store(response)
    assert (sent_to(url), len(jar)) == ([], 0)


# any text

tokens = st.text("!#$%&'*+-.^_`|~09AZaz", max_size=6)
texts = st.one_of(
    anything, tokens, st.text(OCTETS, max_size=8), st.sampled_from([
        "__Host-a", "__secure-b", "/", "/x", "/ ", "example.com", ".a", "; Domain=evil", "\r\nX: y", "",
        "a" * 1_100, "/" * 1_100,
    ]))


@given(texts, texts, st.none() | texts, st.none() | texts, st.booleans(), st.booleans(),
       st.sampled_from([None, "Lax", "Strict", "None"]), st.booleans(),
       st.none() | st.integers(-(10**9), 10**12) | st.timedeltas(),
       st.none() | st.integers(-(10**11), 10**12) | st.floats(allow_nan=True)
       | st.datetimes(timezones=st.just(UTC)))
@example("n", "v", "/a ", None, False, True, None, False, None, None)
@example("n", "v", "/", "a" * 1_100, False, True, None, False, None, None)
def test_whatever_is_given_it_is_refused_or_sent_as_one_cookie_with_just_what_was_asked_for(
    name: str, value: str, path: str | None, domain: str | None, secure: bool, httponly: bool,
    samesite: str | None,
    partitioned: bool, max_age: int | timedelta | None, expires: float | datetime | None
) -> None:
    try:
        field = cookie(name, value, path=path, domain=domain, secure=secure, httponly=httponly,
                       samesite=samesite,
                       partitioned=partitioned, max_age=max_age, expires=expires)
    except ValueError:
        return
    assert re.fullmatch(r"[ -~]+", field)
    read_name, read_value, found = as_browsers_read(field)
    assert (read_name, read_value) == (name, value)
    assert parse(f"{name}={value}") == [(name, value)]
    flags = {"secure": secure, "httponly": httponly, "partitioned": partitioned}
    given_ones = {"path": path, "domain": domain, "samesite": samesite, "max-age": max_age,
                  "expires": expires}
    asked = {key for key, flag in flags.items() if flag} | {
        key for key, given_one in given_ones.items() if given_one is not None}
    assert sorted(key for key, _ in found) == sorted(asked)
    told = dict(found)
    assert (told.get("path"), told.get("domain"), told.get("samesite")) == (path, domain, samesite)
    if expires is not None:
        assert re.fullmatch(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT",
                            told["expires"])


# SimpleCookie takes these for attributes wherever they stand
RESERVED = {"path", "domain", "expires", "max-age", "secure", "httponly", "samesite", "version", "comment",
            "partitioned"}


@given(tokens.filter(lambda name: name and name[0] != "$" and name.lower() not in RESERVED),
       st.text(OCTETS, max_size=8), st.sampled_from(["/", "/x/y"]), st.booleans())
def test_the_standard_librarys_reader_finds_the_same(name: str, value: str, path: str,
                                                     httponly: bool) -> None:
    morsels = SimpleCookie(cookie(name, value, path=path, httponly=httponly, domain="a.b", max_age=5))
    [(read, morsel)] = morsels.items()
    assert (read, morsel.value) == (name, value)
    told = {key: found for key, found in morsel.items() if found}
    assert told == {"path": path, "domain": "a.b", "max-age": "5", "samesite": "Lax"} | (
        {"httponly": True} if httponly else {})
