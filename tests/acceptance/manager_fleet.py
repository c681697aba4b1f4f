"""Fleet of instances on a manager with several machines, and what tests ask of it."""

import os
import ssl
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.acceptance.installation import until
from tests.acceptance.traffic import served_by
from tests.console.processes import KEY, OCIM
from tests.control_server import tls_files
from tests.machine_pool import MachinePool
from tests.manager_machines import Machine
from tests.postgresql_server import PASSWORD, PostgresqlFiles, programs
from tests.web_servers import Authority

INSTANCES = int(os.environ.get("MACHINES", "2"))
RELEASES = ("open-release/juniper.1", "open-release/juniper.2")
QUEUES = ("opencraft", "opencraft_low_priority", "opencraft_periodic")
PORT, CONTROL = 8443, 8444
CLEAN = """
systemctl disable --now edxapp
rm -f /etc/systemd/system/edxapp.service /srv/services.py /srv/late
"""
FILES = {
    "requirements.txt": f"ansible-core=={version('ansible-core')}\n",
    "playbooks/openedx_native.yml": """
- hosts: all
  become: true
  gather_facts: false
  tasks:
  - name: write the services
    copy: {src: "{{ item.src }}", dest: "{{ item.dest }}", mode: "0644"}
    loop:
    - {src: edxapp.service, dest: /etc/systemd/system/edxapp.service}
    - {src: services.py, dest: /srv/services.py}
  - name: write their settings
    copy:
      dest: /srv/services.json
      content: "{{ {'names': [EDXAPP_LMS_BASE, EDXAPP_CMS_BASE],
                    'release': edx_platform_version} | to_json }}"
  - name: take time
    shell: sleep 5
  - name: start the services
    systemd: {name: edxapp, state: restarted, enabled: true, daemon_reload: true}
""",
    "playbooks/edxapp.service": """
[Service]
ExecStart=/usr/bin/python3 /srv/services.py
[Install]
WantedBy=multi-user.target
""",
    "playbooks/services.py": """
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

settings = json.load(open("/srv/services.json"))
PAGE = f"release <strong>{settings['release']}</strong>"
HEARTBEAT = '{"sql": {"status": true, "message": "OK"}}'

class Services(BaseHTTPRequestHandler):
    def do_GET(self):
        is_asked = self.path.startswith("/heartbeat")
        self.send_response(200 if self.headers["Host"] in settings["names"] else 404)
        self.send_header("Content-Type", "application/json" if is_asked else "text/html")
        self.end_headers()
        self.wfile.write((HEARTBEAT if is_asked else PAGE).encode())

ThreadingHTTPServer(("", 80), Services).serve_forever()
""",
}


class Fleet:
    """The machines of a manager, its instances, and a look into its database."""

    def __init__(self, machines: list[Machine], pool: MachinePool, directory: Path) -> None:
        self.database, self.queue, item, two, self.web, self.balancer = machines
        self.workers = (item, two)
        self.pool = pool
        self.directory = directory
        self.domains = [f"campus-{number}.localhost" for number in range(1, INSTANCES + 1)]
        self.release = 0

    def configure(self, configuration: str) -> None:
        """Write each machine's settings: the address of others, and files of its own."""
        authority = Authority()
        ports = {"OCIM_HTTPS_PORT": str(PORT), "OCIM_HTTP_PORT": "8080"}
        for machine in (*self.workers, self.web, self.balancer):
            files = tls_files(authority, machine.address, machine.directory)
            Path(files.key).chmod(0o600)
            machine.environment |= ports | {
                "PATH": f"{programs()}:{os.environ['PATH']}",
                "DJANGO_SETTINGS_MODULE": "ocim.project.settings",
                "OCIM_VAR": str(machine.directory / "var"),
                "OCIM_BALANCER_AUTHORITY": files.authority,
                "OCIM_BALANCER_CERTIFICATE": files.certificate,
                "OCIM_BALANCER_KEY": files.key,
            }
        self.balancer.environment |= {
            "OCIM_BALANCER_BIND": self.balancer.address,
            "OCIM_BALANCER_CONTROL": f"{self.balancer.address}:{CONTROL}",
        }
        for machine in (*self.workers, self.web):
            machine.environment |= {
                "OCIM_MACHINE": machine.name,
                "OCIM_MASTER_KEY": KEY,
                "DATABASE_URL": self.database_url,
                "OCIM_QUEUE_URL": f"redis://{self.queue.address}:6379/0",
                "OCIM_BALANCER_URL": f"https://{self.balancer.address}:{CONTROL}",
                "OCIM_BALANCER_ADDRESS": self.balancer.address,
                "OCIM_WEB_ADDRESS": f"{machine.address}:5000",
                "OCIM_DEFAULT_PROVIDER": "ssh",
                "OCIM_SSH_POOL": str(self.pool.file),
                "OCIM_DEFAULT_CONFIGURATION_URL": configuration,
                "OCIM_DEFAULT_CONFIGURATION_VERSION": "master",
                "OCIM_LEASE": "6",
                "OCIM_DRAIN": "1",
            }

    @property
    def database_url(self) -> str:
        return f"postgres://ocim@{self.database.address}:5432/postgres"

    def start(self, postgresql: PostgresqlFiles) -> None:
        """Start every machine, and create a site of the first release for each instance."""
        where = ["-p", "5432", "-h", self.database.address]
        user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        self.database.start(*user, *postgresql.command, *where)
        self.database.wait_for("ready to accept connections")
        where = ["--bind", self.queue.address, "--protected-mode", "no", "--save", ""]
        self.queue.start("redis-server", *where)
        self.queue.wait_for("eady to accept connections")
        for role in ("edge", "router", "control"):
            self.balancer.start(OCIM, "balancer", "run", role)
        self.ocim("setup")
        self.web.start(OCIM, "web")
        for worker in self.workers:
            for queue in QUEUES:
                worker.start(OCIM, "worker", HUEY_QUEUE_NAME=queue)
        words = ("database-server", "register", "main", f"postgresql://{self.database.address}")
        self.ocim(*words, stdin=PASSWORD)
        for domain in self.domains:
            self.ocim("instance", "create", domain, f"edx_platform_commit={RELEASES[0]}")
            self.ocim("appserver", "spawn", domain, "--activate", "--no-wait")
        failed = "select count(*) from store_openedxappserver where state = 'failed'"
        until(lambda: self.is_served() or self.ask(failed) > [(0,)], self.said())
        assert self.is_served(), self.logs()

    def logs(self) -> str:
        """Return the log of every app server."""
        numbers = self.ask("select id from store_openedxappserver order by id")
        return "\n".join(self.ocim("appserver", "logs", str(number)) for (number,) in numbers)

    def ocim(self, *words: str, stdin: str | None = None) -> str:
        """Return the output of a command on the machine of the pages."""
        done = subprocess.run(
            self.web.command([OCIM, *words]),
            env=self.web.environment,
            cwd=self.web.directory,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, query: str, *values: object) -> list[Any]:
        """Return the rows of a query in the manager's database; none while it is away."""
        try:
            with psycopg.connect(self.database_url, connect_timeout=2) as connection:
                return connection.execute(query, values).fetchall()
        except psycopg.OperationalError:
            return []

    def said(self) -> str:
        return "\n".join(machine.said()[-4000:] for machine in (*self.workers, self.web))

    def shown(self, domain: str) -> str:
        """Return the release that serves a site, or why it is not served."""
        try:
            with httpx.Client(verify=self._trust()) as visitor:
                response = visitor.get(
                    f"https://{self.balancer.address}:{PORT}/",
                    headers={"Host": f"{domain}:{PORT}"},
                    extensions={"sni_hostname": domain},
                )
        except (httpx.HTTPError, OSError) as error:
            return repr(error)
        return served_by(response.text)

    def _trust(self) -> ssl.SSLContext:
        authorities = (self.balancer.directory / "var/balancer").glob("**/local/root.crt")
        return ssl.create_default_context(cafile=next(authorities, None))

    def is_served(self) -> bool:
        """Return True if every site shows the present release."""
        return all(self.shown(domain) == RELEASES[self.release] for domain in self.domains)

    def is_over(self) -> bool:
        return self.ask("select count(*) from store_rollout where state <> 'ended'") == [(0,)]

    def redeploy(self) -> None:
        """Start a rollout to the other release, in a process that may die with its machine."""
        self.release = 1 - self.release
        ((count,),) = self.ask("select count(*) from store_rollout")
        sql = ["create table if not exists ran (tag text)", f"insert into ran values ('{count}')"]  # noqa: S608
        self.web.run(
            [OCIM, "redeploy", "--force", f"--tag=several-{count}", "--num-attempts=3",
             "--batch-size=2", f"--update={{edx_platform_commit: {RELEASES[self.release]}}}",
             f"--preupgrade-sql-commands={sql!r}"]
        )  # fmt: skip
        until(lambda: self.ask("select count(*) from store_rollout") > [(count,)], self.said())

    def provisioning(self) -> Machine:
        """Return a machine that provisions; begin a rollout if none is left."""

        def busy() -> Machine | None:
            if self.is_over():
                self.end()
                self.redeploy()
            query = """
                select lease.holder from store_job job join store_lease lease on lease.id = lease_id
                join store_openedxappserver appserver on appserver.instance_id = job.instance_id
                where job.state = 'running' and appserver.state = 'provisioning'
            """
            for (holder,) in self.ask(query):
                for worker in self.workers:
                    if holder.startswith(f"{worker.name}-") and worker.processes(
                        "ansible-playbook"
                    ):
                        return worker
            return None

        machine: Machine = until(busy, self.said())
        return machine

    def takes_over(self, machine: Machine) -> None:
        """Wait until the other machine holds all that a machine has held."""
        query = "select count(*) from store_lease where holder like %s"
        until(lambda: self.ask(query, f"{machine.name}-%") == [(0,)], self.said())

    def end(self) -> None:
        """Check that the rollouts have ended right, and make room for another one."""
        until(self.is_over, self.said(), seconds=900)
        until(self.is_served, self.said())
        states = self.ask("select distinct state from store_upgrade")
        assert states in ([], [("successful",)]), self.said()
        assert not states or all(count == 1 for count in self.runs())
        active = self.ask(
            "select count(*), count(distinct instance_id) from store_openedxappserver"
            " where is_active"
        )
        assert active == [(INSTANCES, INSTANCES)]
        idle = self.ask(
            "select id from store_openedxappserver where not is_active and state <> 'terminated'"
        )
        for (number,) in idle:
            self.ocim("appserver", "terminate", str(number), "--yes")

    def runs(self) -> list[int]:
        """Return how often each rollout's statement took effect, for each instance."""
        counts = []
        for (name,) in self.ask("select database_name from store_openedxinstance"):
            url = self.database_url.replace("/postgres", f"/{name}_edxapp")
            with psycopg.connect(url) as connection:
                rows = connection.execute("select count(*) from ran group by tag").fetchall()
            counts += [count for (count,) in rows]
        return counts
