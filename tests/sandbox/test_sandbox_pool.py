"""What the pool promises while nothing goes wrong: order, locators, completion, back-pressure, reuse."""

from __future__ import annotations

import os
import resource
import threading
import time
from contextlib import ExitStack
from dataclasses import replace

import pytest
from sandbox_limits import LIMITS, OUTSIDE

from nlsearch import wire
from nlsearch.errors import InputError, LimitExceeded, MalformedContent, QuerySyntax, UnknownKind
from nlsearch.sandbox import facts
from nlsearch.sandbox.outcomes import Done, Failed, ReadEntry, SkippedRecord
from nlsearch.sandbox.pool import Pool


def outcomes(pool, task):
    return [outcome for _, outcome in pool.read_sources([task])]


@pytest.fixture(params=["isolated", "inline"])
def either(request, pool):
    if request.param == "isolated":
        return pool
    return Pool([OUTSIDE], LIMITS, inline=True)


def test_records_come_in_order_and_end_with_done(either, write):
    got = outcomes(either, write("f", "one", "skip", "two"))
    assert [type(one) for one in got] == [ReadEntry, SkippedRecord, ReadEntry, Done]
    assert [one.number for one in got[:3]] == [1, 2, 3]
    assert got[0].features.payload == b"one"
    assert got[0].features.terms["trouble.t"].tolist() == [1, 2, 3]
    assert got[1] == SkippedRecord(2, "#2", "not readable", "malformed_content")
    assert got[3] == Done(entries=2, skipped=1)


def test_locators_titles_names_and_warnings_are_completed(either, write):
    got = outcomes(either, write("f", "id a", "id a", "skip a", "plain", "title T", "warn W", "named"))
    assert [one.locator for one in got[:-1]] == ["#a", "#a~2", "#a~3", "#4", "#5", "#6", "#7"]
    assert [one.title for one in got if isinstance(one, ReadEntry)] == [
        *["f.trouble"] * 3,
        "T",
        "W",
        "f.trouble",
    ]
    fields = {one.locator: one.features.fields for one in got if isinstance(one, ReadEntry)}
    assert fields["#5"] == {"name": "T"}
    assert fields["#6"] == {"name": "W", "warnings": ["odd", "very odd"]}
    assert fields["#7"] == {"name": "own name"}


def test_features_are_the_same_isolated_and_inline(pool, write):
    task = write("f", "one", "named", "warn x")
    here = outcomes(Pool([OUTSIDE], LIMITS, inline=True), task)
    there = outcomes(pool, task)
    assert [wire.canonical(one.features) for one in here[:3]] == [wire.canonical(one.features) for one in there[:3]]


def test_several_sources_are_in_flight_and_each_keeps_its_order(pool, write):
    tasks = [write(f"f{n}", f"many {100 + n}") for n in range(7)]
    seen: dict[str, list[int]] = {task.token: [] for task in tasks}
    for task, outcome in pool.read_sources(iter(tasks)):
        if isinstance(outcome, ReadEntry):
            seen[task.token].append(outcome.number)
    assert seen == {f"f{n}": list(range(1, 101 + n)) for n in range(7)}


def test_two_workers_work_at_the_same_time(pool, write):
    pids = {
        outcome.features.fields["pid"]
        for _, outcome in pool.read_sources([write(f"f{n}", "many 2000", "pid") for n in range(2)])
        if isinstance(outcome, ReadEntry) and "pid" in outcome.features.fields
    }
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_tasks_are_drawn_only_as_workers_become_free(pool, write):
    drawn = []

    def tasks():
        for n in range(6):
            drawn.append(n)
            yield write(f"f{n}", "many 3000")

    reading = pool.read_sources(tasks())
    next(reading)
    assert len(drawn) == pool.jobs
    reading.close()


def test_a_process_with_many_open_files_has_workers(write):
    """Sockets then have numbers that ``select`` refuses."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2000:
        pytest.skip("the system allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2000), hard))
    try:
        with ExitStack() as files, Pool([OUTSIDE], LIMITS) as pool:
            for _ in range(1100):
                files.enter_context(open(os.devnull))  # noqa: PTH123 - shortest
            task = write("f", "one", "two")
            assert outcomes(pool, task)[-1] == Done(2, 0)
            assert pool.read_one(task.description, "trouble", "#2").number == 2
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_slow_reader_is_no_hanging_worker(write):
    """The worker blocks on its full socket for longer than worker_seconds, and loses nothing."""
    impatient = replace(LIMITS, worker_seconds=2)
    with Pool([OUTSIDE], impatient) as pool:
        reading = pool.read_sources([write("f", "many 4000")])
        first = next(reading)[1]
        time.sleep(impatient.worker_seconds + 0.3)
        rest = [outcome for _, outcome in reading]
    assert first.number == 1
    assert rest[-1] == Done(4000, 0)


def test_closing_the_generator_ends_the_busy_workers(pool, write):
    reading = pool.read_sources([write("f", "pid", "many 4000"), write("g", "read hang")])
    pid = next(reading)[1].features.fields["pid"]
    began = time.monotonic()
    reading.close()
    assert time.monotonic() - began < 1
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert outcomes(pool, write("h", "one"))[-1] == Done(1, 0)


def test_a_worker_serves_many_sources(pool, write):
    pids = {
        outcome.features.fields["pid"]
        for _, outcome in pool.read_sources([write(f"f{n}", "pid") for n in range(12)])
        if isinstance(outcome, ReadEntry)
    }
    assert len(pids) <= pool.jobs


def test_a_source_that_fails_keeps_what_came_before(either, write):
    got = outcomes(either, write("f", "one", "two", "read malformed", "three"))
    assert [type(one) for one in got] == [ReadEntry, ReadEntry, Failed]
    assert (got[2].code, got[2].reason, got[2].readable) == ("malformed_content", "cut in the middle (mend it)", True)


def test_unknown_kind_and_missing_file_are_failures_of_the_source(either, write):
    task = write("f", "one")
    [unknown] = outcomes(either, replace(task, kind="nonesuch"))
    assert isinstance(unknown.error, UnknownKind)
    [gone] = outcomes(either, replace(task, description={**task.description, "file": "/nonesuch/file"}))
    assert isinstance(gone.error, InputError)


def test_the_number_of_records_is_capped(pool, write):
    got = outcomes(pool, write("f", f"many {LIMITS.records_per_source + 1}"))
    assert len(got) == LIMITS.records_per_source + 1
    assert isinstance(got[-1].error, LimitExceeded)
    assert "records_per_source" in got[-1].reason


def test_an_answer_over_the_cap_costs_the_record(either, write):
    size = LIMITS.worker_answer_bytes
    got = outcomes(either, write("f", f"size {size // 2}", f"size {size}", "one"))
    assert [getattr(one, "code", "ok") for one in got] == ["ok", "limit_exceeded", "ok", "ok"]
    assert len(got[0].features.payload) == size // 2


# --------------------------------------------------------------------------------------------------- one question
def test_compile_of_a_file_gives_a_probe(either, write):
    probe = either.compile("trouble", "like", write("f", "ask").description, {"limit": 3})
    assert (probe.operator, probe.read_as, probe.verification) == ("like", "ask", {"limit": 3})


def test_errors_of_compile_keep_their_class_and_column(either, write):
    with pytest.raises(QuerySyntax, match="no query") as caught:
        either.compile("trouble", "like", write("f", "bad").description, {})
    assert caught.value.column == 7


def test_read_one_finds_the_record_again(either, write):
    task = write("f", "id a", "plain", "id a", "skip s", "hang")
    assert either.read_one(task.description, "trouble", "#a~2").number == 3
    assert either.read_one(task.description, "trouble").locator == "#a"
    assert either.features_of(task.description, "trouble", "#2").payload == b"plain"
    with pytest.raises(MalformedContent, match="not readable"):
        either.read_one(task.description, "trouble", "#s")


def test_read_one_of_a_record_that_is_not_there(either, write):
    task = write("f", "one")
    with pytest.raises(InputError, match=r"no record #7"):
        either.read_one(task.description, "trouble", "#7")
    with pytest.raises(InputError, match="no record in it"):
        either.read_one(write("empty").description, "trouble")


def test_read_some_gives_each_record_or_its_reason(either, write):
    task = write("f", "one", "id a", "skip s", "two", "read malformed", "three")
    got = either.read_some(task.description, "trouble", ["#4", "#s", "", "#a", "#9"])
    assert [got[key].number for key in ("", "#a", "#4")] == [1, 2, 4]
    assert isinstance(got["#s"], MalformedContent)
    assert isinstance(got["#9"], MalformedContent)
    assert either.read_some(task.description, "trouble", ["#4"])["#4"].number == 4, "it stops before what is broken"
    broken = either.read_some(task.description, "trouble", ["#1", "#6"])
    assert broken["#1"].number == 1
    assert "has changed since it was indexed" in str(broken["#6"])
    gone = either.read_some(write("g", "one").description, "trouble", ["#7"])["#7"]
    assert isinstance(gone, InputError)
    assert "no record #7" in str(gone)


def test_the_pool_answers_questions_while_it_reads(pool, write):
    reading = pool.read_sources([write("f", "many 4000"), write("g", "many 4000")])
    next(reading)
    assert pool.compile("trouble", "like", write("q", "ask").description, {}).read_as == "ask"
    assert sum(isinstance(outcome, Done) for _, outcome in reading) == 2


def test_threads_share_a_pool(pool, write):
    task = write("q", "ask")
    answers = []

    def ask():
        answers.extend(pool.compile("trouble", "like", task.description, {"n": n}).verification["n"] for n in range(20))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == sorted([*range(20)] * 3)


def test_a_closed_pool_starts_again(write):
    with Pool([OUTSIDE], LIMITS) as pool:
        pool.start()
        assert outcomes(pool, write("f", "one"))[-1] == Done(1, 0)
        pool.close()
        assert outcomes(pool, write("f", "one"))[-1] == Done(1, 0)


# ------------------------------------------------------------------------------------------------------- isolation
def test_what_binds_a_worker_is_what_the_kernel_says(pool):
    worker = pool.facts()
    assert worker["address_space_bytes"] == LIMITS.worker_memory_bytes
    assert worker["core_bytes"] == 0
    assert worker["open_files"] == 256
    assert (worker["own_session"], worker["ignores_interrupt"]) == (True, True)
    assert (worker["dies_with_parent"], worker["no_new_privileges"]) == (True, True)
    assert worker["threads"] == 1
    assert (worker["standard_output"], worker["standard_error"]) == ("/dev/null", "/dev/null")


def test_facts_for_the_doctor_are_measured():
    told = facts.describe(LIMITS)
    assert told["works"] is True
    assert told["wall_clock_s"] == LIMITS.worker_seconds
    assert 0 < told["replacement_ms"] < told["start_ms"]
    assert "network" in told["not_confined"]
