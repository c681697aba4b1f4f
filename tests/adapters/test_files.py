"""Files that are written in one step."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ocim.adapters.files import write_whole


def test_threads_that_write_the_same_file_do_not_disturb_one_another(tmp_path: Path) -> None:
    path = tmp_path / "made/config"
    texts = [f"{number}\n" * 1000 for number in range(50)]

    with ThreadPoolExecutor(8) as several:
        list(several.map(lambda text: write_whole(path, text), texts))

    assert path.read_text() in texts
    assert list(path.parent.iterdir()) == [path]


def test_only_its_owner_may_read_it_unless_told_otherwise(tmp_path: Path) -> None:
    write_whole(tmp_path / "secret", "x")
    write_whole(tmp_path / "program", "x", mode=0o700)

    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("secret", "program")]
    assert modes == [0o600, 0o700]


def test_a_file_that_has_the_text_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "config"
    write_whole(path, "x")
    before = path.stat().st_ino

    write_whole(path, "x")

    assert path.stat().st_ino == before
