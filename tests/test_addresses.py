"""Badge, site and nbgitpuller's link follow from the repository's address, in one place."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import addresses
import pytest
from addresses import README, ROOT, UNPUBLISHED, Home, block, home_of, published

PLACEHOLDER = Home("github.com", "ORG/REPO")
TEA = Home("github.com", "tea/kettle")


def what_to_change(readme: str, remote: str) -> str:
    """Return what is wrong with README.md's addresses, "" if nothing is."""
    home = home_of(remote)
    if home is None or readme.endswith(block(home)):
        return ""
    return (
        f"README.md leads elsewhere, and this clone came from {home.repository}: python3 tests/addresses.py"
    )


@pytest.mark.parametrize(
    ("remote", "host", "path"),
    [
        ("https://github.com/tea/kettle.git", "github.com", "tea/kettle"),
        ("https://someone:token@github.com/tea/kettle", "github.com", "tea/kettle"),
        ("git@github.com:tea/kettle.git", "github.com", "tea/kettle"),
        ("ssh://git@github.com:22/tea/kettle.git", "github.com", "tea/kettle"),
        ("https://github.com/tea/kettle.git/\n", "github.com", "tea/kettle"),
        ("git@gitlab.com:tea/biscuits/kettle.git", "gitlab.com", "tea/biscuits/kettle"),
    ],
)
def test_a_public_address_is_known_in_each_spelling(remote, host, path):
    assert home_of(remote) == Home(host, path)


@pytest.mark.parametrize(
    "remote",
    [
        "/srv/kettle.git",
        "file:///srv/github.com/tea/kettle.git",
        "../kettle",
        "https://git.example.org/tea/kettle.git",
        "https://github.com.example.org/tea/kettle.git",
        "",
    ],
)
def test_any_other_address_is_not_public(remote):
    assert home_of(remote) is None


def test_what_follows_from_a_repository_on_github():
    assert TEA.binder.startswith("https://mybinder.org/v2/gh/tea/kettle/main?urlpath=lab/tree/")
    assert TEA.site == "https://tea.github.io/kettle/"
    assert Home("github.com", "Tea/tea.github.io").site == "https://tea.github.io/"


def test_what_follows_from_a_repository_on_gitlab():
    home = Home("gitlab.com", "tea/biscuits/kettle")
    assert home.binder.startswith("https://mybinder.org/v2/gl/tea%2Fbiscuits%2Fkettle/main?")
    assert home.site == home.repository, "no workflow of ours publishes there"


def test_each_address_opens_the_landing_page():
    assert (ROOT / addresses.FIRST_PAGE).is_file()
    assert TEA.binder.endswith(f"?urlpath=lab/tree/{addresses.FIRST_PAGE}")
    link = urlsplit(TEA.pulled_by("https://hub.example.org/"))
    assert (link.hostname, link.path) == ("hub.example.org", "/hub/user-redirect/git-pull")
    assert parse_qs(link.query)["urlpath"] == [f"lab/tree/watched-kettle/{addresses.FIRST_PAGE}"]


def test_a_link_for_a_hub_opens_a_lesson_in_the_folder_of_the_seat(capsys):
    asked = [TEA.repository, "--hub", "https://hub.example.org"]
    assert addresses.main([*asked, "--lesson", "14"]) == 0
    query = parse_qs(urlsplit(capsys.readouterr().out.strip()).query)
    assert query["urlpath"] == ["lab/tree/watched-kettle/notebooks/14_one_await_at_a_time.ipynb"]
    assert query["targetpath"] == ["watched-kettle"]
    assert f'FOLDER = "{addresses.SEAT}"' in (ROOT / "deploy" / "seat.py").read_text(encoding="utf-8")
    with pytest.raises(SystemExit):
        addresses.main([*asked, "--lesson", "77"])
    assert capsys.readouterr().err == "There is no lesson 77.\n"


# --- README.md


def test_addresses_of_another_repository_are_told():
    readme = f"Read me.\n\n{block(PLACEHOLDER)}"
    told = what_to_change(readme, "git@github.com:tea/kettle.git")
    assert "came from https://github.com/tea/kettle: python3 tests/addresses.py" in told
    assert what_to_change(published(readme, TEA), "git@github.com:tea/kettle.git") == ""
    assert what_to_change(readme, "/srv/kettle.git") == ""


def test_the_readme_leads_to_the_repository_that_this_clone_came_from():
    wrong = what_to_change(README.read_text(encoding="utf-8"), addresses.origin())
    assert not wrong, wrong


def test_a_readme_that_leads_nowhere_says_so():
    readme = README.read_text(encoding="utf-8")
    assert readme.endswith(block(PLACEHOLDER)) == (UNPUBLISHED in " ".join(readme.split())), UNPUBLISHED
    assert readme.count("[badge]: ") == 1, "no address stands anywhere else"


def test_each_address_of_the_readme_is_used():
    text = README.read_text(encoding="utf-8").partition("[badge]: ")[0]
    assert "[![Open on Binder][badge]][binder]" in text
    assert "][site]" in text


def test_publishing_changes_the_addresses_and_the_sentence_and_nothing_else(tmp_path, monkeypatch, capsys):
    copy = tmp_path / "README.md"
    copy.write_text(published(f"One. {UNPUBLISHED}\n\nTwo.\n\n{block(PLACEHOLDER)}", PLACEHOLDER))
    copy.write_text(
        copy.read_text().replace("One.", f"One.\n{UNPUBLISHED.replace('Once', chr(10) + 'Once')}")
    )
    monkeypatch.setattr(addresses, "README", copy)
    assert addresses.main(["git@github.com:tea/kettle.git"]) == 0
    assert copy.read_text() == f"One.\n\nTwo.\n\n{block(TEA)}"
    assert "https://tea.github.io/kettle/" in capsys.readouterr().out
    assert addresses.main(["git@github.com:tea/kettle.git"]) == 0, "once more changes nothing"
    assert copy.read_text() == f"One.\n\nTwo.\n\n{block(TEA)}"


def test_a_copy_without_a_public_address_says_so_and_changes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(addresses, "README", tmp_path / "README.md")
    for remote, named in (("/srv/kettle.git", "/srv/kettle.git"), ("", "nowhere")):
        with pytest.raises(SystemExit, match="1"):
            addresses.main([remote])
        told = capsys.readouterr().err
        assert f"This clone came from {named}, which is no public address" in told
    assert not (tmp_path / "README.md").exists()


def test_the_repositorys_address_is_printed_for_the_site(capsys):
    assert addresses.main(["git@github.com:tea/kettle.git", "--repository"]) == 0
    assert capsys.readouterr().out == "https://github.com/tea/kettle\n"
    assert addresses.main(["/srv/kettle.git", "--repository"]) == 0
    assert capsys.readouterr().out == ""


# --- nbgitpuller


@pytest.fixture
def hub_server(tmp_path):
    """Start a Jupyter server as a hub gives one to a learner; return its address and its home folder."""
    home = tmp_path / "home"
    home.mkdir()
    told = tmp_path / "runtime"
    command = [
        sys.executable,
        "-m",
        "jupyter_server",
        "--no-browser",
        "--allow-root",
        "--port=0",
        "--ip=127.0.0.1",
    ]
    command += ["--IdentityProvider.token=", f"--ServerApp.root_dir={home}"]
    command += ["--ServerApp.jpserver_extensions={'nbgitpuller': True}"]
    environment = os.environ | {"JUPYTER_RUNTIME_DIR": str(told), "HOME": str(home)}
    with subprocess.Popen(command, cwd=home, env=environment, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(600):
                found = [text for each in told.glob("jpserver-*.json") if (text := each.read_text())]
                if found or server.poll() is not None:  # there, and written
                    break
                time.sleep(0.1)
            yield json.loads(found[0])["url"], home
        finally:
            server.terminate()
            server.wait(30)


@pytest.mark.every
@pytest.mark.skipif(shutil.which("git") is None, reason="nbgitpuller needs git")
def test_the_link_for_a_hub_copies_the_course_and_names_a_page_that_is_there(hub_server, tmp_path):
    """The real nbgitpuller, asked by the link's own words; only the repository is one on this machine."""
    address, home = hub_server
    mine = tmp_path / "kettle"
    (mine / "notebooks").mkdir(parents=True)
    shutil.copy(ROOT / addresses.FIRST_PAGE, mine / addresses.FIRST_PAGE)
    for step in (
        ["init", "-q", "-b", addresses.BRANCH],
        ["add", "."],
        ["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "course"],
    ):
        subprocess.run(["git", *step], cwd=mine, check=True)
    link = urlsplit(TEA.pulled_by("https://hub.example.org"))
    asked = {name: values[0] for name, values in parse_qs(link.query).items()}
    local = link.query.replace(
        addresses.urlencode({"repo": asked["repo"]}), addresses.urlencode({"repo": mine})
    )
    with urllib.request.urlopen(f"{address}git-pull?{local}", timeout=60) as page:
        assert asked["urlpath"] in page.read().decode()
    with urllib.request.urlopen(f"{address}git-pull/api?{local}", timeout=60) as told:
        assert '"phase": "finished"' in told.read().decode()
    assert (home / Path(asked["urlpath"].removeprefix("lab/tree/"))).is_file()
