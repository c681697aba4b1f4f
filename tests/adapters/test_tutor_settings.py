"""The settings that Ocim knows of Tutor, held against Tutor itself."""

import json
import subprocess

import pytest

from ocim.catalog.tutor.adoption import DEFAULTS
from ocim.catalog.tutor.known import MAJORS, PLUGINS, Kind, settings
from tests.tutor_environments import tutor_environments

pytestmark = pytest.mark.xdist_group("tutor")
KINDS = {
    "str": Kind.TEXT,
    "int": Kind.NUMBER,
    "bool": Kind.FLAG,
    "list": Kind.LIST,
    "dict": Kind.MAPPING,
}
PRINT = """
import json, sys
from tutor import config, hooks, plugins
hooks.Actions.CORE_READY.do()
plugins.load_all(sys.argv[1:])
named = [*config.get_defaults().items(), *config.get_base().items()]
named += [*hooks.Filters.CONFIG_UNIQUE.iterate(), *hooks.Filters.CONFIG_OVERRIDES.iterate()]
print(json.dumps({name: [type(value).__name__, value] for name, value in named}))
"""


@pytest.mark.parametrize("major", MAJORS)
def test_ocim_knows_every_setting_its_type_and_the_defaults_that_sites_rely_on(major: int) -> None:
    environments = tutor_environments()
    assert set(environments.locked(major).plugins) == set(PLUGINS[major])
    with environments.environment(major) as environment:
        command = [str(environment.path / "bin" / "python"), "-Bc", PRINT, *PLUGINS[major]]
        printed = json.loads(subprocess.check_output(command, text=True))
    types = {name: KINDS[kind] for name, (kind, _) in printed.items()}
    assert settings(major, PLUGINS[major]) == types
    assert all(printed[name][1] == value for name, value in DEFAULTS.items() if name in printed)
