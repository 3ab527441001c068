"""The real program against a real server: killed, edited, refused, cut off, and overheard."""

from __future__ import annotations

import base64
import shutil
import subprocess
from dataclasses import replace
from urllib.parse import quote

import pytest

from tests.faults.driver import Driver, Plan
from tests.faults.endpoints import HASHED_KEY
from tests.faults.instructions import Mix, Script
from tests.faults.sizes import sized
from tests.faults.whitebox import POINTS, kill_at_every_point

pytestmark = pytest.mark.timeout(sized(900, 0))  # a machine may be busy; what is slow is not wrong
RELEASE = Plan(kills=500, rows=10_000, rate="400/s")


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(sized(Plan(kills=50, rows=1000), RELEASE), id="nothing-promised"),
        pytest.param(
            replace(sized(Plan(kills=8, rows=150), RELEASE), token=HASHED_KEY), id="idempotency-key"
        ),
    ],
)
def test_kills_at_random_moments_lose_and_double_nothing(tmp_path, plan, reached):
    """Killed again and again with a quarter of its requests disturbed, it delivers all."""
    outcome = Driver(tmp_path, plan).run()

    reached("kills", outcome.kills)
    for name, figure in outcome.verdict.figures().items():
        reached(name, figure)

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


def test_kills_at_every_point_lose_and_double_nothing(tmp_path, reached):
    """Dead between any two steps, by their names and not by chance, it delivers all."""
    found = kill_at_every_point(tmp_path, times=sized(1, 20), rows=sized(24, 60))

    reached("points", len(POINTS))
    reached("kills", found.hits.total())
    reached("kills_at_each_point_min", min(found.hits.values()))
    assert found.problems == {}


def test_a_lost_journal_costs_no_duplicate(tmp_path, server, reached):
    """After losing journal and lock, everybody is found to be there and nobody is created."""
    rows = sized(100, 1000)
    driver = Driver(tmp_path, Plan(rows=rows, faults=0))
    driver.prepare(server)
    assert driver.settled(server).kept
    shutil.rmtree(driver.state)

    assert driver.settled(server).kept
    reached("creates_after_the_loss", server.stats()["creates"] - rows)
    assert server.stats()["creates"] == rows


def test_a_damaged_journal_stops_the_run_before_anything_is_sent(tmp_path, server):
    """A journal that cannot be believed gets a sentence and exit code 65."""
    driver = Driver(tmp_path, Plan(rows=50, faults=0))
    driver.prepare(server)
    assert driver.settled(server).kept
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
    driver.wait_for_posts(server, process, 80)
    process.kill()
    process.wait()
    header, *rows = driver.source.read_text().splitlines()
    rows.append("new@example.com,+4915129999999,New")
    rows.reverse()
    driver.source.write_text("\n".join([header, *rows]) + "\n")
    driver.expected = {number: row.split(",")[0] for number, row in enumerate(rows, start=2)}

    verdict = driver.settled(server)

    assert verdict.kept
    assert verdict.delivered == 201
    assert server.stats()["created"] == 201


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
    driver.wait_for_posts(server, process, 5)
    server.follow(Script(token_calls=40, refuse_sign_in=True))

    assert process.wait(timeout=300) == 3
    server.follow(Script())
    assert driver.settled(server).kept


def test_a_run_that_is_only_put_off_ends_and_is_resumed(tmp_path, server):
    """Nothing but 429s for longer than `--max-wait` ends it with a sentence; `resume` finishes it."""
    driver = Driver(tmp_path, Plan(rows=40, faults=0, flags=("--max-wait", "2")))
    driver.prepare(server)
    server.follow(Script(mix=Mix(0, {"return-429-after:1": 1.0})))

    assert driver.start().wait(timeout=300) == 4
    assert "the system has only asked to slow down" in driver.said()
    assert server.created() == 0
    server.follow(Script())
    assert driver.start_command("resume", "--yes", "--max-wait", "60").wait(timeout=300) == 0
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
    verdict = driver.settled(server)

    assert verdict.kept
    assert verdict.delivered == 400
    assert server.stats()["created"] == 400


def test_nothing_that_is_written_tells_secrets_or_contacts(tmp_path, server):
    """Token, e-mail and phone stand in no log, journal, report or temporary file."""
    secret = "eyJSECRET7f3aCANARY.eyJ.c2ln"  # noqa: S105 - a canary
    plan = Plan(rows=80, token=secret, quiesce_s=0.3, flags=("--log-format", "json"))
    driver = Driver(tmp_path, plan)
    driver.prepare(server)
    odd = ("return-500", "drop-answer", "echo:422", "echo:500", "echo:400", "garbage", "not-json")
    server.follow(Script(mix=Mix(3, dict.fromkeys(odd, 0.08)), tokens=[secret]))
    process = driver.start()
    driver.wait_for_posts(server, process, 30)
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


def test_customers_who_stand_in_the_file_twice_are_created_once(tmp_path, server, reached):
    """Spelled otherwise, a tenth of the rows speaks of others: one customer each, faults or not."""
    rows = sized(200, 10_000)
    # Without refusals of pace, for each of which the program would slow down.
    mix = {"hang-up": 0.07, "drop-answer": 0.08, "500-after-apply": 0.05, "late-apply:0.15": 0.05}
    driver = Driver(tmp_path, Plan(rows=rows, rate="400/s", mix=mix))
    driver.prepare(server)
    lines = driver.source.read_text().splitlines()
    for number in range(rows // 10, rows // 5):
        at, of = number + 1, 5 * number % (rows // 10)
        same = (f" Customer{of}@EXAMPLE.com ,,Again", f",+49 151 {20_000_000 + of},Again")
        lines[at] = same[number % 2]
        del driver.expected[at + 1]
    driver.source.write_text("\n".join(lines) + "\n")

    verdict = driver.settled(server)

    reached("rows", rows)
    reached("created", server.stats()["created"])
    reached("created_twice", len(verdict.duplicated))
    assert verdict.kept
    assert server.stats()["created"] == len(driver.expected) == rows - rows // 10
