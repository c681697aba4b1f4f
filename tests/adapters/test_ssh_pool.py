from pathlib import Path

import pytest

from ocim.adapters.providers.ssh.pool import read_pool
from ocim.core.errors import ValidationError

EVERYTHING_WRONG = """
clean_command: "true"
clean: now
disk: plenty
hosts:
- {name: rack-1, address: 192.0.2.1, user: admin, key_file: /nowhere, host_key: ssh-rsa A}
- {name: rack-1, address: 192.0.2.2, user: "", port: x}
"""


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "pool.yml"
    file.write_text(EVERYTHING_WRONG)

    with pytest.raises(ValidationError) as caught:
        read_pool(file)

    places = [fault.removeprefix(f"{file}: ").split(":")[0] for fault in caught.value.faults]
    assert sorted(places) == sorted(
        [
            "clean",
            "disk",
            "hosts",
            "hosts[0].key_file",
            "hosts[1].key_file",
            "hosts[1].user",
            "hosts[1].port",
        ]
    )


def test_a_file_says_how_its_hosts_are_cleaned(tmp_path: Path) -> None:
    file, key = tmp_path / "pool.yml", tmp_path / "key"
    key.touch()
    host = f"{{name: a, address: 192.0.2.1, user: u, key_file: {key}, host_key: ssh-rsa A}}"
    file.write_text(f"hosts: [{host}]")

    with pytest.raises(ValidationError, match="clean_command or clean_playbook"):
        read_pool(file)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"OCIM_SSH_POOL: .*nowhere"):
        read_pool(tmp_path / "nowhere.yml")


ENGINE = "{name: box, address: %s, user: u, key_file: %s, host_key: ssh-rsa A}"


def test_a_file_of_the_engines_machine_alone_says_nothing_of_cleaning(tmp_path: Path) -> None:
    file, key = tmp_path / "pool.yml", tmp_path / "key"
    key.touch()
    file.write_text(f"hosts: [{ENGINE % ('192.0.2.1', key)}]")

    assert [machine.name for machine in read_pool(file, engine="box").hosts] == ["box"]


@pytest.mark.parametrize(
    "address, engine, fault",
    [
        ("192.0.2.1", "bix", r"there is no 'bix', the machine of OCIM_DOCKER_ENGINE"),
        ("box.example.com", "box", r"the address of box must be an IP address"),
    ],
)
def test_a_machine_whose_engine_cannot_be_used_is_named(
    address: str, engine: str, fault: str, tmp_path: Path
) -> None:
    file, key = tmp_path / "pool.yml", tmp_path / "key"
    key.touch()
    file.write_text(f"clean_command: 'true'\nhosts: [{ENGINE % (address, key)}]")

    with pytest.raises(ValidationError, match=fault):
        read_pool(file, engine=engine)
