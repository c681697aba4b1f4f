"""What uvicorn serves."""

import os
import warnings

from django.core.asgi import get_asgi_application

from ocim.web.bodies import LimitBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ocim.project.settings")
# WhiteNoise gives Django files to send, which it reads in a thread; that is as it should be.
warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous iterators")
application = LimitBodies(get_asgi_application())
