"""The files that a run of Ansible reads."""

from pathlib import Path

import yaml

from ocim.adapters.provisioners.ansible.files import write_files
from ocim.core.hosts import Connection, Host
from ocim.core.provisioning import Transport
from ocim.core.secrets import Secret


def test_variables_reach_ansible_with_keys_that_are_no_texts(tmp_path: Path) -> None:
    shared = ["same"]
    variables = {"X": {1: [{"code": Secret("yes")}], None: "1.10"}, "Y": shared, "Z": shared}
    write_files(
        tmp_path,
        host=Host("appserver-1", "local", "127.0.0.2", Connection("local")),
        playbook=tmp_path / "site.yml",
        ansible=tmp_path,
        transport=Transport.PLAIN,
        variables=variables,
    )
    text = (tmp_path / "env/extravars").read_text()
    expected = {"X": {1: [{"code": "yes"}], None: "1.10"}, "Y": shared, "Z": shared}
    assert yaml.safe_load(text) == expected
    assert "&" not in text
