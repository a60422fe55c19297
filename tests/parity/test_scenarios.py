"""The tables of scenarios tell the truth: what they name are tests, and whoever is concerned answers."""
import pytest
import scenarios

SCENARIOS = scenarios.scenarios()
NUMBERS = [str(number) for number in range(1, 101)]
LANGUAGES = list(scenarios.LANGUAGES)
CELLS = [pytest.param(cell, id=f"{language}-{number}")
         for language in LANGUAGES for number, cell in scenarios.cells(language).items()]


@pytest.mark.parametrize("name, width", [("scenarios", 3), *((each, 2) for each in LANGUAGES)])
def test_table_has_its_columns_in_every_row_and_each_number_once(name, width):
    rows = scenarios.table(name)
    assert [row for row in rows if len(row) != width or not all(row)] == []
    numbers = [row[0] for row in rows]
    assert sorted(numbers) == sorted(set(numbers))


def test_no_scenario_is_missing():
    assert [row[0] for row in SCENARIOS[:len(NUMBERS)]] == NUMBERS


@pytest.mark.parametrize("language", LANGUAGES)
def test_language_answers_what_concerns_it(language):
    concerned = [row[0] for row in SCENARIOS if scenarios.concerns(row[1], language)]
    assert list(scenarios.cells(language)) == concerned


@pytest.mark.parametrize("cell", CELLS)
def test_answer_names_tests_that_exist(cell):
    assert [test for test in scenarios.tests(cell) if not scenarios.exists(*test)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_open_answers_are_counted(language, record_property):
    still = [number for number, cell in scenarios.cells(language).items() if cell == "open"]
    record_property("open", " ".join(still))
