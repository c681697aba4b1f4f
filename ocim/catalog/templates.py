"""Recognition of Jinja templates, by the rules of Ansible."""

_DELIMITERS = ("{{", "{%", "{#")
_HEADER = "#jinja2:"


def is_template(text: str) -> bool:
    """Return True if Ansible would render the text as a template."""
    if "{" not in text:  # the usual case
        return has_header(text)
    return any(delimiter in text for delimiter in _DELIMITERS) or has_header(text)


def has_header(text: str) -> bool:
    """Return True if the text starts with the header that changes Jinja's delimiters."""
    return text.startswith(_HEADER)
