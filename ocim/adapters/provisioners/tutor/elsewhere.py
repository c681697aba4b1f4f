"""Send an app server's files to the engine's machine, if that is another one."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from ocim.adapters.docker_projects import ANCHOR_IMAGE, ANCHOR_PLACE, Project, docker, send
from ocim.adapters.provisioners.tutor.rendering import Rendered
from ocim.adapters.provisioners.tutor.serving import OWNER


def place(
    rendered: Rendered,
    links: Mapping[str, Path],
    project: Project,
    environment: dict[str, str],
) -> None:
    """Send the rendered files, and make the directories of data as `serving` does it here.

    Directories in `links` lead to the same path on the engine's machine, which is made if it is
    missing. May be done twice.
    """
    # Nobody but root gets as far as this directory, once the anchor runs.
    send(rendered.root / "env", project.anchor, environment=environment)
    shown = {project.engine_root: ANCHOR_PLACE}
    shown |= {str(target.parent): str(target.parent) for target in links.values()}
    script = "\n".join(["set -e", f"cd {ANCHOR_PLACE}", *_lines(rendered, links)])
    docker(
        [
            *("run", "--rm", "--network", "none"),
            *(word for label in project.labels.items() for word in ("--label", "=".join(label))),
            *(word for paths in shown.items() for word in ("--volume", ":".join(paths))),
            *(ANCHOR_IMAGE, "/bin/sh", "-c", script),
        ],
        environment=environment,
    )


def _lines(rendered: Rendered, links: Mapping[str, Path]) -> Iterator[str]:
    data = rendered.root / "data"
    for directory in rendered.data_directories():
        path = directory.relative_to(rendered.root)
        for parent in reversed(path.parents[:-2]):  # those below `data`
            yield _make(str(parent))
        target = links.get(str(directory.relative_to(data)))
        if target is None:
            yield _make(str(path))
        else:
            yield _make(str(target))
            link = shlex.quote(str(path))
            yield f"[ -L {link} ] || {{ [ ! -d {link} ] || rmdir {link}; }}"
            yield f"[ -L {link} ] || ln -s {shlex.quote(str(target))} {link}"


def _make(directory: str) -> str:
    """Return the line that makes a directory as the containers' user's, unless there is one."""
    path = shlex.quote(directory)
    return f"[ -d {path} ] || {{ mkdir -p {path}; chown {OWNER}:{OWNER} {path}; }}"
