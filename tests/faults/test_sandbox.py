"""Whatever one file does to its worker, it costs that file, and the pool goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from nlsearch.errors import WorkerCrashed, WorkerOutOfMemory, WorkerTimeout
from nlsearch.limits import MIB, Limits
from nlsearch.sandbox.outcomes import Done, Failed, ReadEntry, SkippedRecord, SourceTask
from nlsearch.sandbox.pool import Pool
from nlsearch.sandbox.sources import FileSource

OUTSIDE = Path(__file__).parent.parent / "sandbox" / "outside"
LIMITS = Limits(worker_seconds=60, worker_memory_bytes=700 * MIB)
IMPATIENT = replace(LIMITS, worker_seconds=2)


@pytest.fixture(scope="module")
def pool():
    """One pool for all tests: whatever a test does to its worker, the next test gets a good one."""
    with Pool([OUTSIDE], LIMITS, jobs=2) as one:
        yield one


@pytest.fixture(scope="module")
def impatient():
    """The same, with little patience: only where a worker hangs, as a busy machine makes a good one slow."""
    with Pool([OUTSIDE], IMPATIENT, jobs=2) as one:
        yield one


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a file of instructions and returns its task."""

    def make(name: str, *lines: str) -> SourceTask:
        path = tmp_path / f"{name}.trouble"
        path.write_text("\n".join(lines))
        return SourceTask(FileSource(str(path), path.name, "Trouble", str(path)).describe(), "trouble", token=name)

    return make


def read(pool, *tasks):
    """Return the outcomes of each source, by its token."""
    got = {task.token: [] for task in tasks}
    for task, outcome in pool.read_sources(tasks):
        got[task.token].append(outcome)
    return got


DEATHS = [
    ("abort", WorkerCrashed, "SIGABRT"),
    ("segfault", WorkerCrashed, "SIGSEGV"),
    ("killed", WorkerOutOfMemory, "killed by the system"),
    ("exit", WorkerCrashed, "status 0"),
    ("sysexit", WorkerCrashed, "status 3"),
    ("baseexception", WorkerCrashed, "status 1"),
    ("garbage", WorkerCrashed, "no answer"),
    ("half", WorkerCrashed, "status 0"),
]


@pytest.mark.parametrize("where", ["read", "do"])
@pytest.mark.parametrize(("act", "error", "why"), DEATHS, ids=[act for act, *_ in DEATHS])
def test_a_dying_worker_costs_its_file_only(pool, write, act, error, why, where):
    _costs_its_file_only(pool, write, f"{where} {act}", error, why)


@pytest.mark.parametrize("where", ["read", "do"])
def test_a_hanging_worker_costs_its_file_only(impatient, write, where):
    _costs_its_file_only(impatient, write, f"{where} hang", WorkerTimeout, "worker_seconds = 2")


def _costs_its_file_only(pool, write, instruction, error, why):
    before, after = (write(name, "one", "two") for name in ("before", "after"))
    got = read(pool, before, write("bad", "one", instruction, "two"), after)
    last = got["bad"][-1]
    assert isinstance(last, Failed)
    assert type(last.error) is error
    assert why in last.reason
    assert not last.readable
    for name in ("before", "after"):
        assert [type(one) for one in got[name]] == [ReadEntry, ReadEntry, Done]


@pytest.mark.parametrize(
    ("act", "code"),
    [
        ("raise", "worker"),
        ("recurse", "worker"),
        ("malformed", "malformed_content"),
        ("limit", "limit_exceeded"),
        ("eof", "malformed_content"),
        ("gone", "input"),
        ("balloon", "worker_out_of_memory"),
        ("wrong features", "worker"),
    ],
)
def test_what_features_raises_costs_the_record(pool, write, act, code):
    got = read(pool, write("bad", "one", act if " " in act else f"do {act}", "two"))["bad"]
    assert [type(one) for one in got] == [ReadEntry, SkippedRecord, ReadEntry, Done]
    assert (got[1].number, got[1].locator, got[1].code) == (2, "#2", code)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        ("read raise", "worker"),
        ("read recurse", "worker"),
        ("read malformed", "malformed_content"),
        ("read eof", "malformed_content"),
        ("read gone", "input"),
        ("read missing", "missing_extra"),
        ("do missing", "missing_extra"),
        ("read balloon", "worker_out_of_memory"),
        ("junk", "worker"),
    ],
)
def test_what_read_raises_costs_the_rest_of_the_file(pool, write, act, code):
    got = read(pool, write("bad", "one", act, "two"), write("good", "one"))
    assert [type(one) for one in got["bad"]] == [ReadEntry, Failed]
    assert got["bad"][1].code == code
    assert got["good"][-1] == Done(1, 0)


def test_an_unforeseen_exception_names_its_place(pool, write):
    [_, skipped, _] = read(pool, write("bad", "one", "do raise"))["bad"]
    assert "ZeroDivisionError: by the handler" in skipped.reason
    assert "trouble.py:" in skipped.reason


def test_flooding_standard_output_harms_nothing(pool, write, capfd):
    got = read(pool, write("loud", "read flood", "do flood", "one"))["loud"]
    assert got[-1] == Done(2, 0)
    out, err = capfd.readouterr()
    assert out == err == ""


def test_a_worker_that_was_out_of_memory_is_replaced(pool, write):
    first = read(pool, write("a", "pid", "do balloon"))["a"]
    rest = read(pool, *(write(f"f{n}", "pid") for n in range(4)))
    pids = {one.features.fields["pid"] for got in rest.values() for one in got if isinstance(one, ReadEntry)}
    assert first[0].features.fields["pid"] not in pids


def test_many_crashes_in_a_row_are_survived(pool, write):
    got = read(pool, *(write(f"f{n}", "do abort" if n % 2 else "one") for n in range(30)))
    assert [isinstance(got[f"f{n}"][-1], Failed) for n in range(30)] == [bool(n % 2) for n in range(30)]


def test_what_a_worker_started_dies_with_it(pool, write):
    got = read(pool, write("f", "pid", "do spawn", "do raise"))["f"]
    group = got[0].features.fields["group"]
    assert len(_members(group)) == 2
    pool.close()
    assert _members(group) == []


def test_compile_survives_a_crash(impatient, write):
    with pytest.raises(WorkerCrashed):
        impatient.compile("trouble", "like", write("f", "abort").description, {})
    with pytest.raises(WorkerTimeout):
        impatient.compile("trouble", "like", write("f", "hang").description, {})
    assert impatient.compile("trouble", "like", write("f", "ask").description, {}).read_as == "ask"


def test_read_one_does_not_reach_what_comes_after(pool, write):
    task = write("f", "one", "read abort")
    assert pool.read_one(task.description, "trouble", "#1").locator == "#1"


def test_read_some_says_of_a_record_that_the_reader_crashed_or_hung(impatient, write):
    task = write("f", "one", "id a", "read abort", "two")
    got = impatient.read_some(task.description, "trouble", ["#1", "#a", "#4"])
    assert set(got) == {"#1", "#a", "#4"}
    assert isinstance(got["#4"], WorkerCrashed)
    hangs = write("g", "one", "read hang", "two")
    assert isinstance(impatient.read_some(hangs.description, "trouble", ["#3"])["#3"], WorkerTimeout)
    assert impatient.read_one(task.description, "trouble", "#a").number == 2


def test_a_killed_template_costs_what_is_in_flight(write):
    with Pool([OUTSIDE], LIMITS, jobs=1) as pool:
        assert read(pool, write("f", "one"))["f"][-1] == Done(1, 0)
        os.kill(_template_of(pool), signal.SIGKILL)
        assert _are_gone_within([_template_of(pool)], 5)
        got = read(pool, write("g", "one"), write("h", "one"))
        assert got["h"][-1] == Done(1, 0)


def test_a_sandbox_that_cannot_start_says_so(write, tmp_path):
    with Pool([tmp_path / "gone"], LIMITS) as pool, pytest.raises(WorkerCrashed, match="no such folder of handlers"):
        read(pool, write("f", "one"))


def test_memory_is_bounded_however_low_the_cap(write):
    low = Limits(worker_memory_bytes=1 * MIB)
    with Pool([OUTSIDE], low) as pool:
        got = read(pool, write("f", "one", "do balloon", "two"))["f"]
    assert [type(one) for one in got] == [ReadEntry, SkippedRecord, ReadEntry, Done]


PARENT = """
import sys, os, time
from nlsearch.sandbox.pool import Pool
from nlsearch.sandbox.outcomes import SourceTask
from nlsearch.limits import Limits
from nlsearch.sandbox.sources import FileSource
path, outside = sys.argv[1:]
task = SourceTask(FileSource(path, "f.trouble", "Trouble", path).describe(), "trouble")
pool = Pool([outside], Limits(worker_seconds=60))
print(pool.read_one(task.description, "trouble", "#1").features.fields["pid"], flush=True)
print(pool._launcher._template.pid, flush=True)
for _ in pool.read_sources([task]): pass
"""


def _start_parent(tmp_path) -> tuple[subprocess.Popen[str], list[int]]:
    path = tmp_path / "f.trouble"
    path.write_text("pid\nread hang")
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(path), str(OUTSIDE)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    pids = [int(parent.stdout.readline()) for _ in range(2)]
    time.sleep(0.2)  # into the hanging read
    return parent, pids


def _members(group: int) -> list[int]:
    """Return the processes of a group that run (a zombie waits for whoever adopted it)."""
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return [pid for pid in pids if _runs(pid) and _group_of(pid) == group]


def _group_of(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return -1


def _are_gone_within(pids: list[int], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not any(_runs(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_workers_die_with_their_parent(tmp_path, number):
    parent, pids = _start_parent(tmp_path)
    with parent:
        assert all(_runs(pid) for pid in pids)
        os.kill(parent.pid, number)
        assert _are_gone_within(pids, 5)


def test_interrupting_the_terminal_reaches_the_parent_only(tmp_path):
    """Ctrl-C goes to the foreground process group; workers are in their own session and ignore it besides."""
    parent, pids = _start_parent(tmp_path)
    with parent:
        os.kill(pids[0], signal.SIGINT)
        os.kill(pids[1], signal.SIGINT)
        time.sleep(0.1)
        assert all(_runs(pid) for pid in pids)
        os.killpg(parent.pid, signal.SIGINT)
        assert _are_gone_within(pids, 5)


@pytest.mark.parametrize("arguments", [[], ["0"], ["99"], ["x"], ["--help"]])
@pytest.mark.parametrize("module", ["nlsearch.sandbox.template", "nlsearch.sandbox.worker"])
def test_the_modules_do_nothing_when_run_by_hand(module, arguments):
    ran = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert ran.stdout == b""
    assert ran.returncode == (2 if module.endswith("template") else 0)


def _template_of(pool) -> int:
    return pool._launcher._template.pid
