"""Filters of texts in templates."""

from django.utils.html import format_html

from ocim.web.templatetags.web_text import with_code


def test_commands_between_backticks_are_code_and_all_else_is_escaped() -> None:
    assert with_code("<b>: run `ocim up & so`") == "&lt;b&gt;: run <code>ocim up &amp; so</code>"


def test_a_link_in_a_text_stays_a_link() -> None:
    text = format_html('<a href="/">{}</a>', "<b>")
    assert with_code(text) == '<a href="/">&lt;b&gt;</a>'
