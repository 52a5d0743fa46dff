"""The shop for a WSGI host: `gunicorn --chdir demo wsgi:app`."""

from pathlib import Path

from fsroute import App

app = App(Path(__file__).resolve().parent / "app")
