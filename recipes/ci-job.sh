#!/usr/bin/env bash
# One run in a CI job, for action.yml and for the component of GitLab. Variables say what to do; paths are relative to
# the folder in which it is started:
#   MODE=verify COMPOSE_FILE=docker-compose.yml GUIDE=docs/storage.md recipes/ci-job.sh
# It ends with the run's status, and reports `verdict`, `report` and `sarif` to GitHub, where there is one.
set -euo pipefail

verifier=$(realpath "$(dirname "$0")/..")
report_dir=$(realpath -m "${REPORT_DIR:-media-guarantees}")
case ${MODE:-verify} in
    verify | before-deploy | after-deploy | restore-drill) mode=${MODE:-verify} ;;
    *)
        printf 'mode is %q\n  hint: choose one of verify, before-deploy, after-deploy, restore-drill\n' "$MODE" >&2
        exit 2
        ;;
esac

# The paths of files, separated by ':', from this folder.
paths() {
    local files file joined=
    IFS=: read -ra files <<< "$1"
    for file in "${files[@]}"; do
        joined+=${joined:+:}$(realpath -m "$file")
    done
    printf '%s' "$joined"
}

# An option as make gives it to the shell, where it stands between quotes: nothing in it is a command of either.
add_option() {
    local value=${2//\'/\'\\\'\'}
    options+=("$1=${value//\$/\$\$}")
}

newest() {
    readlink "$report_dir/latest" || true
}

options=()
add_option REPORT_DIR "$report_dir"
[ -z "${COMPOSE_FILE:-}" ] || add_option COMPOSE_FILE "$(paths "$COMPOSE_FILE")"
[ -z "${GUIDE:-}" ] || add_option GUIDE "$(paths "$GUIDE")"
[ -z "${STATE:-}" ] || [ "$mode" = verify ] || add_option STATE "$(realpath -m "$STATE")"
for name in SERVICE MEDIA_ROOT SERVER; do
    [ -z "${!name:-}" ] || add_option "$name" "${!name}"
done
# They are options now; one that is empty would replace a default.
unset MODE COMPOSE_FILE GUIDE STATE SERVICE MEDIA_ROOT SERVER REPORT_DIR

before=$(newest)
status=0
make --directory="$verifier" --no-print-directory "$mode" "${options[@]}" || status=$?

verdict=unproven report='' sarif=''
if [ "$(newest)" != "$before" ]; then
    report=$(realpath "$report_dir/latest")
    verdict=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["verdict"])' "$report/guarantees.json") ||
        verdict=unproven
    [ ! -f "$report/results.sarif" ] || sarif=$report/results.sarif
fi
if [ -n "${GITHUB_OUTPUT:-}" ]; then
    printf '%s\n' "verdict=$verdict" "report=$report" "sarif=$sarif" >> "$GITHUB_OUTPUT"
fi
exit "$status"
