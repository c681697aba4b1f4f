from openedx.settings import *  # noqa: F403
