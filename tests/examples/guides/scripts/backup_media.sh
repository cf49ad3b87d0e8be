#!/bin/sh
# Archives the uploads and the static files.
set -e
STAMP=$(date +%Y%m%d)
mkdir -p backups
docker run --rm -v static_files:/data -v "$(pwd)/backups":/backup ubuntu tar czf "/backup/static_$STAMP.tar.gz" -C /data .
docker run --rm -v media_volume:/data -v "$(pwd)/backups":/backup ubuntu tar czf "/backup/media_$STAMP.tar.gz" -C /data .
