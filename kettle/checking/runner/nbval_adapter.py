"""All that touches nbval: how it collects a notebook, runs a cell, and starts a kernel."""

from __future__ import annotations

import os
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, RunningKernel, start_new_kernel
from nbval.plugin import IPyNbCell, IPyNbFile, find_metadata_tags

ARGUMENTS = ("--nbval-lax", "-pnbval.plugin")  # of a pytest that runs a notebook, and compares no outputs


class NotebookFile(IPyNbFile):
    """A notebook that pytest collects; `kernel` is the one in which its cells run."""

    @classmethod
    def instead_of(cls, collector: pytest.Collector) -> pytest.Collector:
        """Return a file of this class in the place of nbval's own; anything else as it is."""
        mine = type(collector) is IPyNbFile
        return cls.from_parent(collector.parent, path=collector.path) if mine else collector

    @property
    def wanted_kernel(self) -> tuple[str, float]:
        """The kernel's name, and the seconds that it may take to start, as the command line has it."""
        option = self.config.option
        return option.nbval_kernel_name or CURRENT_ENV_KERNEL_NAME, option.nbval_kernel_startup_timeout


class CodeCell(IPyNbCell):
    """A cell that pytest runs in its notebook's kernel."""

    @classmethod
    def of(cls, notebook: NotebookFile, name: str, number: int, cell: Any) -> CodeCell:
        """Make an item of a cell; its outputs are not compared, and no tag leaves it out.

        Args:
            notebook: whose cell it is.
            name: of the item.
            number: of the cell in its notebook.
            cell: as nbformat reads it.
        """
        options = defaultdict(bool, dict(find_metadata_tags(cell.metadata)) | {"check": False, "skip": False})
        return cls.from_parent(notebook, name=name, cell_num=number, cell=cell, options=options)

    def run_within(self, limit: float) -> None:
        """Run the cell; raises what the kernel does, or a plain exception where the cell did.

        Args:
            limit: seconds; the command line may have a shorter one.
        """
        self.output_timeout = 30  # a busy machine is slow to deliver, which is no fault of the learner's
        self.parent.kernel.cell_limit = min(self.config.option.nbval_cell_timeout, limit)
        super().runtest()

    @property
    def outputs(self) -> list:
        """What the cell has put out, as nbformat has it."""
        return self.test_outputs or []


class Kernel(RunningKernel):
    """A kernel in a process of its own.

    Args:
        folder: where it runs.
        environment: of its process.
        name: the kernel's name, or nbval's name for this very environment.
        startup_timeout: seconds that it may take to start; after a third of them another one is started.

    Raises:
        RuntimeError: it did not start.
    """

    cell_limit = 60.0  # seconds

    def __init__(
        self,
        folder: Path,
        environment: dict[str, str],
        name: str = CURRENT_ENV_KERNEL_NAME,
        startup_timeout: float = 60,
    ) -> None:
        with Path(os.devnull).open("w") as nowhere:
            start = partial(
                start_new_kernel,
                kernel_name=name,
                stderr=nowhere,
                stdout=nowhere,
                cwd=str(folder),
                env=environment,
                extra_arguments=["--HistoryManager.enabled=False"],
            )
            try:
                self.km, self.kc = start(startup_timeout=startup_timeout / 3)
            except RuntimeError:
                # It died or stayed silent, as one of some hundreds does on a busy machine.
                self.km, self.kc = start(startup_timeout=startup_timeout)
        self.process = psutil.Process(self.km.provisioner.pid)
        self._ensure_iopub_up()  # nbval does so in its own __init__, which takes no environment

    def get_message(self, stream: str, timeout: float | None = None) -> dict:
        """Return the next message; unlike nbval, do not lay out each of them for a log.

        Args:
            stream: "shell" or "iopub".
            timeout: seconds to wait for it; None means without end.

        Raises:
            Empty: there was none.
        """
        return (self.kc.get_iopub_msg if stream == "iopub" else self.kc.get_shell_msg)(timeout=timeout)
