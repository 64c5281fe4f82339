"""Every record gets one name, unique in its source and the same in every run."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from nlsearch.sandbox.locators import Locators

ids = st.none() | st.sampled_from(["", "a", "b", "1", "2", "3", "a~2", "a~3", "2~2"]) | st.text(max_size=3)


def name(record_ids):
    locators = Locators()
    return [locators.next(number, record_id) for number, record_id in enumerate(record_ids, start=1)]


def test_ids_numbers_and_repeats():
    assert name(["a", "b", "a", None, "a", ""]) == ["#a", "#b", "#a~2", "#4", "#a~3", "#6"]


def test_an_id_that_looks_like_a_number_or_a_repeat_takes_no_other_record_s_name():
    assert name(["2", None]) == ["#2", "#2~2"]
    assert name([None, "1"]) == ["#1", "#1~2"]
    assert name(["a", "a~2", "a"]) == ["#a", "#a~2", "#a~3"]
    assert name(["a", "a", "a~2"]) == ["#a", "#a~2", "#a~2~2"]


@settings(max_examples=200, deadline=None)
@given(st.lists(ids, max_size=30))
def test_names_are_unique_and_do_not_depend_on_what_comes_later(record_ids):
    names = name(record_ids)
    assert len(set(names)) == len(names)
    assert name(record_ids[: len(record_ids) // 2]) == names[: len(record_ids) // 2]


def test_a_table_that_grows_keeps_what_it_knows():
    record_ids = [f"id{n}" for n in range(5000)]
    names = name(record_ids + record_ids)
    assert names[:5000] == [f"#{one}" for one in record_ids]
    assert names[5000:] == [f"#{one}~2" for one in record_ids]
