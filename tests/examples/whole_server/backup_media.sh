#!/bin/sh
# Archives the media of today in backups/.
set -eu

VOLUME=media_volume
NAME="midia-$(date +%d-%m-%Y)"

mkdir -p backups
docker run --rm -v "$VOLUME":/source:ro -v "$(pwd)/backups":/backup ubuntu tar -czf "/backup/$NAME.tgz" -C /source .
echo "backups/$NAME.tgz"
