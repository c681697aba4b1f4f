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
        ("my_site.localhost", "'my_site.localhost' is not a host name: certificates and Django do"
         " not allow underscores. Write 'my-site.localhost'."),
        ("m\u00fcnchen.example.com", "'m\\xfcnchen.example.com' is not a host name: it contains"
         " a latin small letter u with diaeresis (U+00FC). Did you mean"
         " 'xn--mnchen-3ya.example.com'?"),
        ("campus\u3002example.com", "'campus\\u3002example.com' is not a host name: it contains"
         " an ideographic full stop (U+3002). Did you mean 'campus.example.com'?"),
        ("\u202emoc.example", "'\\u202emoc.example' is not a host name: it contains a right-to-left"
         " override (U+202E). Use only ASCII characters."),
        ("a\u00a0b.example.com", "'a\\xa0b.example.com' is not a host name: it contains a no-break"
         " space (U+00A0). Use only ASCII characters."),
        ("campus\t.example.com", "'campus\\t.example.com' is not a host name: it contains a tab"
         " (U+0009)."),
        ("https://campus.example.com/about", "A URL, a path or a mail address is not a host name:"
         " write only 'campus.example.com'."),
        ("https://me:secret@campus.example.com", "A URL, a path or a mail address is not a host"
         " name: write only 'campus.example.com'."),
        ("campus.example.com?x", "A URL, a path or a mail address is not a host name: write only"
         " 'campus.example.com'."),
        ("//", "A URL, a path or a mail address is not a host name: write only the name."),
        ("campus.example.com:8443", "'campus.example.com:8443' is not a host name: write"
         " 'campus.example.com', without the port."),
        ("10.0.0.1", "'10.0.0.1' is an IP address, or looks like one: write a host name."),
        ("1.2.3.0x10", "'1.2.3.0x10' is an IP address, or looks like one: write a host name."),
        (f"{'c' * 64}.example", f"'{'c' * 64}.example' is not a host name: a part of it has 64"
         " characters; the maximum is 63."),
        ("n" * 300, f"'{'n' * 60}'… is not a host name: it has 300 characters; the"
         " maximum is 253."),
        ("xn--zzzzzz.example.com", "'xn--zzzzzz.example.com' is not a host name: 'xn--zzzzzz'"
         " is not a valid international name."),
        ("a b.example.com", "'a b.example.com' is not a host name such as campus.example.com."),
        ("*.example.com", "'*.example.com' is not a host name such as campus.example.com."),
        ("campus..example.com", "'campus..example.com' is not a host name such as"
         " campus.example.com."),
        ("campus", "'campus' is not a host name such as campus.example.com."),
    ],
)  # fmt: skip
def test_what_is_none_is_refused_with_what_to_write(text: str, fault: str) -> None:
    assert host_name_fault(text) == fault
