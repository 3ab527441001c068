"""The real program against a real server: killed, interrupted, doubled, cut off, and overheard."""

from __future__ import annotations

import base64
import re
import shutil
import signal
import subprocess
import time
from urllib.parse import quote

import pytest

from tests.faults.checker import Verdict
from tests.faults.driver import Driver, Outcome, Plan
from tests.faults.endpoints import HASHED_KEY
from tests.faults.instructions import Mix, Script
from tests.faults.process import RunningServer
from tests.faults.toxics import ToxicLine

pytestmark = pytest.mark.timeout(900)  # a machine may be busy; what is slow is not wrong


@pytest.fixture
def server(tmp_path):
    """The oracle."""
    with RunningServer(tmp_path / "creations.jsonl") as running:
        yield running


def _wait_for_creates(server, process, creates):
    while process.poll() is None and server.stats()["creates"] < creates:
        time.sleep(0.01)


def _settled(driver, server):
    """Let the program come to its end and return the verdict."""
    outcome = Outcome(Verdict())
    driver.finish(outcome)
    assert not outcome.unfinished, outcome.unfinished
    server.settle()
    return driver.verdict()


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(Plan(kills=50, rows=1000), id="nothing-promised"),
        pytest.param(Plan(kills=8, rows=150, token=HASHED_KEY), id="idempotency-key"),
    ],
)
def test_kills_at_random_moments_lose_and_double_nothing(tmp_path, plan):
    """Killed again and again with a quarter of its requests disturbed, it delivers all."""
    outcome = Driver(tmp_path, plan).run()

    assert not outcome.unfinished, outcome.unfinished
    assert outcome.verdict.problems() == {}
    assert outcome.verdict.delivered == plan.rows
    assert outcome.corrupt == 0
    assert max(outcome.in_flight) <= 8
    assert sum(outcome.injected.values()) > 0.15 * plan.rows


def test_the_kill_test_sees_a_program_without_intents(tmp_path):
    """Without intents the same kills duplicate customers."""
    outcome = Driver(tmp_path, Plan(kills=6, rows=150, broken="no_intent")).run()

    assert outcome.verdict.duplicated


def test_the_kill_test_sees_a_program_that_does_not_wait(tmp_path):
    """Resending what cannot be found yet duplicates customers."""
    plan = Plan(kills=2, rows=80, broken="no_quiesce", mix={"late-drop:1": 0.4})
    outcome = Driver(tmp_path, plan).run()

    assert outcome.verdict.duplicated


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_what_is_under_way_arrive(tmp_path, server, number):
    """Asked to stop, it records every answer under way, says how to go on, and can go on."""
    driver = Driver(tmp_path, Plan(rows=150, rate="100/s", faults=0))
    driver.prepare(server)
    server.follow(Script(mix=Mix(0, {"slow:0.3": 1.0})))
    process = driver.start()
    _wait_for_creates(server, process, 20)
    process.send_signal(number)
    asked = time.monotonic()

    assert process.wait(timeout=100) == 128 + number
    assert time.monotonic() - asked < 30
    assert driver.states().get("intent", 0) == 0
    assert "again" in driver.said() or "resume" in driver.said()
    server.follow(Script())
    assert _settled(driver, server).kept


def test_a_second_signal_ends_it_at_once(tmp_path, server):
    """Asked twice, it does not wait for answers, and still nothing is sent twice."""
    driver = Driver(tmp_path, Plan(rows=60, rate="100/s", faults=0))
    driver.prepare(server)
    server.follow(Script(mix=Mix(0, {"slow:30": 0.5})))
    process = driver.start()
    _wait_for_creates(server, process, 10)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    asked = time.monotonic()

    assert process.wait(timeout=100) == 130
    assert time.monotonic() - asked < 15
    server.follow(Script())
    assert _settled(driver, server).kept


def test_two_runs_never_work_on_one_journal(tmp_path, server):
    """The second run names the first one's process and ends at once; the first is undisturbed."""
    driver = Driver(tmp_path, Plan(rows=480, concurrency=2, faults=0))
    driver.prepare(server)
    # The first one is kept at work however long the second one takes to start.
    server.follow(Script(mix=Mix(0, {"slow:0.5": 1.0})))
    first = driver.start()
    _wait_for_creates(server, first, 1)
    second = driver.start()

    assert second.wait(timeout=100) not in (0, 1, 70)
    assert first.poll() is None
    assert str(first.pid) in driver.said()
    server.follow(Script())
    assert first.wait(timeout=300) == 0
    assert _settled(driver, server).kept


def test_of_runs_that_start_together_one_wins(tmp_path, server):
    """Whoever comes first delivers; the others change nothing."""
    driver = Driver(tmp_path, Plan(rows=60, rate="100/s", faults=0))
    driver.prepare(server)

    codes = [process.wait(timeout=300) for process in [driver.start() for _ in range(3)]]

    assert codes.count(0) >= 1
    assert _settled(driver, server).kept


def test_a_lost_journal_costs_no_duplicate(tmp_path, server):
    """After losing journal and lock, everybody is found to be there and nobody is created."""
    driver = Driver(tmp_path, Plan(rows=100, faults=0))
    driver.prepare(server)
    assert _settled(driver, server).kept
    shutil.rmtree(driver.state)

    assert _settled(driver, server).kept
    assert server.stats()["creates"] == 100


def test_a_damaged_journal_stops_the_run_before_anything_is_sent(tmp_path, server):
    """A journal that cannot be believed gets a sentence and exit code 65."""
    driver = Driver(tmp_path, Plan(rows=50, faults=0))
    driver.prepare(server)
    assert _settled(driver, server).kept
    journal = driver.journal()
    assert journal is not None
    journal.write_bytes(journal.read_bytes()[:5000])
    before = server.stats()["requests"]

    assert driver.start().wait(timeout=100) == 65
    assert server.stats()["requests"] == before
    assert "Traceback" not in driver.said()


def test_an_edited_file_sends_only_what_is_not_delivered(tmp_path, server):
    """Killed, re-sorted, appended to and run again: nobody twice, the new ones once."""
    driver = Driver(tmp_path, Plan(rows=200, rate="100/s", faults=0))
    driver.prepare(server)
    process = driver.start()
    _wait_for_creates(server, process, 80)
    process.kill()
    process.wait()
    header, *rows = driver.source.read_text().splitlines()
    rows.append("new@example.com,+4915129999999,New")
    rows.reverse()
    driver.source.write_text("\n".join([header, *rows]) + "\n")
    driver.expected = {number: row.split(",")[0] for number, row in enumerate(rows, start=2)}

    verdict = _settled(driver, server)

    assert verdict.kept
    assert verdict.delivered == 201
    assert server.stats()["created"] == 201


@pytest.mark.parametrize(
    "toxic",
    [
        *("latency:0.1:0.08", "bandwidth:4000", "slicer:1", "reset:0.4", "limit:150"),
        *("slow-close:0.2", "down:1.5"),
    ],
)
def test_a_poor_line_loses_and_doubles_nothing(tmp_path, server, toxic):
    """However the line mistreats its bytes, every row is delivered once."""
    driver = Driver(tmp_path, Plan(rows=24, faults=0, quiesce_s=0.3))
    with ToxicLine(server.port, toxic) as line:
        driver.prepare(server, line.base_url)
        process = driver.start()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if line.heal():
            verdict = _settled(driver, server)

    assert line.connections > 0
    assert verdict.problems() == {}


def _sign_in_with_password(driver):
    settings = driver.folder / "bulkload.yaml"
    signed_in = "username: owner@example.com\n    password: ${FAULTS_TOKEN}"
    settings.write_text(settings.read_text().replace("token: ${FAULTS_TOKEN}", signed_in))


def test_an_expired_token_is_renewed_once(tmp_path, server):
    """However many requests are refused together, one sign-in serves them all."""
    driver = Driver(tmp_path, Plan(rows=200, faults=0, concurrency=16))
    driver.prepare(server)
    _sign_in_with_password(driver)
    server.follow(Script(token_calls=120))

    assert driver.start().wait(timeout=300) == 0
    assert server.stats()["sign_ins"] == 2
    assert driver.verdict().kept


def test_a_token_that_cannot_be_renewed_stops_the_run_and_fails_no_row(tmp_path, server):
    """Without a new token the run ends with exit code 3, and goes on when there is one."""
    driver = Driver(tmp_path, Plan(rows=80, faults=0, rate="40/s"))
    driver.prepare(server)
    _sign_in_with_password(driver)
    server.follow(Script(token_calls=40))
    process = driver.start()
    _wait_for_creates(server, process, 5)
    server.follow(Script(token_calls=40, refuse_sign_in=True))

    assert process.wait(timeout=300) == 3
    server.follow(Script())
    assert _settled(driver, server).kept


def test_a_run_that_is_only_put_off_ends_and_is_resumed(tmp_path, server):
    """Nothing but 429s for longer than `--max-wait` ends it with a sentence; `resume` finishes it."""
    driver = Driver(tmp_path, Plan(rows=40, faults=0, flags=("--max-wait", "2")))
    driver.prepare(server)
    server.follow(Script(mix=Mix(0, {"return-429-after:1": 1.0})))

    assert driver.start().wait(timeout=300) == 4
    assert "the system has only asked to slow down" in driver.said()
    assert server.created() == 0
    server.follow(Script())
    assert driver.resume("--max-wait", "60").wait(timeout=300) == 0
    assert driver.verdict().delivered == 40


@pytest.fixture
def small_disk(tmp_path):
    """Mount small disks, and make them roomy; whatever is mounted is taken away again."""
    mounted = []

    def resize(place, size, *words):
        place.mkdir(exist_ok=True, mode=0o700)
        command = ["mount", "-t", "tmpfs", "-o", f"{''.join(words)}size={size}", "tmpfs", place]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("mounting a small disk needs more rights than this test has")
        mounted.append(place)

    yield resize
    for place in dict.fromkeys(mounted):
        subprocess.run(["umount", place], check=False)


@pytest.mark.parametrize(
    ("which", "size"), [pytest.param("state", "200k", id="journal"), ("out", "16k")]
)
def test_a_full_disk_costs_nothing_but_time(tmp_path, server, small_disk, which, size):
    """Full under the journal or under the results, it stops with a sentence, and then goes on."""
    driver = Driver(tmp_path, Plan(rows=400, faults=0, rate="1000/s"))
    driver.prepare(server)
    small_disk(tmp_path / which, size)

    assert driver.start().wait(timeout=300) not in (0, 1, 70)
    assert "Traceback" not in driver.said()
    assert "hint:" in driver.said()
    small_disk(tmp_path / which, "50m", "remount,")
    verdict = _settled(driver, server)

    assert verdict.kept
    assert verdict.delivered == 400
    assert server.stats()["created"] == 400


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_no_create_leaves_before_its_intent_is_on_disk(tmp_path, server):
    """In the order of system calls, a sync of the journal stands between any two creates' bursts."""
    driver = Driver(tmp_path, Plan(rows=60, faults=0, concurrency=1))
    driver.prepare(server)
    trace = tmp_path / "trace"
    calls = "trace=fdatasync,fsync,sendto,write,sendmsg"
    process = driver.start("strace", "-f", "-qq", "-o", str(trace), "-s", "40", "-e", calls)
    assert process.wait(timeout=300) == 0

    creates, synced = 0, False
    for line in trace.read_text(errors="replace").splitlines():
        if re.search(r"fdatasync|fsync", line) and "= 0" in line:
            synced = True
        elif '"POST /v2/loyalty' in line:
            assert synced, "a create left before its intent was on disk"
            creates, synced = creates + 1, False
    assert creates == 60


def test_nothing_that_is_written_tells_secrets_or_contacts(tmp_path, server):
    """Token, e-mail and phone stand in no log, journal, report or temporary file."""
    secret = "eyJSECRET7f3aCANARY.eyJ.c2ln"  # noqa: S105 - a canary
    plan = Plan(rows=80, token=secret, quiesce_s=0.3, flags=("--log-format", "json"))
    driver = Driver(tmp_path, plan)
    driver.prepare(server)
    odd = ("return-500", "drop-answer", "echo:422", "echo:500", "echo:400", "garbage", "not-json")
    server.follow(Script(mix=Mix(3, dict.fromkeys(odd, 0.08)), tokens=[secret]))
    process = driver.start()
    _wait_for_creates(server, process, 30)
    process.kill()
    process.wait()
    driver.start().wait(timeout=300)

    written = {
        path: path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file() and path.name not in ("creations.jsonl", "customers.csv")
    }
    hidden = [secret, quote(secret), base64.b64encode(secret.encode()).decode()[:20]]
    contacts = ["customer1", "+49151200000", "49151200000"]
    assert any(path.suffix == ".sqlite" for path in written)
    for path, content in written.items():
        for canary in hidden:
            assert canary.encode() not in content, f"{canary} in {path.name}"
        if path.name not in ("results.csv", "rejects.csv"):
            for canary in contacts:
                assert canary.encode() not in content, f"{canary} in {path.name}"
