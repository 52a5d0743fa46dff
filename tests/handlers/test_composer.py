"""What is composed at start, and how often."""

from tests.conftest import Make


def test_what_answers_alike_is_made_once_for_each_chain(make: Make) -> None:
    """Or each of 100,000 folders would keep a 404, and each of their routes a 405 of its own."""
    passing = "def passing(request, call_next): return call_next(request)\nmiddleware = passing\n"
    route = "def GET(): ...\n"
    app = make({"middleware.py": passing, "a/route.py": route, "b/route.py": route, "c/route.py": route,
                "c/middleware.py": passing, "d/route.py": route + "def POST(): ...\n"})
    assert app._table.nearest is not None
    missed = {name: app._table.nearest(f"/{name}/x")[0] for name in "abcd"}
    assert missed["a"] is missed["b"] is missed["d"]
    assert missed["a"] is not missed["c"]
    routed = {route.pattern: resource for route, resource in app._table.resources.items()}
    assert routed["/a"].refuse is routed["/b"].refuse
    assert routed["/a"].endpoints["OPTIONS"] is routed["/b"].endpoints["OPTIONS"]
    slashed = {pattern: resource.slashed for pattern, resource in routed.items()}
    assert slashed["/a"] is not None
    assert slashed["/b"] is not None
    assert slashed["/a"].refuse is slashed["/b"].refuse
    for other in ("/c", "/d"):
        assert routed["/a"].refuse is not routed[other].refuse


def test_where_nothing_runs_around_the_plain_answers_stand(make: Make) -> None:
    passes = "def error(request, exception): return None\n"
    app = make({"a/route.py": "def GET(): ...\n", "in/error.py": passes, "in/route.py": "def GET(): ...\n"})
    routed = {route.pattern: resource for route, resource in app._table.resources.items()}
    assert routed["/a"].refuse.__module__ == "fsroute.http.problems"        # made ready, nothing is raised
    assert routed["/in"].refuse.__module__ == "fsroute.handlers.chain"
