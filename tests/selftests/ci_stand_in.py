"""A checkout whose verification is a stand-in, for tests of what a CI job does around it."""

import shutil
from pathlib import Path

from media_guarantees.core.paths import ROOT

# It takes the place of the verification: it notes its variables, and leaves a report as they say.
MAKEFILE = """\
verify before-deploy after-deploy restore-drill:
	@env > '$(CALLS)/$@.env'; echo '$(origin SERVICE)' > '$(CALLS)/$@.origin'
	@printf '%s\\n' '$(COMPOSE_FILE)' '$(GUIDE)' '$(SERVICE)' '$(MEDIA_ROOT)' '$(SERVER)' > '$(CALLS)/$@.values'
	@$(CALLS)/verification '$@' '$(REPORT_DIR)' '$(STATE)'
"""
VERIFICATION = """\
#!/bin/sh
[ -z "$REFUSED" ] || { echo "there is no guide"; exit 4; }
mkdir -p "$2/run" && ln -sfn run "$2/latest"
echo "{\\"verdict\\": \\"$VERDICT\\"}" > "$2/run/guarantees.json"
touch "$2/run/results.sarif"
case $1 in
    before-deploy) mkdir -p "$(dirname "$3")" && echo record > "$3" ;;
    after-deploy) cat "$3" || exit 2 ;;
esac
echo "::notice::annotated"
echo "# verdicts" >> "${GITHUB_STEP_SUMMARY:-/dev/null}"
[ "$VERDICT" != broken ]
"""


def write_stand_in(checkout: Path, calls: Path) -> None:
    """Write the checkout. Its runs note in `calls`, which the variable CALLS names too, what they were asked for."""
    (checkout / "recipes").mkdir(parents=True)
    shutil.copy(ROOT / "recipes" / "ci-job.sh", checkout / "recipes")
    (checkout / "Makefile").write_text(MAKEFILE)
    (calls / "verification").write_text(VERIFICATION)
    (calls / "verification").chmod(0o700)
