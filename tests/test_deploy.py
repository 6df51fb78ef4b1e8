"""What deploy/ promises, short of a hub that runs: values, configuration, a seat's course, pages."""

import importlib.util
import json
import os
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
ONE = DEPLOY / "one-server"
CLASS = (ONE / "class.toml").read_text(encoding="utf-8")
VALUES = DEPLOY / "kubernetes" / "values.yaml"
GIT = ["git", "-c", "user.name=test", "-c", "user.email=test@example.invalid"]


def module(name):
    spec = importlib.util.spec_from_file_location(f"deploy_{name}", DEPLOY / f"{name}.py")
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


seat = module("seat")
posix = pytest.mark.skipif(os.name == "nt", reason="JupyterHub does not run on Windows")


# --- values.yaml


@pytest.fixture(scope="module")
def schema():
    text = (ROOT / "tests" / "chart" / "values.schema.json").read_text(encoding="utf-8")
    return jsonschema.Draft7Validator(json.loads(text))


@pytest.fixture
def values():
    return yaml.safe_load(VALUES.read_text(encoding="utf-8"))


def wrong(schema, values):
    return [
        f"{'.'.join(map(str, each.absolute_path))}: {each.message}" for each in schema.iter_errors(values)
    ]


def test_the_values_fit_the_schema_of_the_chart(schema, values):
    assert wrong(schema, values) == []


def test_a_misspelt_value_would_be_found(schema, values):
    values["singleuser"]["memory"]["limits"] = values["singleuser"]["memory"].pop("limit")
    values["hub"]["concurrentSpawnLimit"] = "many"
    assert [each.partition(":")[0] for each in wrong(schema, values)] == [
        "hub.concurrentSpawnLimit",
        "singleuser.memory",
    ]


def test_a_seat_is_the_same_on_kubernetes_as_on_one_server(values):
    server = (ONE / "classroom.py").read_text(encoding="utf-8")
    config = (ONE / "jupyterhub_config.py").read_text(encoding="utf-8")
    single = values["singleuser"]
    assert single["cmd"][1].endswith("/deploy/seat.py")
    assert re.findall(r'"(--Mapping[^"]+)"', server) == single["cmd"][2:]
    assert f'default_url = "{single["defaultUrl"]}"' in server
    assert f'mem_limit = "{single["memory"]["limit"]}"' in server
    assert f"http_timeout = {values['hub']['config']['KubeSpawner']['http_timeout']}" in server
    assert f"--timeout={values['cull']['timeout']}" in config
    assert f"--cull-every={values['cull']['every']}" in config


def test_there_is_a_seat_for_each_of_three_hundred(values):
    hub = values["hub"]
    assert hub["activeServerLimit"] >= 300 > hub["concurrentSpawnLimit"]


def test_the_room_of_the_values_is_one_service(values):
    hub, single = values["hub"], values["singleuser"]
    (container,) = hub["extraContainers"]
    (port,) = {each["containerPort"] for each in container["ports"]}
    told = {each["name"]: each.get("value") for each in container["env"]}
    assert urlsplit(hub["services"]["room"]["url"]).port == port
    assert urlsplit(told["JUPYTERHUB_SERVICE_URL"]).port == port
    assert single["extraEnv"]["KETTLE_ROOM"] == f"http://hub:{port}{told['JUPYTERHUB_SERVICE_PREFIX']}"
    for rule in (*hub["networkPolicy"]["ingress"], *single["networkPolicy"]["egress"]):
        assert [each["port"] for each in rule["ports"]] == [port]
    assert container["image"] == f"{single['image']['name']}:{single['image']['tag']}"


@posix
def test_repo2docker_takes_the_command_of_the_page(tmp_path):
    pytest.importorskip("repo2docker", reason="repo2docker comes with the test tools: start.py test")
    page = (DEPLOY / "kubernetes" / "README.md").read_text(encoding="utf-8")
    command = re.search(r"^jupyter-repo2docker (.*?) ADDRESS$", page, re.MULTILINE | re.DOTALL)[1]
    options = shlex.split(command.replace("\\\n", " ").replace("--no-run", "--no-build"))
    for name in ("environment.yml", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "repo2docker", *options, "--debug", "."],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "ARG REPO_DIR" in done.stdout
    seat_file = yaml.safe_load(VALUES.read_text(encoding="utf-8"))["singleuser"]["cmd"][1]
    assert seat_file == f"{options[options.index('--target-repo-dir') + 1]}/deploy/seat.py"


# --- jupyterhub_config.py


@pytest.fixture
def load(tmp_path, monkeypatch):
    loader = pytest.importorskip("traitlets.config.loader")
    pytest.importorskip("jupyterhub", reason="JupyterHub is not installed: see deploy/one-server/README.md")

    def loaded(file=ONE / "jupyterhub_config.py", people=CLASS):
        if people is not None:
            (tmp_path / "class.toml").write_text(people, encoding="utf-8")
        monkeypatch.setenv("KETTLE_CLASS", str(tmp_path / "class.toml"))
        monkeypatch.setenv("KETTLE_HUB", str(tmp_path / "state"))
        return loader.PyFileConfigLoader(file.name, str(file.parent)).load_config()

    return loaded


def test_each_setting_is_one_that_the_hub_knows_and_takes(load):
    from jupyterhub.app import JupyterHub
    from jupyterhub.auth import Authenticator
    from jupyterhub.proxy import ConfigurableHTTPProxy
    from jupyterhub.spawner import LocalProcessSpawner, Spawner

    known = {each.__name__: each for each in (JupyterHub, Authenticator, ConfigurableHTTPProxy, Spawner)}
    for package, name in (
        ("firstuseauthenticator", "FirstUseAuthenticator"),
        ("systemdspawner", "SystemdSpawner"),
    ):
        known[name] = getattr(pytest.importorskip(package), name)
    config = load()
    for section, settings in config.items():
        strange = set(settings) - set(known[section].class_trait_names(config=True))
        assert not strange, f"{section} has no {sorted(strange)}"
    hub, spawner = JupyterHub(config=config), LocalProcessSpawner(config=config)
    assert {"idle-culler", "room"} <= {each["name"] for each in hub.services}
    assert hub.concurrent_spawn_limit > 0
    assert hub.active_server_limit > 0
    assert (spawner.http_timeout, spawner.mem_limit) == (120, 2**30)
    assert Path(spawner.cmd[0]).exists()
    assert Path(spawner.cmd[1]) == DEPLOY / "seat.py"


def test_the_littlest_jupyterhub_loads_the_seats_by_a_link(load, tmp_path):
    there = tmp_path / "jupyterhub_config.d" / "watched_kettle.py"
    there.parent.mkdir()
    there.symlink_to(ONE / "classroom.py")
    theirs = tmp_path / "tljh.py"  # what its own configuration does before it loads that folder
    theirs.write_text(
        "c.JupyterHub.services = [{'name': 'cull-idle'}]\n"
        "c.Spawner.default_url, c.Spawner.mem_limit = '/lab', None\n"
        f"load_subconfig({str(there)!r})\n"
    )
    config = load(theirs)
    assert Path(config.Spawner.cmd[1]) == DEPLOY / "seat.py"
    assert [each["name"] for each in config.JupyterHub.services] == ["cull-idle", "room"]
    assert (config.Spawner.mem_limit, config.Spawner.default_url[:9]) == ("1G", "/lab/tree")
    assert "Authenticator" not in config, "The Littlest JupyterHub has its own ways to let people in"


@posix
def test_the_port_of_a_seat_is_none_that_a_kernel_may_take_before_the_seat_opens_it(load):
    from jupyterhub import spawner

    load()
    systemd = pytest.importorskip("systemdspawner.systemdspawner")
    given_away = Path("/proc/sys/net/ipv4/ip_local_port_range")
    first = int(given_away.read_text().split()[0]) if given_away.exists() else 32768
    ports = [each.random_port() for each in (spawner, systemd) for _ in range(50)]
    assert len(set(ports)) == 100
    assert max(ports) < max(first, 32768)


def test_a_seat_does_not_get_a_port_that_somebody_has(load, monkeypatch):
    from jupyterhub import spawner

    load()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = spawner.random_port()
        ports = iter([taken.getsockname()[1], free])
        monkeypatch.setitem(spawner.random_port.__globals__, "PORTS", ports)
        assert spawner.random_port() == free


@pytest.mark.parametrize(
    ("people", "said"),
    [
        (None, "class.toml, and gets: No such file"),
        ("learners = [", "two lists of names"),
        ("learners = ['ada']", "'teachers'"),
        ("learners = 1\nteachers = []", "two lists of names"),
        ("learners = 'ada'\nteachers = []", "one of them is no list"),
    ],
)
def test_a_class_that_cannot_be_read_gets_a_sentence(load, people, said):
    with pytest.raises(SystemExit, match=said):
        load(people=people)


def test_a_name_that_would_take_over_the_folder_of_a_program_is_refused(load):
    folders = [each.name for each in Path("/var/lib").iterdir() if not each.is_symlink()]
    taken = next((name for name in folders if re.fullmatch(r"[a-z][a-z0-9-]{0,30}", name)), None)
    if taken is None:
        pytest.skip("there is no folder in /var/lib/ here")
    with pytest.raises(SystemExit, match=f"other names for {taken}, ../etc, Zoe"):
        load(people=f"teachers = ['grace']\nlearners = ['{taken}', 'Zoe', '../etc']")


# --- a seat


@pytest.fixture
def published(tmp_path):
    """Return a course of two files in a repository, and a function that publishes a change to it."""
    folder = tmp_path / "published"
    (folder / "notebooks").mkdir(parents=True)

    def publish(**texts):
        for name, text in texts.items():
            (folder / "notebooks" / f"{name}.ipynb").write_text(text)
        for words in (["add", "."], ["commit", "-qm", "news"]):
            subprocess.run([*GIT, "-C", str(folder), *words], check=True, capture_output=True)

    subprocess.run(["git", "init", "-q", str(folder)], check=True, capture_output=True)
    publish(a="a = 1\n", b="b = 1\n")
    return folder, publish


@posix
def test_a_seat_gets_the_course_then_its_news_and_edits_stay(published, tmp_path):
    folder, publish = published
    home = tmp_path / "home"
    home.mkdir()
    mine = seat.prepare(home, str(folder)) / "notebooks"
    (mine / "a.ipynb").write_text("a = 'mine'\n")
    publish(a="a = 2\n", c="c = 1\n")
    seat.prepare(home, str(folder))
    assert {each.name: each.read_text() for each in mine.iterdir()} == {
        "a.ipynb": "a = 'mine'\n",
        "b.ipynb": "b = 1\n",
        "c.ipynb": "c = 1\n",
    }


@posix
def test_a_seat_opens_with_what_it_has_where_the_course_is_out_of_reach(published, tmp_path, capsys):
    folder, _ = published
    mine = seat.prepare(tmp_path, str(folder))
    assert seat.prepare(tmp_path, str(tmp_path / "gone")) == mine
    assert "opens with what it had. git says:\n    fatal:" in capsys.readouterr().err
    assert (mine / "notebooks" / "a.ipynb").exists()


@posix
def test_a_seat_without_a_course_ends_with_a_sentence(tmp_path):
    environment = os.environ | {"HOME": str(tmp_path), "KETTLE_SOURCE": str(tmp_path / "gone")}
    done = subprocess.run(
        [sys.executable, DEPLOY / "seat.py"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert re.match(r"The course could not be copied .*\n    fatal: .*\n.*made with git", done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")
def test_a_seat_takes_the_course_from_a_folder_that_is_not_its_own(published, tmp_path):
    folder, _ = published
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 65534, 65534)
    refused = subprocess.run(
        ["git", "clone", folder, tmp_path / "by-itself"], capture_output=True, text=True, check=False
    )
    assert "dubious ownership" in refused.stderr
    assert (seat.prepare(tmp_path, str(folder)) / "notebooks" / "a.ipynb").exists()


# --- pages


@pytest.mark.parametrize("page", sorted(DEPLOY.rglob("*.md")), ids=lambda page: page.parent.name)
def test_each_page_names_files_that_are_there(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
    for named in re.findall(r"(?:deploy|benchmarks|workshop|tests)/[\w./-]+\.\w+", text):
        assert (ROOT / named).exists(), f"{page.name} names {named}"
