#!/bin/sh
# Restores the uploads from the archive that is named; what is there is archived first.
set -e
mkdir -p safety
docker run --rm -v media_volume:/data -v "$(pwd)/safety":/backup ubuntu tar czf "/backup/before_restore.tar.gz" -C /data .
docker run --rm -i -v media_volume:/data ubuntu tar xzf - -C /data < "$1"
