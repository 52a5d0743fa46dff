"""fsroute: the folder tree is the router.

A file `app/api/users/[id]/route.py` with a function `GET` answers `GET /api/users/42`; `App("app")` is
the WSGI application. What is not named here is not public.
"""

from .app import App
from .http.errors import HTTPError
from .http.request import Request
from .http.response import Response
from .routing.faults import TreeError
from .routing.route import Route

__all__ = ["App", "HTTPError", "Request", "Response", "Route", "TreeError"]
__version__ = "0.1.0.dev0"
