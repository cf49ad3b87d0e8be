"""An intact archive may still be unsafe; each unsafe member is named by its kind, and harmless links are accepted."""

import tarfile
from collections import Counter
from io import BytesIO

import pytest

from media_guarantees.archive import unsafe_members
from media_guarantees.archive.damaged_copy import compress, member_header, with_end_marker
from media_guarantees.archive.examine import DamagedArchive, check, examine, read_archive

Described = tuple[str] | tuple[str, bytes] | tuple[str, bytes, str | int]
FILE, LINK, HARD_LINK, FOLDER = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE


def archive_of(*members: Described, root: bool = True) -> BytesIO:
    """Make an archive of (name, type, target or mode) triples, as tar would write it; with "./" at its `root`."""
    content = b"".join(_header(*member) for member in [*([("./", FOLDER)] if root else []), *members])
    return BytesIO(compress(with_end_marker(content)))


def _header(name: str, kind: bytes = FILE, detail: str | int = "") -> bytes:
    return member_header((name, kind, detail))


TRAPS: dict[str, tuple[list[Described], str, str]] = {
    "a name with ..": ([("../x",)], "unsafe name", "../x"),
    "a name with .. inside": ([("./a/../../x",)], "unsafe name", "./a/../../x"),
    "a name that ends with ..": ([("./a/../", FOLDER)], "unsafe name", "./a/../"),
    "an absolute name": ([("/etc/passwd",)], "unsafe name", "/etc/passwd"),
    "an absolute link": ([("./l", LINK, "/etc")], "unsafe link", "./l"),
    "a link to ..": ([("./a/l", LINK, "../..")], "unsafe link", "./a/l"),
    "a link out and in again": ([("./l", LINK, "../source/a")], "unsafe link", "./l"),
    "a link out through a link": ([("./up", LINK, "."), ("./l", LINK, "up/../x")], "unsafe link", "./l"),
    "a link out through a deep link": (
        [("./a/b/up", LINK, "../.."), ("./l", LINK, "a/b/up/../x")],
        "unsafe link",
        "./l",
    ),
    "a link out past a part that means nothing": (
        [("./d", FOLDER), ("./l", LINK, "d//.././../x")],
        "unsafe link",
        "./l",
    ),
    "a link out through as many links as Linux follows": (
        [*((f"./l{number}", LINK, f"l{number + 1}") for number in range(39)), ("./l39", LINK, "..")],
        "unsafe link",
        "./l0",
    ),
    "an absolute hard link": ([("./a",), ("./h", HARD_LINK, "/a")], "unsafe link", "./h"),
    "a hard link outside": ([("./h", HARD_LINK, "../etc/passwd")], "unsafe link", "./h"),
    "a hard link to nothing": ([("./h", HARD_LINK, "./a")], "unsafe link", "./h"),
    "a hard link to a directory": ([("./d", FOLDER), ("./h", HARD_LINK, "./d")], "unsafe link", "./h"),
    "a hard link to a later member": ([("./h", HARD_LINK, "./a"), ("./a",)], "unsafe link", "./h"),
    "a hard link that moves a link": (
        [("./d/l", LINK, ".."), ("./h", HARD_LINK, "./d/l")],
        "unsafe link",
        "./h",
    ),
    "a member through a link": ([("./d", FOLDER), ("./l", LINK, "d"), ("./l/x",)], "through link", "./l/x"),
    "a member far below a link": ([("./d/l", LINK, "e"), ("./d/l/a/b/x",)], "through link", "./d/l/a/b/x"),
    "a member before its link": ([("./l/x",), ("./l", LINK, "d")], "through link", "./l/x"),
    "a character device": ([("./null", tarfile.CHRTYPE)], "special file", "./null"),
    "a block device": ([("./disk", tarfile.BLKTYPE)], "special file", "./disk"),
    "a fifo": ([("./fifo", tarfile.FIFOTYPE)], "special file", "./fifo"),
    "a set-user-id file": ([("./x", FILE, 0o4755)], "set-id bits", "./x"),
    "a set-group-id file": ([("./x", FILE, 0o2755)], "set-id bits", "./x"),
    "a member twice": ([("./a",), ("./a",)], "duplicate", "./a"),
    "a member twice by two spellings": ([("./a/b",), ("a//b",)], "duplicate", "a//b"),
}
PEACEFUL: dict[str, list[Described]] = {
    "a link to its sibling": [("./a",), ("./l", LINK, "a")],
    "a link up and down within": [("./a",), ("./d/l", LINK, "../a")],
    "a link to the root": [("./d/l", LINK, "..")],
    "a link into nowhere": [("./l", LINK, "nowhere")],
    "a link to itself": [("./l", LINK, "l")],
    "two links in a circle": [("./l", LINK, "m/x"), ("./m", LINK, "l/../m")],
    "a link through a link": [("./d/e", FOLDER), ("./l", LINK, "d/e"), ("./m", LINK, "l/../../x")],
    "a hard link": [("./a",), ("./h", HARD_LINK, "./a")],
    "a hard link to a hard link": [("./a",), ("./g", HARD_LINK, "./a"), ("./h", HARD_LINK, "g")],
    "a hard link to a link": [("./d/l", LINK, "x"), ("./d/h", HARD_LINK, "./d/l")],
    "a name with dots in it": [("./..a",), ("./a..",), ("./...",)],
    "a file that anybody may run": [("./x", FILE, 0o755)],
    "a directory that hands on its group": [("./d", FOLDER, 0o2775)],
}


WORDS = {
    "an absolute name": "an absolute name would be restored elsewhere",
    "a name with ..": "a name with .. in it would be restored elsewhere",
    "an absolute link": "a symbolic link to '/etc', outside the volume",
    "a hard link to nothing": "a hard link to './a', which isn't in the archive before it",
    "a member through a link": "it is below 'l', a symlink",
    "a fifo": "a fifo has no place among media",
    "a set-user-id file": "mode 4755 would run it as its owner or group",
    "a member twice": "an earlier member has this name too, and would be overwritten",
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_is_named_with_its_member(trap: str) -> None:
    members, kind, name = TRAPS[trap]

    problems = check(archive_of(*members))

    assert (kind, name.encode()) in [(problem.kind, problem.member) for problem in problems]
    assert {problem.kind for problem in problems} == {kind}, f"and nothing else: {problems}"


@pytest.mark.parametrize("trap", WORDS)
def test_an_unsafe_member_is_reported_with_what_it_would_do(trap: str) -> None:
    members, _, name = TRAPS[trap]

    assert [problem.message for problem in check(archive_of(*members)) if problem.member == name.encode()][-1:] == [
        WORDS[trap]
    ]


def test_a_hard_link_to_an_absolute_name_is_unsafe_even_where_a_member_has_that_name() -> None:
    problems = check(archive_of(("/a",), ("./h", HARD_LINK, "/a")))

    assert ("unsafe link", b"./h") in [(problem.kind, problem.member) for problem in problems]


@pytest.mark.parametrize("case", PEACEFUL)
def test_what_stays_inside_is_left_in_peace(case: str) -> None:
    assert check(archive_of(*PEACEFUL[case])) == ()


@pytest.mark.parametrize(("parts", "kinds"), [(100, []), (101, ["unsafe link"])])
def test_links_are_followed_for_a_number_of_steps(
    parts: int, kinds: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsafe_members, "_MOST_STEPS", 100)
    monkeypatch.setattr(unsafe_members, "_STEPS_EACH", 0)
    problems = check(archive_of(("./a", LINK, "./" * (parts - 3) + "x")))  # and two parts that are names

    assert [problem.kind for problem in problems] == kinds
    assert all(problem.message.endswith(": there are too many to follow them all") for problem in problems)


def test_a_hostile_archive_of_links_takes_steps_in_proportion_to_its_members(monkeypatch: pytest.MonkeyPatch) -> None:
    deep = "d/" * 1500
    long_ways: list[Described] = [(f"./{number}", LINK, deep + str(number + 1)) for number in range(1000)]
    taken = steps_taken(monkeypatch)

    problems = check(archive_of(*long_ways))

    assert [problem.kind for problem in problems] == ["unsafe link"]
    assert max(taken) <= (1 << 17) + 40 * 1001


def test_a_hostile_archive_of_deep_names_takes_steps_in_proportion_too(monkeypatch: pytest.MonkeyPatch) -> None:
    deep: list[Described] = [(f"./{number}/" + "d/" * 40 * 10 + "x",) for number in range(1000)]
    taken = steps_taken(monkeypatch)

    problems = check(archive_of(*deep))

    assert [(problem.kind, problem.message) for problem in problems] == [
        ("through link", "the names have too many parts to be checked")
    ]
    assert max(taken) <= (1 << 17) + 40 * 1001


def test_honest_links_and_names_are_followed_however_many_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    links: list[Described] = [(f"./a/b/c/{number}", LINK, f"../../../d/e/{number}") for number in range(3000)]
    taken = steps_taken(monkeypatch)

    assert check(archive_of(*links)) == ()
    assert max(taken) <= 3001 * 20


def steps_taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the steps of every rule, from now on."""
    taken = [0]
    take = unsafe_members._Steps.take

    def counted(steps: unsafe_members._Steps) -> bool:
        taken[0] += 1
        return take(steps)

    monkeypatch.setattr(unsafe_members._Steps, "take", counted)
    return taken


def test_names_that_all_begin_with_a_slash_are_how_some_programs_write_them() -> None:
    inside: list[Described] = [
        ("/data", FOLDER),
        ("/data/a",),
        ("/data/h", HARD_LINK, "/data/a"),
        ("/data/l", LINK, "a"),
    ]
    archive = archive_of(*inside, root=False)

    assert check(archive) == ()


@pytest.mark.parametrize(("target", "kinds"), [("../../x", ["unsafe link"]), ("../x", [])])
def test_links_among_absolute_names_are_followed_too(target: str, kinds: list[str]) -> None:
    archive = archive_of(("/data/l", LINK, target), root=False)

    assert [problem.kind for problem in check(archive)] == kinds


@pytest.mark.parametrize(("target", "kinds"), [("../../etc", ["unsafe link"]), ("../a", []), ("/etc", ["unsafe link"])])
def test_a_link_out_of_the_directory_that_holds_the_media_leads_out_of_the_volume(
    target: str, kinds: list[str]
) -> None:
    archive = archive_of(("data/a",), ("data/avatars/l", LINK, target), root=False)
    media = read_archive(archive_of(("a",), ("avatars", FOLDER)))

    assert [problem.kind for problem in examine(archive, against=media).problems] == kinds


def test_a_link_in_the_place_of_the_whole_volume_is_unsafe() -> None:
    problems = check(archive_of(("./.", LINK, "d")))

    assert [(problem.member, problem.message) for problem in problems if problem.kind == "unsafe name"] == [
        (b"./.", "a symlink would take the place of the whole volume")
    ]


def test_of_each_danger_a_thousand_members_are_reported() -> None:
    fifos = [(f"./{number}", tarfile.FIFOTYPE) for number in range(1001)]

    kinds = [problem.kind for problem in check(archive_of(*fifos, ("../x",)))]

    assert Counter(kinds) == {"special file": 1000, "unsafe name": 1}


def test_hard_links_of_hard_links_are_one_group() -> None:
    members = PEACEFUL["a hard link to a hard link"]

    assert read_archive(archive_of(*members)).links == {frozenset({b"a", b"g", b"h"})}


def test_hard_links_of_two_files_are_two_groups() -> None:
    members: list[Described] = [("./a",), ("./b",), ("./h", HARD_LINK, "./a"), ("./i", HARD_LINK, "./b")]

    assert read_archive(archive_of(*members)).links == {frozenset({b"a", b"h"}), frozenset({b"b", b"i"})}


@pytest.mark.parametrize("trap", ["a member twice", "a hard link to nothing"])
def test_no_manifest_is_made_of_what_has_two_meanings(trap: str) -> None:
    members, kind, name = TRAPS[trap]

    with pytest.raises(DamagedArchive, match=kind) as caught:
        read_archive(archive_of(*members))

    assert (caught.value.problem.member, caught.value.problem.message) == (name.encode(), WORDS[trap])


def test_a_problem_names_its_kind_its_member_and_the_reason() -> None:
    (problem,) = check(archive_of(("./x\n", FILE, 0o4755)))

    assert str(problem) == r"set-id bits: './x\n': mode 4755 would run it as its owner or group"
