"""Which origins may be listed: what browsers send, and what to write in place of the rest."""

import pytest

from fsroute import Request, Response
from fsroute.middleware.cors import cors
from fsroute.middleware.csrf import csrf
from fsroute.middleware.origin import checked_origins

SHOP = "https://shop.example"


@pytest.mark.parametrize("origin", [
    "https://a.example", "http://a.example", "https://a.example:8443", "http://a.example:443",
    "https://a.example:80", "http://localhost", "http://localhost:1", "http://a:65535", "http://127.0.0.1:8000",
    "http://[::1]:8000", "http://[2001:db8::1]", "http://[::ffff:102:304]", "http://[1:0:0:2::3]",
    "https://xn--caf-dma.example", "https://a_b.example", "https://a.example.", "https://1a.example",
    "https://a.1b", "https://0xg.example", "https://a.0xg", "chrome-extension://abcdefghijklmnop",
    "moz-extension://0a1b-2c", "capacitor://localhost", "app://-", "null",
])
def test_an_origin_as_browsers_write_it_may_be_listed(origin: str) -> None:
    assert checked_origins("origins", [origin, SHOP]) == {origin, SHOP}
    assert cors([origin])(Request.build(environ={"HTTP_ORIGIN": origin}),
                          lambda request: Response()).headers["Access-Control-Allow-Origin"] == origin


BROWSERS_SEND = r"browsers send scheme://host or scheme://host:port, in lower case and ASCII \(xn--"


@pytest.mark.parametrize(("origin", "mend"), [
    ("https://a.example/", "browsers send 'https://a.example'"),
    ("https://a.example/shop?x#y", "browsers send 'https://a.example'"),
    ("HTTPS://A.Example:8443", "browsers send 'https://a.example:8443'"),
    ("https://a.example:443", "browsers send 'https://a.example'"),
    ("http://a.example:80/", "browsers send 'http://a.example'"),
    ("https://eve@a.example", "browsers send 'https://a.example'"),
    ("https://a.example:0080", "browsers send 'https://a.example:80'"),
    ("https://a.example:", "browsers send 'https://a.example'"),
    (" https://a.example", "browsers send 'https://a.example'"),
    ("https://a.example\n", "browsers send 'https://a.example'"),
    ("http://[::0:1]:8000", r"browsers send 'http://\[::1\]:8000'"),
    ("http://[2001:DB8::1]", r"browsers send 'http://\[2001:db8::1\]'"),
    ("http://[::ffff:1.2.3.4]", r"browsers send 'http://\[::ffff:102:304\]'"),
    ("*", r"write origins=\"\*\", not in a list"),
    ("https://*.example", "name each one, or give a function"),
    ("http://localhost:*", "name each one, or give a function"),
    *[(origin, BROWSERS_SEND) for origin in (
        "", "a.example", "localhost:8000", "//a.example", "https://", "https:///", "file://",
        "https://a.example:x", "https://a.example:65536", "https://a.example:99999", "https://caf\xe9.example",
        "https://a b", "http://127.1", "http://2130706433", "http://0x7f.0.0.1", "http://127.0.0.1.",
        "http://127.0.0.01", "http://256.1.1.1", "http://[::1", "http://[x]", "http://[fe80::1%eth0]",
        "http://::1", "NULL", "Null", "null ", f"https://{'a' * 254}")],
])
def test_an_origin_that_no_browser_sends_is_refused_with_what_to_write(origin: str, mend: str) -> None:
    with pytest.raises(ValueError, match=mend) as caught:
        checked_origins("origins", [SHOP, origin])
    assert str(caught.value).startswith("origins: ")
    assert len(str(caught.value)) < 800


def test_the_option_is_named_as_its_middleware_names_it() -> None:
    with pytest.raises(ValueError, match="origins: 'HTTP://A' matches no request"):
        cors(["HTTP://A"])
    with pytest.raises(ValueError, match="trusted: 'HTTP://A' matches no request"):
        csrf(["HTTP://A"])
