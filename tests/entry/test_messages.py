"""Refusals of a rollout, to the letter: read them aloud."""

from pathlib import Path

import pytest
from django.utils import timezone

from ocim.store.models import OpenEdXInstance
from tests.console.conftest import Installation
from tests.entry.traces import refused

LISTS = 'a list of SQL statements, each on a line of its own after a dash: - "UPDATE …;"'
MAPPING = "a mapping such as {name: value}"
ALL = "Without --filter, all instances are selected."
READ_ALOUD = [
    (("--filter=",), f"--filter is empty. {ALL}"),
    (("--filter=~",), f"--filter: the argument is empty, but must be {MAPPING}. {ALL}"),
    (("--filter=null",), f"--filter: the argument is empty, but must be {MAPPING}. {ALL}"),
    (("--filter={}",), f"--filter: the argument is empty, but must be {MAPPING}. {ALL}"),
    (("--filter=@empty.yml",), "--filter: empty.yml is empty, but must be a mapping such as"
     f" {{name: value}}. {ALL}"),
    (("--filter=@comments.yml",), "--filter: comments.yml is empty, but must be a mapping such as"
     f" {{name: value}}. {ALL}"),
    (("--exclude=@empty.yml",), "--exclude: empty.yml is empty, but must be a mapping such as"
     " {name: value}. Without --exclude, none is left out."),
    (("--exclude={ref_set__id__in: '12'}",), "--exclude: ref_set__id__in: '12' does not fit: it is"
     " a text, and this lookup takes a list of whole numbers. Write [12]."),
    (("--filter={openedx_release: 1.10}",), "--filter: openedx_release: 1.10 does not fit: it is a"
     " number, and this lookup takes a text. Write it in quotes: '1.10'."),
    (("--filter={name: No}",), "--filter: name: No does not fit: it is false in YAML, and this"
     " lookup takes a text. Write it in quotes: 'No'."),
    (("--filter=no/such.yml",), "--filter, line 1: the argument must be a mapping such as {name:"
     " value}, not 'no/such.yml'. No such file: no/such.yml (write @ before the name of a file)."),
    (("--filter=@no/such.yml",), "--filter: cannot read no/such.yml: No such file or"
     " directory."),
    (("--filter=@~/such.yml",), "--filter: cannot read HOME/such.yml: No such file or"
     " directory."),
    (("--filter=@",), "--filter: no file name after @. Write --filter=@PATH."),
    (("--filter=./",), "--filter, line 1: the argument must be a mapping such as {name: value}, not"
     " './'. . is a directory (write @ before the name of a file)."),
    (("--filter=@.",), "--filter: cannot read .: Is a directory."),
    (("--filter=@binary.yml",), "--filter: binary.yml is not a text file in UTF-8."),
    (("--filter=@large.yml",), "--filter: large.yml is too large: the maximum is 1048576"
     " bytes."),
    (("--filter=name:\u00a0A",), "--filter, line 1: the argument must be a mapping such as {name:"
     " value}, not 'name:\\xa0A'. Character 6 is a no-break space (U+00A0)."),
    (("--filter=name: A\n\temail: x",), "--filter, line 2, column 1: invalid YAML: found a tab"
     " character that violates indentation, while scanning a plain scalar that starts in line 1."
     " Character 1 is a tab (U+0009)."),
    (("--update={openedx_release: 1.10}",), "--update: openedx_release: 1.10 is no text: write it"
     " in quotes: '1.10'."),
    (("--update={name: null}",), "--update: name: null is no text: for an empty one write ''."),
    (("--update={configuration_extra_settings: {A: 1}}",), "--update: configuration_extra_settings:"
     " a mapping is no text: write `configuration_extra_settings: |`, and the lines below it,"
     " indented."),
    (("--update={configuration_version: 'a\u200bb'}",), "CAMPUS: configuration_version: It holds a"
     " zero width space (U+200B), character 2: take it out. Nothing was changed."),
    (("--update={currency: DEM}",), "CAMPUS: currency: 'DEM' is not legal tender on TODAY. It was"
     " replaced by EUR. Nothing was changed."),
    (("--update={internal_lms_domain: my_site.localhost}",), "CAMPUS: internal_lms_domain:"
     " 'my_site.localhost' is not a host name: certificates and Django do not allow"
     " underscores. Write 'my-site.localhost'. Nothing was changed."),
    (("--preupgrade-sql-commands=",), "--preupgrade-sql-commands is empty. Without"
     " --preupgrade-sql-commands, no SQL is run."),
    (("--preupgrade-sql-commands=@empty.yml",), "--preupgrade-sql-commands: empty.yml is empty,"
     f" but must be {LISTS}. Without --preupgrade-sql-commands, no SQL is run."),
    (("--preupgrade-sql-commands=SELECT 1",), "--preupgrade-sql-commands, line 1: the argument must"
     f" be {LISTS}, not 'SELECT 1'."),
    (("--preupgrade-sql-commands=[1]",), "--preupgrade-sql-commands, line 1, column 2: this item is"
     " not an SQL statement. Write it in quotes."),
    (("--window=",), "--window is empty. Give it a value, or leave it out."),
    (("--waves=",), "--waves is empty. Give it a value, or leave it out."),
    (("--waves=200%",), "--waves: '200%' is no wave: 100% are all instances. As in"
     " 3,10%,tag:early."),
    (("--waves=60%,50%",), "--waves: 60%,50% is 110% of the instances: 100% are all. As in"
     " 3,10%,tag:early."),
    (("--waves=0%",), "--waves: '0%' is no wave. As in 3,10%,tag:early."),
    (("--waves=1e3",), "--waves: '1e3' is no wave. As in 3,10%,tag:early."),
    (("--max-failures=101%",), "--max-failures: 101% is more than all: 100% at most."),
    (("--max-failures=-5%",), "--max-failures: '-5%' is neither a number nor a percentage."),
    (("--max-failures=nan",), "--max-failures: 'nan' is neither a number nor a percentage."),
    (("--max-failures=1e3",), "--max-failures: '1e3' is neither a number nor a percentage."),
    (("--max-failures=\u0663%",), "--max-failures: '\u0663%' is neither a number nor a"
     " percentage."),
    (("--tag=x,y",), "--tag: 'x,y': A tag must not contain a comma: commas separate tags."),
    (("--tag= x",), "--tag: ' x': A tag must not be empty, nor begin or end with a space."),
    (("--tag=x\u00a0y",), "--tag: 'x\\xa0y': It holds a no-break space (U+00A0), character 2: take"
     " it out."),
    (("--exclude={name: A}", "--exclude={name: B}"), "--exclude appears 2 times: pass it once."),
]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the directory of an operator, with odd documents in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "empty.yml").write_text("")
    (tmp_path / "comments.yml").write_text("# name: A\n---\n# nothing else\n")
    (tmp_path / "binary.yml").write_bytes(b"\x7fELF\xff")
    (tmp_path / "large.yml").write_text("ü" * 1024 * 1024)
    return tmp_path


@pytest.mark.parametrize(
    "words, says", READ_ALOUD, ids=[" ".join(words)[:50] for words, _ in READ_ALOUD]
)
def test_a_message_says_what_is_wrong_and_what_to_write(
    ocim: Installation, campus: int, home: Path, words: tuple[str, ...], says: str
) -> None:
    label = str(OpenEdXInstance.objects.get())
    today = str(timezone.now().date())
    says = says.replace("CAMPUS", label).replace("TODAY", today).replace("HOME", str(home))
    tag = () if any(word.startswith("--tag") for word in words) else ("--tag=good",)

    ran = refused(ocim, ("redeploy", "--force", *tag, *words), status=2)

    assert " ".join(ran.err.split("\n")).strip() == f"Error: {says}"


def test_all_that_is_wrong_is_told_at_once(ocim: Installation, campus: int) -> None:
    ran = refused(
        ocim,
        ("redeploy", "--force", "--tag=x,y", "--filter={nmae: x, id__in: '12'}", "--window=",
         "--update={openedx_release: 1.10}", "--waves=200%", "--exclude=~", "--batch-size=0"),
        status=2,
    )  # fmt: skip
    assert ran.err.splitlines() == [
        "Error: --window is empty. Give it a value, or leave it out.",
        "--batch-size must be 1 or more, and a number.",
        "--update: openedx_release: 1.10 is no text: write it in quotes: '1.10'.",
        "--filter: unknown field 'nmae'. Did you mean 'name'?",
        "--filter: id__in: '12' does not fit: it is a text, and this lookup takes a list of whole"
        " numbers. Write [12].",
        "--exclude: the argument is empty, but must be a mapping such as {name: value}. Without"
        " --exclude, none is left out.",
        "--waves: '200%' is no wave: 100% are all instances. As in 3,10%,tag:early.",
        "--tag: 'x,y': A tag must not contain a comma: commas separate tags.",
    ]


def test_a_plan_in_ones_home_is_written_and_read_there(
    ocim: Installation, campus: int, home: Path
) -> None:
    assert ocim("redeploy", "--tag=good", "--plan-out=~/plan.json").status == 0
    assert (home / "plan.json").is_file()
    assert ocim("redeploy", "--plan=~/plan.json", "--show-instances").status == 0
