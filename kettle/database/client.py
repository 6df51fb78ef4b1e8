"""The database's supervisor as the process that opens databases sees it."""

from typing import Any

from kettle.database.folder import NoServer
from kettle.processes.child import Child


class DatabaseProcess(Child):
    """The process between this one and its database."""

    module = "kettle.database.supervisor"
    name = "The database's process"
    again = "Open the database again."
    trouble = NoServer
    patience = 30.0
    start_patience = 130.0  # a start takes one or two seconds, on a busy machine many more
    parting = 20.0
    tidies_up = True

    def ask(self, what: str, /, **details: Any) -> Any:
        """Ask for something and return the answer; raises NoServer."""
        return self.tell(what, **details).wait()
