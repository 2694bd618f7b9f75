"""Numbers and dates as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.text.written import SUFFIXES, Date, month_text, parse_date

APRIL_2025 = 24303


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2025-04", APRIL_2025, APRIL_2025),
        ("2025-04-30", APRIL_2025, APRIL_2025),
        ("2025Q2", APRIL_2025, APRIL_2025 + 2),
        ("2025", APRIL_2025 - 3, APRIL_2025 + 8),
        ("2024-02-29", APRIL_2025 - 14, APRIL_2025 - 14),
    ],
)
def test_a_date_covers_whole_months(text: str, first: int, last: int) -> None:
    assert parse_date(text) == Date(first, last, text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "2025-13",
            "2025-00",
            "2025-4",
            "2025-04-31",
            "2025-02-29",
            "2025Q5",
            "2025Q0",
            "2025q1",
            "25-04",
            "0000",
        ),
        *("2025-04-", " 2025-04", "2025-04\n", "2025-04-01T00:00", "20255", "٢٠٢٥", "FY2025", "April 2025"),
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


@given(st.integers(12, 9999 * 12 + 11))
def test_a_month_reads_back(month: int) -> None:
    assert parse_date(month_text(month)) == Date(month, month, month_text(month))


@given(st.text(alphabet="0123456789-Q", max_size=12))
def test_no_text_breaks_the_reader(text: str) -> None:
    date = parse_date(text)
    assert date is None or (date.first <= date.last and date.text == text)


def test_a_bare_m_is_no_suffix() -> None:
    assert SUFFIXES == {"k": 1e3, "mn": 1e6, "bn": 1e9, "tn": 1e12, "%": 0.01}
