"""nbval plus hidden assertions: how a notebook becomes tests (kettle.checking does the work)."""

pytest_plugins = ["kettle.checking.runner.plugin"]
