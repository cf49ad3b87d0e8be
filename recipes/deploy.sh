#!/usr/bin/env bash
# A deploy with the gate around it. Run it where `docker` reaches the server, in the platform's folder:
#   VERIFIER=/srv/media-verify recipes/deploy.sh
# It ends with 0 if the deploy did no harm, else with the status of the command that stopped it.
set -euo pipefail

verifier=${VERIFIER:-$(dirname "$0")/..}
guide=${GUIDE:-$verifier/docs/armazenamento-de-midia.md}
state=${STATE:-$PWD/.before-deploy.media}

# What is about to be deployed: the gate compares it with what runs, and reads the scripts beside it.
IFS=: read -ra files <<< "${COMPOSE_FILE:-}"
for name in compose.yaml compose.yml docker-compose.yml docker-compose.yaml; do
    if [ ${#files[@]} -gt 0 ] || [ ! -e "$name" ]; then
        continue
    fi
    files=("$name")
    for override in "${name%.*}".override.y{,a}ml; do
        [ ! -e "$override" ] || files+=("$override")
    done
done
compose=
for file in "${files[@]}"; do
    compose+=${compose:+:}$(realpath "$file")
done

gate() {
    make --directory="$verifier" --no-print-directory "$1" STATE="$state" GUIDE="$guide" "${@:2}"
}

# A deploy would lose media that are in no volume, or whose volume it replaces: then it doesn't start.
gate before-deploy COMPOSE_FILE="$compose"
${DEPLOY:-docker-compose up --detach --build --remove-orphans}
gate after-deploy "$@"
rm -f "$state"
