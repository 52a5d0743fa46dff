"""What a docstring says."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.openapi.docstrings import of_class, of_handler, parsed


@pytest.mark.parametrize(("text", "summary", "description"), [
    (None, "", ""),
    ("", "", ""),
    ("One user.", "One user", ""),
    ("One user", "One user", ""),
    ("And so on...", "And so on...", ""),
    ("\n    One user.\n\n    All of it.\n      Deeper.\n", "One user", "All of it.\n  Deeper."),
    ("One user,\n    by id.", "One user,", "by id."),
    ("One user.\n\n    Raises:\n        HTTPError 404: gone.", "One user", ""),
    ("A.\n\n    Before.\n\n    Raises:\n        ValueError: x\n\n    After.", "A", "Before.\n\nAfter."),
    ("A.\n\n    Raises:\n        KeyError: x\n    Returns:\n        B", "A", "Returns:\n    B"),
    ("A.\n\n    Raises: nothing.", "A", "Raises: nothing."),
    ("A.\n\n    It says:\n        Raises:\n        x", "A", "It says:\n    Raises:\n    x"),
    ("A.\n\n\n\n    B.\n\n\n    C.", "A", "B.\n\nC."),
    ("\n    Raises:\n        HTTPError(404): gone.\n    ", "", ""),
    ("Raises:\n    HTTPError(404): gone.\n\nAfter.", "", "After."),
])
def test_the_first_line_is_the_summary_the_rest_the_description(text: str | None, summary: str,
                                                                description: str
                                                                ) -> None:
    doc = parsed(text)
    assert (doc.summary, doc.description, doc.errors) == (summary, description, doc.errors)
    assert doc.heading() == {name: text for name, text in [("summary", summary),
                                                           ("description", description)] if text}


@pytest.mark.parametrize(("section", "errors"), [
    (["HTTPError 404: there is none."], {"404": "there is none."}),
    (["HTTPError(409): it is taken."], {"409": "it is taken."}),
    (["HTTPError ( 409 ) : it is taken."], {"409": "it is taken."}),
    (["HTTPError: 410 when it is gone"], {"410": "when it is gone"}),
    (["HTTPError: 410: when it is gone"], {"410": "when it is gone"}),
    (["HTTPError: 410"], {"410": ""}),
    (["HTTPError 410:"], {"410": ""}),
    (["fsroute.HTTPError 404: there is none."], {"404": "there is none."}),
    (["HTTPError: when it is gone"], {}),
    (["HTTPError: 4100 users"], {}),
    (["HTTPError 302: elsewhere", "HTTPError 600: what", "HTTPError 99: what"], {}),
    (["MyHTTPError 404: none.", "HTTPErrors 404: none.", "LookupError 404: none."], {}),
    (["ValueError: 404", "HTTPError 500: broken", "KeyError: x"], {"500": "broken"}),
    (["HTTPError 404: there is", "    no such", "    user: none.", "ValueError: x"],
     {"404": "there is no such user: none."}),
    (["HTTPError 404: there is", "none."], {"404": "there is none."}),
    (["HTTPError 404: there is", "", "    none.", "", "HTTPError 409: taken"],
     {"404": "there is none.", "409": "taken"}),
    (["HTTPError 404: a.", "HTTPError 404: b."], {"404": "a.\n\nb."}),
    (["HTTPError 404: see", "    HTTPError 409: not here"], {"404": "see HTTPError 409: not here"}),
    (["whatever", "HTTPError 404: a."], {"404": "a."}),
    ([], {}),
])
def test_the_errors_with_a_status_are_told(section: list[str], errors: dict[str, str]) -> None:
    text = "\n".join(["Get it.", "", "    Raises:", *[f"        {line}" for line in section], "",
                      "    More."])
    doc = parsed(text)
    assert doc.errors == errors
    assert doc.description == "More."


def test_two_sections_with_margins_of_their_own_are_read() -> None:
    doc = parsed("A.\n\n    Raises:\n            HTTPError 404: a\n    Raises:\n        HTTPError 409: b\n")
    assert doc.errors == {"404": "a", "409": "b"}


@given(st.text(st.sampled_from("HTTPError 404:()\n\tRaises.x"), max_size=120))
def test_no_docstring_fails(text: str) -> None:
    doc = parsed("A.\n\nRaises:\n" + text)
    assert all(len(status) == 3 for status in doc.errors)


def test_a_handler_may_be_any_callable() -> None:
    def handler(page: int) -> None:
        """A handler."""

    class Called:
        """A class."""

        def __call__(self) -> None: ...

    class Odd:
        __doc__ = 5         # type: ignore[assignment]

        def __call__(self) -> None: ...

    assert of_handler(handler).summary == "A handler"
    assert of_handler(partial(partial(handler), page=1)).summary == "A handler"
    assert of_handler(Called()).summary == "A class"
    assert of_handler(Odd()).summary == ""
    assert of_handler(lambda: None).summary == ""


@pytest.mark.parametrize(("doc", "told"), [
    ("Some (words)", "Some (words)"), ("User(name: str)", ""), ("User(a)\n(b)", "User(a)\n(b)"),
    ("User (so called)", "User (so called)"),
    ("User(name: str) is one", "User(name: str) is one"), (None, ""), (5, ""), ("  A.\n    B.", "A.\nB.")])
def test_a_class_has_the_docstring_that_somebody_wrote(doc: object, told: str) -> None:
    assert of_class(type("User", (), {"__doc__": doc})) == told


def test_a_docstring_is_not_inherited() -> None:
    class Base:
        """The base."""

    class Derived(Base): ...

    assert of_class(Derived) == ""
