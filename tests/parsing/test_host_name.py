import pytest

from ocim.parsing.host_name import host_name_fault


@pytest.mark.parametrize(
    "name", ["campus.example.com", "a-b.1c.example", "xn--mnchen-3ya.example.com", "demo.localhost"]
)
def test_names_of_sites_pass(name: str) -> None:
    assert host_name_fault(name) == ""


@pytest.mark.parametrize(
    "text, fault",
    [
        ("my_site.localhost", "'my_site.localhost' is not a host name: browsers' certificates and"
         " Django take no underscore. Write 'my-site.localhost'."),
        ("m\u00fcnchen.example.com", "'m\\xfcnchen.example.com' is not a host name: it holds"
         " a latin small letter u with diaeresis (U+00FC). Write 'xn--mnchen-3ya.example.com', if"
         " that is the name that you mean."),
        ("campus\u3002example.com", "'campus\\u3002example.com' is not a host name: it holds"
         " an ideographic full stop (U+3002). Write 'campus.example.com', if that is the name that"
         " you mean."),
        ("\u202emoc.example", "'\\u202emoc.example' is not a host name: it holds a right-to-left"
         " override (U+202E). Write it in ASCII."),
        ("a\u00a0b.example.com", "'a\\xa0b.example.com' is not a host name: it holds a no-break"
         " space (U+00A0). Write it in ASCII."),
        ("campus\t.example.com", "'campus\\t.example.com' is not a host name: it holds a tab"
         " (U+0009)."),
        ("https://campus.example.com/about", "A URL, a path or a mail address is not a host name:"
         " write 'campus.example.com' alone."),
        ("https://me:secret@campus.example.com", "A URL, a path or a mail address is not a host"
         " name: write 'campus.example.com' alone."),
        ("campus.example.com?x", "A URL, a path or a mail address is not a host name: write"
         " 'campus.example.com' alone."),
        ("//", "A URL, a path or a mail address is not a host name: write the name alone."),
        ("campus.example.com:8443", "'campus.example.com:8443' is not a host name: write it without"
         " the port, as 'campus.example.com'."),
        ("10.0.0.1", "'10.0.0.1' is an IP address, or looks like one: give it a name."),
        ("1.2.3.0x10", "'1.2.3.0x10' is an IP address, or looks like one: give it a name."),
        (f"{'c' * 64}.example", f"'{'c' * 64}.example' is not a host name: a part of it has 64"
         " characters, and 63 at most are possible."),
        ("n" * 300, f"'{'n' * 60}'… is not a host name: it has 300 characters, and 253 at most are"
         " possible."),
        ("xn--zzzzzz.example.com", "'xn--zzzzzz.example.com' is not a host name: 'xn--zzzzzz'"
         " stands for no international name."),
        ("a b.example.com", "'a b.example.com' is not a host name such as campus.example.com."),
        ("*.example.com", "'*.example.com' is not a host name such as campus.example.com."),
        ("campus..example.com", "'campus..example.com' is not a host name such as"
         " campus.example.com."),
        ("campus", "'campus' is not a host name such as campus.example.com."),
    ],
)  # fmt: skip
def test_what_is_none_is_refused_with_what_to_write(text: str, fault: str) -> None:
    assert host_name_fault(text) == fault
