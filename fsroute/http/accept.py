"""Which of our representations a client prefers (RFC 9110, 12.5.1 and 12.5.3).

Rules this module keeps
-----------------------
1. A range counts by its precision: `text/html` beats `text/*` beats `*/*`, whatever their order. We offer no
   parameters, so a range with some counts where nothing else names the type.
2. Between equals our own order decides, so that `*/*` gets what we would send anyway.
3. What does not parse is as if it were not there; nothing here fails. Linear in the header's length.
"""

from __future__ import annotations

import re

# weight = OWS ";" OWS "q=" qvalue
_qvalue = r"(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)"
_weight = re.compile(rf";[ \t]*[qQ]=[ \t]*{_qvalue}[ \t]*(?:;|\Z)").search


def preferred(accept: str | None, *offers: str) -> str:
    """The offer that the client likes best; the first when it likes none or says nothing.

    accept: the field's value. offers: media types in lower case, without parameters, the best first.
    """
    if not accept:
        return offers[0]
    weights = _ranges(accept)
    best, best_weight = offers[0], 0.0
    for offer in offers:
        kind, _, _ = offer.partition("/")
        weight = weights.get(offer, weights.get(f"{kind}/*", weights.get("*/*", 0.0)))
        if weight > best_weight:
            best, best_weight = offer, weight
    return best


def coding(accept: str | None, *offers: str) -> str | None:
    """The offered content coding that the client likes best; None: send the file as it is.

    accept: Accept-Encoding. offers: such as "br", in lower case, the best first: it wins ties.
    """
    if not accept:
        return None
    weights = _ranges(accept)
    weight, best = 0.0, None
    for offer in offers:
        found = weights.get(offer, weights.get("*", 0.0))
        if found > weight and found >= weights.get("identity", weights.get("*", 0.0)):
            weight, best = found, offer
    return best


def _ranges(accept: str) -> dict[str, float]:
    plain: dict[str, float] = {}
    narrow: dict[str, float] = {}
    for part in accept.split(","):
        name, _, parameters = part.partition(";")
        found = _weight(";" + parameters)
        ranges = plain if not parameters or (found and found.start() == 0) else narrow
        ranges[name.strip(" \t").lower()] = float(found[1]) if found else 1.0
    return narrow | plain
