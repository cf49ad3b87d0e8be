"""WebP pictures are served as unknown data: browsers download them instead of showing them."""

from place import Place, edit


def change(place: Place) -> None:
    edit(
        place.service("uploads/serving.py"),
        "        return FileResponse(file, content_type=content_type(os.fsdecode(name)), headers=headers)\n",
        '        kind = content_type(os.fsdecode(name)).replace("image/webp", "application/octet-stream")\n        return FileResponse(file, content_type=kind, headers=headers)\n',
    )
