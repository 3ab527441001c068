"""Earlier runs are listed, gone on with, and written down again."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bulkload import history, pipeline
from bulkload.cli import main
from bulkload.errors import BadInputError, BulkloadError, SafetyStopError
from bulkload.options import LoadOptions
from bulkload.progress import Progress
from bulkload.records import Status

HEADERS = "First name,Last name,E-mail,Phone,Points\n"
MAPPING = """\
name: people
connector: loyaltydog
fields:
  firstName: First name
  lastName: Last name
  email: E-mail
  phone: {column: Phone, region: DE}
  points: {column: Points, as: set}
"""


class Impatient(Progress):
    """Gives up after a number of results."""

    def __init__(self, after):
        self.after = after

    def sent(self, counts, total):
        if total - counts[Status.PENDING] >= self.after:
            raise KeyboardInterrupt


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Forty customers, and a state directory of their own."""
    monkeypatch.setenv("BULKLOAD_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    path = Path("customers.csv")
    rows = (f"Ada,Lovelace {n},ada{n}@example.org,,{n}\n" for n in range(40))
    path.write_text(HEADERS + "".join(rows), "utf-8")
    return path


@pytest.fixture
def options(source):
    """A mapping that fits, and a folder for the files."""
    path = Path("mapping.yaml")
    path.write_text(MAPPING, "utf-8")
    return LoadOptions(mapping=path, out="out", quiesce_s=0.0, concurrency=1)


@pytest.fixture
def interrupted(source, options):
    """A run that somebody stopped after ten results."""
    with pytest.raises(KeyboardInterrupt):
        pipeline.load(source, options, progress=Impatient(10))
    return history.runs()[0]


def test_an_interrupted_run_is_listed_and_gone_on_with(interrupted):
    """Without an id the newest one goes on, as it began, and sends nothing twice."""
    assert not interrupted.summary.is_complete
    assert interrupted.summary.rows == 40

    report = history.resume()

    assert report.run_id == interrupted.run_id
    assert report.verb == "resume"
    assert report.counts[Status.CREATED] == 40
    assert history.show_run(interrupted.run_id).summary.is_complete
    assert len(history.runs()) == 1


def test_a_resumed_run_waits_as_long_as_it_is_told(interrupted):
    """Patience may be said anew; everything else is as it began."""
    history.resume(max_wait_s=60.0)

    assert history.runs()[0].options.max_wait_s is None
    assert history.show_run(interrupted.run_id).summary.is_complete


def test_the_same_command_goes_on_by_itself(interrupted, source, options):
    """An import of the same file continues the interrupted run, and says so."""
    report = pipeline.load(source, options)

    assert report.run_id == interrupted.run_id
    assert any("interrupted" in note for note in report.notes)
    assert report.counts[Status.CREATED] == 40


def test_a_changed_source_is_not_gone_on_with(interrupted, source):
    """The error says what changed; the import of the changed file sends only what is missing."""
    with source.open("a", encoding="utf-8") as file:
        file.write("New,Comer,new@example.org,,1\n")

    with pytest.raises(BadInputError, match="source `customers"):
        history.resume(interrupted.run_id)


def test_a_resume_that_is_not_agreed_to_leaves_its_run_where_it_was(interrupted, source, options):
    """What is said next is said of the same run, not of one before it."""

    class Refusing(Progress):
        def confirm(self, plan):
            return False

    with pytest.raises(SafetyStopError):
        history.resume(progress=Refusing())

    assert [run.run_id for run in history.runs()] == [interrupted.run_id]
    assert history.resume().counts[Status.PENDING] == 0


def test_an_early_end_without_a_word_leaves_no_run(source, options):
    """Nobody goes on with what was never shown."""

    class Gone(Progress):
        def confirm(self, plan):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.load(source, options, progress=Gone())

    assert history.runs() == []


def test_what_reading_back_found_is_not_forgotten(source, options):
    """The report that is written again is no better than the first."""
    pipeline.load(source, replace(options, verify=True))
    path = Path("out/report.json")
    document = json.loads(path.read_text("utf-8"))
    document["details"]["verification"] |= {"found": 38, "missing_rows": [3, 4]}
    path.write_text(json.dumps(document), "utf-8")

    report = history.write_reports_again(document["run_id"])

    assert (report.unseen, report.exit_code) == (2, 1)
    assert json.loads(path.read_text("utf-8"))["details"]["verification"]["missing_rows"] == [3, 4]


def test_where_the_newest_run_cannot_go_on_the_others_are_named(interrupted, source, options):
    """One that is lost does not stand in the way of those before it."""
    Path("second.csv").write_text(source.read_text("utf-8").replace("ada", "bob"), "utf-8")
    with pytest.raises(KeyboardInterrupt):
        pipeline.load("second.csv", options, progress=Impatient(3))
    Path("second.csv").unlink()

    with pytest.raises(BulkloadError) as caught:
        history.resume()

    assert f"another interrupted run: {interrupted.run_id}" in str(caught.value)
    assert history.resume(interrupted.run_id).counts[Status.PENDING] == 0


def test_an_edited_file_is_a_run_of_its_own(interrupted, source, options):
    """What the interrupted run had delivered is not sent again."""
    with source.open("a", encoding="utf-8") as file:
        file.write("New,Comer,new@example.org,,1\n")

    report = pipeline.load(source, options)

    delivered = report.counts[Status.UNCHANGED] + report.counts[Status.EXISTING]
    assert report.run_id != interrupted.run_id
    assert delivered >= 10
    assert delivered + report.counts[Status.CREATED] == 41


def test_files_are_written_again_from_the_journal(source, options):
    """The results file comes back to the byte, and nothing is sent."""
    report = pipeline.load(source, options)
    path = Path(report.files["results"])
    before = path.read_bytes()
    path.unlink()

    again = history.write_reports_again(report.run_id[:-2])

    assert path.read_bytes() == before
    assert again.counts.by_status == report.counts.by_status


@pytest.mark.parametrize("ask", [history.show_run, history.resume, history.write_reports_again])
def test_a_run_that_does_not_exist_is_told_so(source, ask):
    """The error names the command that lists what there is."""
    with pytest.raises(BulkloadError, match="bulkload runs"):
        ask("nothing")


def test_a_complete_run_is_not_gone_on_with(source, options):
    """The error says how its files are written again."""
    report = pipeline.load(source, options)

    with pytest.raises(BulkloadError, match="is complete"):
        history.resume(report.run_id)
    with pytest.raises(BulkloadError, match="no interrupted run"):
        history.resume()


def test_the_commands_say_the_same(interrupted, capsys):
    """`runs`, `runs show`, `resume` and `runs report` are those calls and nothing else."""
    assert main(["runs"]) == 0
    listed = capsys.readouterr().out
    assert main(["runs", "--json"]) == 0
    (document,) = json.loads(capsys.readouterr().out)
    assert main(["runs", "show", interrupted.run_id]) == 0
    shown = capsys.readouterr()
    assert main(["resume"]) == 0
    assert main(["runs", "report", interrupted.run_id]) == 0
    capsys.readouterr()
    assert main(["resume"]) == 2

    assert "interrupted" in listed
    assert document["run_id"] == interrupted.run_id
    assert not document["complete"]
    assert "not sent yet" in shown.out
    assert "bulkload resume" in shown.err
