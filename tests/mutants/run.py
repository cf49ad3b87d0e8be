"""Mutation testing of the modules that judge, by mutmut: ``make mutants``.

Each mutant is one of those modules with one small thing wrong. A self-test must fail for it; if none does, the verdicts
of the suite may hang on something that nothing checks. What is mutated, and by which tests it is tried, is in
pyproject.toml under ``tool.mutmut``.

mutmut works on a copy in the cache. Its own idea of what it needn't try again knows nothing of tests that changed, so
the copy is renewed whenever anything in it has: results are never stale, and an interrupted run can go on.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from mutmut.configuration import config, reset_config
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from score import CAUGHT, UNTRIED, Mutant, Result, complaints, table
from survivors import SURVIVORS

ROOT = Path(__file__).parents[2]
COPY = ROOT / ".cache" / "mutants"
PLUGIN = Path("tests/mutants/pytest_plugin.py")
# mutmut ends mutants that take too long by their process id, even if another process has it by then: it gets
# process ids of its own, among which there are only its children. The shell takes in those that lost their parent.
ALONE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
ORDINARY_USER = ("--user", "--map-current-user")
_FRAME = ("---", "+++", "@@ ")  # of a unified diff
INIT = ("sh", "-c", '"$@"; exit $?', "init")


def main(patterns: Sequence[str], processes: str) -> int:
    """Try every mutant, or those whose names match a pattern, and judge the results; return an exit status."""
    if not shutil.which("unshare"):
        sys.stderr.write(
            "mutants need process ids of their own\n  hint: run this on Linux, with util-linux's unshare\n"
        )
        return 2
    os.chdir(ROOT)
    prepare(COPY, sorted(files()))
    os.chdir(COPY)
    reset_config()
    mutmut = Path(sys.executable).with_name("mutmut")
    alone = ALONE if os.geteuid() == 0 else (*ALONE, *ORDINARY_USER)
    status = subprocess.run([*alone, *INIT, mutmut, "run", "--max-children", processes, *patterns]).returncode
    if status:
        return status
    results = [result for name, result in read_results() if matches(name, patterns)]
    wrong = list(complaints(results, SURVIVORS, whole=not patterns))
    sys.stdout.write("\n".join(["", table(results), "", *wrong, ""]))
    return 1 if wrong else 0


def files() -> Iterator[Path]:
    """List every file that mutmut needs, relative to the project."""
    given = config()
    selected = map(Path, given.pytest_add_cli_args_test_selection)
    others = (path for path in given.also_copy if path != Path("tests"))  # which mutmut copies as a whole
    for top in (*given.source_paths, *selected, *others, PLUGIN):
        yield from (path for path in (top, *top.rglob("*")) if path.is_file() and path.suffix != ".pyc")


def prepare(folder: Path, wanted: Iterable[Path]) -> None:
    """Copy files into `folder`, unless it holds just these from the last time."""
    digests = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path}\n" for path in wanted)
    contents = folder / "contents"
    if contents.exists() and contents.read_text(encoding="utf-8") == digests:
        return
    shutil.rmtree(folder, ignore_errors=True)
    for path in wanted:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, folder / path)
    contents.write_text(digests, encoding="utf-8")


def read_results() -> Iterator[tuple[str, Result]]:
    """Read mutmut's results: each mutant's full name, and its status."""
    for meta in sorted(Path("mutants").rglob("*.py.meta")):
        source = meta.relative_to("mutants").with_suffix("")
        for name, code in json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"].items():
            status = status_by_exit_code[code]
            changed = ("", "") if status in CAUGHT | UNTRIED else change(name, source)
            yield name, Result(Mutant(place(name), *changed), status)


def place(name: str) -> str:
    """Return the function of a mutant without mutmut's number: numbers change when functions move."""
    module, _, function = name.partition("__mutmut_")[0].rpartition(".")
    return f"{module.rpartition('.')[2]}.{function.removeprefix('x').strip('ǁ').removeprefix('_').replace('ǁ', '.')}"


def change(name: str, source: Path) -> tuple[str, str]:
    """Return the lines that a mutant changes, before and after."""
    changed = [line for line in get_diff_for_mutant(name, path=source).splitlines() if line[:3] not in _FRAME]
    before, after = ("\n".join(line[1:].strip() for line in changed if line[0] == sign) for sign in "-+")
    return before, after


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Return whether a mutant is one of the requested ones."""
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:], sys.argv[1]))
