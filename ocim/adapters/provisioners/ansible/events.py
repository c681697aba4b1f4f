"""Events of ansible-runner, as log lines and as the outcome of a run.

Pure: plain dictionaries in, plain dictionaries out. The fields are those of ProvisionEvent and
ProvisionOutcome. This runs in the run's own process, so secrets are masked later.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ocim.adapters.provisioners.messages import condensed, message_of

Line = dict[str, Any]

_RESULTS = {
    "runner_on_ok": "ok",
    "runner_on_skipped": "skipped",
    "runner_on_failed": "failed",
    "runner_on_unreachable": "unreachable",
    "runner_item_on_failed": "failed",
}
_OUTPUT = {"verbose": "debug", "deprecated": "debug", "warning": "warning", "error": "error"}
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class EventLog:
    """The log of a run. Pass it the events in their order, then ask for the outcome."""

    def __init__(self) -> None:
        self._task = ""
        self._message = ""
        self._output: list[str] = []
        self._changed = 0
        self._migrations: Any = {}

    def lines(self, event: Mapping[str, Any]) -> Iterator[Line]:
        """Yield the event's log line, if it has one."""
        kind = event["event"]
        data = event.get("event_data", {})
        line: Line | None = None
        if kind == "playbook_on_task_start":
            line = {"level": "debug", "text": f"task: {data['task']}", "task": data["task"]}
        elif kind == "playbook_on_play_start":
            line = {"level": "debug", "text": f"play: {data.get('name') or data.get('play')}"}
        elif kind == "playbook_on_stats":
            self._changed = sum(data.get("changed", {}).values())
            self._migrations = data.get("artifact_data", {}).get("migrations", {})
        elif kind == "runner_retry":
            line = {"level": "debug", "text": f"trying again: {data['task']}", "task": data["task"]}
        elif kind in _RESULTS:
            line = self._result(_RESULTS[kind], data, of_item="item" in kind)
        elif kind in _OUTPUT:
            line = self._printed(_OUTPUT[kind], event.get("stdout", ""))
        if line is not None:
            yield {"time": event["created"], **line}

    def outcome(self, *, ok: bool) -> Line:
        """Return the outcome.

        After a failure it has the last failed task, or else what Ansible printed.
        """
        always = {"changed": self._changed, "migrations": self._migrations}
        if ok:
            return {"ok": True, **always}
        return {
            "ok": False,
            **always,
            "failed_task": self._task,
            "message": self._message or condensed("\n".join(self._output)) or "Ansible failed.",
        }

    def _result(self, status: str, data: Mapping[str, Any], *, of_item: bool) -> Line:
        task, result = data["task"], data.get("res") or {}
        if status == "ok" and result.get("changed"):
            status = "changed"
        text = f"{status}: [{data['host']}] {task}"
        level = "debug" if status == "skipped" else "info"
        if status in {"failed", "unreachable"}:
            message = message_of(result)
            text += f": {message}"
            ignored = bool(data.get("ignore_errors") or result.get("ignore_errors"))
            level = "warning" if ignored else "error"
            if not ignored:
                self._task, self._message = task, message
        elif data.get("task_action") in {"debug", "ansible.builtin.debug"}:
            text += f": {result.get('msg', '')}"
        seconds = None if of_item else data.get("duration")
        return {"level": level, "text": text, "task": task, "status": status, "seconds": seconds}

    def _printed(self, level: str, text: str) -> Line | None:
        text = _COLOUR.sub("", text).strip()
        if not text:
            return None
        self._output.append(text)
        return {"level": level, "text": text}
