"""Programs out of the Debian package archive, unpacked into a folder and never installed.

`apt-get` runs with lists and caches of its own (apt.conf(5), Dir::State and Dir::Cache), and without the machine's
hooks, so that the machine's package state is neither read nor written. What it downloads, it has checked against
the archive's signatures.
"""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from media_guarantees.core import journal
from media_guarantees.core.errors import BadInput
from media_guarantees.system import commands, folder_lock

# The machine's hooks would act on the machine: clean its caches, notify its desktop.
_CONFIGURATION = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""
_DEBIAN = "http://deb.debian.org/debian/"
# Of the package debian-archive-keyring, which Ubuntu has too: the keys of every release, older and newer.
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True)
class PackageArchive:
    """A package archive, seen from the private folder `cache`.

    It is the one that the machine's own sources name or, with a `release` such as "trixie", Debian's of that release,
    from the machine's own mirror where it has one, checked against Debian's keys.
    """

    cache: Path
    release: str = ""

    @staticmethod
    def available() -> bool:
        """Whether this machine has the two programs that it takes."""
        return bool(shutil.which("apt-get") and shutil.which("dpkg"))

    def unpack(self, name: str, packages: Sequence[str], *, complete: bool = False, alone: Sequence[str] = ()) -> Path:
        """Return the folder `name` with `packages` unpacked into it, downloading them the first time.

        If `complete`, what they need and this machine does not have comes along. Packages that are to come without what
        they need are named `alone`.
        """
        root = self.cache / name
        if not root.is_dir():
            self._state.mkdir(parents=True, exist_ok=True)
            # apt-get gives up where another one is reading the archive's lists.
            with folder_lock.waited_for(self._state, f"downloading packages into {self.cache}"):
                if not root.is_dir():
                    self._unpack(root, packages, complete=complete, alone=alone)
        return root

    def _unpack(self, root: Path, packages: Sequence[str], *, complete: bool, alone: Sequence[str]) -> None:
        what = f"{root.name}: downloading {', '.join([*packages, *alone])} from the package archive"
        with journal.step(what), tempfile.TemporaryDirectory(dir=self.cache, prefix=f".{root.name}-") as folder:
            fresh = Path(folder) / "root"
            for package in self._download(packages, Path(folder), complete=complete, alone=alone):
                commands.check(["dpkg", "-x", str(package), str(fresh)])
            fresh.rename(root)

    @property
    def _state(self) -> Path:
        """Where apt-get keeps its lists and caches of this archive."""
        return self.cache / (f".apt-{self.release}" if self.release else ".apt")

    def _download(self, packages: Sequence[str], folder: Path, *, complete: bool, alone: Sequence[str]) -> list[Path]:
        named = ", ".join([*packages, *alone])
        if not self.available():
            raise BadInput(
                f"{named} would come from the Debian package archive, but apt-get or dpkg is missing",
                "install these programs with your system's own means, or run on Debian or Ubuntu",
            )
        options = self._options()
        # A third party's source that fails must not stop the download: what counts is whether the packages come.
        update = commands.run(["apt-get", *options, "-qq", "update"])
        wanted = self._with_what_they_need(packages) if complete else packages
        outcome = commands.run(["apt-get", *options, "-qq", "download", *wanted, *alone], cwd=folder)
        if not outcome.ok:
            complaint = "\n".join(filter(None, (update.complaint if not update.ok else "", outcome.complaint)))
            raise BadInput(
                f"the package archive did not give {named}: {complaint}",
                "check the network and /etc/apt/sources.list, then run again",
            )
        return sorted(folder.glob("*.deb"))

    def _with_what_they_need(self, packages: Sequence[str]) -> list[str]:
        """Ask what an installation, which is not made, would bring (apt-get(8), "--simulate")."""
        simulated = [*self._options(), "--simulate", "--no-install-recommends", "install", *packages]
        lines = commands.run(["apt-get", *simulated]).text.splitlines()
        return [line.split()[1] for line in lines if line.startswith("Inst ")] or list(packages)

    def _options(self) -> list[str]:
        state = self._state
        for part in ("lists/partial", "cache/archives/partial"):
            (state / part).mkdir(parents=True, exist_ok=True)
        configuration = state / "apt.conf"
        configuration.write_text(_CONFIGURATION)
        settings = {
            "Dir::State::lists": state / "lists",
            "Dir::Cache": state / "cache",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            **(self._another_release(state) if self.release else {}),
        }
        return [
            "-c",
            str(configuration),
            *(word for pair in settings.items() for word in ("-o", f"{pair[0]}={pair[1]}")),
        ]

    def _another_release(self, state: Path) -> dict[str, object]:
        """Return settings under which nothing counts but Debian's archive of that release, and only what it signed."""
        sources = state / "sources.list"
        keys = self._debian_keys()
        lines = (f"deb [signed-by={keys}] {mirror} {self.release} main\n" for mirror in _mirrors())
        sources.write_text("".join(lines))
        return {
            "Dir::Etc::sourcelist": sources,
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Acquire::AllowInsecureRepositories": "false",
            "APT::Get::AllowUnauthenticated": "false",
        }

    def _debian_keys(self) -> Path:
        """Return the machine's own, else those that its own archive vouches for."""
        if KEYRING.is_file():
            return KEYRING
        unpacked = PackageArchive(self.cache).unpack("debian-keys", ("debian-archive-keyring",))
        return unpacked / "usr/share/keyrings" / KEYRING.name


def _mirrors() -> list[str]:
    """Where the machine gets its own Debian release from, else Debian's own servers.

    A third party's source that looks the same does no harm: it has nothing that is signed with Debian's keys.
    """
    system = platform.freedesktop_os_release()
    if system.get("ID") != "debian":
        return [_DEBIAN]
    own = [f"Release: {system.get('VERSION_CODENAME')}", "Component: main", "Created-By: Packages"]
    listed = commands.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", *own])
    return sorted({*listed.text.split()}) or [_DEBIAN]


def library_environment(root: Path, environment: dict[str, str] | None = None) -> dict[str, str]:
    """Return an environment in which programs and libraries unpacked into `root` are found first."""
    base = dict(os.environ if environment is None else environment)
    programs = [root / "usr/sbin", root / "usr/bin", root / "sbin", root / "bin"]
    libraries = [*root.glob("lib/*-linux-gnu*"), *root.glob("usr/lib/*-linux-gnu*")]
    base["PATH"] = os.pathsep.join([*map(str, programs), base.get("PATH", os.defpath)])
    base["LD_LIBRARY_PATH"] = os.pathsep.join([*map(str, libraries), *filter(None, [base.get("LD_LIBRARY_PATH")])])
    return base
