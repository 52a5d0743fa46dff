"""Enums that annotations in tests are made of."""

from enum import Enum, Flag, IntEnum, StrEnum


class Colour(Enum):
    RED = "red"
    GREEN = "green"
    CRIMSON = "red"         # noqa: PIE796   an alias


class Size(IntEnum):
    SMALL = 1
    LARGE = 10


class Mood(StrEnum):
    UNSAID = ""
    GOOD = "good"


class Mode(Flag):
    READ = 1
    WRITE = 2
    BOTH = 3
