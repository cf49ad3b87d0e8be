#!/usr/bin/env bash
# A deploy with the gate around it. Run it where `docker` reaches the server, in the platform's folder:
#   VERIFIER=/srv/media-verify recipes/deploy.sh
# It ends with 0 if the deploy did no harm, else with the status of the command that stopped it.
set -euo pipefail

verifier=${VERIFIER:-$(dirname "$0")/..}
guide=${GUIDE:-$verifier/docs/armazenamento-de-midia.md}
state=${STATE:-$PWD/.before-deploy.media}

gate() {
    make --directory="$verifier" --no-print-directory "$1" STATE="$state" GUIDE="$guide" "${@:2}"
}

# A deploy would lose media that are in no volume: then it doesn't start.
gate before-deploy
${DEPLOY:-docker-compose up --detach --build --remove-orphans}
gate after-deploy "$@"
rm -f "$state"
