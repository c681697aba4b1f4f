"""`ocim shared-settings`."""

from pathlib import Path

import pytest

from tests.console.conftest import CAMPUS, Installation


def test_settings_are_set_after_a_look_at_what_changes(ocim: Installation) -> None:
    ocim.campus()
    ran = ocim("shared-settings", "set", "SHARED: 1", "--dry-run")
    assert "  SHARED: (not set) → 1" in ran.out
    assert "variables of 1 of 1 instance. Nothing is saved." in ran.out
    assert ocim("shared-settings", "show").out == "No settings.\n"
    ran = ocim("shared-settings", "set", "SHARED: 1\nSMTP_PASSWORD: unspoken", "--yes")
    assert ran.status == 0, ran.err
    assert "SMTP_PASSWORD: '********'" in ocim("shared-settings", "show").out
    assert "unspoken" in ocim("shared-settings", "show", "--secrets").out
    assert ocim("shared-settings", "show", "--json").json["version"] == 1
    assert ocim("shared-settings", "list").rows[0][:3] == ["the whole fleet", "1", "1"]
    shown = ocim("config", "show", CAMPUS, "--layer", "fleet_settings")
    assert ["SHARED", "1", "fleet_settings"] in shown.rows


def test_faults_name_the_file(ocim: Installation, tmp_path: Path) -> None:
    path = tmp_path / "shared.yml"
    path.write_text("A b: 1\nansible_user: x\n")
    ran = ocim("shared-settings", "set", f"@{path}", "--yes")
    assert ran.status == 1
    assert f"{path}, line 1, column 1" in ran.err
    assert "ansible_user is reserved" in ran.err


def test_an_editor_is_opened_again_until_there_is_no_fault(
    ocim: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ocim.campus()
    editor = tmp_path / "editor"
    editor.write_text(
        '#!/bin/sh\ngrep -q "A b" "$1" && echo "SHARED: 2" > "$1" || echo "A b: 1" >> "$1"\n'
    )
    editor.chmod(0o700)
    monkeypatch.setenv("VISUAL", str(editor))
    ran = ocim("shared-settings", "edit", "--yes")
    assert "'A b' is not a variable" in ran.out
    assert "Saved." in ran.out
    assert ocim("shared-settings", "show").out == "SHARED: 2\n"
    monkeypatch.setenv("VISUAL", "true")
    assert "Nothing is changed." in ocim("shared-settings", "edit").out
    monkeypatch.setenv("VISUAL", "false")
    assert "Set EDITOR to another one" in ocim("shared-settings", "edit").err
