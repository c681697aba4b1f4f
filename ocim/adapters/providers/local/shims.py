"""The contents of a local host's own files: supervisord's configuration, and a few commands."""

import shlex
import sys
from pathlib import Path

SUPERVISOR_CONF = "edx/app/supervisor/supervisord.conf"
SOCKET = "run/supervisor.sock"

# All paths are relative to the host's root, where supervisord and supervisorctl are started. The
# socket's path goes through /proc, because supervisor makes paths absolute and a Unix socket's path
# must be shorter than 108 bytes. Cron is killed: it has no state to save, and would miss a gentler
# signal while it is starting.
SUPERVISOR = f"""\
[unix_http_server]
file=/proc/self/cwd/{SOCKET}
chmod=0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix:///proc/self/cwd/{SOCKET}

[supervisord]
logfile=var/log/supervisord.log
pidfile=run/supervisord.pid
childlogdir=edx/var/log/supervisor

[include]
files=conf.d/*.conf

[program:cron]
command=bin/crond
stopsignal=KILL
redirect_stderr=true
stdout_logfile=edx/var/log/cron/cron.log
"""

SUDO = """\
#!/bin/sh
# sudo on a host where all users are the same one: accept sudo's options and run the command.
shell=
while [ $# -gt 0 ]; do
    case $1 in
        --) shift; break ;;
        --login|--shell) shell=yes ;;
        --user|--group|--prompt|--chdir|--host|--role|--type|--close-from) shift ;;
        --*) ;;
        -?*)
            letters=${1#-}
            while [ -n "$letters" ]; do
                rest=${letters#?}
                case $letters in
                    [is]*) shell=yes ;;
                    [CDghpRrTtUu]*) [ -n "$rest" ] || shift; rest= ;;
                esac
                letters=$rest
            done ;;
        *) break ;;
    esac
    shift
done
if [ $# -gt 0 ]; then exec env -- "$@"; fi
if [ -n "$shell" ]; then exec "${SHELL:-/bin/sh}"; fi
"""


def commands(root: Path) -> dict[str, str]:
    """Return the text of each command in the host's `bin`.

    The commands run with the manager's Python in isolated mode, so that nothing on the host affects
    them.
    """
    python = f"exec {shlex.quote(sys.executable)} -I -m"
    cron = f"{python} ocim.adapters.providers.local.cron"
    return {
        "sudo": SUDO,
        "crond": f"#!/bin/sh\n{cron}.daemon\n",
        "crontab": f'#!/bin/sh\n{cron}.command "$@"\n',
        "supervisorctl": (
            f"#!/bin/sh\ncd {shlex.quote(str(root))} &&\n"
            f'{python} supervisor.supervisorctl -c {SUPERVISOR_CONF} "$@"\n'
        ),
    }
