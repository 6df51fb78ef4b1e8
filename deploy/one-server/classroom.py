"""What a hub on one server gives to each seat: the course and its limits; and the room, for the teacher.

jupyterhub_config.py loads this, and The Littlest JupyterHub does, from its jupyterhub_config.d (README.md).
From the environment: KETTLE_HUB names the folder of the hub's state, KETTLE_ROOM_PORT the port of the room.
"""

import itertools
import os
import random
import socket
import sys
from contextlib import suppress
from pathlib import Path

from jupyterhub import spawner, utils

c = get_config()  # noqa: F821 - JupyterHub defines it

COURSE = Path(__file__).resolve().parents[2]
own = COURSE / ".venv" / "bin" / "python"
PYTHON = str(own if own.exists() else sys.executable)

STATE = Path(os.environ.get("KETTLE_HUB", "/var/lib/watched-kettle"))
ROOM = "http://127.0.0.1:{}".format(os.environ.get("KETTLE_ROOM_PORT", "8877"))

SEAT = 350e6  # bytes that a learner at work takes: 325 MB by benchmarks/hub.py, and some reserve
MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

# A class comes at once. Two at a time for each processor start soonest; the others wait their turn.
c.JupyterHub.concurrent_spawn_limit = 2 * (os.cpu_count() or 1)
c.JupyterHub.active_server_limit = max(1, int((MEMORY - 1e9) / SEAT))

# The hub picks a port for a seat some seconds before the seat opens it. Meanwhile the system may give that
# port to whoever asks for any, as each kernel does. So the hub picks among ports that Linux gives to nobody.
PORTS = itertools.cycle(random.sample(range(10_000, 32_768), 22_768))


def is_free(port):
    """Say whether nobody on this machine has a port."""
    with suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


def free_port():
    """Return a port that nobody has, and that nobody gets without asking for it."""
    return next(filter(is_free, PORTS))


theirs = utils.random_port  # there is no setting; each spawner has imported it
for module in (utils, spawner, sys.modules.get("systemdspawner.systemdspawner")):
    if module and module.random_port is theirs:
        module.random_port = free_port

# A seat is the learner's server and its kernels.
c.Spawner.cmd = [PYTHON, str(COURSE / "deploy" / "seat.py")]
c.Spawner.default_url = "/lab/tree/watched-kettle/notebooks/00_start_here.ipynb"
c.Spawner.http_timeout = 120  # seconds; the default of 30 fails when a whole class comes at once
c.Spawner.start_timeout = 180
c.Spawner.mem_limit = "1G"
c.Spawner.cpu_limit = 2.0
# Who needs more memory loses that kernel, and not the whole seat.
c.SystemdSpawner.unit_extra_properties.update({"OOMPolicy": "continue"})
c.Spawner.args = [
    # A kernel that has done nothing for two hours is let go. Notebooks and progress are files: they stay.
    "--MappingKernelManager.cull_idle_timeout=7200",
    "--MappingKernelManager.cull_interval=300",
    "--MappingKernelManager.cull_connected=True",
]

# The room: learners join it with lesson.join(), and no more, since the hub says who they are. The hub's
# administrators see the class at /services/room/teacher.
c.Spawner.environment = {"KETTLE_ROOM": f"{ROOM}/services/room/"}
c.JupyterHub.services.extend(
    [
        {
            "name": "room",
            "url": ROOM,
            "command": [PYTHON, "-m", "kettle_room", "--hub", "--folder", str(STATE / "room")],
            "cwd": str(COURSE),
            "oauth_no_confirm": True,
        }
    ]
)
