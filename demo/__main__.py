"""Run the demo instance by Tutor: `python -m demo`.

All that it makes is below `.demo`: an engine with stand-in images, servers that app servers share,
and a manager. A second run goes on with what is there.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress

from demo import images, servers
from demo.engine import PROGRAMS, Engine, EngineError
from ocim.adapters.programs import own
from ocim.adapters.providers.tools import missing_packages
from ocim.core.places import ROOT

PLACE = ROOT / ".demo"
VAR = PLACE / "var"
ENVIRONMENT = "environment"
"""File with the variables of a second terminal."""
NEEDED = {**PROGRAMS, "mmdebstrap": "mmdebstrap"}
PORTS = (443, 80, 5000)
BROKERS = ("redis", "redis-2", "redis-3")
"""Each instance needs one of its own."""
SERVERS = ("mysql", *BROKERS, "meilisearch")
MONGODB_PORT = 30017
START_SECONDS = 120.0
"""Maximum number of seconds until a server answers."""
SHARED_SETTINGS = "TUTOR_PLUGINS: []"


def main() -> None:
    """Start everything, and stop it with Ctrl-C."""
    if faults := list(_faults()):
        sys.exit("\n".join(["Error: the demo by Tutor does not start here.", *faults]))
    _install()
    PLACE.mkdir(mode=0o700, exist_ok=True)
    engine = Engine(PLACE / "engine")
    engine.state.mkdir(exist_ok=True)
    try:
        _say("Starting a Docker engine of its own.")
        engine.start()
        _run_on(engine)
    except EngineError as error:
        sys.exit(f"Error: {error}")
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        engine.stop()


def _faults() -> Iterator[str]:
    """Yield all that keeps the demo from starting on this machine."""
    if os.geteuid() != 0:
        yield "It needs root: for an engine, for images, and to listen at port 443."
    if (packages := missing_packages(NEEDED)) and not shutil.which("apt-get"):
        yield f"These packages are missing, and there is no apt-get: {', '.join(packages)}."
    for port in PORTS:
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except PermissionError:
            continue  # the first fault says why
        except OSError as error:
            yield (
                f"Port {port} of 127.0.0.1 cannot be used ({error.strerror}). Stop the program that"
                " has it: Tutor's sites know no other ports."
            )


def _install() -> None:
    if packages := missing_packages(NEEDED):
        _say(f"Installing {', '.join(packages)}.")
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
        for command in (["apt-get", "update", "-qq"], install):
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            if subprocess.run(command, env=environment, stdout=sys.stderr, check=False).returncode:
                sys.exit(f"Error: `{' '.join(command)}` failed.")


def _run_on(engine: Engine) -> None:
    _say("Looking at the images; the first time they take a few minutes.")
    for line in images.build(engine):
        _say(line)
    images.name_as_tutor(engine, VAR / "cache")
    addresses = servers.start(engine, SERVERS, data=PLACE / "servers")
    addresses["mongodb"] = f"{engine.gateway}:{MONGODB_PORT}"
    environment = _environment(engine)
    _write(environment)
    setup = [own("ocim"), "setup"]
    if subprocess.run(setup, env={**os.environ, **environment}, check=False).returncode:
        raise EngineError("`ocim setup` failed.")
    # No image of MongoDB can be made of Debian's packages.
    mongodb = subprocess.Popen(
        [sys.executable, "-m", "demo.mongodb", addresses["mongodb"]], start_new_session=True
    )
    try:
        _register(environment, addresses)
        manager = subprocess.Popen(
            [own("ocim"), "up", "--provisioner", "tutor"], env={**os.environ, **environment}
        )
        signal.signal(signal.SIGTERM, lambda *_: manager.terminate())
        while manager.poll() is None:
            with suppress(KeyboardInterrupt):  # the manager gets it, too, and ends
                manager.wait()
    finally:
        mongodb.terminate()
        mongodb.wait()


def _environment(engine: Engine) -> dict[str, str]:
    """Return the settings of the manager, and the passwords of the servers."""
    return {
        **engine.environment,
        "OCIM_VAR": str(VAR),
        "OCIM_DOCKER_ENGINE": engine.address,
        "OCIM_DEFAULT_RELEASE": f"release/{next(iter(images.RELEASES))}",
        "OCIM_HTTPS_PORT": "443",
        "OCIM_HTTP_PORT": "80",
        # Containers reach no loopback of this machine.
        "OCIM_BALANCER_BIND": f"127.0.0.1,{engine.gateway}",
        "OCIM_BALANCER_ADDRESS": engine.gateway,
        "OCIM_DATABASE_PASSWORD": servers.PASSWORD,
        "OCIM_BROKER_PASSWORD": servers.PASSWORD,
        "OCIM_MEILISEARCH_KEY": servers.PASSWORD,
        "OCIM_MONGODB_PASSWORD": servers.PASSWORD,
    }


def _write(environment: Mapping[str, str]) -> None:
    lines = [f"export {name}={value}" for name, value in environment.items()]
    lines.append(f"PATH={ROOT}/.venv/bin:$PATH")
    (PLACE / ENVIRONMENT).write_text("\n".join(lines) + "\n")
    _say(f"For another terminal: . {PLACE / ENVIRONMENT}")


def _register(environment: Mapping[str, str], addresses: Mapping[str, str]) -> None:
    for kind, scheme, name, *more in (
        ("database-server", "mysql", "mysql", "--user=root"),
        *(("broker", "redis", name) for name in BROKERS),
        ("meilisearch-server", "http", "meilisearch"),
        ("mongodb-server", "mongodb", "mongodb"),
    ):
        if _failure(environment, kind, "show", name):
            url = f"{scheme}://{addresses[name]}"
            _until_done(environment, kind, "register", name, url, *more)
    if _failure(environment, "instance", "show", "demo.localhost"):
        _until_done(environment, "shared-settings", "set", SHARED_SETTINGS, "--yes")


def _until_done(environment: Mapping[str, str], *command: str) -> None:
    """Run a command that needs a server, which may still be starting."""
    deadline = time.monotonic() + START_SECONDS
    while failure := _failure(environment, *command):
        if time.monotonic() > deadline:
            raise EngineError(f"`ocim {' '.join(command[:3])}` failed: {failure}")
        time.sleep(1)


def _failure(environment: Mapping[str, str], *command: str) -> str:
    """Run a command of Ocim; return what it says if it fails, else nothing."""
    ran = subprocess.run(
        [own("ocim"), *command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return (ran.stderr.strip() or f"exit status {ran.returncode}") if ran.returncode else ""


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - its output


if __name__ == "__main__":
    main()
