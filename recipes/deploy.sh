#!/usr/bin/env bash
# A deploy that knows what it did to the media. Run it where `docker` reaches the server, in the platform's folder:
#   VERIFIER=/srv/media-verify recipes/deploy.sh
# It ends with 0 if the deploy did no harm, and otherwise with what stopped it.
set -euo pipefail

verifier=${VERIFIER:-$(dirname "$0")/..}
guide=${GUIDE:-$verifier/docs/armazenamento-de-midia.md}
state=${STATE:-$PWD/.before-deploy.media}

gate() {
    make --directory="$verifier" --no-print-directory "$1" STATE="$state" GUIDE="$guide" "${@:2}"
}

# A deploy on top of media that are in no volume would lose them: it is not begun.
gate before-deploy
${DEPLOY:-docker-compose up --detach --build --remove-orphans}
gate after-deploy "$@"
rm -f "$state"
