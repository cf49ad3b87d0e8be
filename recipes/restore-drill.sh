#!/usr/bin/env bash
# The restore drill for cron, a Nagios-like monitor and Prometheus' node exporter:
#   30 3 * * *  VERIFIER=/srv/media-verify METRICS=/var/lib/node_exporter/media.prom /srv/media-verify/recipes/restore-drill.sh
# It prints one line and ends with 0 for OK, 1 for a warning, 2 for critical and 3 for unknown, as Nagios' plugin
# guidelines say. With CHECK=1 it runs no drill: the line is about the last one and its age.
set -uo pipefail

verifier=$(realpath "${VERIFIER:-$(dirname "$0")/..}")
reports=$(realpath -m "${REPORT_DIR:-$verifier/reports/restore-drill}")
since=0

if [ -z "${CHECK:-}" ]; then
    since=$(date +%s)
    mkdir -p "$reports"
    make --directory="$verifier" --no-print-directory restore-drill REPORT_DIR="$reports" "$@" \
        > "$reports/last-drill.log" 2>&1
fi
PYTHONPATH=$verifier exec "$verifier/.venv/bin/python" -m media_guarantees monitor "$reports" --since="$since" \
    --max-age-hours="${MAX_AGE_HOURS:-26}" ${METRICS:+--metrics="$METRICS"}
