r"""Regular expressions of Python as JSON Schema has them: in ECMA-262, with its flag u (2020-12, 6.4).

Rules this module keeps
-----------------------
1. An expression is given only if it means the same there. The dot, "{,3}" and what needs a backslash in the
   one and not in the other are rewritten.
2. Others have no form: flags, named groups, back references, possessive quantifiers, "\A", "\s", a "$" that
   is not the end; and "\d", "\w", "\b", which are every alphabet's in Python, unless re.ASCII is on.
"""

from __future__ import annotations

import re

from ..http.convert import is_utf8

_ESCAPE = r"\\[\^$\\.*+?()\[\]{}|/nrtfv] | \\x[0-9A-Fa-f]{2} | \\u[0-9A-Fa-f]{4}"
_QUANTIFIER = r"(?: [*+?] | \{[0-9]+(?:,[0-9]*)?\} )\??(?![*+?{])"
_token = re.compile(rf"""
    (?P<same> [^\\.\[\](){{}}*+?|$] | {_ESCAPE} | \| | \) | \((?!\?) | \(\?(?: : | <?[=!] ) | \$\Z
        | \[(?!\^?\])\^?(?: [^\\\[\]] | {_ESCAPE} | \\- )+\] | {_QUANTIFIER} )
    | (?P<ascii> \\[dDwWbB] | \[(?!\^?\])\^?(?: [^\\\[\]] | {_ESCAPE} | \\[-dDwW] )+\] )
    | (?P<dot> \. )
    | (?P<bare> [\]}}] )
    | \\(?P<escaped> [-"'#%&,:;<=>@_`~!\ ] )
    | \{{,(?P<most> [0-9]+ )\}}(?![*+?{{])
    """, re.VERBOSE).match

# in Python a lookaround may be repeated, with the flag u it may not
_may_repeat_lookaround = re.compile(r"\(\?<?[=!].*\)[*+?{]", re.DOTALL).search


def ecmascript(regex: re.Pattern[str]) -> str | None:
    """The same expression in ECMA-262; None where it has no form there that is sure to mean the same."""
    text = regex.pattern
    if regex.flags & ~(re.UNICODE | re.ASCII) or not is_utf8(text) or _may_repeat_lookaround(text):
        return None
    parts, place = [], 0
    while place < len(text):
        found = _token(text, place)
        if found is None or (found["ascii"] and not regex.flags & re.ASCII):
            return None
        parts.append(_rewritten(found))
        place = found.end()
    return "".join(parts)


def _rewritten(token: re.Match[str]) -> str:
    if token["dot"]:
        return r"[^\n]"         # in ECMA-262 it leaves out other ends of lines too
    if token["bare"]:
        return f"\\{token['bare']}"
    return f"{{0,{token['most']}}}" if token["most"] else token["same"] or token["ascii"] or token["escaped"]
