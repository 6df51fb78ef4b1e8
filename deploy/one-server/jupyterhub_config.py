"""JupyterHub for a class on one server: who may come in, who enforces limits, and when a seat is closed.

README.md beside this file says how to set it up. From the environment: KETTLE_CLASS names the list of the
class, KETTLE_HUB the folder that keeps the hub's state.
"""

import os
import re
import sys
import tomllib
from pathlib import Path

c = get_config()  # noqa: F821 - JupyterHub defines it

HERE = Path(__file__).resolve().parent
CLASS = Path(os.environ.get("KETTLE_CLASS", "/etc/watched-kettle/class.toml"))
STATE = Path(os.environ.get("KETTLE_HUB", "/var/lib/watched-kettle"))
HOMES = Path("/var/lib")

load_subconfig(str(HERE / "classroom.py"))  # noqa: F821 - JupyterHub defines it

try:
    people = tomllib.loads(CLASS.read_text(encoding="utf-8"))
    if not isinstance(people["teachers"], list) or not isinstance(people["learners"], list):
        raise TypeError("one of them is no list")
    teachers, learners = set(map(str, people["teachers"])), set(map(str, people["learners"]))
    STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
except (KeyError, TypeError, ValueError) as error:
    sys.exit(
        f"{CLASS} should have two lists of names, teachers and learners, as class.toml here has: {error}"
    )
except OSError as error:
    sys.exit(f"The hub needs {error.filename}, and gets: {error.strerror}. README.md says how to make it.")

# A learner's home folder is /var/lib/NAME: a link, made by systemd. What else is there belongs to a program.
taken = [name for name in sorted(teachers | learners) if HOMES.joinpath(name).exists()]
taken = [name for name in taken if not HOMES.joinpath(name).is_symlink()]
strange = [name for name in sorted(teachers | learners) if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", name)]
if taken or strange:
    sys.exit(
        f"{CLASS}: please choose other names for {', '.join(taken + strange)}. "
        "A name has letters a to z, digits and -, begins with a letter, and is no folder's in /var/lib/."
    )

c.JupyterHub.bind_url = "http://127.0.0.1:8000"  # a web server with a certificate stands in front of it
c.JupyterHub.db_url = f"sqlite:///{STATE / 'hub.sqlite'}"
c.JupyterHub.cleanup_servers = False  # a hub that is started again lets everybody work on
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")

# Each learner chooses a password at the first login.
c.JupyterHub.authenticator_class = "firstuseauthenticator.FirstUseAuthenticator"
c.FirstUseAuthenticator.dbm_path = str(STATE / "passwords.dbm")
c.FirstUseAuthenticator.create_users = False
c.Authenticator.allowed_users = teachers | learners
c.Authenticator.admin_users = teachers

# systemd enforces the limits of classroom.py, and gives each learner a home folder in /var/lib/.
c.JupyterHub.spawner_class = "systemd"
c.SystemdSpawner.dynamic_users = True
c.SystemdSpawner.isolate_tmp = True
c.SystemdSpawner.isolate_devices = True
c.SystemdSpawner.disable_user_sudo = True
c.SystemdSpawner.unit_name_template = "kettle-{USERNAME}"

c.JupyterHub.load_roles.extend(
    [
        {
            "name": "idle-culler",
            "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
            "services": ["idle-culler"],
        }
    ]
)
c.JupyterHub.services.extend(
    [
        {
            "name": "idle-culler",
            "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=7200", "--cull-every=300"],
        }
    ]
)
