"""The guide's reader finds the commands that a person would type, wherever they are printed, unchanged."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from media_guarantees.guide.reader import (
    Guide,
    GuideError,
    GuideUnreadable,
    Sentence,
    StepAmbiguous,
    StepMissing,
    guide_files,
    read_guide,
)
from media_guarantees.guide.steps import PROCEDURES, Step

OWN_GUIDE = Path(__file__).parents[3] / "docs" / "armazenamento-de-midia.md"

MIGRATE = "./migrate_media.sh"
BACKUP = (
    "docker volume inspect media_volume > /dev/null && "
    "docker run --rm -v media_volume:/source -v $(pwd)/backups:/backup ubuntu "
    "tar -czvf /backup/media_backup_$(date +%Y%m%d).tar.gz -C /source ."
)
RESTORE = (
    "docker run --rm -v media_volume:/destination -v $(pwd)/backups:/backup ubuntu "
    'bash -c "mkdir -p /destination && '
    'tar -xzvf /backup/[NOME_DO_ARQUIVO_DE_BACKUP].tar.gz -C /destination"'
)
INSPECT = "docker-compose exec web-project ls -la /usr/src/platform/media"
PERMISSIONS = "docker-compose exec web-project chmod -R 755 /usr/src/platform/media"
RESTART = "docker-compose down && docker-compose up -d"
PRINTED = {
    "migrate": MIGRATE,
    "backup": BACKUP,
    "restore": RESTORE,
    "permissions": PERMISSIONS,
    "inspect": INSPECT,
    "restart": RESTART,
}

WriteGuide = Callable[[str], Guide]


@pytest.fixture(name="write_guide")
def _write_guide(tmp_path: Path) -> WriteGuide:
    def write(text: str) -> Guide:
        path = tmp_path / "guide.md"
        path.write_bytes(text.encode())
        return read_guide(path)

    return write


def fenced(script: str) -> str:
    return f"```bash\n{script}\n```\n"


# Our own guide.


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_own_guide_prints_the_documented_command(procedure: str) -> None:
    step = read_guide(OWN_GUIDE, OWN_GUIDE.parents[1]).step(procedure)

    assert (step.script, step.body) == (PRINTED[procedure], "")


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_line_of_a_step_is_where_the_file_prints_it(procedure: str) -> None:
    step = read_guide(OWN_GUIDE).step(procedure)

    assert step.source == OWN_GUIDE
    assert OWN_GUIDE.read_text(encoding="utf-8").split("\n")[step.line - 1].strip() == step.script


def test_own_guide_prints_each_procedure_once_and_no_other() -> None:
    assert [step.procedure for step in read_guide(OWN_GUIDE).steps] == [
        "migrate",
        "backup",
        "restore",
        "inspect",
        "permissions",
        "restart",
    ]


@pytest.mark.parametrize(
    "promised",
    [
        "volume Docker .* media_volume",
        "montado .* /usr/src/platform/media",
        "containers são recriados.* atualizado.* servidor reinicia",
        "/media/avatars/",
        "/media/event_banners/",
        "/media/profile_pictures/",
        "Persistência:",
        "Simplicidade: .* externo",
        "Portabilidade: .* servidor",
        "name: media_volume",
        "fusão",
        "--numeric-owner",
        "frações de segundo",
        "Com 755 em tudo",
        "sai do ar",
    ],
)
def test_own_guide_says(promised: str) -> None:
    assert read_guide(OWN_GUIDE).promise(promised), f"nothing in the prose matches {promised!r}"


# Where commands are found.

PLACES = {
    "under another heading, before any text": fenced(BACKUP),
    "tilde fence": f"~~~\n{BACKUP}\n~~~\n",
    "indented block": f"Text:\n\n    {BACKUP}\n",
    "in a list item": f"1. First:\n   ```bash\n   {BACKUP}\n   ```\n",
    "in a list in a list": f"- a\n  1. b\n\n     ```sh\n     {BACKUP}\n     ```\n",
    "in a quotation": f"> Careful:\n>\n> ```bash\n> {BACKUP}\n> ```\n",
    "in a console with its output": f"```console\n$ {BACKUP}\n./\n./avatars/\n```\n",
    "as the second in a console": f"```console\n$ mkdir backups\n$ {BACKUP}\n```\n",
    "after a comment line": fenced(f"# once a day, don't forget\n\n{BACKUP}"),
    "after an empty line": fenced(f"\n{BACKUP}"),
    "among other commands": fenced(f"mkdir -p backups\n{BACKUP}\nls -l backups"),
    "in a fence that is never closed": f"```bash\n{BACKUP}\n",
    "in a block that has an attribute": f'```bash title="backup"\n{BACKUP}\n```\n',
    "as a heading's only text, in English": f"# Back up\nEvery night:\n\n```Shell\n{BACKUP}\n```\n",
}


@pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("text", PLACES.values(), ids=PLACES.keys())
def test_command_is_found(write_guide: WriteGuide, text: str, ending: str) -> None:
    step = write_guide(text.replace("\n", ending)).step("backup")
    printed_on = next(number for number, line in enumerate(text.split("\n"), 1) if BACKUP in line)

    assert (step.core or step.script, step.line) == (BACKUP, printed_on)


@pytest.mark.parametrize(
    "text",
    [
        f"<!--\n{fenced(BACKUP)}-->\n",
        f"```text\n{BACKUP}\n```\n",
        f"```yaml\ncommand: {BACKUP}\n```\n",
        f"Type `{BACKUP}` to make one.\n",
        fenced(f"# {BACKUP}"),
        fenced(f"echo '{BACKUP}'"),
        f"```console\n$ echo made by:\n{BACKUP}\n```\n",
        f"```console\n$ \n{BACKUP}\n```\n",
        "```console\n$ \n```\n",
    ],
    ids=[
        "in an HTML comment",
        "in a block of output",
        "in a block of another language",
        "in running text",
        "in a comment of the shell",
        "in another command's argument",
        "in a console's output",
        "after a bare prompt",
        "a bare prompt",
    ],
)
def test_what_no_person_would_type_is_no_command(write_guide: WriteGuide, text: str) -> None:
    assert write_guide(text).steps == ()


# What makes a command one of the procedures.


@pytest.mark.parametrize(
    ("procedure", "script"),
    [
        ("migrate", "bash ./migrate_media.sh --overwrite"),
        ("migrate", "cd /srv/connect && SERVICE=web sudo -E ./migrate_media.sh"),
        ("backup", "sudo docker run --rm -v m1:/s -v /srv/b:/b ubuntu tar czf /b/a.tar.gz -C /s ."),
        ("backup", "docker container run -v m1:/s -v ./b:/b ubuntu tar -c -z --file=/b/a.tgz /s"),
        ("backup", "docker run -v m1:/s -v ~/b:/b ubuntu sh -c 'cd /s && tar --create --file /b/a.tar .'"),
        ("backup", "docker run -v m1:/s -v /srv/b:/b/ ubuntu tar -zcvf /b/a.tar.gz /s"),
        ("backup", "docker --context far run -v m1:/s --mount type=bind,src=/b,dst=/b x tar -cf/b/a.tar /s"),
        ("restore", "docker run -v m1:/d -v $PWD/b:/b ubuntu tar xzf /b/<archive>.tar.gz -C /d"),
        ("restore", "docker run -v m1:/d -v $PWD/b:/b ubuntu tar --extract -z -f /b/a.tar.gz"),
        ("restore", "docker run -v m1:/d -v $PWD/b:/b ubuntu tar --get -z -f /b/a.tar.gz"),
        ("inspect", "docker compose exec -T web-project ls /usr/src/platform/media"),
        ("inspect", 'docker compose -f a.yml exec web-project sh -c "ls -la /media | head"'),
        ("permissions", "docker compose exec --user root web-project chown -R 10001 /media"),
        ("permissions", "docker-compose exec web-project find /media -exec chmod 755 {} +"),
        ("restart", "docker compose restart"),
        ("restart", "sudo -u operator docker-compose restart"),
        ("restart", "\\docker-compose restart"),
        ("restart", "docker-compose\\\n  restart"),
        ("restart", "docker-compose -p connect restart web-project"),
        ("restart", "docker compose down; docker compose up --detach"),
        ("restart", "docker compose stop && \\\n  docker compose start"),
        ("restart", "docker-compose down\ndocker-compose up -d"),
    ],
)
def test_procedure_is_known_by_what_the_command_does(write_guide: WriteGuide, procedure: str, script: str) -> None:
    assert [(step.procedure, step.script) for step in write_guide(fenced(script)).steps] == [(procedure, script)]


@pytest.mark.parametrize(
    "script",
    [
        "chmod +x migrate_media.sh",
        "./migrate_media.sh --help",
        "./migrate_media.sh --dry-run",
        "tar -czf backups/a.tar.gz media",
        "tar -tzf backups/a.tar.gz > /dev/null",
        "docker run -v m1:/s -v $(pwd)/b:/b ubuntu tar -tzf /b/a.tar.gz",
        "docker run -v m1:/s -v m2:/b ubuntu tar -czf /b/a.tar.gz /s",
        "docker run -v m1:/s ubuntu tar -czf /tmp/a.tar.gz /s",
        "docker run -v m1:/tar ubuntu find /tar",
        "podman run -v m1:/s -v $(pwd)/b:/b ubuntu tar -czf /b/a.tar.gz /s",
        "COMPOSE_PROJECT_NAME=connect",
        "docker-compose exec -T web-project find /media -printf '.\\n' | wc -l",
        "docker-compose ps && ls -la",
        "docker-compose up -d",
        "docker-compose down",
        "docker-compose --version",
        "docker-compose pull\ndocker-compose up -d",
        "docker-compose down\ndocker-compose ps",
        "docker restart web-project",
        "it's not closed",
    ],
)
def test_command_that_does_none_of_these_is_no_step(write_guide: WriteGuide, script: str) -> None:
    assert write_guide(fenced(script)).steps == ()


def test_a_restart_does_not_begin_another(write_guide: WriteGuide) -> None:
    assert [step.script for step in write_guide(fenced(f"{RESTART}\ndocker-compose up -d")).steps] == [RESTART]


def test_continuation_lines_stay_as_printed(write_guide: WriteGuide) -> None:
    script = "docker run --rm \\\n  -v m1:/s \\\n    -v $(pwd)/b:/b \\\n  ubuntu tar -czf /b/a.tar.gz -C /s ."

    assert write_guide(fenced(f"mkdir b\n{script}\nls b")).step("backup").core == script


@pytest.mark.parametrize("operator", ["&&", "||", "|", "|&"])
def test_a_line_that_ends_in_an_operator_goes_on(write_guide: WriteGuide, operator: str) -> None:
    script = f"yes {operator}\n  ./migrate_media.sh"

    assert [step.script for step in write_guide(fenced(script)).steps] == [script]


def test_here_document_is_one_command(write_guide: WriteGuide) -> None:
    text = fenced(f"cat > backup.sh <<'EOF'\n{BACKUP}\nEOF\n{RESTART}\n{INSPECT}")

    assert [step.procedure for step in write_guide(text).steps] == ["restart", "inspect"]


def test_here_document_that_does_not_end_is_the_rest(write_guide: WriteGuide) -> None:
    text = fenced(f"./migrate_media.sh <<EOF\nyes\n{RESTART}")

    assert [step.procedure for step in write_guide(text).steps] == ["migrate"]


@pytest.mark.parametrize("printed", ["./migrate_media.sh it's", "./migrate_media.sh <<EOF\nit's"])
def test_a_command_ends_where_the_next_prompt_is(write_guide: WriteGuide, printed: str) -> None:
    (step,) = write_guide(f"```console\n$ {printed}\n$ echo it's\nEOF\n```\n").steps

    assert step.script.rstrip("\n") == printed


def test_step_survives_the_shell_byte_for_byte(write_guide: WriteGuide) -> None:
    printed = "./migrate_media.sh  'a  b'  \"$HOME\"   # and   so on"

    assert write_guide(fenced(printed)).step("migrate").script == printed.partition("   #")[0]


# None, one, two.


def test_missing_step_names_the_guide_and_what_was_looked_for_and_the_nearest_heading(write_guide: WriteGuide) -> None:
    guide = write_guide("# Media\n\n## Fazer Backup\n\nAsk the operator.\n")

    with pytest.raises(StepMissing) as caught:
        guide.step("backup")

    message = str(caught.value)
    assert str(guide.source) in message
    assert "a `tar` in a container that leaves an archive on the host" in message
    assert '"Fazer Backup", line 3' in message


def test_missing_step_without_a_heading_near_it_names_none(write_guide: WriteGuide) -> None:
    with pytest.raises(StepMissing, match="no restart command") as caught:
        write_guide("Text.").step("restart")

    assert str(caught.value).endswith("or `docker-compose restart`.")


def test_two_different_candidates_are_ambiguous_and_both_lines_are_named(write_guide: WriteGuide) -> None:
    guide = write_guide(f"{fenced(BACKUP)}\n{fenced(BACKUP.replace('media_volume', 'other'))}")

    with pytest.raises(
        StepAmbiguous, match=r"(?s)two different backup .*line 2: .*media_volume:/source.*line 6: .*other:/source"
    ):
        guide.step("backup")


@pytest.mark.parametrize("heading", ["Fazer backup", "BACKUP"])
def test_of_two_candidates_the_one_under_a_heading_that_speaks_of_it_is_meant(
    write_guide: WriteGuide, heading: str
) -> None:
    other = BACKUP.replace("media_volume", "other")
    guide = write_guide(f"# Deploy\n\n{fenced(other)}\n## {heading}\n\n{fenced(BACKUP)}\n## Fim\n\n{fenced(other)}")

    assert guide.step("backup").script == BACKUP


def test_two_candidates_under_headings_that_speak_of_it_are_ambiguous(write_guide: WriteGuide) -> None:
    other = BACKUP.replace("media_volume", "other")
    guide = write_guide(f"# Backup\n\n{fenced(other)}\n## Back-up, again\n\n{fenced(BACKUP)}")

    with pytest.raises(StepAmbiguous, match=r"line 4: .*line 10: "):
        guide.step("backup")


def test_same_command_twice_is_the_first(write_guide: WriteGuide) -> None:
    assert write_guide(f"{fenced(BACKUP)}\n{fenced(BACKUP)}").step("backup").line == 2


def test_unknown_procedure_is_a_mistake_of_the_caller(write_guide: WriteGuide) -> None:
    with pytest.raises(KeyError, match="bakup"):
        write_guide(fenced(BACKUP)).step("bakup")


# Several files, and other formats.


def test_a_guide_may_be_several_files(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(fenced(BACKUP))
    (tmp_path / "b.rst").write_text(f"Restore\n=======\n\n::\n\n    {RESTORE}\n")

    guide = read_guide(Path(f"{tmp_path}/a.md{os.pathsep}{tmp_path}/b.rst"))

    assert [(step.source.name, step.line) for step in guide.steps] == [("a.md", 2), ("b.rst", 6)]
    assert guide.promise("restore") == Sentence(tmp_path / "b.rst", 1, "Restore")


def test_a_file_whose_name_holds_a_colon_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "a:b.md").write_text(fenced(BACKUP))

    assert guide_files(tmp_path / "a:b.md") == (tmp_path / "a:b.md",)


def test_one_of_several_files_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(fenced(BACKUP))

    with pytest.raises(GuideUnreadable, match=r"none\.md' is missing"):
        read_guide(Path(f"{tmp_path}/a.md{os.pathsep}{tmp_path}/none.md"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("guide.rst", f"Backup\n======\n\n.. code-block:: bash\n\n   {BACKUP}\n"),
        ("guide.adoc", f"== Backup\n\n[source,bash]\n----\n{BACKUP}\n----\n"),
        ("guide.sh", f"#!/bin/sh\n{BACKUP}\n"),
    ],
)
def test_a_guide_may_be_in_another_format(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)

    assert BACKUP in read_guide(tmp_path / name).step("backup").script


# Files that are no guide.


def test_missing_guide_is_named(tmp_path: Path) -> None:
    with pytest.raises(GuideUnreadable, match=r"(?s)none\.md' is missing.*make verify GUIDE="):
        read_guide(tmp_path / "none.md")


def test_directory_is_no_guide(tmp_path: Path) -> None:
    with pytest.raises(GuideUnreadable, match=r"is a directory\n  means: .*\n  hint: name a Markdown file"):
        read_guide(tmp_path)


def test_pipe_is_no_guide_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")

    with pytest.raises(GuideUnreadable, match=r"is no regular file\n  means: .*\n  hint: name a Markdown file"):
        read_guide(tmp_path / "pipe.md")


def test_text_in_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "guide.md").write_bytes("\n\nNão é\n".encode("latin-1"))

    with pytest.raises(GuideUnreadable, match=r"guide\.md' is not UTF-8 text, as line 3 shows"):
        read_guide(tmp_path / "guide.md")


@pytest.mark.parametrize(
    ("content", "seen"), [(b"", "is empty"), (b" \n\n", "is empty"), (b"PK\x03\x04\x00\x00", "holds binary data")]
)
def test_a_file_without_text_is_no_guide_and_what_that_means_is_reported(
    tmp_path: Path, content: bytes, seen: str
) -> None:
    (tmp_path / "guide.md").write_bytes(content)

    with pytest.raises(GuideUnreadable, match=rf"guide\.md' {seen}\n  means: .*\n  hint: "):
        read_guide(tmp_path / "guide.md")


def test_guide_that_the_system_keeps_to_itself_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "guide.md").touch()
    monkeypatch.setattr(Path, "read_bytes", refuse)

    with pytest.raises(GuideUnreadable, match=r"guide\.md' can't be read: .*Permission denied"):
        read_guide(tmp_path / "guide.md")


def test_byte_order_mark_is_no_part_of_the_guide(tmp_path: Path) -> None:
    (tmp_path / "guide.md").write_bytes(b"\xef\xbb\xbf```\n./migrate_media.sh\n```\n")

    assert read_guide(tmp_path / "guide.md").step("migrate").line == 2


def test_every_error_of_the_guide_is_a_guide_error() -> None:
    assert all(issubclass(error, GuideError) for error in (GuideUnreadable, StepMissing, StepAmbiguous))


# What a step says about itself.


def step(script: str, procedure: str = "backup") -> Step:
    return Step(Path("guide.md"), 12, script, procedure)


def test_volumes_of_the_backup_are_as_printed() -> None:
    assert step(BACKUP).volumes == (("media_volume", "/source"), ("$(pwd)/backups", "/backup"))


@pytest.mark.parametrize(
    ("mount", "volume"),
    [
        ("-v m1:/s:ro", ("m1", "/s")),
        ("-vm1:/s", ("m1", "/s")),
        ("--volume m1:/s", ("m1", "/s")),
        ("--volume=m1:/s", ("m1", "/s")),
        ('-v "$(pwd)/my backups:/b"', ("$(pwd)/my backups", "/b")),
        ('-v "$(pwd)/my backups":/b', ("$(pwd)/my backups", "/b")),
        ("-v ${DIR:-/srv}:/b", ("${DIR:-/srv}", "/b")),
        ("--mount type=volume,source=m1,target=/s", ("m1", "/s")),
        ("--mount=type=bind,src=/srv,dst=/b,readonly", ("/srv", "/b")),
        ("--mount type=bind,src=/srv/a=b,destination=/b", ("/srv/a=b", "/b")),
        ("--mount type=volume,target=/s", ("", "/s")),
        ('-v "\\$m:/s"', ("$m", "/s")),
        ("-v /s", ("", "/s")),
        ("--volumes-from other -v m1:/s", ("m1", "/s")),
    ],
)
def test_volumes_are_read_from(mount: str, volume: tuple[str, str]) -> None:
    assert step(f"docker run {mount} ubuntu tar -c -v /x").volumes == (volume,)


@pytest.mark.parametrize("mount", ["--mount type=volume,source=m1", "-v", "-v m1"])
def test_what_is_mounted_nowhere_is_no_volume(mount: str) -> None:
    assert step(f"docker run {mount}").volumes == ()


def test_a_variable_that_is_set_first_mounts_nothing() -> None:
    script = "day=$(date +%Y%m%d); docker run -v m1:/s ubuntu tar -czf /b/$day.tar.gz -C /s ."

    assert step(script).volumes == (("m1", "/s"),)
    assert step(script).archive == "/b/$day.tar.gz"


def test_archives_are_as_printed() -> None:
    assert step(BACKUP).archive == "/backup/media_backup_$(date +%Y%m%d).tar.gz"
    assert step(RESTORE).archive == "/backup/[NOME_DO_ARQUIVO_DE_BACKUP].tar.gz"
    assert step(RESTART).archive is None
    assert step("docker run ubuntu tar -czf").archive is None


@pytest.mark.parametrize(
    ("printed", "placeholder"),
    [
        ("/b/[NOME_DO_ARQUIVO_DE_BACKUP].tar.gz", "[NOME_DO_ARQUIVO_DE_BACKUP]"),
        ("/b/[CÓPIA].tar.gz", "[CÓPIA]"),
        ("/b/<archive>.tar.gz", "<archive>"),
        ("/b/<name of the archive>", "<name of the archive>"),
        ("/b/[A-Z]*.tar.gz", None),
        ("/b/a.tar.gz < in > out", None),
    ],
)
def test_placeholder_is(printed: str, placeholder: str | None) -> None:
    assert step(f"docker run -v m1:/d -v $PWD/b:/b x tar -xzf {printed}").placeholder == placeholder


# A person's part: filling in the name.


def test_filling_puts_the_name_and_changes_nothing_else() -> None:
    filled = step(RESTORE, "restore").fill("media_backup_20260131")

    assert filled == RESTORE.replace("[NOME_DO_ARQUIVO_DE_BACKUP]", "media_backup_20260131")


@pytest.mark.parametrize(
    ("printed", "filled"),
    [
        ("/b/<archive>.tar.gz", "/b/media_backup_20260131.tar.gz"),
        ("/b/<archive>", "/b/media_backup_20260131.tar.gz"),
        ("/b/<archive>.tgz", "/b/media_backup_20260131.tgz"),
        ("/b/media_backup_[DATA].tar.gz", "/b/media_backup_20260131.tar.gz"),
        ('"/b/[DATA].tar.gz"', '"/b/media_backup_20260131.tar.gz"'),
        ("/b/latest.tar.gz", "/b/latest.tar.gz"),
    ],
)
def test_filling_gives_the_archive_that_is_meant(printed: str, filled: str) -> None:
    assert step(f"tar -xzf {printed}").fill("media_backup_20260131") == f"tar -xzf {filled}"


@pytest.mark.parametrize("stem", ["a b", "a;b", "$(a)", "`a`", "a'b", 'a"b', "a/b", "a*", "a\n", "~", "a&b", ""])
def test_name_that_a_shell_would_read_more_into_is_refused(stem: str) -> None:
    with pytest.raises(ValueError, match="not a plain name") as caught:
        step(RESTORE).fill(stem)

    assert repr(stem) in str(caught.value)


@pytest.mark.parametrize("ending", [".tar.gz", ".tgz", ".tar"])
def test_name_with_its_ending_is_refused(ending: str) -> None:
    with pytest.raises(ValueError, match="without its ending"):
        step(RESTORE).fill(f"media_backup_20260131{ending}")


def test_name_that_does_not_fit_what_is_printed_before_the_placeholder_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[DATA\] stands after 'media_backup_'"):
        step("tar -xzf /b/media_backup_[DATA].tar.gz").fill("other_20260131")


# The suite's part: another volume.


@pytest.mark.parametrize("script", [BACKUP, RESTORE], ids=["backup", "restore"])
def test_retargeting_changes_the_volume_and_nothing_else(script: str) -> None:
    assert step(script).retarget("run7_media") == script.replace("media_volume", "run7_media")


@pytest.mark.parametrize(
    ("printed", "retargeted"),
    [
        ("-v media:/media -v /b:/media_b", "-v new:/media -v /b:/media_b"),
        ("--name media -v media:/media", "--name media -v new:/media"),
        ("--volume='media:/s'", "--volume='new:/s'"),
        ("-v media:/s -v media:/t", "-v new:/s -v new:/t"),
        ("--mount type=volume,source=media,target=/media", "--mount type=volume,source=new,target=/media"),
        ("--mount type=volume,source=volume,target=/s", "--mount type=volume,source=new,target=/s"),
        ("\\\n  -v media:/s \\\n  -v $(pwd)/media:/b", "\\\n  -v new:/s \\\n  -v $(pwd)/media:/b"),
    ],
)
def test_only_the_name_in_the_mount_is_replaced(printed: str, retargeted: str) -> None:
    assert step(f"docker run {printed} media tar -c media").retarget("new") == (
        f"docker run {retargeted} media tar -c media"
    )


@pytest.mark.parametrize(
    ("printed", "retargeted"),
    [
        ("docker volume inspect media > /dev/null && ", "docker volume inspect new > /dev/null && "),
        ("docker volume inspect -f . media >/dev/null; ", "docker volume inspect -f . new >/dev/null; "),
        ("docker volume inspect other && ", "docker volume inspect other && "),
        ("docker inspect media && ", "docker inspect media && "),
        ("echo media && ", "echo media && "),
    ],
)
def test_where_a_command_asks_for_its_volume_first_the_name_is_replaced_too(printed: str, retargeted: str) -> None:
    run = "docker run -v {}:/source -v $(pwd)/b:/b ubuntu tar -czf /b/x.tar.gz -C /source ."

    assert step(printed + run.format("media")).retarget("new") == retargeted + run.format("new")


@pytest.mark.parametrize("word", ["docker", "volume", "inspect"])
def test_words_of_the_question_are_no_volume_though_one_is_called_so(word: str) -> None:
    script = "docker volume inspect {0} && docker run -v {0}:/s ubuntu tar -c /s"

    assert step(script.format(word)).retarget("new") == script.format("new")


def test_compose_command_has_nothing_to_retarget() -> None:
    assert step(RESTART).retarget("new") == RESTART


@pytest.mark.parametrize(
    ("mounts", "named"),
    [("-v /var/lib/media:/s", "none"), ("-v m1:/s -v m2:/t", "m1 and m2"), ('-v m"1":/s', "none")],
)
def test_retargeting_refuses_where_there_is_not_one_volume_to_replace(mounts: str, named: str) -> None:
    with pytest.raises(GuideError, match=f"guide.md:12: the backup command .* but mounts {named}"):
        step(f"docker run {mounts} ubuntu tar -c /s").retarget("new")


@pytest.mark.parametrize("volume", ["", "a b", "/srv", "x", "a:b", "$(a)"])
def test_retargeting_refuses_a_name_that_docker_refuses(volume: str) -> None:
    with pytest.raises(ValueError, match="not a name that Docker accepts"):
        step(BACKUP).retarget(volume)


def test_bash_sees_the_same_words_as_the_reader(tmp_path: Path) -> None:
    script = step(RESTORE).fill("media_backup_20260131").replace("docker", "printf '%s\\n'", 1)
    seen = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert seen.stdout.splitlines()[2:6] == ["-v", "media_volume:/destination", "-v", f"{tmp_path}/backups:/backup"]
    assert step(RESTORE).volumes[0] == ("media_volume", "/destination")


# Promises.

PROSE = """# Guia da **mídia**

As imagens ficam no servidor. Elas persistem quando os
containers são *recriados* ou `atualizados`. O resto não.

1. O volume se chama `media_volume`. É só
   da mídia.\\
   Não \\*temporária\\* ![como o cache](x.png).

> Cópias: [diárias](http://example.org). Guarde-as longe.

| O quê | Onde |
|---|---|
| avatares | `/media/avatars/` |

<!-- um segredo -->

```bash
echo um comando
```
"""


@pytest.mark.parametrize(
    ("pattern", "line", "text"),
    [
        ("guia da mídia", 1, "Guia da mídia"),
        ("imagens", 3, "As imagens ficam no servidor."),
        ("recriados", 3, "Elas persistem quando os containers são recriados ou atualizados."),
        ("o resto", 4, "O resto não."),
        (r"servidor\.", 3, "As imagens ficam no servidor."),
        ("só da mídia", 6, "O volume se chama media_volume. É só da mídia. Não *temporária* como o cache."),
        ("diárias", 10, "Cópias: diárias."),
        ("avatars", 14, "/media/avatars/"),
        (re.compile("MÍDIA"), None, None),
        ("segredo", None, None),
        ("um comando", None, None),
        ("example", None, None),
    ],
)
def test_promise_is_quoted(write_guide: WriteGuide, pattern: str, line: int | None, text: str | None) -> None:
    sentence = write_guide(PROSE).promise(pattern)

    assert (sentence and sentence.line, sentence and sentence.text) == (line, text)


def test_promise_knows_its_guide(write_guide: WriteGuide, tmp_path: Path) -> None:
    sentence = write_guide(PROSE).promise("imagens")

    assert sentence is not None
    assert sentence.source == tmp_path / "guide.md"


# Guides as they are in the wild.

SCRIPT = """\
#!/bin/bash
set -e
VOLUME="media_volume"
NAME=media-$(date +%F)
docker run --rm -v "$VOLUME":/source -v "$(pwd)/backups":/backup \\
  ubuntu tar -czf "/backup/${NAME}.tgz" -C /source .
"""


@pytest.mark.parametrize(
    "printed",
    [
        "./backup_media.sh",
        "bash ./backup_media.sh -v",
        "bash backup_media.sh",
        "sudo ./backup_media.sh",
        "mkdir -p backups && ./backup_media.sh",
    ],
)
def test_a_script_is_known_by_what_is_in_it(tmp_path: Path, printed: str) -> None:
    (tmp_path / "backup_media.sh").write_text(SCRIPT)
    (tmp_path / "guide.md").write_text(fenced(printed))

    found = read_guide(tmp_path / "guide.md", tmp_path).step("backup")

    assert (found.script, found.line) == (printed, 2)
    assert found.volumes == (("media_volume", "/source"), ("$(pwd)/backups", "/backup"))
    assert found.archive == "/backup/media-$(date +%F).tgz"


@pytest.mark.parametrize(
    ("printed", "procedures"),
    [
        ("./media.sh backup", ["backup"]),
        ("./media.sh --RESTORE", ["restore"]),
        ("./media.sh", []),
        ("./media.sh backup restore", []),
    ],
)
def test_a_script_that_can_do_several_things_is_known_by_what_it_is_asked(
    tmp_path: Path, printed: str, procedures: list[str]
) -> None:
    (tmp_path / "media.sh").write_text(f"case $1 in\nbackup)\n{BACKUP};;\nrestore)\n{RESTORE};;\nesac\n")
    (tmp_path / "guide.md").write_text(fenced(printed))

    assert [step.procedure for step in read_guide(tmp_path / "guide.md", tmp_path).steps] == procedures


@pytest.mark.parametrize(
    "printed",
    [
        "./backup_media.sh --help",
        "./none.sh",
        "../backup_media.sh",
        "bash ../backup_media.sh",
        "backup_media.sh",
        "cat backup_media.sh",
        "bash",
    ],
)
def test_a_script_that_is_not_run_or_not_there_is_no_step(tmp_path: Path, printed: str) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "backup_media.sh").write_text(SCRIPT)
    (tmp_path / "backup_media.sh").write_text(SCRIPT)
    (folder / "guide.md").write_text(fenced(printed))

    assert read_guide(folder / "guide.md", folder).steps == ()


def test_a_pipe_is_no_script_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "backup_media.sh")
    (tmp_path / "guide.md").write_text(fenced("./backup_media.sh"))

    assert read_guide(tmp_path / "guide.md", tmp_path).steps == ()


def test_a_restart_on_two_lines_runs_no_script(tmp_path: Path) -> None:
    (tmp_path / "guide.md").write_text(fenced("docker-compose down\ndocker-compose up -d"))

    assert read_guide(tmp_path / "guide.md", tmp_path).step("restart").body == ""


@pytest.mark.parametrize(
    ("procedure", "script"),
    [
        ("inspect", "docker exec -it web-project ls -la /usr/src/platform/media"),
        ("permissions", "docker exec --user root web-project chown -R 1000 /media"),
    ],
)
def test_a_command_in_a_container_by_its_name_is_a_step(write_guide: WriteGuide, procedure: str, script: str) -> None:
    assert [(step.procedure, step.script) for step in write_guide(fenced(script)).steps] == [(procedure, script)]


@pytest.mark.parametrize(
    ("printed", "stem", "filled"),
    [
        ("/b/media-2026-01-31.tgz", "media-2031-12-31", "/b/media-2031-12-31.tgz"),
        ("/b/media_backup_20260131.tar.gz", "media_backup_20311231", "/b/media_backup_20311231.tar.gz"),
        ("/b/midia_AAAAMMDD.tar", "midia_20311231", "/b/midia_20311231.tar"),
        ("/b/31.01.2026.tar.gz", "31.12.2031", "/b/31.12.2031.tar.gz"),
        ("/b/31012026.tgz", "31122031", "/b/31122031.tgz"),
        ("/b/midia_YYYY-MM-DD.tar", "midia_2031-12-31", "/b/midia_2031-12-31.tar"),
        ("/b/midia_DD.MM.AAAA.tar", "midia_31.12.2031", "/b/midia_31.12.2031.tar"),
        ("/b/midia_[YYYY-MM-DD].tar", "midia_2031-12-31", "/b/midia_2031-12-31.tar"),
        ("/b/v20260131/latest.tar.gz", "latest", "/b/v20260131/latest.tar.gz"),
        ("/b/20260131 latest.tar.gz", "latest", "/b/20260131 latest.tar.gz"),
    ],
)
def test_a_day_that_is_only_an_example_is_replaced_as_a_person_would(printed: str, stem: str, filled: str) -> None:
    assert step(f"docker run -v m1:/d -v ./b:/b x tar -xzf {printed}", "restore").fill(stem) == (
        f"docker run -v m1:/d -v ./b:/b x tar -xzf {filled}"
    )


def test_a_day_in_a_backup_is_no_example() -> None:
    assert step("docker run -v m1:/d -v ./b:/b x tar -czf /b/media-2026-01-31.tgz /d").placeholder is None


def test_an_ending_that_is_not_printed_is_the_one_of_the_backup() -> None:
    assert step("tar -xzf /b/<archive>", "restore").fill("media-20260131", ".tgz") == "tar -xzf /b/media-20260131.tgz"


@pytest.mark.parametrize(
    ("script", "by_name"),
    [
        (BACKUP, False),
        (RESTART, False),
        (INSPECT, False),
        ("docker volume inspect other && docker run -v media:/s ubuntu tar -c /s", True),
        ("docker volume rm media; docker run -v media:/s ubuntu tar -c /s", True),
        ("docker exec web-project ls /media", True),
        ("docker cp web-project:/media .", True),
        ("docker ps -q", True),
        ("docker inspect web-project", True),
        ("docker-compose -p connect restart", True),
        ("docker-compose --project-name connect restart", True),
        ("docker-compose --project-directory=/srv restart", True),
        ("docker-compose -f /srv/connect/compose.yml restart", True),
        ("tar -f backup.tar -p -x", False),
        ("docker compose --file=/srv/connect/compose.yml restart", True),
    ],
)
def test_what_reaches_things_by_a_name_that_others_may_have_is_known(script: str, *, by_name: bool) -> None:
    assert step(script).reaches_by_name is by_name


@pytest.mark.parametrize(
    ("script", "stem"),
    [
        ("tar -xzf /b/[FILE].tar.gz", "20010101"),
        ("tar -xzf /b/media_[DATE].tgz", "media_20010101"),
        ("docker run --rm -v v:/d -v ./b:/b alpine tar xzf /b/site-2026-01-31.tgz -C /d", "site-20010101"),
        ("docker run --rm -v v:/d -v ./b:/b alpine tar xzf /b/latest.tar.gz -C /d", "latest"),
    ],
)
def test_a_name_that_a_reader_could_fill_in_is_known_without_any_backup(script: str, stem: str) -> None:
    assert step(script, "restore").stem_of("20010101") == stem
