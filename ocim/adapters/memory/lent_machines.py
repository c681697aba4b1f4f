"""The record of lent machines in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any
from uuid import uuid4

from ocim.ports.lent_machines import LentMachine


@dataclass
class MemoryMachines:
    """The record of lent machines; see `ocim.ports.lent_machines.LentMachines`."""

    machines: dict[str, LentMachine] = field(default_factory=dict)
    cleaning: dict[str, str] = field(default_factory=dict)
    """Tokens of the attempts to clean a machine that began last, by its name."""
    lock: Lock = field(default_factory=Lock)

    def all(self) -> Sequence[LentMachine]:
        used = [machine for machine in self.machines.values() if machine.host or machine.kept_out]
        return sorted(used, key=lambda machine: machine.name)

    def of_host(self, host: str) -> Sequence[LentMachine]:
        return [machine for machine in self.all() if machine.host == host]

    def take(self, name: str, host: str) -> bool:
        with self.lock:
            machine = self.machines.get(name, LentMachine(name))
            if machine.kept_out or machine.host not in ("", host):
                return False
            if not machine.host:
                self.machines[name] = LentMachine(name, host)
            return True

    def describe(self, name: str, host: str, description: Mapping[str, Any]) -> bool:
        with self.lock:
            machine = self.machines.get(name, LentMachine(name))
            if machine.host != host or name in self.cleaning:
                return False
            self.machines[name] = replace(machine, description=dict(description))
            return True

    def set_stopped(self, host: str, is_stopped: bool) -> None:
        with self.lock:
            for machine in self.of_host(host):
                self.machines[machine.name] = replace(machine, is_stopped=is_stopped)

    def begin_cleaning(self, name: str, host: str) -> str:
        with self.lock:
            machine = self.machines.get(name, LentMachine(name))
            if machine.host != host:
                return ""
            self.machines[name] = replace(machine, kept_out="cleaning it was interrupted")
            self.cleaning[name] = uuid4().hex
            return self.cleaning[name]

    def end_cleaning(self, name: str, token: str, fault: str = "") -> bool:
        with self.lock:
            if self.cleaning.get(name) != token:
                return False
            del self.cleaning[name]
            self.machines[name] = LentMachine(name, kept_out=fault)
            return True

    def release(self, name: str, host: str) -> None:
        with self.lock:
            machine = self.machines.get(name, LentMachine(name))
            if machine.host == host and machine.description is None:
                self.machines[name] = replace(machine, host="")

    def readmit(self, name: str) -> bool:
        with self.lock:
            if not self.machines.get(name, LentMachine(name)).kept_out:
                return False
            self.machines[name] = LentMachine(name)
            self.cleaning.pop(name, None)
            return True
