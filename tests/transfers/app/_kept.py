"""The last upload of after/route.py, kept longer than one may."""

from fsroute import UploadedFile

upload: UploadedFile | None = None
