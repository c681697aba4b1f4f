"""Whether Ansible would take a text for a Jinja template."""

_MARKS = ("{{", "{%", "{#")
_HEADER = "#jinja2:"


def is_template(text: str) -> bool:
    """Whether the text holds a mark that makes Ansible hand it to Jinja."""
    if "{" not in text:  # as in nearly all texts
        return has_header(text)
    return any(mark in text for mark in _MARKS) or has_header(text)


def has_header(text: str) -> bool:
    """Whether it begins as texts do that give Jinja other marks than the usual ones."""
    return text.startswith(_HEADER)
