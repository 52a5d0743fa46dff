"""What runs around the API, inside of what runs around everything.

A browser adds the basket's cookie and the admin's password to a request whichever page makes it. So nothing
below this folder is changed by a page of another site; a new route is guarded before anybody thinks of it.
Reading is free: that others may read the catalogue is said in its own folder.
"""

from fsroute.middleware.csrf import csrf

middleware = csrf()
