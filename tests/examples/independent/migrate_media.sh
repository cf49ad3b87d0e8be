#!/usr/bin/env bash
# Brings ./media into the media volume of web-project. What the volume has already stays as it is.
set -euo pipefail
root=/usr/src/platform/media
(($# == 0)) || { echo "usage: $0 (it takes no arguments)" >&2; exit 2; }
[[ -d media ]] || { echo "no folder ./media here" >&2; exit 1; }
exec 9< media
flock --nonblock 9 || { echo "busy: somebody else migrates" >&2; exit 1; }
container=$(docker-compose ps --quiet web-project)
[[ -n $container ]] || { echo "web-project has to be up for this" >&2; exit 1; }
trap 'echo "aborted; start it again" >&2; exit 130' INT TERM
compare() { (cd media && find . -type f -exec sha256sum -z {} +) | docker exec -i -w "$root" "$container" xargs -0 sh -c '
  for sum; do [ "$(sha256sum < "${sum#*  }")" = "${sum%%  *}  -" ] || printf "%s\n" "${sum#*  }"; done 2> /dev/null' sh; }

[[ -n $(compare) ]] || { echo "in place: ./media"; exit 0; }
# Into a folder beside the media first: a transfer that breaks off leaves no half file under a name that people see.
tar --create --directory=media . | docker exec -i "$container" sh -c 'rm -rf "$1"/.coming && mkdir "$1"/.coming &&
  tar --extract --preserve-permissions --no-same-owner --directory="$1"/.coming' sh "$root"
docker exec "$container" sh -c 'cd "$1" && tar --create --directory=.coming . |
  tar --extract --preserve-permissions --skip-old-files && rm -rf .coming' sh "$root"
different=$(compare)
[[ -z $different ]] || { printf 'not brought, the volume has another:\n%s\n' "$different" >&2; exit 3; }
echo "brought: ./media"
