"""ASGI application, which uvicorn serves."""

import os
import warnings

from django.core.asgi import get_asgi_application

from ocim.web.bodies import LimitBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ocim.project.settings")
# Django reads the files of WhiteNoise in a thread, which is fine.
warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")
application = LimitBodies(get_asgi_application())
