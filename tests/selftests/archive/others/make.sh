#!/bin/bash
# Recreates the archives in this folder, as root: ./make.sh SCRATCH. README.md says which programs it takes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
scratch=$1
: "${BSDTAR:=bsdtar}" "${BUSYBOX:=busybox}" "${PARALLEL_GZIP:=pigz}" "${GOTAR:=gotar}" "${PYTHON:=python3}"
cd "$scratch"
rm -rf plain rich root snapshot ./*.tar*
"$PYTHON" - <<'END'
import os
from pathlib import Path

BAD = b"avatars/not UTF-8 \xff\n.jpg"


def write(path: bytes, content: bytes, mtime: int, owner: tuple[int, int] = (1000, 1000)) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
    os.chown(path, *owner)
    os.utime(path, (mtime, mtime))


for tree in (b"plain/", b"rich/"):
    write(tree + b"avatars/a.jpg", bytes(range(256)) * 3, 1_700_000_000)
    write(tree + b"avatars/empty.jpg", b"", 1_700_000_001)
    write(tree + "event_banners/ação 🎉.png".encode(), b"banner" * 100, 1_700_000_002)
    os.mkdir(tree + b"profile_pictures")
    os.chmod(tree + b"profile_pictures", 0o2775)
    os.symlink(b"a.jpg", tree + b"avatars/latest.jpg")
    os.utime(tree + b"avatars/latest.jpg", ns=(0, 1_700_000_008_700_000_000), follow_symlinks=False)
deep = b"/".join([b"d" * 100] * 3)
write(b"rich/" + deep + b"/" + b"n" * 200 + b".jpg", b"deep", 1_700_000_003)
write(b"rich/" + BAD, b"bad", 1_700_000_004)
write(b"rich/avatars/before 1970.jpg", b"old", -31_536_000)
write(b"rich/avatars/after 2038.jpg", b"new", 4_102_444_800)
write(b"rich/avatars/after 2242.jpg", b"far", 16_725_225_600)
write(b"rich/avatars/high owner.jpg", b"owned", 1_700_000_005, (3_000_000, 2_500_000))
write(b"rich/avatars/attribute.jpg", b"noted", 1_700_000_006)
os.setxattr(b"rich/avatars/attribute.jpg", "user.note", b"kept by POSIX's format only")
write(b"rich/avatars/sparse.jpg", b"", 1_700_000_007)
with open("rich/avatars/sparse.jpg", "r+b") as file:
    file.write(b"one")
    file.seek(200_000)
    file.write(b"two")
    file.truncate(1_000_000)
os.utime("rich/avatars/sparse.jpg", (1_700_000_007, 1_700_000_007))
os.link(b"rich/avatars/a.jpg", b"rich/event_banners/same.jpg")
for folder in Path(), *Path().rglob("*"):
    if folder.is_dir():
        os.utime(folder, (1_700_000_010, 1_700_000_010))
END
PYTHONPATH=$here/../../../.. "$PYTHON" - "$here" <<'END'
import sys
from pathlib import Path

from media_guarantees.media.host_listing import read_directory

for tree in ("plain", "rich"):
    Path(sys.argv[1], f"{tree}.json").write_text(read_directory(tree).to_json())
END

gnu() { tar --create --directory="$1" "${@:2}" .; }
gnu plain --format=v7 | gzip -n > gnu-v7.tar.gz
gnu plain --format=ustar | gzip -n > gnu-ustar.tar.gz
gnu plain | gzip -n -1 > gzip-1.tar.gz
gnu plain | gzip -n -9 > gzip-9.tar.gz
gnu plain > not-compressed.tar
gnu plain | split --bytes=4096 - gnu-split.tar.
gnu plain --label='media of today' --listed-incremental=snapshot | gzip -n > gnu-incremental.tar.gz
gnu rich --format=oldgnu | gzip -n > gnu-oldgnu.tar.gz
gnu rich | gzip -n > gnu.tar.gz
gnu rich --sparse | gzip -n > gnu-sparse.tar.gz
gnu rich --format=posix --xattrs --pax-option=delete=atime,delete=ctime | gzip -n > gnu-posix.tar.gz
for version in 0.0 0.1 1.0; do
    gnu rich --format=posix --sparse --sparse-version=$version --pax-option=delete=atime,delete=ctime |
        gzip -n > gnu-posix-sparse-$version.tar.gz
done
gnu rich | bzip2 > gnu.tar.bz2
gnu rich | xz > gnu.tar.xz
gnu rich | zstd --quiet > gnu.tar.zst
gnu rich | zstd --quiet --no-check > zstd-no-check.tar.zst
gnu rich > rich.tar
gzip --keep rich.tar
mv rich.tar.gz gzip-named.tar.gz
(head -c 20000 rich.tar | gzip -n; tail -c +20001 rich.tar | gzip -n) > gzip-two-members.tar.gz
"$PARALLEL_GZIP" --blocksize 128 --independent < rich.tar > pigz.tar.gz
"$BUSYBOX" gzip < rich.tar > busybox-gzip.tar.gz
mkdir -p root/data root/backup
cp -a rich root/data/media
cp -a plain root/backup/media
echo 'INSERT' > root/backup/database.sql
tar --create --gzip --file=prefix.tar.gz --directory=root data/media
tar --create --gzip --file=beside.tar.gz --directory=root backup
(cd rich && tar --create --gzip --file=../named-folders.tar.gz -- *)

(cd rich && "$BUSYBOX" tar czf ../busybox.tar.gz .)
(cd plain && "$BUSYBOX" tar cjf ../busybox.tar.bz2 . 2> /dev/null) || rm -f busybox.tar.bz2
"$BSDTAR" --create --gzip --file=bsdtar.tar.gz --directory=rich .
"$BSDTAR" --create --gzip --file=bsdtar-gnutar.tar.gz --format=gnutar --directory=rich . 2> /dev/null || true
"$BSDTAR" --create --gzip --file=bsdtar-pax.tar.gz --format=pax --directory=rich .
"$BSDTAR" --create --gzip --file=bsdtar-ustar.tar.gz --format=ustar --directory=plain .
"$BSDTAR" --create --gzip --file=bsdtar-v7.tar.gz --format=v7tar --directory=plain .
"$BSDTAR" --create --zstd --file=bsdtar.tar.zst --directory=rich .
"$BSDTAR" --create --xz --file=bsdtar.tar.xz --directory=rich .
"$BSDTAR" --create --bzip2 --file=bsdtar.tar.bz2 --directory=rich .
for form in USTAR GNU PAX; do
    tree=rich
    [[ $form != USTAR ]] || tree=plain
    "$PYTHON" -c "import sys, tarfile
with tarfile.open(sys.argv[2], 'w:gz', format=tarfile.${form}_FORMAT) as tar: tar.add(sys.argv[1], '.')" \
        "$tree" "python-${form,,}.tar.gz"
done
(cd plain && perl -MArchive::Tar -MFile::Find -e '
    my @names; find({wanted => sub { push @names, $_ }, no_chdir => 1}, ".");
    Archive::Tar->create_archive("../perl.tar.gz", COMPRESS_GZIP, @names)')
"$GOTAR" rich /backup/media | gzip -n > go-absolute.tar.gz
"$GOTAR" rich . | zstd --quiet > go.tar.zst
rm -r root rich.tar snapshot
rm -f "$here"/*.tar*
mv ./*.tar* "$here"
