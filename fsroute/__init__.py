"""fsroute: the folder tree is the router.

A file `app/api/users/[id]/route.py` with a function `GET` answers `GET /api/users/42`; `App("app")` is
the WSGI application. What is not named here is not public.
"""

from .app import App
from .handlers.using import use
from .http.errors import HTTPError, ValidationError
from .http.request import Request
from .http.response import Response
from .routing.faults import TreeError
from .routing.route import Route

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .http.constraints import Length, Pattern, Range
    from .http.forms import Form, UploadedFile

__all__ = ["App", "Form", "HTTPError", "Length", "Pattern", "Range", "Request", "Response", "Route",
           "TreeError", "UploadedFile", "ValidationError", "use"]
__version__ = "0.1.0.dev0"


def __getattr__(name: str) -> object:
    """Names that few services use, imported when they are asked for (PEP 562)."""
    if name in ("Length", "Pattern", "Range"):
        from .http import constraints

        return getattr(constraints, name)
    if name in ("Form", "UploadedFile"):
        from .http import forms

        return getattr(forms, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
