"""The operator: who types the guide's commands, as printed, in the deployment's folder."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from media_guarantees.core import journal
from media_guarantees.core.errors import PromiseBroken, Unproven
from media_guarantees.core.paths import ROOT
from media_guarantees.guide.parsing.docker_commands import compose_verb, program, unwrapped
from media_guarantees.guide.parsing.not_typed import waits_for_person, why_not_typed
from media_guarantees.guide.parsing.shell_words import Command, read_commands
from media_guarantees.guide.parsing.understood import not_understood
from media_guarantees.guide.reader import Guide, StepAmbiguous, StepMissing
from media_guarantees.guide.shell.confined_shell import SHELL_ROOT, ConfinedShell
from media_guarantees.guide.steps import ARCHIVE_ENDING, Step
from media_guarantees.system import commands
from media_guarantees.system.background_command import Background, started

OUR_SCRIPT = ROOT / "migrate_media.sh"
HOST_PATH_PREFIXES = ("/", "~", "$HOME", "${HOME}")
_WANTS_TERMINAL = re.compile(r"\bdocker\s[^|;&\n]*?\s(?:-(?:i?t|ti)|--tty)\s")
_NOTE = '{ status_guide=$?; [ "$status_guide" -eq 0 ] || failed_guide=$status_guide; }'
_WORKERS = {"docker", "docker-compose", "tar", "gzip", "zstd", "cp", "rsync", "restic", "borg", "rclone", "cat"}
_TIDIES = {"rm", "rmi", "prune", "ps", "ls", "images"}
HARMLESS = {"/etc/localtime", "/etc/timezone"}
# What the engine, curl, wget and apt say without a network, and bash of a program that is not installed.
_NOT_AT_HAND = re.compile(
    r"Unable to find image '[^']*'|pull access denied[^,\n]*|[^\n]*(?:registry-1\.docker\.io|Could not resolve|"
    r"Temporary failure (?:in name resolution|resolving)|unable to resolve host|no such host|Network is unreachable)"
    r"[^\n]*|^bash: line \d+: [^:\n]+: command not found|/run/guide/sudo: \d+: exec: [^:\n]+: not found"
    # A relative path after -v is understood from version 23 of the client on.
    r"|create \.[^:\n]*: [^\n]* includes invalid characters for a local volume name",
    re.MULTILINE,
)
_NO_SUCH_FILE = re.compile(r"^bash: line \d+: (?P<name>[^:\n]+): No such file or directory", re.MULTILINE)
_NO_SERVICE = re.compile(r"no such service: ([\w.-]+)")
_CHANGES_FOLDER = re.compile(r"(?:^|&&|;)[ \t]*cd[ \t]+(?P<folder>[\"']?(?:/|~/|\$HOME/)[\w./-]+[\"']?)", re.MULTILINE)


@dataclass(frozen=True)
class Operator:
    """A person at a shell. `rename` maps the volume name that the guide prints to its name in the sandbox.

    `shell_in` gives the confined shell for a folder; without one, as on a shared engine, it is the machine's own.
    `media` is the directory that the service keeps its media in, where it is no volume: no copy that a command made.
    """

    guide: Guide
    folder: Path
    environment: Mapping[str, str]
    rename: Callable[[str], str] | None = None
    shell_in: Callable[[Path], ConfinedShell] | None = None
    media: Path | None = None

    def in_folder(self, folder: Path) -> Operator:
        """Return the operator in a new folder, with the deployment's files and scripts in it, and no backup yet."""

        def left_behind(_: object, names: list[str]) -> set[str]:
            return {name for name in names if name in {"media", SHELL_ROOT} or ARCHIVE_ENDING.search(name)}

        shutil.copytree(self.folder, folder, symlinks=True, ignore=left_behind)
        (folder / "backups").mkdir(exist_ok=True)
        media = self.media
        if media and media.is_relative_to(self.folder):
            media = folder / media.relative_to(self.folder)
        return replace(self, folder=folder, media=media)

    def step(self, procedure: str) -> Step:
        """Return the guide's command for `procedure`. Raises `Unproven` where the guide describes none, or two."""
        try:
            return self.guide.step(procedure)
        except (StepMissing, StepAmbiguous) as unclear:
            raise Unproven(f"the guide does not describe it: {unclear}") from unclear

    def typed_step(self, procedure: str) -> Step:
        """Return the guide's command for `procedure`. Raises `Unproven` where it has none that can be typed here."""
        step = self.step(procedure)
        self._expect_typeable(step)
        self._expect_safe(step)
        return step

    def run(
        self,
        procedure: str,
        *,
        archive: str = "",
        extra: Mapping[str, str] | None = None,
        timeout: float = commands.TIMEOUT,
    ) -> commands.Outcome:
        """Type the guide's command for `procedure` and return how it ended.

        `archive` takes the place of the placeholder for a backup's name: the path of the backup, or its bare name
        without ``.tar.gz``. `extra` goes into the environment.
        """
        return self.run_script(self.script(procedure, archive=archive), extra=extra, timeout=timeout)

    def script(self, procedure: str, *, archive: str = "") -> str:
        """Return the guide's command, byte for byte but for the placeholder and, in a sandbox, the volume's name."""
        step = self.typed_step(procedure)
        for line in step.left_out:
            journal.add_evidence(f"in the sandbox, what the guide does for another place is left out: {line}")
        if self.rename is not None and (names := named_volumes(step)):
            step = replace(step, script=step.retarget(self.rename(names[0])))
        step = replace(step, script=self._inside(step))
        if step.procedure == "backup" and not archive:
            return step.named(f"media_backup_{datetime.now().astimezone():%Y%m%d}")
        try:
            return step.fill(*self._name(archive)) if step.placeholder else step.script
        except ValueError as not_runnable:
            raise Unproven(
                f"the name of the backup can't be filled in as the guide says: {not_runnable}"
            ) from not_runnable

    def _expect_typeable(self, step: Step) -> None:
        """Raise `Unproven` for what waits for a person, or needs the server's own disks."""
        where = f"the guide's {step.procedure} command, line {step.line} of {step.source.name},"
        if waiting := waits_for_person(step.script):
            raise Unproven(f"{where} waits for a person to type or to press Ctrl-C: {waiting}")
        if obstacle := why_not_typed(step.script):
            raise Unproven(f"{where} is not typed: {obstacle}")

    def _expect_safe(self, step: Step) -> None:
        """Raise `Unproven` for what would reach beyond the sandbox, and can't be kept from it by a change of names."""
        where = f"the guide's {step.procedure} command, line {step.line} of {step.source.name},"
        mounts_host_path = any(source.startswith(HOST_PATH_PREFIXES) for source, _ in step.volumes)
        if step.body and mounts_host_path and self.shell_in is None:
            raise Unproven(f"{where} runs a script that mounts a directory of this machine, outside the deployment's")
        if self.shell_in is None and step.kind in {"other", "effect"}:
            raise Unproven(f"{where} does what only running it shows: it takes a private engine")
        if self.rename is None:
            return
        if step.body:
            raise Unproven(f"{where} runs a script, in which the volume's name can't be replaced")
        if self.shell_in is not None:
            self._expect_another_volume(step, where)
            return
        if step.reaches_by_name:
            raise Unproven(f"{where} names things of the engine that others own: it takes a private engine")
        if step.procedure == "migrate" and not self._runs_our_script(step):
            raise Unproven(
                f"{where} runs a script that is not the suite's own, and might find a container of others: "
                "it takes a private engine"
            )
        if reason := not_understood(step.script, also=(f"./{OUR_SCRIPT.name}",)):
            raise Unproven(
                f"{where} is not typed on an engine that others use too: {reason}; it takes a private engine"
            )

    @staticmethod
    def _expect_another_volume(step: Step, where: str) -> None:
        """Raise `Unproven` for what can't be pointed at a volume beside the deployment's own, as a damaged backup is.

        What Compose runs has the volume of the compose file, and what goes into a container that of the service.
        """
        verbs = {compose_verb(call) for command in read_commands(step.script) for call in map(unwrapped, command.calls)}
        reason = "it names what has that volume" if step.reaches_by_name else not_understood(step.script)
        if verbs & {"exec", "run", "cp"}:
            reason = "Compose gives it the volume of the compose file"
        if reason:
            raise Unproven(f"{where} can't be pointed at another volume than the deployment's own: {reason}")

    def _runs_our_script(self, step: Step) -> bool:
        """Whether a step runs the script that asks Compose for its container, and never the engine for a name."""
        script = self.folder / OUR_SCRIPT.name
        named = step.script.strip() == f"./{OUR_SCRIPT.name}"
        return named and script.is_file() and script.read_bytes() == OUR_SCRIPT.read_bytes()

    def _inside(self, step: Step) -> str:
        """Return the script with host directories outside the deployment's folder replaced by some inside.

        In a confined shell nothing is replaced: the paths themselves are the run's own there.
        """
        script = step.script
        if self.shell_in is not None:
            return script
        for source in {
            source for source, _ in step.volumes if source.startswith(HOST_PATH_PREFIXES) and source not in HARMLESS
        }:
            place = self.folder / SHELL_ROOT / re.sub(r"[^\w.-]+", "_", source).strip("_")
            # A path of ours holds no backslash, which alone would mean something in a replacement.
            script = re.sub(rf"(?<![\w./-]){re.escape(source)}(?=[/:\s\"',]|$)", str(place), script)
            journal.add_evidence(f"in the sandbox, the guide's {source} is a directory of the run's own")
        return script

    def _name(self, archive: str) -> tuple[str, str, str]:
        """Take the name of a backup apart: its stem, its ending, and the folder that it is in, with a slash."""
        folder, slash, name = archive.rpartition("/")
        if found := ARCHIVE_ENDING.search(name):
            return name[: found.start()], found.group(), folder + slash
        with suppress(Unproven):
            backup = self.step("backup")
            if slash or "archive" not in {backup.kind, self.step("restore").kind}:
                return name, "", folder + slash
            found = ARCHIVE_ENDING.search(backup.archive or "")
            return name, found.group() if found else ".tar.gz", ""
        return name, ".tar.gz", ""

    def run_script(
        self, script: str, *, extra: Mapping[str, str] | None = None, timeout: float = commands.TIMEOUT
    ) -> commands.Outcome:
        """Hand `script` to `bash`, standing in the deployment's folder, and at a terminal if it insists on one.

        Raises `Unproven` where the script asks the engine for what a sandbox does not give, or the network for
        something, or this machine for a program that it has not.
        """
        shell = self.shell_in(self.folder) if self.shell_in else None
        if shell:
            _stand_in_for_folder(shell, script)
        outcome = commands.run(
            ["bash", "-c", _as_typed(script)],
            cwd=self.folder,
            env={**self.environment, **(shell.variables if shell else {}), **(extra or {})},
            timeout=timeout,
            kind="guide",
            terminal=bool(_WANTS_TERMINAL.search(script)),
            start=shell.popen if shell else None,
        )
        if shell:
            _report_reach(shell)
        _expect_at_hand(outcome, script)
        return outcome

    def start(self, procedure: str) -> AbstractContextManager[Background]:
        """Type the guide's command for `procedure` and don't wait for its end.

        Ctrl-C reaches it as at a terminal, even if this run ignores it (env(1), "--default-signal").
        """
        command = ["env", "--default-signal=INT", "bash", "-c", _as_typed(self.script(procedure))]
        if self.shell_in is None:
            return started(command, cwd=self.folder, env=self.environment)
        shell = self.shell_in(self.folder)
        environment = {**self.environment, **shell.variables}
        return started(command, cwd=self.folder, env=environment, start=shell.popen)

    def run_checked(self, procedure: str, *, archive: str = "") -> commands.Outcome:
        """Type the guide's command; a status other than 0 is a broken promise."""
        outcome = self.run(procedure, archive=archive)
        if not outcome.ok:
            step = self.step(procedure)
            raise PromiseBroken(
                f"the guide's {procedure} command ({step.source.name}, line {step.line}) ended with status "
                f"{outcome.status}: {outcome.complaint}",
                means="an operator who follows the guide is left without it",
            )
        return outcome


def _expect_at_hand(outcome: commands.Outcome, script: str) -> None:
    """Raise `Unproven` for a command that failed as the sandbox has no way out, or the machine no such program."""
    said = (outcome.stderr + outcome.stdout).decode(errors="replace")
    missing = (
        _NOT_AT_HAND.search(said)
        or _one_off_service(said, script)
        or next((found for found in _NO_SUCH_FILE.finditer(said) if found["name"] in _programs(script)), None)
    )
    if not outcome.ok and missing:
        raise Unproven(f"the guide's command needs what is not at hand in the sandbox: {missing.group().strip()}")


def _one_off_service(said: str, script: str) -> re.Match[str] | None:
    """A service that a guide runs once and that the deployment's copy has not: one of a profile that is not active."""
    found = _NO_SERVICE.search(said)
    calls = (call for command in read_commands(script) for call in map(unwrapped, command.calls))
    is_run = found and any(compose_verb(call) == "run" and found[1] in {word.value for word in call} for call in calls)
    return found if is_run else None


def _programs(script: str) -> set[str]:
    return {call[0].value for command in read_commands(script) for call in map(unwrapped, command.calls) if call}


def _stand_in_for_folder(shell: ConfinedShell, script: str) -> None:
    """Let the folder that a guide calls its deployment's, as in `cd /opt/connect`, be the deployment's here."""
    for found in _CHANGES_FOLDER.finditer(script):
        printed = found["folder"].strip("\"'")
        if shell.stand_in(printed):
            journal.add_evidence(f"in the sandbox, the guide's {printed} is the deployment's folder")


def _as_typed(script: str) -> str:
    """Return what `bash` is given for `script`: each command of a sequence as printed, with a look at how it ended.

    A person sees every command that fails, not only the last. What tidies up or only shows may fail unnoticed.
    """
    printed = list(read_commands(script))
    if len(printed) < 2:
        return script
    lines = [f"{line.text}\n{_NOTE}" if _matters(line) else line.text for line in printed]
    return "\n".join([*lines, 'exit "${failed_guide:-0}"'])


def _matters(line: Command) -> bool:
    starts = [unwrapped(call) for call in line.calls]
    return any(
        call
        and (program(call[0]) in _WORKERS or "/" in call[0].value)
        and not _TIDIES & {word.value for word in call[:3]}
        for call in starts
    )


def _report_reach(shell: ConfinedShell) -> None:
    """Add to the evidence what a command wrote outside of its folder, and raise `Unproven` for what it was refused."""
    if written := shell.written_outside():
        journal.add_evidence(f"in the sandbox, outside of the deployment's folder, it wrote {', '.join(written[:5])}")
    if refused := shell.take_refusals():
        raise Unproven(f"the guide's command asks the engine for {refused[0]}: the sandbox does not give that")


def named_volumes(step: Step) -> tuple[str, ...]:
    """Return the names of the volumes that a step mounts, as printed, and not the host's directories."""
    return tuple(source for source, _ in step.volumes if source and not source.startswith(("/", ".", "~", "$")))
