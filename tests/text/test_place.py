"""A place is born with the token and lives to the report (R8)."""

from detente.text.place import NOWHERE, Place


def test_a_part_counts_characters_from_the_start_of_the_scalar() -> None:
    assert Place("deal.yaml", 4, 12, 4, 30).part(3, 7) == Place("deal.yaml", 4, 15, 4, 19)


def test_a_scalar_over_several_lines_answers_for_its_parts() -> None:
    whole = Place("deal.yaml", 4, 12, 6, 3)
    assert whole.part(3, 7) == whole


def test_nowhere_has_no_parts() -> None:
    assert NOWHERE.part(3, 7) == NOWHERE


def test_places_sort_as_they_are_read() -> None:
    later, earlier, other = Place("a", 10, 1, 10, 2), Place("a", 9, 5, 9, 6), Place("b", 1, 1, 1, 2)
    assert sorted([other, later, earlier]) == [earlier, later, other]
