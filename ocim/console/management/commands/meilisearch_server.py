"""`ocim meilisearch-server`: the servers of the search in courses of Tutor's instances."""

from django.core.management.base import CommandParser

from ocim.console.content_command import ContentCommand
from ocim.operations.content_servers import MEILISEARCH
from ocim.presentation.servers import KINDS

VARIABLE = "OCIM_MEILISEARCH_KEY"
"""Environment variable with the master key of a Meilisearch server."""


class Command(ContentCommand):
    help = "Register, list and remove the Meilisearch servers that Tutor's instances share."
    kind = KINDS["meilisearch"]
    content = MEILISEARCH
    account = "another key"
    password = VARIABLE
    examples = f"""examples:
  ocim meilisearch-server register main https://meilisearch.example.com < key.txt
  {VARIABLE}=… ocim meilisearch-server register main http://10.0.0.9:7700
  ocim meilisearch-server list
  ocim meilisearch-server show main --json
  ocim meilisearch-server assign campus.example.com main
  ocim meilisearch-server rotate campus.example.com
  ocim meilisearch-server remove main
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        self.add_content(self.subcommands(parser)).description = (
            f"Register a Meilisearch server that runs. Its master key is read from {VARIABLE} if"
            " that is set, else from standard input."
        )
