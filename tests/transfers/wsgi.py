"""The app, for every host. Of each request it notes whether the host got a file to send in its own way."""

from collections.abc import Callable, Iterable
from typing import Any

from fsroute import App


class Transfers(App):
    """The App. A request with X-Wrapper: none is one on a host without a file wrapper."""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if "HTTP_X_WRAPPER" in environ:
            environ = {key: value for key, value in environ.items() if key != "wsgi.file_wrapper"}
        body = super().__call__(environ, start_response)
        wrapper = environ.get("wsgi.file_wrapper")
        with open("wrapped.notes", "a") as file:
            file.write(f"{environ['PATH_INFO'] if wrapper and isinstance(body, wrapper) else ''}\n")
        return body


app = Transfers("app")
