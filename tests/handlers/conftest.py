"""What the tests of chains share."""

import pytest

from fsroute import App
from tests.handlers.layers import FILES, Site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """One for all of them: what a request leaves behind in it, another test finds."""
    root = tmp_path_factory.mktemp("chain") / "chained_site"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return Site(App(str(root)))
