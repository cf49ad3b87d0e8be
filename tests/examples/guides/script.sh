#!/bin/bash
set -e
mkdir -p backups
docker run --rm -v media_volume:/data -v $(pwd)/backups:/backup ubuntu tar -czf /backup/media_$(date +%Y%m%d).tar.gz -C /data .
