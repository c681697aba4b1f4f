"""`ocim mongodb-server`: the MongoDB servers that hold the courses of Tutor's instances."""

from django.core.management.base import CommandParser

from ocim.console.content_command import ContentCommand
from ocim.operations.content_servers import MONGODB
from ocim.presentation.servers import KINDS

VARIABLE = "OCIM_MONGODB_PASSWORD"
"""Environment variable with the password of a MongoDB server's user."""


class Command(ContentCommand):
    help = "Register, list and remove the MongoDB servers that Tutor's instances share."
    kind = KINDS["mongodb"]
    content = MONGODB
    account = "another account"
    password = VARIABLE
    examples = f"""examples:
  ocim mongodb-server register main mongodb://mongodb.example.com --tls < password.txt
  {VARIABLE}=… ocim mongodb-server register main mongodb://10.0.0.9 --user root
  ocim mongodb-server list
  ocim mongodb-server show main --json
  ocim mongodb-server assign campus.example.com main
  ocim mongodb-server rotate campus.example.com
  ocim mongodb-server remove main
"""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands and their options."""
        register = self.add_content(self.subcommands(parser))
        self.add_user(register, user=MONGODB.user, right="create other users and remove databases")
        register.add_argument(
            "--tls", action="store_true", help="Connect with TLS only, and check the certificate."
        )
