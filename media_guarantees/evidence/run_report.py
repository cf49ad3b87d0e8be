"""The end of a run: its verdicts, its exit status and its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from media_guarantees.evidence.catalogue import CATALOGUE
from media_guarantees.evidence.exit_status import final_status, only_beyond
from media_guarantees.evidence.formats import bundle, github
from media_guarantees.evidence.formats.markdown import as_markdown
from media_guarantees.evidence.gaps import Gaps
from media_guarantees.evidence.judgement import Judgement, judge
from media_guarantees.evidence.outbound import notification
from media_guarantees.evidence.outbound.seal import seal
from media_guarantees.evidence.recorder import Recorder
from media_guarantees.evidence.run_summary import RunFacts
from media_guarantees.evidence.step_durations import remember
from media_guarantees.guide.reader import GuideError, Sentence, read_guide
from media_guarantees.settings import Settings


@dataclass
class RunReport:
    """Judges what was recorded and writes it into `folder`. `environment` is the process's, where CI says who it is."""

    folder: Path
    settings: Settings
    facts: RunFacts
    recorder: Recorder
    gaps: Gaps
    environment: Mapping[str, str]
    judgements: tuple[Judgement, ...] = ()
    is_written: bool = False

    @property
    def verdict(self) -> str:
        """The verdict on the whole run."""
        return self.facts.verdict(self.judgements)

    @property
    def durations_file(self) -> Path:
        """Where is kept how long the steps of a run took."""
        return self.settings.cache / "step-durations.json"

    def judge(self, status: int, *, why_unfinished: str, everything_selected: bool, whole_catalogue: bool) -> int:
        """Judge, and return the exit status of a run that the test runner would end with `status`.

        `why_unfinished` is the reason if tests did not run to their end. `everything_selected` is False where only
        some tests were named. The deploy gate doesn't answer for the `whole_catalogue`, and no run for real archives
        that it has no test of.
        """
        self.facts.not_run = len(self.recorder.unfinished)
        if self.facts.not_run or self.recorder.uncollected:
            self.facts.stopped = self.facts.stopped or self._unread_files() or why_unfinished
        records = self.recorder.all_records(everything_selected=everything_selected)
        judgements = judge(records, self._find_promises())
        self.judgements = tuple(each for each in judgements if self._answers_for(each, whole_catalogue))
        self.facts.status = final_status(
            status,
            verdict=self.verdict,
            complete=self.facts.complete,
            beyond_only=not self.settings.beyond and self._failed_beyond(),
            require_all=self.settings.require_all,
        )
        return self.facts.status

    def _answers_for(self, judgement: Judgement, whole_catalogue: bool) -> bool:  # noqa: FBT001
        if judgement.guarantee.of_real_archive:
            return any(judgement.guarantee.identifier in names for names in self.recorder.expected.values())
        return whole_catalogue or bool(judgement.tests)

    def _unread_files(self) -> str:
        files = ", ".join(sorted(self.recorder.uncollected))
        return files and f"tests that could not be read: {files}"

    def _failed_beyond(self) -> bool:
        return not self.recorder.uncollected and only_beyond(self.recorder.failed, self.recorder.expected)

    def write(self) -> None:
        """Write the evidence, and what the next run and CI want to know of this one."""
        self.is_written = True
        self._write_files()
        with self.gaps.noted(f"{self.durations_file} could not be written"):
            remember(self.durations_file, self.facts.steps)
        if summary := self.environment.get(github.SUMMARY_VARIABLE):
            with self.gaps.noted("the summary of the job could not be written"):
                github.summarize(Path(summary), as_markdown(self.facts, self.judgements))

    def mark_incomplete(self, reason: str) -> None:
        """Note that the run was cut short after it was judged, and let what was written say so."""
        self.facts.stopped = self.facts.stopped or reason
        if self.is_written:
            self._write_files()

    def _write_files(self) -> None:
        bundle.write(self.folder, self.facts, self.judgements, self.gaps)
        if self.facts.subjects:
            seal(self.folder, self.facts, self.judgements, self.gaps, self.settings.sign_key)

    def notify(self) -> None:
        """Send the messages that the run's options ask for. To be done last, as nothing takes them back."""
        if self.is_written and (self.settings.notify_url or self.settings.heartbeat_url):
            urls = {"webhook": self.settings.notify_url, "heartbeat": self.settings.heartbeat_url}
            notification.send(self.folder, self.facts, self.judgements, self.gaps, **urls)

    def _find_promises(self) -> dict[str, Sentence | None]:
        """Where the guide under test promises each guarantee; a guide that can't be understood promises nothing."""
        with self.gaps.noted(f"where {self.settings.guide.name} makes its promises could not be read"):
            try:
                guide = read_guide(self.settings.guide, self.settings.compose_files[0].parent)
            except GuideError:
                return {}
            return {guarantee.identifier: bundle.find_promise(guarantee, guide) for guarantee in CATALOGUE}
        return {}
