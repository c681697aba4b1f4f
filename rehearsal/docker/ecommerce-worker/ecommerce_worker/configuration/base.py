"""Defaults of the real worker that Tutor leaves as they are."""

import os

ECOMMERCE_WORKER_VERSION = os.environ["REHEARSAL_RELEASE"]
ECOMMERCE_API_ROOT = "http://127.0.0.1:8002/api/v2/"
JWT_AUDIENCE = ""
