from openedx.core.djangoapps.initialization.nothing import NothingToDo


class Command(NothingToDo):
    help = "Load the policies of who may do what."
    reason = "The rehearsal has no policies"
