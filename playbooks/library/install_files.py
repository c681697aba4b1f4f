#!/usr/bin/python
"""Write directories, files and links in one step.

Ansible's own modules take a step for each of them, and a step takes longer than its work.

    - install_files:
        directories: [/edx/app/edxapp]
        files:
          - {path: /edx/etc/lms.yml, content: "{{ lms_env_config | to_nice_yaml }}", mode: "0640"}
        links: {/edx/bin/manage.edxapp: /edx/app/edxapp/edx-platform/manage.py}
        owner: edxapp

Missing directories above a path are created, too. Links may lead to paths that do not exist yet.
Only what differs is written; `changed_paths` lists it. Contents are never shown or logged.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

FILE = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str", "required": True, "no_log": True},
    "mode": {"type": "str", "default": "0644"},
}
ARGUMENTS = {
    "directories": {"type": "list", "elements": "path", "default": []},
    "files": {"type": "list", "elements": "dict", "options": FILE, "default": []},
    "links": {"type": "dict", "default": {}},
    "owner": {"type": "str"},
    "group": {"type": "str"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    wanted = module.params
    changed = [path for path in wanted["directories"] if put_directory(module, Path(path))]
    changed += [file["path"] for file in wanted["files"] if put_file(module, **file)]
    changed += [link for link, to in wanted["links"].items() if put_link(module, Path(link), to)]
    module.exit_json(changed=bool(changed), changed_paths=changed)


def put_directory(module: Any, path: Path) -> bool:
    missing = not path.is_dir()
    if missing and module.check_mode:
        return True
    path.mkdir(0o755, parents=True, exist_ok=True)
    return put_attributes(module, str(path), "0755") or missing


def put_file(module: Any, path: str, content: str, mode: str) -> bool:
    target = Path(path)
    if target.is_file() and target.read_bytes() == content.encode():
        return put_attributes(module, path, mode)
    if not module.check_mode:
        target.parent.mkdir(0o755, parents=True, exist_ok=True)
        # Write a private file beside it first: nobody shall read half of it, or a secret in it.
        descriptor, unfinished = tempfile.mkstemp(dir=target.parent)
        with os.fdopen(descriptor, "wb") as new:
            new.write(content.encode())
        put_attributes(module, unfinished, mode)
        Path(unfinished).replace(target)
    return True


def put_link(module: Any, link: Path, target: str) -> bool:
    if link.is_symlink() and str(link.readlink()) == target:
        return False
    if not module.check_mode:
        link.parent.mkdir(0o755, parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    return True


def put_attributes(module: Any, path: str, mode: str) -> bool:
    wanted = {**module.params, "path": path, "mode": mode}
    arguments = module.load_file_common_arguments(wanted)
    return module.set_fs_attributes_if_different(arguments, False)


if __name__ == "__main__":
    main()
