#!/bin/bash
# The floor: the same scenario with nothing but its docker commands, one curl an upload, and sha256sum. It stands in the
# deployment's folder, beside pictures/; CONNECT_PORT and CONNECT_API_TOKEN are set. Status 0: the media survived.
set -euo pipefail
platform="http://127.0.0.1:$CONNECT_PORT"
trap 'docker-compose --progress quiet down --volumes' EXIT

wait_until_ready() {
    # Ten times a second, as the others ask.
    until curl --fail --silent --max-time 1 --output /dev/null "$platform/healthz"; do sleep 0.1; done
}

hash_here() {
    find . -type f -exec sha256sum {} + | sort
}

compare() {
    docker run --rm -v media_volume:/media:ro --workdir=/media ubuntu bash -c \
        "find . -type f -exec sha256sum {} + | sort" | diff "$expected" - || { echo "after $1, media differ"; exit 1; }
}

docker-compose --progress quiet up --detach
wait_until_ready

expected=$(mktemp --tmpdir="$PWD")
(cd pictures && hash_here) > "$expected"
[ "$(wc -l < "$expected")" = 12 ] || { echo "there should be 12 pictures"; exit 1; }
for picture in pictures/*/*; do
    kind=$(basename "$(dirname "$picture")")
    curl --fail --silent --show-error --output /dev/null --header "Authorization: Bearer $CONNECT_API_TOKEN" \
        --form "file=@$picture" "$platform/api/$kind/"
done

before=$(docker-compose ps --quiet web-project)
docker-compose --progress quiet up --detach --force-recreate web-project
wait_until_ready
[ "$before" != "$(docker-compose ps --quiet web-project)" ] || { echo "nothing was recreated"; exit 1; }
compare "recreating the container"

mkdir -p backups
docker run --rm -v media_volume:/source -v "$PWD/backups:/backup" ubuntu \
    tar -czvf "/backup/media_backup_$(date +%Y%m%d).tar.gz" -C /source . > /dev/null
archive=$(cd backups && echo media_backup_*.tar.gz)

left=$(docker run --rm -v media_volume:/media ubuntu bash -c "find /media -mindepth 1 -delete && find /media -type f")
[ -z "$left" ] || { echo "nothing was wiped"; exit 1; }

docker run --rm -v media_volume:/destination -v "$PWD/backups:/backup" ubuntu \
    bash -c "mkdir -p /destination && tar -xzvf /backup/$archive -C /destination" > /dev/null
compare "the restore"
