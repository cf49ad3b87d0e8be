"""`read-guide` shows the author of a guide what is read out of it, without Docker."""

from pathlib import Path

import pytest

from media_guarantees.cli.read_guide import main
from media_guarantees.core.paths import ROOT

OWN_GUIDE = ROOT / "docs/armazenamento-de-midia.md"


def test_our_own_guide_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(OWN_GUIDE), "--media", "media_volume", "--media", "web-project", "--folder", str(ROOT)]) == 0

    said = capsys.readouterr().out
    for procedure in ("migrate", "backup", "restore", "permissions", "inspect", "restart"):
        assert f"{procedure}: line " in said
    assert "makes: an archive /backup/media_backup_$(date +%Y%m%d).tar.gz" in said
    assert "to fill in: [NOME_DO_ARQUIVO_DE_BACKUP]" in said


def test_what_is_no_guide_is_said_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.md")]) == 2

    assert "is missing" in capsys.readouterr().err
