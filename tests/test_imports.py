"""What fsroute loads: a list that grows only on purpose, since every worker pays for it at each start."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import fsroute

# The standard library's modules that "import fsroute" may load, apart from those that the bare interpreter
# has: one that is new here costs every start some milliseconds, so it should be worth them.
ALLOWED = {
    "__future__", "_collections", "_collections_abc", "_functools", "_json", "_operator", "_sre", "_stat",
    "_weakrefset", "collections", "copyreg", "enum", "errno", "functools", "gc", "genericpath", "http",
    "importlib", "importlib._bootstrap", "importlib._bootstrap_external", "importlib.machinery",
    "itertools", "json", "json.decoder", "json.encoder", "json.scanner", "keyword", "operator", "os",
    "os.path", "posixpath", "re", "re._casefix", "re._compiler", "re._constants", "re._parser", "reprlib",
    "stat", "threading", "types", "warnings", "weakref",
}
# More that an App may load, whose handlers have no annotations.
ALLOWED_WITH_APP = {"collections.abc"}
# Those of one Python only.
ALLOWED_ON: dict[tuple[int, int], set[str]] = {(3, 11): set(), (3, 12): set(), (3, 13): set()}
# Never, whatever the lists say: each costs every start milliseconds, by itself or by what it imports.
FORBIDDEN = [
    "argparse", "asyncio", "dataclasses", "email", "importlib.metadata", "importlib.util", "inspect",
    "logging", "socket", "ssl", "tempfile", "typing", "urllib.parse", "wsgiref.handlers",
]
# Nor these of our own: a hello-world uses none of them.
FORBIDDEN_OF_OURS = [
    "cli", "dev", "openapi", "middleware", "http.multipart", "http.forms", "http.schema", "http.events",
]

CHILD = """
import sys
bare = set(sys.modules)
sys.path.insert(0, {path!r})
import fsroute
imported = set(sys.modules) - bare
fsroute.App({root!r})
made = set(sys.modules) - bare - imported
import json
print(json.dumps([sorted(bare), sorted(imported), sorted(made)]))
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], set[str]]:
    """What the import of fsroute loads in a bare interpreter, and what an App of one route loads then."""
    root = tmp_path_factory.mktemp("imports") / "app"
    (root / "users/[id]").mkdir(parents=True)
    (root / "users/[id]/route.py").write_text("def GET(request, id):\n    return {'id': id}\n")
    child = CHILD.format(path=str(Path(fsroute.__file__).parents[1]), root=str(root))
    # -I -S: no PYTHON... variables, and no site, whose .pth files load what they like.
    done = subprocess.run([sys.executable, "-I", "-S", "-c", child], stdout=subprocess.PIPE, text=True,
                          check=True, timeout=60)
    bare, imported, made = (set(names) for names in json.loads(done.stdout))
    assert "fsroute" not in bare
    assert "app.users.[id].route" in made
    return imported, {name for name in made if name.partition(".")[0] != "app"}


def of_others(names: set[str]) -> set[str]:
    return {name for name in names if name.partition(".")[0] != "fsroute"}


def allowed() -> set[str]:
    return ALLOWED | ALLOWED_ON.get(sys.version_info[:2], set())


@pytest.mark.skipif(sys.version_info[:2] not in ALLOWED_ON, reason="the lists are not kept for this Python")
def test_the_import_loads_what_is_on_the_list(loaded: tuple[set[str], set[str]]) -> None:
    imported, _ = loaded
    assert of_others(imported) - allowed() == set()


@pytest.mark.skipif(sys.version_info[:2] not in ALLOWED_ON, reason="the lists are not kept for this Python")
def test_an_app_loads_what_is_on_the_list(loaded: tuple[set[str], set[str]]) -> None:
    _, made = loaded
    assert of_others(made) - allowed() - ALLOWED_WITH_APP == set()


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_costs_too_much_is_not_loaded(loaded: tuple[set[str], set[str]], name: str) -> None:
    imported, made = loaded
    assert name not in imported | made


@pytest.mark.parametrize("name", FORBIDDEN_OF_OURS)
def test_what_a_hello_world_does_not_use_is_not_loaded(loaded: tuple[set[str], set[str]], name: str) -> None:
    imported, made = loaded
    ours = f"fsroute.{name}"
    assert [each for each in imported | made if each == ours or each.startswith(f"{ours}.")] == []
