import pytest

from ocim.parsing.jinja_text import template_faults


@pytest.mark.parametrize(
    "text",
    [
        "plain, with lookup and query in prose",
        "{{ EDXAPP_CELERY_USER }}",
        "{{ a }}://{{ b }}@{{ c }}{{ d }}",
        "{{ a | default('x') | regex_replace('^(.*)$', 'q_\\1') }}",
        "{{ a | to_json | b64encode }}",
        "{{ a | combine({'q': 1}, recursive=True) }}",
        "{{ items | map(attribute='lookup') | list }}",
        "{{ a.lookup }} {{ a['query'] }}",
        "{{ now(utc=true).strftime('%Y') }}",
        "{{ a if b is defined else omit }}",
        "{% set x = 1 %}{{ x }}",
        "{% for x in y %}{% if loop.last %}{% break %}{% endif %}{{ x }}{% endfor %}",
        "{% do x.append(1) %}",
        "{{ '{{' }} {{ '}}' }} {{ '{%' }}",
        "{% raw %}{{ lookup('pipe', 'id') }}{% endraw %}",
        "{# lookup('pipe', 'id') #}",
        "{{ 'a__b' | replace('__', '_') }}",
        "if (x) { lookup('a'); query('b') }",
        "call lookup('a') before noon",
        "document.query('a')",
        "query (id)",
        "lookup(name) or q (1)",
        "{{ x | replace('__VERSION__', '3') }}",
        "{{ x | replace('__version__', '3') }}",
        "{% if x == '__all__' %}{{ x }}{% endif %}",
        "{{ x | combine({'__default__': 1}) }}",
        "{{ x | regex_replace('__(a+)__', 'b') }}",
        "{{ query_text }} query('file', 'x')",
    ],
)
def test_templates_that_only_use_values_pass(text: str) -> None:
    assert template_faults(text) == []


@pytest.mark.parametrize(
    "text, word",
    [
        ("{{ lookup('pipe', 'id') }}", "lookup"),
        ("{{ query('file', '/etc/passwd') }}", "query"),
        ("{{ q('env', 'HOME') }}", "q"),
        ("{{lookup( 'url', x )}}", "lookup"),
        ("x{% if lookup('pipe', 'id') %}{% endif %}", "lookup"),
        ("{% set l = lookup %}{{ l('pipe', 'id') }}", "lookup"),
        ("{% for x in [1] if q('pipe', 'id') %}{% endfor %}", "q"),
        ("{{ [lookup][0]('pipe', 'id') }}", "lookup"),
        ("{{ a | default(lookup('pipe', 'id')) }}", "lookup"),
        ('{{ \'{{ lookup("pipe", "id") }}\' }}', "lookup"),
        ("{{ 'x' | map('fileglob') }}", "fileglob"),
        ("{{ '/etc/*' | ansible.builtin.fileglob }}", "fileglob"),
        ("{{ '$SECRET_KEY' | expandvars }}", "expandvars"),
        ("{{ ''.__class__.__mro__ }}", "__class__"),
        ("{{ cycler['__init__'] }}", "__init__"),
        ("{{ x | attr('__globals__') }}", "__globals__"),
        ("{{ x | attr('_TemplateReference__context') }}", "_TemplateReference__context"),
        ("{{ x | map(attribute='a.__class__') | list }}", "__class__"),
        ("{{ '{0.__class__}'.format(x) }}", "__class__"),
        ("{{ (x | map('upper')).gi_frame.f_builtins }}", "gi_frame"),
        ("{% include 'x' %}", "include"),
        ("{% import 'x' as y %}", "import"),
        ("{% from 'x' import y %}", "import"),
        ("{% extends 'x' %}", "extends"),
        ("#jinja2: variable_start_string:'[['\n[[ x ]]", "#jinja2"),
        ("lookup('pipe', 'id')", "lookup"),
        ("x and q ('pipe', 'id')", "q"),
        ("{{ query(name) }}", "query"),
        ("{% set a = '__class__' %}{{ x | attr(a) }}", "__class__"),
        ("{{ x | replace('a', lookup('pipe', 'id')) }}", "lookup"),
        ("{{ x.__VERSION__ }}", "__VERSION__"),
    ],
)
def test_templates_that_would_run_on_the_manager_are_found(text: str, word: str) -> None:
    assert word in [fault.word for fault in template_faults(text)]


@pytest.mark.parametrize("text", ["{{ a", "{% if a %}", "{{ a | }}", "{{ a b }}", "{% nosuch %}"])
def test_faults_of_syntax_are_told(text: str) -> None:
    (fault,) = template_faults(text)
    assert fault.text.startswith("invalid Jinja: ")


def test_a_template_nested_too_deeply_is_refused() -> None:
    (fault,) = template_faults("{{ " + "(" * 100_000)
    assert fault.text == "this template has too many levels."


def test_of_very_many_faults_in_one_text_only_the_first_are_looked_for() -> None:
    assert len(template_faults("{{ lookup('x') }}\n" * 1000)) == 50


def test_the_line_within_the_text_is_told() -> None:
    result = template_faults("a\n{{ b }}\n{{ lookup('x') }}\n{{ q('y') }}")
    assert [(fault.line, fault.word) for fault in result] == [(3, "lookup"), (4, "q")]
