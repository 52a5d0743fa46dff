"""What a route file exports."""

from types import ModuleType

import pytest

from fsroute.handlers import exports


def module(source: str) -> ModuleType:
    made = ModuleType("made_for_a_test")
    exec(source, made.__dict__)
    return made


@pytest.mark.parametrize(("source", "methods"), [
    ("def GET(): ...", ["GET"]),
    ("def GET(): ...\ndef POST(): ...\nasync def DELETE(): ...", ["GET", "POST", "DELETE"]),
    ("def OPTIONS(): ...\ndef HEAD(): ...\ndef PUT(): ...", ["HEAD", "PUT", "OPTIONS"]),
    ("def PATCH(): ...", ["PATCH"]),
    ("from operator import itemgetter\nGET = itemgetter(0)", ["GET"]),
    # names that are no near misses: imported ones, data, classes, other functions
    ("from operator import itemgetter as get\ndef GET(): ...", ["GET"]),
    ("get = {}\nPOSTS = []\ndefault = 1\nTRACE = 'x'\ndef GET(): ...", ["GET"]),
    ("class get: ...\ndef GET(): ...", ["GET"]),
    ("class C:\n    def __call__(self): ...\nget = C()\ndef GET(): ...", ["GET"]),
    ("def helper(): ...\ndef getter(): ...\ndef post_all(): ...\ndef GET(): ...", ["GET"]),
    ("def GETALL(): ...\ndef LIST(): ...\ndef GET(): ...", ["GET"]),
])
def test_handlers_are_the_callables_named_as_methods(source: str, methods: list[str]) -> None:
    made = module(source)
    assert list(exports.handlers(made)) == methods
    assert list(exports.faults(made)) == []


@pytest.mark.parametrize(("source", "problem", "mend"), [
    ("", "there is no handler in it", "write def GET(request)"),
    ("def helper(): ...", "there is no handler in it", "write def GET(request)"),
    ("def get(): ...", "get() is no handler", "rename it to GET"),
    ("def Post(): ...", "Post() is no handler", "rename it to POST"),
    ("def POSTS(): ...", "POSTS() is no handler", "rename it to POST"),
    ("def DELET(): ...", "DELET() is no handler", "rename it to DELETE"),
    ("def PTACH(): ...", "PTACH() is no handler", "rename it to PATCH"),
    ("def GED(): ...", "GED() is no handler", "rename it to GET"),
    ("def OPTION(): ...", "OPTION() is no handler", "rename it to OPTIONS"),
    ("def default(): ...", "default() is no handler", "each has its own function"),
    ("def TRACE(): ...", "TRACE() is no handler", "TRACE is never served"),
    ("def CONNECT(): ...", "CONNECT() is no handler", "CONNECT is never served"),
    ("def GET(): ...\ndef post(): ...", "post() is no handler", "rename it to POST"),
    ("class GET: ...", "GET is a class", "write a function"),
    ("GET = 5", "GET is int, no function", "write def GET(request), or give it another name"),
    ("GET = None", "GET is NoneType, no function", "write def GET(request)"),
    ("def GET(): ...\nOPTIONS = ['a']", "OPTIONS is list, no function", "or give it another name"),
])
def test_what_looks_like_a_handler_and_is_none_is_a_fault(source: str, problem: str, mend: str) -> None:
    [(found, advice)] = exports.faults(module(source))
    assert found == problem
    assert mend in advice
