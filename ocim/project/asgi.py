"""ASGI application, which uvicorn serves."""

import os
import warnings

from django.core.asgi import get_asgi_application
from django.db import connections

from ocim.project.databases import keep_connections
from ocim.web.bodies import LimitBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ocim.project.settings")
# Django reads the files of WhiteNoise in a thread, which is fine.
warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")
application = LimitBodies(get_asgi_application())
keep_connections(connections.settings["default"])
