"""Mutants that no self-test kills, by the reason why none need do so."""

from __future__ import annotations

from score import Mutant

SURVIVORS: dict[str, tuple[Mutant, ...]] = {
    "None, 0 and nothing at all are the same beginning, and None is the same end.": (
        Mutant(
            "reader.Passage.quote",
            "end = min((cut.start() for cut in cuts if cut.start() >= found.end()), default=end)",
            "end = min((cut.start() for cut in cuts if cut.start() >= found.end()), default=None)",
        ),
        Mutant(
            "docker_commands._read_mount",
            "searched_from = 0",
            "searched_from = None",
        ),
        Mutant(
            "steps.read_steps",
            'yield Step(source, first_line + block.count("\\n", 0, begin), script, procedure, body)',
            'yield Step(source, first_line + block.count("\\n", None, begin), script, procedure, body)',
        ),
        Mutant(
            "reader._read_text",
            'line = error.object.count(b"\\n", 0, error.start) + 1',
            'line = error.object.count(b"\\n", None, error.start) + 1',
        ),
    ),
    "It is only asked whether it is true, and neither is.": (
        Mutant(
            "docker_commands._read_mount",
            'target = keys.get("target", keys.get("destination", keys.get("dst", "")))',
            'target = keys.get("target", keys.get("destination", keys.get("dst", )))',
        ),
        Mutant(
            "docker_commands._read_mount",
            'target = keys.get("target", keys.get("destination", keys.get("dst", "")))',
            'target = keys.get("target", keys.get("destination", keys.get("dst", None)))',
        ),
        Mutant(
            "steps.read_steps",
            "previous: Command | None = None",
            'previous: Command | None = ""',
        ),
    ),
    "It stands for nothing that anybody looks for, as what it replaces did.": (
        Mutant(
            "examine.check_name",
            'date.fromisoformat(f"{match[1][:4]}-{match[1][4:6]}-{match[1][6:]}" if match else "")',
            'date.fromisoformat(f"{match[1][:4]}-{match[1][4:6]}-{match[1][6:]}" if match else "XXXX")',
        ),
        Mutant(
            "reader._read_prose",
            'kind = "item" if "list_item" in kinds else kinds[-1]',
            'kind = "ITEM" if "list_item" in kinds else kinds[-1]',
        ),
        Mutant(
            "reader._read_prose",
            'kind = "item" if "list_item" in kinds else kinds[-1]',
            'kind = "XXitemXX" if "list_item" in kinds else kinds[-1]',
        ),
        Mutant(
            "docker_commands._read_tar",
            'modes += re.sub("[^cx]", "", letters["flags"] or "")',
            'modes += re.sub("[^cx]", "", letters["flags"] or "XXXX")',
        ),
        Mutant(
            "steps._is_on_host",
            'return any((archive or "").startswith(mount.target.rstrip("/") + "/") for mount in from_host)',
            'return any((archive or "").startswith(mount.target.rstrip("XX/XX") + "/") for mount in from_host)',
        ),
        Mutant(
            "steps._is_on_host",
            'return any((archive or "").startswith(mount.target.rstrip("/") + "/") for mount in from_host)',
            'return any((archive or "XXXX").startswith(mount.target.rstrip("/") + "/") for mount in from_host)',
        ),
        Mutant(
            "steps._verbs",
            'return {compose_verb(unwrapped(call)) or "" for call in command.calls}',
            'return {compose_verb(unwrapped(call)) or "XXXX" for call in command.calls}',
        ),
    ),
    'Only "create" and "extract" are asked for; what anything else is called doesn\'t matter.': (
        Mutant(
            "docker_commands._read_tar",
            'return Tar({"c": "create", "x": "extract"}.get(modes[:1], "other"), archive or None)',
            'return Tar({"c": "create", "x": "extract"}.get(modes[:1], "OTHER"), archive or None)',
        ),
        Mutant(
            "docker_commands._read_tar",
            'return Tar({"c": "create", "x": "extract"}.get(modes[:1], "other"), archive or None)',
            'return Tar({"c": "create", "x": "extract"}.get(modes[:1], "XXotherXX"), archive or None)',
        ),
        Mutant(
            "docker_commands._read_tar",
            'return Tar({"c": "create", "x": "extract"}.get(modes[:1], "other"), archive or None)',
            'return Tar({"c": "create", "x": "extract"}.get(modes[:1], ), archive or None)',
        ),
        Mutant(
            "docker_commands._read_tar",
            'return Tar({"c": "create", "x": "extract"}.get(modes[:1], "other"), archive or None)',
            'return Tar({"c": "create", "x": "extract"}.get(modes[:1], None), archive or None)',
        ),
        Mutant(
            "steps._text_of",
            'return script.read_text(encoding="utf-8") if script.is_file() else ""',
            'return script.read_text(encoding="utf-8") if script.is_file() else "XXXX"',
        ),
        Mutant(
            "steps._started",
            'return words[0] if words else ""',
            'return words[0] if words else "XXXX"',
        ),
        Mutant(
            "steps._text_of",
            'return ""',
            'return "XXXX"',
        ),
        Mutant(
            "steps._read_script",
            'asked = " ".join(word.value for word in call).lower()',
            'asked = "XX XX".join(word.value for word in call).lower()',
        ),
    ),
    "No tar takes two modes, so that a second one is never read.": (
        Mutant(
            "docker_commands._read_tar",
            'modes += "c" if argument == "--create" else "x"',
            'modes = "c" if argument == "--create" else "x"',
        ),
        Mutant(
            "docker_commands._read_tar",
            'return Tar({"c": "create", "x": "extract"}.get(modes[:1], "other"), archive or None)',
            'return Tar({"c": "create", "x": "extract"}.get(modes[:2], "other"), archive or None)',
        ),
    ),
    "An entry is shown the same whatever the aspect.": (
        Mutant(
            "diff.in_words",
            "return _value(change.aspect, change.before if change.after is None else change.after)",
            "return _value(None, change.before if change.after is None else change.after)",
        ),
    ),
    "The zone isn't printed; it is there because times without one are an error to our linter.": (
        Mutant(
            "diff._time",
            "moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)",
            "moment = datetime(1970, 1, 1, ) + timedelta(seconds=seconds)",
        ),
        Mutant(
            "diff._time",
            "moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)",
            "moment = datetime(1970, 1, 1, tzinfo=None) + timedelta(seconds=seconds)",
        ),
    ),
    "Where nothing was found, nothing is replaced either: the place isn't used.": (
        Mutant(
            "docker_commands._read_mount",
            "searched_from = key.end() if key else 0",
            "searched_from = key.end() if key else 1",
        ),
        Mutant(
            "docker_commands._read_mount",
            "source, at = argument.raw, 0",
            "source, at = argument.raw, 1",
        ),
    ),
    "Python calls one encoding by both names.": (
        Mutant(
            "reader._read_text",
            'text = path.read_bytes().decode("utf-8-sig")',
            'text = path.read_bytes().decode("UTF-8-SIG")',
        ),
        Mutant(
            "manifest.printable",
            'text = path.decode("utf-8", "surrogateescape")',
            'text = path.decode("UTF-8", "surrogateescape")',
        ),
        Mutant(
            "steps._text_of",
            'return script.read_text(encoding="utf-8") if script.is_file() else ""',
            'return script.read_text(encoding="UTF-8") if script.is_file() else ""',
        ),
        Mutant(
            "manifest._shown",
            'return character.encode("unicode_escape").decode("ascii")',
            'return character.encode("UNICODE_ESCAPE").decode("ascii")',
        ),
        Mutant(
            "manifest._shown",
            'return character.encode("unicode_escape").decode("ascii")',
            'return character.encode("unicode_escape").decode("ASCII")',
        ),
    ),
    "How much of nonsense a message quotes is a matter of taste.": (
        Mutant(
            "tar_header._integer",
            'raise DamagedArchive("header", f"invalid number: {digits[:80]!r}")',
            'raise DamagedArchive("header", f"invalid number: {digits[:81]!r}")',
        ),
        Mutant(
            "tar_header.Header._mtime",
            'raise DamagedArchive("header", f"invalid time: {given[:80]!r}", self.name)',
            'raise DamagedArchive("header", f"invalid time: {given[:81]!r}", self.name)',
        ),
    ),
    "Where UTF-8 is the locale's encoding, as where the self-tests run, it is the one that is taken without a name.": (
        Mutant(
            "steps._text_of",
            'return script.read_text(encoding="utf-8") if script.is_file() else ""',
            'return script.read_text(encoding=None) if script.is_file() else ""',
        ),
    ),
    "There is nothing that only one of the two would take: no such type extends another member, no byte is carried so.": (
        Mutant(
            "manifest._shown",
            'if 0xDC80 <= code <= 0xDCFF:  # how "surrogateescape" carries a byte that isn\'t UTF-8',
            'if 0xDC80 <= code <= 56576:  # how "surrogateescape" carries a byte that isn\'t UTF-8',
        ),
        Mutant(
            "reader.Guide._is_under_its_heading",
            "above = [heading.text for heading in self._headings if heading.line < step.line]",
            "above = [heading.text for heading in self._headings if heading.line <= step.line]",
        ),
    ),
    "Of attributes that are refused for their length anyway, nothing more is asked.": (
        Mutant(
            "tar_header.attributes_of",
            'key, equals, value = body[space + 1 : max(0, start + length)].partition(b"=")',
            'key, equals, value = body[space + 1 : max(1, start + length)].partition(b"=")',
        ),
    ),
    "Attributes of one byte have no room for a name, and are refused for that.": (
        Mutant(
            "tar_header.attributes_of",
            'if not 0 < length <= len(body) - start or not equals or not value.endswith(b"\\n"):',
            'if not 1 < length <= len(body) - start or not equals or not value.endswith(b"\\n"):',
        ),
    ),
    "It only saves the time of looking again.": (
        Mutant(
            "unsafe_members.through_links",
            "clear.add(folder)",
            "clear.add(None)",
        ),
    ),
    "The last block that is held is put together of one piece, and is the same.": (
        Mutant(
            "strict_tar.Blocks.read",
            "if end <= len(self._held):",
            "if end < len(self._held):",
        ),
    ),
}
