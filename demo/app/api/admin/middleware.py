"""Nobody gets at anything below this folder without a name and a password, not even at its 404.

The order counts: who is refused has no transaction begun.
"""

from app._lib.staff import passwords
from app._lib.transactional import transactional
from fsroute.middleware.basic_auth import basic_auth

middleware = [basic_auth(passwords(), realm="Burrow & Branch"), transactional]
