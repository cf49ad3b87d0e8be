"""Commands in the guide's shell reach nothing of the machine, as seen from the machine."""

import os
import shlex
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from media_guarantees.core.waiting import wait_until
from media_guarantees.guide.shell.confined_shell import ConfinedShell, EngineSide, confined_shells
from media_guarantees.system import commands
from media_guarantees.system.background_command import started

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces take root on Linux, as a private engine does")

INIT = '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift; "$@"\n'


@contextmanager
def opened(place: Path) -> Iterator[ConfinedShell]:
    """A shell in a folder of a run, with an engine of which only the paths exist."""
    folder, volumes, scratch = place / "run/deployment", place / "volumes", place / "scratch"
    for each in (folder, volumes, scratch, place / "init"):
        each.mkdir(parents=True)
    init = place / "init/docker-init"
    init.write_text(INIT)
    init.chmod(0o755)
    side = EngineSide(os.getpid, place / "engine.sock", volumes, init, scratch)
    with confined_shells(place / "run", side, {"PATH": os.environ["PATH"], "MARK": "here"}) as shell_in:
        yield shell_in(folder)


@pytest.fixture(scope="module", name="shell")
def _shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConfinedShell]:
    """One shell for all tests, which don't depend on what another one left in it."""
    with opened(tmp_path_factory.mktemp("shell")) as shell:
        yield shell


@pytest.fixture(name="own_shell")
def _own_shell(tmp_path: Path) -> Iterator[ConfinedShell]:
    """A fresh shell."""
    with opened(tmp_path) as shell:
        yield shell


def typed(shell: ConfinedShell, script: str) -> commands.Outcome:
    environment = {**shell.environment, **shell.variables}
    return commands.run(["bash", "-c", script], cwd=shell.folder, env=environment, start=shell.popen, timeout=60)


@pytest.fixture(name="treasure")
def _treasure(tmp_path: Path) -> Path:
    """A folder of the machine that doesn't belong to the run."""
    treasure = tmp_path / "treasure"
    (treasure / "old").mkdir(parents=True)
    (treasure / "picture.jpg").write_text("picture")
    (treasure / "old/backup.tar.gz").write_text("backup")
    os.utime(treasure / "old/backup.tar.gz", (0, 0))
    return treasure


def seen(folder: Path) -> dict[str, object]:
    """What is in a folder of the machine's."""
    return {str(path): (path.is_file() and path.read_bytes(), path.lstat().st_mode) for path in folder.rglob("*")}


@pytest.mark.parametrize(
    "script",
    [
        "rm -rf {t}",
        "cd {t} && rm -rf ./* || rm -rf {t}/..",
        "mv {t} /mnt/",
        "find {t} -mtime +30 -delete",
        "echo gone > {t}/picture.jpg",
        "mkdir -p {t} && echo more > {t}/more",
        "tar -czf {t}/old/backup.tar.gz -C / etc",
        "BASE={t}; DIR=$BASE/old; rm -rf $DIR; mkdir -p $DIR; touch $DIR/fresh",
        "chmod -R 000 {t}; chown -R 4242:4242 {t}",
        "ln -s {t} here && rm -rf here/ && rm -rf here/*",
        "mkdir -p x && mount --bind / x && rm -rf x{t}",
        "nsenter --target 1 --mount -- rm -rf {t}",
        "chroot /proc/1/root rm -rf {t}; rm -rf /proc/1/root{t} /proc/1/cwd{t}",
        "for n in /proc/[0-9]*; do rm -rf $n/root{t} $n/cwd/{t}; done",
        "unshare --user --map-root-user --mount sh -c 'mount -o remount,rw /; umount -l /usr; rm -rf {t}'",
        "sudo rm -rf {t}; sudo -u root -- rm -rf {t}",
        "env -i /bin/rm -rf {t}",
    ],
)
def test_nothing_of_the_machine_is_removed_or_written(shell: ConfinedShell, treasure: Path, script: str) -> None:
    before = seen(treasure)

    typed(shell, script.format(t=treasure))

    assert seen(treasure) == before


@pytest.mark.parametrize("folder", ["/etc/cron.d", "/usr/local/bin", "/root", "/var/tmp", "/tmp", "/home", "/srv"])
def test_a_file_that_is_written_to_a_folder_of_the_system_is_not_on_the_machine(
    shell: ConfinedShell, folder: str
) -> None:
    place = Path(folder, f"media-verify-{uuid4().hex}")

    typed(shell, f"mkdir -p {folder}; echo typed > {place}")

    on_machine = place.exists()
    place.unlink(missing_ok=True)
    assert not on_machine


@pytest.mark.parametrize(
    "script",
    [
        "touch /usr/x", "mount -o remount,rw /usr", "mount -t tmpfs none /srv", "mknod disk b 8 0", "chroot / true",
        "umount /usr", "ls /dev/sda /dev/vda /dev/mem", "hostname other", "date -s 2001-01-01", "cat /etc/shadow",
        "ls -A /root/.ssh", "ls /sys/class", "echo b > /proc/sysrq-trigger", "sysctl -w kernel.domainname=x",
        "crontab -l", "systemctl stop ssh", "curl -sS http://127.0.0.1/", "ssh localhost true", "unshare --mount true",
    ],
)  # fmt: skip
def test_what_takes_the_machine_fails(shell: ConfinedShell, script: str) -> None:
    assert not typed(shell, script).ok


def test_no_process_of_the_machine_is_seen_or_signalled(shell: ConfinedShell) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        answer = typed(shell, f"kill -9 {other.pid}; ls -d /proc/{other.pid}")
        is_running = other.poll() is None
        other.kill()

    assert is_running
    assert not answer.ok


def test_no_port_of_the_machine_answers(shell: ConfinedShell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        answer = typed(shell, f"echo hello > /dev/tcp/127.0.0.1/{listener.getsockname()[1]}")

        with pytest.raises(BlockingIOError):
            listener.accept()
    assert not answer.ok


def test_the_one_socket_is_that_of_the_runs_engine(own_shell: ConfinedShell, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "engine.sock"))
        listener.listen()
        places = "/dev /home /mnt /root /run /srv /tmp /var"
        sockets = typed(
            own_shell,
            f"find {places} -exec test -S {{}} ';' -print; readlink -f /var/run/docker.sock",
        ).text.split()

    assert sockets == ["/run/docker.sock", "/run/docker.sock"]


def test_it_stands_in_the_deployments_folder_and_writes_there(own_shell: ConfinedShell) -> None:
    assert typed(own_shell, "pwd; echo $MARK; echo typed > file; mkdir ../beside").text == f"{own_shell.folder}\nhere"

    assert (own_shell.folder / "file").read_text() == "typed\n"
    assert (own_shell.run_folder / "beside").is_dir()


def test_what_it_writes_elsewhere_outlives_the_command_and_is_reported(own_shell: ConfinedShell) -> None:
    assert typed(own_shell, "mkdir -p /mnt/nas/media && echo kept > /mnt/nas/media/x.tar.gz && echo > own").ok

    assert own_shell.written_outside() == ["/mnt/nas"]
    assert typed(own_shell, "cat /mnt/nas/media/x.tar.gz").text == "kept"
    assert own_shell.written_outside() == [], "it is reported once"
    assert (own_shell.root / "mnt/nas/media/x.tar.gz").read_text() == "kept\n"


@pytest.mark.parametrize("folder", ["/opt/connect", "~/connect", "$HOME/apps/connect"])
def test_a_folder_that_a_guide_calls_its_deployments_is_the_deployments(own_shell: ConfinedShell, folder: str) -> None:
    assert own_shell.stand_in(folder)

    assert not own_shell.stand_in(folder), "it is there already"
    assert typed(own_shell, f"cd {folder} && touch here").status == 0
    assert (own_shell.folder / "here").exists()


@pytest.mark.parametrize("folder", ["/usr", "/tmp", "/"])
def test_a_folder_that_is_there_stays_what_it_is(own_shell: ConfinedShell, folder: str) -> None:
    assert not own_shell.stand_in(folder)


def test_a_volumes_data_are_where_an_engine_has_them(own_shell: ConfinedShell) -> None:
    (own_shell.engine.volumes / "media_volume/_data").mkdir(parents=True)

    assert typed(own_shell, "echo picture > /var/lib/docker/volumes/media_volume/_data/a.jpg").ok

    assert (own_shell.engine.volumes / "media_volume/_data/a.jpg").read_text() == "picture\n"


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("exit 7", 7),
        ("kill -INT $$", -signal.SIGINT),
        ("kill -9 $$", -signal.SIGKILL),
        ("sh -c 'kill -9 $$'; exit $?", 137),
    ],
)
def test_the_status_is_the_scripts_own(shell: ConfinedShell, script: str, status: int) -> None:
    assert typed(shell, script).status == status


def test_a_command_is_frozen_thawed_and_interrupted_as_at_a_terminal(shell: ConfinedShell) -> None:
    environment = {**shell.environment, **shell.variables}
    script = "trap 'echo stopped; exit 3' INT; echo working; sleep 60 > /dev/null 2>&1 & wait"
    command = ["env", "--default-signal=INT", "bash", "-c", script]

    with started(command, cwd=shell.folder, env=environment, start=shell.popen) as running:
        running.wait_for_output(b"working")
        for _ in range(20):
            running.freeze()
            running.thaw()
        assert running.running
        running.signal(signal.SIGINT)
        outcome = running.finish(seconds=20)

    assert (outcome.status, outcome.text) == (3, "working\nstopped")


def test_what_it_left_in_the_background_goes_on_until_the_shell_ends(own_shell: ConfinedShell) -> None:
    typed(own_shell, "(while :; do echo x >> beats; sleep 0.01; done) > /dev/null 2>&1 &")
    beats = own_shell.folder / "beats"

    first = wait_until(lambda: beats.stat().st_size if beats.exists() else 0, what="it beats", seconds=10)
    wait_until(lambda: beats.stat().st_size > first, what="it goes on", seconds=10)
    own_shell.close()

    before = beats.stat().st_size
    assert typed(own_shell, "sleep 0.1; ls -d /proc/[0-9]* | wc -l").text <= "5"
    assert beats.stat().st_size == before


def test_after_a_crash_of_the_engine_it_is_another_shell(own_shell: ConfinedShell) -> None:
    typed(own_shell, "sleep 60 > /dev/null 2>&1 & echo kept > /srv/kept")
    with subprocess.Popen(["sleep", "60"]) as engine:
        object.__setattr__(own_shell.engine, "process", lambda: engine.pid)

        there = typed(own_shell, "pgrep -x sleep; cat /srv/kept")
        engine.kill()

    assert there.text == "kept", "its processes end with the machine, its files don't"


def test_other_threads_go_on_starting_programs_on_the_machine(shell: ConfinedShell) -> None:
    numbers: set[str] = set()
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            numbers.add(commands.run(["readlink", "/proc/self/ns/pid"]).text)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        inside = {typed(shell, "readlink /proc/self/ns/pid").text for _ in range(10)}
    finally:
        over.set()
        thread.join()

    assert numbers == {str(Path("/proc/self/ns/pid").readlink())}
    assert len(inside) == 1
    assert not inside & numbers
    assert commands.run(["readlink", "/proc/self/ns/pid"]).text in numbers


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/srv/backups", "{root}/srv/backups"),
        ("{folder}/backups", "{folder}/backups"),
        ("{folder}/../..", "{root}{above}"),
        ("{folder}/link/cron.d", "{root}/etc/cron.d"),
        ("{folder}/up/treasure", "{root}{above}/treasure"),
        ("/etc/../root/.ssh", "{root}/root/.ssh"),
        ("/var/run/docker.sock", "{proxy}"),
        ("/var/lib/docker/volumes/x/_data", "{volumes}/x/_data"),
        ("{folder}/here", "{folder}/backups"),
    ],
)
def test_a_path_that_a_container_mounts_is_the_shells(own_shell: ConfinedShell, path: str, where: str) -> None:
    typed(own_shell, "ln -s /etc link; ln -s ../.. up; mkdir backups; ln -s backups here")
    proxy = own_shell.proxy.path if own_shell.proxy else Path()
    words = {"folder": own_shell.folder, "root": own_shell.root, "above": own_shell.run_folder.parent}
    words |= {"volumes": own_shell.engine.volumes, "proxy": proxy}

    assert own_shell.machine_path(path.format(**words)) == where.format(**words)


def test_a_link_to_itself_is_no_path(shell: ConfinedShell) -> None:
    typed(shell, "ln -s loop loop")

    with pytest.raises(OSError, match="is a link to itself"):
        shell.machine_path(f"{shell.folder}/loop")


def test_sudo_runs_what_follows_its_options(shell: ConfinedShell) -> None:
    assert typed(shell, "sudo -E -u root TOKEN=x -- sh -c 'echo $TOKEN $1' sh 1").text == "x 1"


def test_nothing_is_mounted_on_the_machine_and_nothing_stays(own_shell: ConfinedShell, tmp_path: Path) -> None:
    assert typed(own_shell, f"ls {shlex.quote(str(own_shell.folder))}").ok

    assert str(tmp_path) not in Path("/proc/self/mounts").read_text()
    assert not list((own_shell.root / "usr").iterdir()), "the machine's programs are mounted for the shell alone"
