"""The shop for a WSGI host: `gunicorn --chdir demo wsgi:app`."""

from pathlib import Path

from fsroute import App

app = App(Path(__file__).resolve().parent / "app", openapi={
    "path": "/api/openapi.json",
    "info": {"title": "Burrow & Branch", "version": "1.0"},
    "components": {"securitySchemes": {"staff": {"type": "http", "scheme": "basic"}}},
    # what is asked for by middleware no handler knows of
    "paths": {f"/api/admin/{path}": {method: {"security": [{"staff": []}]}} for path, method in (
        ("orders", "get"), ("orders/{id}", "patch"), ("messages", "get"), ("messages/{id}", "delete"))},
})
