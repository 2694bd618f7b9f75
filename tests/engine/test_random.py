"""Philox as published, and draws that depend on nothing but seed, driver, path and month."""

from __future__ import annotations

import itertools
import re

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.engine import random

FloatArray = npt.NDArray[np.float64]

PATHS = np.arange(20_000, dtype=np.uint32)
SEED = 20_260_401
MONTH = 2026 * 12 + 4  # May 2026, the first month of a block


def draws(driver: str, month: int = MONTH, seed: int = SEED, paths: npt.NDArray[np.uint32] = PATHS) -> FloatArray:
    return random.uniform(seed, random.driver_key(driver), paths, month)


# The vectors of Random123, file kat_vectors, lines philox4x32 10.
@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_known_answers(counter: str, key: str, expected: str) -> None:
    number, path, low, high = (int(word, 16) for word in counter.split())
    seed_low, seed_high = (int(word, 16) for word in key.split())
    words = random.block(seed_low | seed_high << 32, low | high << 32, np.array([path]), number)
    assert [f"{int(word[0]):08x}" for word in words] == expected.split()


def test_the_key_of_a_driver_is_stable() -> None:
    assert random.driver_key("openai.compute_need") == 0xCFDA04DE151AC161
    assert random.driver_key("é") == 0x2F19F3EF8BBF1ACB
    assert len({random.driver_key(f"driver {number}") for number in range(10_000)}) == 10_000


def test_a_month_is_a_word_of_its_block() -> None:
    driver = random.driver_key("demand")
    words = random.block(SEED, driver, PATHS, MONTH // 4)
    for word in range(4):
        expected = (words[word].astype(np.float64) + 0.5) / 2.0**32
        assert np.array_equal(random.uniform(SEED, driver, PATHS, MONTH + word), expected)


def test_uniforms_are_the_draws_month_by_month() -> None:
    driver = random.driver_key("demand")
    for start in range(MONTH, MONTH + 4):
        for month, draw in zip(range(start, start + 9), random.uniforms(SEED, driver, PATHS, start), strict=False):
            assert np.array_equal(draw, random.uniform(SEED, driver, PATHS, month))


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=50), st.data())
def test_a_draw_does_not_depend_on_its_company(numbers: list[int], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(numbers)))
    seed = data.draw(st.integers(0, 2**64 - 1))
    driver = data.draw(st.integers(0, 2**64 - 1))
    paths = np.array(numbers, dtype=np.int64)
    whole = random.uniform(seed, driver, paths, MONTH)
    parts = [random.uniform(seed, driver, part, MONTH) for part in (paths[:cut], paths[cut:])]
    assert np.array_equal(np.concatenate(parts), whole)
    assert ((whole > 0.0) & (whole < 1.0)).all()


def test_a_new_driver_changes_no_other() -> None:
    before = {name: draws(name) for name in ("demand", "price")}
    after = {name: draws(name) for name in ("demand", "capacity", "price")}
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_the_ends_of_the_unit_interval_are_never_met() -> None:
    words = np.array([0, 2**32 - 1], dtype=np.uint64)
    low, high = (words.astype(np.float64) + 0.5) * 2.0**-32
    assert 0.0 < low < high < 1.0
    assert high == 1.0 - low


# Statistics on fixed draws: never flaky. Four standard errors each.

SERIES = {
    "one driver": draws("demand"),
    "another driver": draws("price"),
    "a driver of nearly the same name": draws("demand "),
    "the next month": draws("demand", MONTH + 1),
    "the same month of the next block": draws("demand", MONTH + 4),
    "a year later": draws("demand", MONTH + 12),
    "the next seed": draws("demand", seed=SEED + 1),
    "a seed that differs above": draws("demand", seed=SEED + 2**32),
    "the paths after these": draws("demand", paths=PATHS + np.uint32(len(PATHS))),
    "the last paths of all": draws("demand", paths=np.uint32(2**32 - 1) - PATHS),
}


@pytest.mark.parametrize("name", SERIES)
def test_draws_are_even(name: str) -> None:
    draw = SERIES[name]
    count = len(draw)
    assert abs(draw.mean() - 0.5) < 4.0 * np.sqrt(1.0 / 12.0 / count)
    assert abs(draw.var() - 1.0 / 12.0) < 4.0 * np.sqrt(1.0 / 180.0 / count)
    bins = 64
    chi_square = float(np.sum((np.bincount((draw * bins).astype(int), minlength=bins) - count / bins) ** 2))
    assert abs(chi_square * bins / count - (bins - 1)) < 4.0 * np.sqrt(2.0 * (bins - 1))


@pytest.mark.parametrize(("left", "right"), list(itertools.combinations(SERIES, 2)))
def test_draws_are_not_correlated(left: str, right: str) -> None:
    bound = 4.0 / np.sqrt(len(PATHS))
    assert abs(np.corrcoef(SERIES[left], SERIES[right])[0, 1]) < bound


@pytest.mark.parametrize("distance", [1, 2, 3, 4, 8, 16, 64, 1024])
def test_neighbouring_paths_are_not_correlated(distance: int) -> None:
    draw = SERIES["one driver"]
    assert abs(np.corrcoef(draw[:-distance], draw[distance:])[0, 1]) < 4.0 / np.sqrt(len(draw) - distance)


def test_months_of_one_path_are_not_correlated() -> None:
    months = np.stack(list(itertools.islice(random.uniforms(SEED, 7, PATHS[:500], MONTH), 120)))
    for distance in (1, 2, 3, 4, 12):
        before, after = months[:-distance].ravel(), months[distance:].ravel()
        assert abs(np.corrcoef(before, after)[0, 1]) < 4.0 / np.sqrt(len(before))


@pytest.mark.parametrize(
    ("seed", "driver", "path", "month", "said"),
    [
        (-1, 0, 0, 0, "a seed is a whole number from 0 to 2**64 - 1, not -1"),
        (2**64, 0, 0, 0, "a seed"),
        (0, 2**64, 0, 0, "a driver's key"),
        (0, 0, -1, 0, "a path is a whole number from 0 to 2**32 - 1, not -1"),
        (0, 0, 2**32, 0, "a path"),
        (0, 0, 0, -1, "a month"),
        (0, 0, 0, 2**34, "a month"),
    ],
)
def test_numbers_out_of_range_are_refused(seed: int, driver: int, path: int, month: int, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        random.uniform(seed, driver, np.array([path], dtype=np.int64), month)


def test_paths_are_whole_numbers() -> None:
    with pytest.raises(ValueError, match="whole numbers"):
        random.uniform(0, 0, np.array([0.5]), 0)


def test_no_paths_have_no_draws() -> None:
    assert random.uniform(0, 0, np.array([], dtype=np.uint32), 0).shape == (0,)
