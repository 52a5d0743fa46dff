"""The catalogue is for everybody: pages of any site may read it, caches may keep it.

It holds nothing of one visitor, and no secret that the length of a packed answer could tell. In the basket's
folder none of these three would be right.
"""

from fsroute.middleware.compress import compress
from fsroute.middleware.conditional import conditional
from fsroute.middleware.cors import cors

middleware = [cors(methods=["GET"]), conditional(), compress()]
