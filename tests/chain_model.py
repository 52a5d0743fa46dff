"""What middleware and error files do to a request, foretold slowly and plainly.

The model knows a tree as the paths of its files, each with a few words on what is in it, and looks at every
folder and every route for every question: nothing is compiled or indexed, only the reading of a name is
remembered. It shares no code with what it is compared to.

The words, by file:

    route.py        the methods; "int:id" when `id` is annotated int; "use:POST" when POST has two @use
                    layers; "slash:strict" for a trailing_slash of its own; "broken" when its import fails
    middleware.py   "1" or "2" for the number of layers; "alone" for inherit = False
    page.html, error.py, and the files of the public folder: none
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import takewhile
from typing import Any
from urllib.parse import unquote

Folder = tuple[str, ...]
Segment = tuple[str, str]               # a kind of KINDS, and the literal text or the name in the brackets
Params = dict[str, str | list[str]]
Entry = tuple[Any, ...]

SPECIAL = ("route.py", "page.html", "middleware.py", "error.py")
KINDS = ("literal", "one", "many", "any")           # the most specific first
BRACKETS = {"one": r"\[(\w+)\]", "many": r"\[\.\.\.(\w+)\]", "any": r"\[\[\.\.\.(\w+)\]\]"}
WRITTEN = {"literal": "{}", "one": "[{}]", "many": "[...{}]", "any": "[[...{}]]"}


@dataclass(frozen=True)
class Site:
    """files: the words of each file of the tree. public: the files of the public folder."""

    files: Mapping[str, str]
    public: Iterable[str] = ()
    slash: str = "redirect"
    fallback: bool = False

    @cached_property
    def folders(self) -> list[Folder]:
        """Every folder that has a special file in it or below it, the root always."""
        found: set[Folder] = {()}
        for file in self.files:
            *names, name = file.split("/")
            if name in SPECIAL and not any(map(skipped, names)):
                found.update(upwards(tuple(names)))
        return sorted(found)


@dataclass(frozen=True)
class Question:
    """path: decoded; None is one that cannot be. do: what a layer, error file or the handler does this time,
    by its name: "" for the handler, "error:" and the folder for an error file."""

    method: str
    path: str | None
    do: Mapping[str, str] = field(default_factory=dict)
    host: bool = True


class Raised(Exception):
    """kind: "HTTPError 404", "KeyError" for what the tree's own files raise, "fault" for what they did
    wrong otherwise. allow: the Allow that an HTTPError brings along."""

    def __init__(self, kind: str, allow: str = "") -> None:
        self.kind = kind
        self.status = int(kind.split()[1]) if kind.startswith("HTTPError") else 500
        self.allow = allow


@dataclass
class Outcome:
    """An answer on its way out. raised: the exception behind it. through: the layers that passed it on.
    shape: who made the body, "" where it does not say."""

    status: int
    shape: str = ""
    allow: str = ""
    raised: Raised | None = None
    through: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.raised.kind if self.raised is not None else ""


@dataclass
class Told:
    """log: who was called, in which order, and what it saw. faults: exceptions that are no HTTPError.
    outcome: None when the fallback answers."""

    log: list[Entry]
    outcome: Outcome | None
    route: str | None
    faults: int


# -- what the tree says --------------------------------------------------------------------------------------

def skipped(name: str) -> bool:
    return name.startswith("_") or (name.startswith(".") and name != ".well-known")


def upwards(folder: Folder) -> list[Folder]:
    """The folder itself, then those around it, the root last."""
    return [folder[:length] for length in range(len(folder), -1, -1)]


def named(folder: Folder) -> str:
    return "/".join(folder) or "/"


def words(site: Site, folder: Folder, file: str) -> list[str] | None:
    text = site.files.get("/".join((*folder, file)))
    return None if text is None else text.split()


@cache
def url(folder: Folder) -> list[Segment]:
    return [segment(name) for name in folder if not (name.startswith("(") and name.endswith(")"))]


def segment(name: str) -> Segment:
    for kind, form in BRACKETS.items():
        if found := re.fullmatch(form, name):
            return kind, found[1]
    return "literal", unicodedata.normalize("NFC", unquote(name))


def written(segments: list[Segment]) -> str:
    for_brackets = {"[": "%5B", "]": "%5D", "%": "%25"}
    return "/" + "/".join(WRITTEN[kind].format("".join(for_brackets.get(each, each) for each in text))
                          for kind, text in segments)


def values(pattern: list[Segment], parts: list[str]) -> Params | None:
    """What the names in brackets take of this path, None if it is not the pattern's."""
    params: Params = {}
    rest = list(parts)
    for kind, text in pattern:
        if kind == "literal":
            if rest[:1] != [text]:
                return None
            rest = rest[1:]
        elif kind == "one":
            if not rest or rest[0] in ("", ".", ".."):
                return None
            params[text] = rest[0]
            rest = rest[1:]
        else:
            if {"", ".", ".."} & set(rest) or (kind == "many" and not rest):
                return None
            params[text] = rest
            rest = []
    return None if rest else params


def specificity(pattern: list[Segment]) -> list[int]:
    return [KINDS.index(kind) for kind, _ in pattern]


def shape(pattern: list[Segment]) -> list[Segment]:
    """The URLs of a pattern, whatever its values are called."""
    return [(kind, text if kind == "literal" else "") for kind, text in pattern]


def catches_all(folder: Folder) -> bool:
    return any(kind in ("many", "any") for kind, _ in url(folder))


def place_of_miss(site: Site, parts: list[str]) -> Folder:
    """The deepest folder of this path; what is common to them where several spell its URL."""
    folders = [folder for folder in site.folders if not catches_all(folder)]
    reached = [folder for folder in folders if values(url(folder), parts[:len(url(folder))]) is not None]
    deepest = min(reached, key=lambda folder: (-len(url(folder)), specificity(url(folder))))
    return common([folder for folder in folders if shape(url(folder)) == shape(url(deepest))])


def common(folders: list[Folder]) -> Folder:
    columns = takewhile(lambda names: len(set(names)) == 1, zip(*folders, strict=False))
    return tuple(names[0] for names in columns)


def place_of_public(site: Site, file: str) -> Folder:
    """Where a miss at the literal folder above it is. The start refuses a tree where a folder of brackets
    that stands there too has a say, so the literal ones alone are looked at."""
    return common(spelling(site, file))


def spelling(site: Site, file: str) -> list[Folder]:
    """The folders that spell the deepest literal URL above a public file."""
    above = file.split("/")[:-1]
    literal = [folder for folder in site.folders if all(kind == "literal" for kind, _ in url(folder))]
    reached = [folder for folder in literal if values(url(folder), above[:len(url(folder))]) is not None]
    deepest = max(reached, key=lambda folder: len(url(folder)))
    return [folder for folder in literal if url(folder) == url(deepest)]


def walked_round(site: Site) -> list[tuple[str, Folder]]:
    """The public files, each with a folder that has its folder's URL and other layers, or leads to that URL
    with a layer that would not run for the file: the start refuses them. A group leads to no URL of its own,
    but one in a catch-all answers whatever lies below."""
    found = []
    for file in site.public:
        above, place = file.split("/")[:-1], place_of_public(site, file)
        run = layers_around(site, place)
        for folder in site.folders:
            layers = layers_around(site, folder)
            left_out = [layer for layer in layers if layer not in run and layer[1] not in upwards(place)]
            parts = above if catches_all(folder) else above[:len(url(folder))]
            leads = left_out and values(url(folder), parts) is not None
            differs = layers != run and folder in spelling(site, file)
            group = bool(folder) and not url(folder[-1:]) and not catches_all(folder)
            if (leads or differs) and not group and folder not in upwards(place):
                found.append((file, folder))
    return found


def layers_around(site: Site, folder: Folder) -> list[tuple[str, Folder]]:
    """The name of each layer around this folder and the folder it stands in, the outermost first."""
    found: list[tuple[str, Folder]] = []
    for each in reversed(upwards(folder)):
        said = words(site, each, "middleware.py")
        if said is None:
            continue
        if "alone" in said:
            found = []
        count = sum(int(word) for word in said if word.isdigit())
        found += [(f"{named(each)}#{number}", each) for number in range(count)]
    return found


# -- what answers --------------------------------------------------------------------------------------------

@dataclass
class Centre:
    """What stands in the middle of the layers.

    does: "handler", or what is answered without one, as "HTTPError 404" or "204". method: the handler's.
    """

    place: Folder
    does: str
    params: Params = field(default_factory=dict)
    route: str | None = None
    method: str = ""
    used: bool = False
    converts: bool = True
    allow: str = ""


def centre_of(site: Site, asked: Question) -> Centre | None:
    """None for the fallback."""
    path = asked.path
    asterisk = (asked.method, path) == ("OPTIONS", "*")
    if not asked.host or path is None or "\0" in path or (path and path[0] != "/" and not asterisk):
        return Centre((), "HTTPError 400")
    if asterisk:
        return Centre((), "204", allow="DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT")
    slash = len(path) > 1 and path.endswith("/")
    parts = (path[:-1] if slash else path).split("/")[1:] if path not in ("", "/") else []
    found = best(site, parts)
    rule = slash_rule(site, found[1]) if found is not None else ""
    if found is None or (slash and rule == "strict"):
        if site.fallback:
            return None
        place = place_of_miss(site, parts)
        names = url(place)
        return Centre(place, "HTTPError 404", values(names, parts[:len(names)]) or {})
    return centre_of_route(asked, *found, slash=slash and rule == "redirect")


def slash_rule(site: Site, said: list[str]) -> str:
    """What a route does with a final slash; nobody knows that of a file whose import fails."""
    if "broken" in said:
        return "unknown"
    return next((word.removeprefix("slash:") for word in said if word.startswith("slash:")), site.slash)


def best(site: Site, parts: list[str]) -> tuple[Folder, list[str], list[Segment], Params] | None:
    """The folder, the words and the pattern of the route that has this path, and its values."""
    found = []
    for folder in site.folders:
        said = words(site, folder, "route.py")
        if said is None and words(site, folder, "page.html") is not None:
            said = ["GET", "page"]
        if said is not None and (params := values(url(folder), parts)) is not None:
            found.append((folder, said, url(folder), params))
    for file in site.public:
        if parts == file.split("/"):
            pattern = [("literal", name) for name in parts]
            found.append((place_of_public(site, file), ["GET", "public"], pattern, {}))
    return min(found, key=lambda route: specificity(route[2]), default=None)


def centre_of_route(asked: Question, place: Folder, said: list[str], pattern: list[Segment], params: Params,
                    slash: bool) -> Centre:
    exported = [word for word in said if word.isupper()]
    allowed = {*exported, "OPTIONS"} | ({"HEAD"} if "GET" in exported else set())
    centre = Centre(place, "308", params, written(pattern), allow=", ".join(sorted(allowed)))
    if "broken" in said:
        centre.does = "broken"
        return centre
    method = "GET" if asked.method == "HEAD" and "HEAD" not in exported else asked.method
    if slash:
        return centre
    if method not in exported:
        centre.does = "204" if method == "OPTIONS" else "HTTPError 405"
        return centre
    centre.does = "file" if {"page", "public"} & set(said) else "handler"
    centre.method = method
    centre.used = f"use:{method}" in said
    integers = [word[4:] for word in said if word.startswith("int:")]
    centre.converts = all(re.fullmatch("-?(0|[1-9][0-9]*)", str(params[name])) for name in integers)
    return centre


def layers_of(site: Site, centre: Centre) -> list[tuple[str, Folder]]:
    """All layers around what answers: those of the folders, then those of @use."""
    used = [(f"{named(centre.place)} {centre.method}{number}", centre.place) for number in range(2)]
    return layers_around(site, centre.place) + (used if centre.used else [])


# -- what happens --------------------------------------------------------------------------------------------

def foretell(site: Site, asked: Question) -> Told:
    centre = centre_of(site, asked)
    if centre is None:
        return Told([], None, None, 0)
    run = _Run(site, asked, centre)
    outcome = run.through(layers_of(site, centre))
    return Told(run.log, outcome, centre.route, run.faults)


class _Run:
    def __init__(self, site: Site, asked: Question, centre: Centre) -> None:
        self.site = site
        self.asked = asked
        self.do = asked.do
        self.centre = centre
        self.log: list[Entry] = []
        self.faults = 0
        self.seen = (centre.route, centre.params)

    def through(self, layers: list[tuple[str, Folder]]) -> Outcome:
        """Runs the first of these layers around all others, or what stands in the middle."""
        if not layers:
            try:
                return self.middle()
            except Raised as raised:
                return self.caught(raised, self.centre.place)
        (name, folder), *inner = layers
        try:
            return self.layer(name, inner)
        except Raised as raised:
            return self.caught(raised, folder)

    def layer(self, name: str, inner: list[tuple[str, Folder]]) -> Outcome:
        self.log.append((name, "in", *self.seen))
        act = self.do.get(name, "")
        if act == "raises before":
            raise self.fault("KeyError")
        if act == "refuses before":
            raise Raised("HTTPError 401")
        if act in ("answers before", "shares before"):
            return Outcome(290, name)
        outcome = self.through(inner)
        self.log.append((name, "out", outcome.status, outcome.kind, outcome.shape))
        if act == "raises after":
            raise self.fault("KeyError")
        if act == "refuses after":
            raise Raised("HTTPError 402")
        if act in ("asks twice", "reaches in", "forgets"):
            raise self.fault("fault")
        if act == "raises it" and outcome.raised:
            raise outcome.raised
        if act == "rewrites, raises again" and outcome.raised:
            return Outcome(291, name, outcome.allow, outcome.raised, outcome.through)
        if act == "raises again" and outcome.raised:
            return outcome                      # it has its answer: no error file is asked again
        if act == "answers after":
            return Outcome(200, name)
        if act in ("rewrites", "rewrites, raises again"):
            outcome = Outcome(291, name, outcome.allow, outcome.raised, outcome.through)
        outcome.through.append(name)
        return outcome

    def fault(self, kind: str) -> Raised:
        self.faults += 1
        return Raised(kind)

    def caught(self, raised: Raised, folder: Folder) -> Outcome:
        """The answer to an exception that was caught in this folder."""
        for each in upwards(folder):
            if words(self.site, each, "error.py") is None:
                continue
            name = named(each)
            self.log.append((name, "error", raised.kind, *self.seen))
            act = self.do.get(f"error:{name}", "")
            if act == "passes":
                continue
            if act == "answers":
                return Outcome(292, name, "", raised)
            if act == "answers alike":
                return Outcome(raised.status, name, raised.allow if raised.status == 405 else "", raised)
            if act in ("raises", "refuses"):        # the plain 500, and no other file is asked
                self.faults += 1
                return Outcome(500, "default", "", Raised("KeyError" if act == "raises" else "HTTPError 410"))
            return Outcome(raised.status, name, raised.allow, raised)
        return Outcome(raised.status, "default", raised.allow, raised)

    def middle(self) -> Outcome:
        centre = self.centre
        if centre.does.startswith("HTTPError"):
            raise Raised(centre.does, centre.allow)
        if centre.does.isdigit():
            return Outcome(int(centre.does), allow=centre.allow if centre.does == "204" else "")
        if centre.does == "broken":
            raise self.fault("fault")
        if centre.does == "file":
            return self.sent()
        if not centre.converts:
            raise Raised("HTTPError 404")
        return self.handled()

    def handled(self) -> Outcome:
        name = f"{named(self.centre.place)} {self.centre.method}"
        self.log.append((name, "handler", *self.seen))
        act = self.do.get("", "")
        if act == "raises":
            raise self.fault("KeyError")
        if act == "refuses":
            raise Raised("HTTPError 409", "NOTHING")
        if act == "forgets" or (act == "streams badly" and self.asked.method != "HEAD"):
            raise self.fault("fault" if act == "forgets" else "KeyError")
        if act.startswith("streams"):
            return Outcome(200)
        if act.startswith("sends"):
            return self.sent()
        return Outcome(200, name)

    def sent(self) -> Outcome:
        """A file: a part of it, or that it has not changed, to those who may ask for that."""
        act, method = self.do.get("", ""), self.asked.method
        if (act, method) in (("sends 206", "GET"), ("sends 304", "GET"), ("sends 304", "HEAD")):
            return Outcome(int(act.split()[1]))
        return Outcome(200)
