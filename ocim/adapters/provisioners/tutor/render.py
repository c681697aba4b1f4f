"""Program that Tutor's own Python runs: render the environment, and list the init tasks.

`python render.py TASKS`: renders into TUTOR_ROOT by its config.yml, and writes the tasks to the
file TASKS, as JSON: `[[origin, service, script], …]` in their order. The origin is `lms`, `cms`,
`mysql` or `meilisearch`, or the plugin. Ocim never imports this file, as it never imports Tutor.
"""

import json
import os
import sys
from pathlib import Path

from tutor import config as tutor_config
from tutor import env, hooks
from tutor.commands.cli import cli

CORE = ("mysql", "meilisearch", "lms", "cms")


def main(tasks: Path) -> None:
    hooks.Actions.CORE_READY.do()
    cli.main(["config", "save"], standalone_mode=False)
    config = tutor_config.load_full(os.environ["TUTOR_ROOT"])
    listed = hooks.Filters.CLI_DO_INIT_TASKS
    origins = {
        task: name
        for name in (*CORE, *config["PLUGINS"])
        for task in listed.iterate_from_context(hooks.Contexts.app(name).name)
    }
    rendered = [
        [origins[task], task[0], env.render_str(config, task[1])] for task in listed.iterate()
    ]
    tasks.write_text(json.dumps(rendered))


main(Path(sys.argv[1]))
