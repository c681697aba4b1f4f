from openedx.core.djangoapps.initialization.nothing import NothingToDo


class Command(NothingToDo):
    help = "Create the states of accounts that are being deleted."
    reason = "The rehearsal deletes no accounts"
