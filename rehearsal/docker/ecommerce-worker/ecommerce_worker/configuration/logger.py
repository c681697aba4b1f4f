from typing import Any


def get_logger_config(**_options: Any) -> dict[str, Any]:
    """Return a configuration of logging with the names that Tutor changes."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {
            "console": {"class": "logging.StreamHandler"},
            "local": {"class": "logging.NullHandler"},
        },
        "loggers": {"": {"handlers": ["console", "local"], "level": "INFO"}},
    }
