"""What the tests of chains share."""

import pytest

from fsroute import App
from tests.conftest import write_files
from tests.handlers.layers import FILES, Site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """One for all of them: what a request leaves behind in it, another test finds."""
    root = tmp_path_factory.mktemp("chain") / "chained_site"
    return Site(App(write_files(root, FILES)))
