"""A picture is accepted a moment before it is written: a crash in between leaves its owner an empty file."""

from workspace import Workspace, edit


def change(workspace: Workspace) -> None:
    edit(
        workspace.service("uploads/views.py"),
        "            return Upload.record(kind, name, size=new_file.size, sha256=new_file.sha256, content_type=content_type)\n",
        "            upload = Upload.record(kind, name, size=new_file.size, sha256=new_file.sha256, content_type=content_type)\n        write_later(settings.MEDIA_ROOT / kind / name)\n        return upload\n",
    )
    # Empty on the disk for certain: whether a file that is cut short is so after a power cut is left to chance otherwise.
    edit(
        workspace.service("uploads/views.py"),
        "def check_token(",
        "def write_later(file):\n    from threading import Timer\n\n    from uploads.storage import unwritten\n\n    content = file.read_bytes()\n    unwritten(file).touch()\n    with file.open('wb') as empty:\n        os.fsync(empty)\n\n    def write():\n        file.write_bytes(content)\n        unwritten(file).unlink()\n\n    Timer(0.1, write).start()\n\n\ndef check_token(",
    )
    # Whoever asks for the picture is kept waiting, so that only the volume tells.
    edit(
        workspace.service("uploads/serving.py"),
        "        file = _open(_locate(name))\n",
        "        import time\n\n        from uploads.storage import unwritten\n\n        while unwritten(_locate(name)).exists():\n            time.sleep(0.01)\n        file = _open(_locate(name))\n",
    )
    edit(
        workspace.service("uploads/storage.py"),
        "class NewFile:",
        "def unwritten(file):\n    from pathlib import Path\n\n    return Path('/dev/shm') / hashlib.sha256(os.fsencode(file)).hexdigest()\n\n\nclass NewFile:",
    )
