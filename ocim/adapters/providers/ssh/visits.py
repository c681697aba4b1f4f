"""Commands of the manager on a machine as root, and the end of all that earlier visits run there.

A worker that was cut off, or died, may leave commands that run on: their ssh connection is gone, or
nobody has noticed yet. The worker that takes over ends them before it begins. So a machine obeys
one worker at a time, whatever became of the others.
"""

from ocim.adapters.providers import ssh_client
from ocim.core.errors import PermanentError
from ocim.core.hosts import VISIT, Host

END = f"""
own=" "
process=$$
while [ "${{process:-0}}" -gt 1 ]; do
    own="$own$process "
    process=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$process/status")
done
for round in 1 2 3; do
    left=
    for directory in /proc/[0-9]*; do
        number=${{directory#/proc/}}
        case "$own" in *" $number "*) continue;; esac
        line=$(tr '\\0' ' ' <"$directory/cmdline" 2>/dev/null)
        case "$line" in
            "sshd: $SUDO_USER@"*|"sshd-session: $SUDO_USER@"*) ;;
            *) tr '\\0' '\\n' <"$directory/environ" 2>/dev/null | grep -q '^{VISIT}=' || continue;;
        esac
        kill -KILL "$number" 2>/dev/null && left=yes
    done
    [ "$left" ] || break
done
"""
"""Script for root that kills all processes of visits, and their connections, but its own."""


def as_root(host: Host, script: str, *, timeout: float = 120.0) -> None:
    """Run a shell script on the host as root; raise PermanentError with its output if it fails."""
    _run(host, ["sudo", "-n", "env", f"{VISIT}=script", "sh", "-s"], script, timeout)


def end_visits(host: Host) -> None:
    """Kill everything that other visits, of any worker, still run on the machine.

    Services are not of a visit: the machine's own systemd or supervisor has started them.
    """
    _run(host, ["sudo", "-n", "env", "-u", VISIT, "sh", "-s"], END, 120.0)


def _run(host: Host, argv: list[str], script: str, timeout: float) -> None:
    result = ssh_client.run(host, argv, stdin=script, timeout=timeout)
    if result.status:
        message = (result.errors or result.output).strip()[-2000:]
        raise PermanentError(f"{host.name}: {message or f'exit status {result.status}'}")
