from ocim.core.jobs import PAYLOADS, JobKind
from ocim.operations.handlers import HANDLERS


def test_every_kind_of_job_has_a_payload_and_a_handler() -> None:
    assert set(JobKind) == HANDLERS.keys() == PAYLOADS.keys()
