"""Wrong input in commands: each fault is refused, with its place and the reason."""

from pathlib import Path

import pytest

from ocim.operations.instance_settings import SETTABLE
from tests.console.conftest import CAMPUS, Installation
from tests.entry.traces import SECRET, refused

NEW = "new.example.com"
EXTRA = "configuration_extra_settings"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{old}'] * 10)}]\n"
    for old, name in zip("abcdefg", "bcdefgh", strict=True)
)
HUGE = "9" * 5000
LONG = "n" * 10_000_000
BYTES = "\udcff"
"""An argument's byte that is not UTF-8, as Python reads it."""

DOCUMENTS = [
    pytest.param(BOMB, "aliases", id="a bomb of aliases"),
    pytest.param(f"A: 1\nA: {SECRET}", "already set in line 1", id="a key twice"),
    pytest.param("A: !!python/object/apply:os.system [id]", "!!python/object", id="an object"),
    pytest.param("[" * 2000, "levels of nesting", id="deep nesting"),
    pytest.param(f"A: {'x' * 2_000_000}", "too large", id="megabytes"),
    pytest.param("A: \x00", "control character (code 0)", id="NUL"),
    pytest.param("A: &a [*a]", "contains itself", id="a loop"),
    pytest.param(f"A: {HUGE}", "too large to store", id="a number of 5000 digits"),
    pytest.param("A: 2026-01-01", "write it in quotes", id="a date"),
    pytest.param("- A", "must be a mapping", id="a list"),
    pytest.param("extra.yml", "must be a mapping", id="a file's name, misspelt"),
    pytest.param("/no/extra.yml", "No such file: /no/extra.yml (write @", id="a file without @"),
    pytest.param("A: {{ b }}", "{{", id="an unquoted template"),
    pytest.param(
        "A: \"{{ lookup('file', '/etc/passwd') }}\"", "would run on the manager", id="lookup"
    ),
    pytest.param(f'A: "{{{{ {"(" * 3000} }}}}"', EXTRA, id="a template too deep"),
    pytest.param("ansible_connection: local", "ansible_connection", id="a connection"),
    pytest.param('"A B": 1', "line 1", id="no variable's name"),
]


@pytest.mark.parametrize("text, says", DOCUMENTS)
def test_bad_extra_settings_are_refused_with_their_place(
    ocim: Installation, text: str, says: str
) -> None:
    refused(ocim, ("instance", "create", NEW, f"{EXTRA}={text}"), EXTRA, says)


NAMES = [
    pytest.param("c\u0430mpus.example.com", "U+0430", id="a letter that looks like another"),
    pytest.param("campus\u3002example.com", "U+3002", id="a dot that is none"),
    pytest.param("\u202emoc.example", "U+202E", id="right to left"),
    pytest.param("campus\x00.example.com", "host name", id="NUL"),
    pytest.param("my_site.localhost", "Write 'my-site.localhost'.", id="an underscore"),
    pytest.param(
        "m\u00fcnchen.example", "Did you mean 'xn--mnchen-3ya.example'", id="international"
    ),
    pytest.param("campus", "host name", id="no dot"),
    pytest.param("-campus.example.com", "host name", id="a dash first"),
    pytest.param("*.example.com", "host name", id="a wildcard"),
    pytest.param("campus..example.com", "host name", id="two dots"),
    pytest.param("https://campus.example.com/", "host name", id="a URL"),
    pytest.param("campus.example.com:443", "host name", id="a port"),
    pytest.param(f"{'c' * 64}.example.com", "host name", id="a long label"),
    pytest.param(f"{LONG}.com", "host name", id="10 MB"),
    pytest.param("{{ x }}.example.com", "host name", id="a template"),
    pytest.param("appserver-7.example.com", "preview address", id="a reserved name"),
    pytest.param("127.0.0.1", "address", id="an IP address"),
    pytest.param("", "internal_lms_domain", id="nothing"),
]


@pytest.mark.parametrize("domain, says", NAMES)
def test_a_domain_that_is_none_is_refused(ocim: Installation, domain: str, says: str) -> None:
    refused(ocim, ("instance", "create", "--", domain), "internal_lms_domain", says)


def test_a_wrong_domain_is_told_once(ocim: Installation) -> None:
    ran = refused(ocim, ("instance", "create", "my_site.localhost"))
    assert ran.err == (
        "Error: internal_lms_domain: 'my_site.localhost' is not a host name: certificates"
        " and Django do not allow underscores. Write 'my-site.localhost'.\n"
    )


FIELDS = [
    (f"openedx_appserver_count={HUGE}", "openedx_appserver_count"),
    ("openedx_appserver_count=-1", "openedx_appserver_count"),
    ("openedx_appserver_count=0", "openedx_appserver_count"),
    ("openedx_appserver_count=32768", "openedx_appserver_count"),
    ("openedx_appserver_count=two", "openedx_appserver_count"),
    ("openedx_appserver_count=1.5", "openedx_appserver_count"),
    ("currency=DEM", "currency: 'DEM' is not legal tender on"),
    ("currency=HRK", "It was replaced by EUR."),
    ("currency=XXX", "currency: 'XXX' is not legal tender on"),
    ("currency=XAU", "currency: 'XAU' is not legal tender on"),
    ("currency=gbp", "currency: 'gbp' is not a currency. Did you mean 'GBP'?"),
    ("name=My\u00a0Campus", "name: It holds a no-break space (U+00A0), character 3: take it out."),
    ("name=My\tCampus", "name: It holds a tab (U+0009), character 3: take it out."),
    ("name=Campus\u200b", "name: It holds a zero width space (U+200B), character 7: take it out."),
    ("name=\u3164", "name: It holds a hangul filler (U+3164), character 1: take it out."),
    ("tags=a\u00a0b", "tags: It holds a no-break space (U+00A0), character 2: take it out."),
    ("external_lms_domain=my_site.example.com", "Write 'my-site.example.com'."),
    ("external_lms_domain=m\u00fcnchen.example", "Did you mean 'xn--mnchen-3ya.example'"),
    ("provider=nowhere", "provider: unknown kind 'nowhere'. Choose one of: local"),
    ("email=nobody", "email"),
    ("time_zone=Mars/Olympus", "time_zone: 'Mars/Olympus' is not a time zone"),
    ("time_zone=../../etc/passwd", "time_zone"),
    ("time_zone=localtime", "time_zone: 'localtime' is not a time zone"),
    ("openedx_release=--upload-pack=id", "openedx_release: It begins with a dash"),
    ("openedx_release=", "openedx_release"),
    ("name=A\u202eB", "name: It holds"),
    ("name=A\nB", "name: It holds"),
    (f"name={LONG}", "name: "),
    (f"name={BYTES}", "is not text in UTF-8"),
    ("notes=\x00", "notes: It holds a control character (U+0000)"),
    ("organization=A\u202eB", "organization: It holds a control character (U+202E)"),
    (f"tags={'t' * 101}", "tags: "),
    ("tags=a\x07b", "tags: "),
    (f"secret_seed={SECRET}", "secret_seed: an instance has no such setting"),
    (f"{LONG}=1", "an instance has no such setting"),
    ("database_name=theirs", "database_name: an instance has no such setting"),
    ("name", "'name' is not of the form FIELD=VALUE"),
    ("=x", "an instance has no such setting"),
    ("external_studio_domain=new.example.com", "new.example.com: two services"),
    (f"external_lms_domain={CAMPUS}", f"{CAMPUS} is a name of"),
    (f"internal_studio_domain=PREVIEW.{CAMPUS}.", f"preview.{CAMPUS} is a name of"),
]


@pytest.mark.parametrize("word, says", FIELDS, ids=[word[:40] for word, _ in FIELDS])
def test_a_bad_field_is_refused_by_its_name(ocim: Installation, word: str, says: str) -> None:
    campus = ocim.campus()

    refused(ocim, ("instance", "create", NEW, word), says)
    if word != f"external_lms_domain={CAMPUS}" and CAMPUS not in word and NEW not in word:
        refused(ocim, ("instance", "set", campus, word), says)


@pytest.mark.parametrize(
    "field", [item for item in SETTABLE if item not in (EXTRA, "openedx_appserver_count")]
)
def test_no_field_takes_a_template(ocim: Installation, field: str) -> None:
    refused(ocim, ("instance", "create", NEW, f"{field}={{{{ lookup('env', 'X') }}}}"), field)


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """Return a directory of files that are not documents."""
    (tmp_path / "directory").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "binary").write_bytes(b"\x7fELF\x00\xff\xfe")
    (tmp_path / "linked").symlink_to("binary")
    return tmp_path


@pytest.mark.parametrize(
    "name, says",
    [
        ("nowhere", "No such file"),
        ("directory", "Is a directory"),
        ("loop", "symbolic links"),
        ("dangling", "No such file"),
        ("binary", "not a text file"),
        ("linked", "not a text file"),
        ("x" * 300, "File name too long"),
    ],
)
@pytest.mark.parametrize("field", ["notes", EXTRA])
def test_a_file_that_is_no_document_is_refused_by_its_path(
    ocim: Installation, odd: Path, field: str, name: str, says: str
) -> None:
    path = odd / name

    refused(ocim, ("instance", "create", NEW, f"{field}=@{path}"), field, str(path), says)


def test_a_file_without_end_is_not_read_to_its_end(ocim: Installation) -> None:
    refused(ocim, ("instance", "create", NEW, f"{EXTRA}=@/dev/zero"), EXTRA, "too large")


MISSING = [
    (("instance", "show", "nowhere.example.com"), 1, "No instance"),
    (("instance", "show", HUGE), 1, "No instance"),
    (("instance", "show", LONG), 1, "No instance"),
    (("instance", "show", BYTES), 1, "is not text in UTF-8"),
    (("instance", "show", "0", "--json"), 1, "No instance"),
    (("instance", "set", "999999", "name=x", "--json"), 1, "No instance"),
    (("instance", "delete", CAMPUS, "--name", "My Campus"), 1, "nothing was deleted"),
    (("instance", "archive", CAMPUS), 1, "--yes"),
    (("appserver", "show", "999999"), 1, "No app server 999999"),
    (("appserver", "show", "9" * 30), 1, "No app server"),
    (("appserver", "show", "1e3"), 2, "invalid int value"),
    (("appserver", "terminate", "--yes", "-1"), 1, "No app server -1"),
    (("appserver", "activate", "one"), 2, "invalid int value"),
    (("appserver", "spawn", CAMPUS, "--count", "0"), 1, "1 to 100"),
    (("appserver", "spawn", CAMPUS, "--count=-3"), 1, "1 to 100"),
    (("appserver", "spawn", CAMPUS, "--count", "1000000000", "--json"), 1, "1 to 100"),
    (("appserver", "spawn", CAMPUS, "--count", "many"), 2, "invalid int value"),
    (("config", "show", CAMPUS, "--layer", "{{ x }}"), 2, "no layer"),
    (("config", "diff", "appserver:²"), 2, "appserver:"),
    (("config", "lint", "/"), 2, "/"),
    (("config", "lint", CAMPUS, "--against", "/dev/null"), 2, "/dev/null"),
    (("rollout", "show", "9" * 30), 1, "No rollout"),
    (("rollout", "retry", "-1"), 1, "No rollout -1"),
    (("host", "list", "--provider", "nowhere"), 2, "nowhere"),
]


@pytest.mark.parametrize(
    "words, status, says", MISSING, ids=[" ".join(words)[:50] for words, _, _ in MISSING]
)
def test_what_does_not_exist_cannot_be_worked_on(
    ocim: Installation, words: tuple[str, ...], status: int, says: str
) -> None:
    ocim.campus()

    refused(ocim, words, says, status=status)


def test_a_password_in_a_repositorys_url_is_shown_to_nobody(ocim: Installation) -> None:
    url = f"https://deployer:{SECRET}@git.example.com/platform"
    campus = ocim.campus(*(f"{name}={url}" for name in SETTABLE if name.endswith("_url")))
    appserver = ocim.served(campus)

    for words in (
        ("instance", "show", campus),
        ("instance", "show", campus, "--json"),
        ("config", "show", campus),
        ("appserver", "show", appserver, "--json"),
        ("appserver", "logs", appserver),
        ("doctor",),
    ):
        ran = ocim(*words)
        assert SECRET not in ran.out + ran.err
        assert ran.out
