from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.accept import coding, preferred

JSON, HTML = "application/json", "text/html"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "best"),
    [
        # nothing said, or nothing we have: what we would send anyway
        (None, JSON),
        ("", JSON),
        ("image/png", JSON),
        ("*/*", JSON),
        ("text/html;q=0", JSON),
        ("*/*;q=0", JSON),
        # one of ours
        (JSON, JSON),
        (HTML, HTML),
        ("TEXT/Html", HTML),
        ("text/*", HTML),
        ("application/*", JSON),
        (BROWSER, HTML),
        ("text/html, application/json", JSON),          # equals: our order
        ("application/json, text/html", JSON),
        # weights
        ("application/json;q=0.5, text/html;q=0.6", HTML),
        ("application/json;q=0.6, text/html;q=0.5", JSON),
        ("application/json;q=0.999, text/html", HTML),
        ("application/json;q=1.000, text/html;q=0.999", JSON),
        ("application/json;q=0, */*", HTML),
        ("application/json;q=0.0, text/*;q=0.1", HTML),
        ("application/json;q=0.000, text/html;q=0.001", HTML),
        ("text/html;q=1., application/json;q=0.", HTML),
        ("application/json;Q=0.1, text/html", HTML),
        # white space where the grammar has it
        ("application/json ; q=0.1 , text/html", HTML),
        ("application/json;\tq=0.1,\ttext/html", HTML),
        (",,text/html,,", HTML),
        # precision before order
        ("*/*, application/json;q=0.1", HTML),
        ("application/json;q=0.1, */*", HTML),
        ("text/*;q=0.9, text/html;q=0.1, application/json;q=0.5", JSON),
        ("text/html;q=0.1, text/*;q=0.9, application/json;q=0.5", JSON),
        ("*/*;q=0.9, application/*;q=0.1", HTML),
        # parameters make a range more precise than what we offer: they do not speak for the plain type
        ("text/html;level=1;q=0.1, text/html, application/json;q=0.5", HTML),
        ("text/html, text/html;level=1;q=0.1, application/json;q=0.5", HTML),
        ("text/html;q=0.9, text/html;level=1;q=0.1, application/json;q=0.5", HTML),
        ("text/html;level=1;q=0.1, text/html ; q=0.9, application/json;q=0.5", HTML),
        # alone they are as good as it: people mean it so
        ("text/html;charset=utf-8, application/json;q=0.5", HTML),
        ("application/json;charset=utf-8;q=0.4, text/html;q=0.5", HTML),
        # no ranges
        ("html", JSON),
        ("/", JSON),
        ("text/", JSON),
        ("/html", JSON),
        ("text/html/x", JSON),
        ("*", JSON),
        ("text", JSON),
        (";q=1", JSON),
        ("text/htmlx", JSON),
    ],
)
def test_the_client_gets_what_it_likes_best(accept: str | None, best: str) -> None:
    assert preferred(accept, JSON, HTML) == best


@pytest.mark.parametrize("ranges", [
    ["*/*;q=0.2", "text/*;q=0.9", "text/html;q=0.1", "application/json;q=0.5"],
    ["*/*;q=0.9", "application/*;q=0.1", "text/html;q=0.5"],
])
def test_the_order_of_ranges_of_different_precision_means_nothing(ranges: list[str]) -> None:
    assert len({preferred(", ".join(order), JSON, HTML) for order in permutations(ranges)}) == 1


def test_the_first_offer_wins_between_equals() -> None:
    assert preferred("*/*", HTML, JSON) == HTML
    assert preferred("*/*", JSON, HTML) == JSON
    assert preferred("a/b, c/d, e/f", "e/f", "c/d") == "e/f"


qvalues = st.integers(0, 1_000).map(lambda thousandths: f"{thousandths / 1_000:.3f}")


@given(st.permutations(["a/a", "a/b", "b/a"]), st.lists(qvalues, min_size=3, max_size=3))
def test_the_highest_weight_wins(offers: list[str], weights: list[str]) -> None:
    accept = ",".join(f"{offer};q={weight}" for offer, weight in zip(offers, weights, strict=True))
    chosen = preferred(accept, *offers)
    best = max(map(float, weights))
    assert float(weights[offers.index(chosen)]) == best
    assert offers.index(chosen) == list(map(float, weights)).index(best)


@given(st.text(st.sampled_from("texhml/*;q=01., \t\"") | st.characters(), max_size=80))
def test_no_header_makes_it_fail(accept: str) -> None:
    assert preferred(accept, JSON, HTML) in {JSON, HTML}


@pytest.mark.parametrize(("accept", "chosen"), [
    # nothing said, or none of ours: as it is
    (None, None),
    ("", None),
    ("identity", None),
    ("deflate, zstd", None),
    ("gzip;q=0, br;q=0", None),
    ("*;q=0", None),
    ("identity;q=0", None),             # we have nothing that it would take
    # one of ours
    ("gzip", "gzip"),
    ("br", "br"),
    ("GZip", "gzip"),
    ("gzip, deflate, br, zstd", "br"),
    ("br, gzip", "br"),                 # equals: our order
    ("gzip, br", "br"),
    ("deflate, gzip;q=0.001", "gzip"),
    # weights
    ("br;q=0.9, gzip", "gzip"),
    ("br;q=0.5, gzip;q=0.5", "br"),
    ("br;q=0, gzip;q=0.1", "gzip"),
    ("br;q=0.000, gzip ; q=0.1", "gzip"),
    ("gzip;Q=1.0, br;\tq=0.999", "gzip"),
    # * is whatever is not named
    ("*", "br"),
    ("*;q=0.1", "br"),
    ("br;q=0, *", "gzip"),
    ("*, br;q=0", "gzip"),
    ("*;q=0, gzip", "gzip"),
    ("gzip, *;q=0", "gzip"),
    ("gzip;q=0.2, *;q=0.1", "gzip"),
    # as it is may be what it likes best
    ("identity, gzip;q=0.5", None),
    ("identity;q=0.6, gzip;q=0.5, br;q=0.4", None),
    ("identity;q=0.5, gzip;q=0.6, br;q=0.4", "gzip"),
    ("identity;q=0.5, *;q=0.6", "br"),
    ("identity, gzip", "gzip"),         # between equals, the smaller one
    # no codings
    ("gz", None),
    ("gzipx", None),
    ("g zip", None),
    (";q=1", None),
    (",,gzip,,", "gzip"),
])
def test_a_file_is_sent_in_the_coding_the_client_likes_best(accept: str | None, chosen: str | None) -> None:
    assert coding(accept, "br", "gzip") == chosen


def test_of_what_is_not_there_nothing_is_chosen() -> None:
    assert coding("gzip, br", "gzip") == "gzip"
    assert coding("br", "gzip") is None
    assert coding("*") is None


def test_a_star_names_the_file_as_it_is_too() -> None:
    assert coding("gzip;q=0.5, *", "gzip") is None
    assert coding("gzip;q=0.5, *;q=0.4", "gzip") == "gzip"
    assert coding("gzip;q=0.5, *, identity;q=0.4", "gzip") == "gzip"


@given(st.permutations(["br", "gzip", "identity"]), st.lists(qvalues, min_size=3, max_size=3))
def test_the_coding_of_the_highest_weight_is_chosen_and_one_of_no_weight_never(
    names: list[str], weights: list[str]
) -> None:
    given_weights = dict(zip(names, map(float, weights), strict=True))
    chosen = coding(", ".join(f"{name};q={weight}" for name, weight in zip(names, weights, strict=True)),
                    "br", "gzip")
    best = max(given_weights["br"], given_weights["gzip"])
    if best == 0.0 or best < given_weights["identity"]:
        assert chosen is None
    else:
        assert chosen == ("br" if given_weights["br"] == best else "gzip")


@given(st.text(st.sampled_from("gzipbr*denty;q=01., \t\"") | st.characters(), max_size=80))
def test_no_accept_encoding_makes_it_fail(accept: str) -> None:
    assert coding(accept, "br", "gzip") in {"br", "gzip", None}
