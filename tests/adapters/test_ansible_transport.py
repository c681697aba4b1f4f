"""The transfer of steps to hosts: it follows the setting, and the result is the same."""

import json

import pytest

from ocim.core.provisioning import Transport
from tests.adapters.ansible_support import Bench

TASKS = """
- name: settings
  debug: {msg: "{{ lookup('config', 'DEFAULT_STRATEGY', 'ANSIBLE_PIPELINING') }}"}
- copy: {content: hello, dest: "{{ ocim_host_root }}/greeting"}
- command: touch {{ ocim_host_root }}/touched
"""


@pytest.mark.parametrize(
    "transport, strategy, pipelining",
    [
        (Transport.PLAIN, "linear", False),
        (Transport.PIPELINING, "linear", True),
        (Transport.MITOGEN, "mitogen_linear", True),
    ],
)
def test_it_is_as_it_was_set(
    bench: Bench, transport: Transport, strategy: str, pipelining: bool
) -> None:
    bench.use(transport)
    outcome = bench.run(bench.job(TASKS))
    assert (outcome.ok, outcome.changed) == (True, 2), outcome.message
    assert (bench.root / "greeting").read_text() == "hello"
    (text,) = [event.text for event in bench.events if event.text.startswith("ok:")]
    assert json.loads(text.partition("settings: ")[2].replace("'", '"').lower()) == [
        strategy,
        pipelining,
    ]
    assert list(bench.runs.iterdir()) == []
