"""Runs over ssh, to a host that goes away in the middle."""

from dataclasses import replace
from pathlib import Path

from tests.adapters.ansible_support import Bench
from tests.ssh_server import needs_sshd, ssh_server

pytestmark = needs_sshd


def test_a_host_that_drops_the_connection_is_told_with_the_task(
    bench: Bench, tmp_path: Path
) -> None:
    reached = tmp_path / "reached"
    job = bench.job(f"""
- name: during
  shell: touch {reached}; sleep 1000
- name: never
  command: touch {tmp_path}/last
""")
    with ssh_server(tmp_path) as sshd:
        connection = replace(
            job.host.connection,
            kind="ssh",
            user=sshd.user,
            port=sshd.port,
            key_file=str(sshd.key),
            known_hosts_file=str(sshd.known_hosts),
        )
        host = replace(job.host, connection=connection, address="127.0.0.1")

        def dropping() -> bool:
            if reached.exists() and sshd.process.poll() is None:
                sshd.drop()
            return False

        outcome = bench.run(replace(job, host=host), is_cancelled=dropping)

    assert (outcome.ok, outcome.failed_task) == (False, "during")
    assert "ssh" in outcome.message  # that it could not connect, or not send data
    assert bench.events[-1].level == "error"
    assert not (tmp_path / "last").exists()
    assert list(bench.runs.iterdir()) == []
