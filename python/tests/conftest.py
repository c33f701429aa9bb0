"""Small data, and the public data beside the repository where they are there."""

from pathlib import Path

import pytest

from revoscalepy import RxOptions

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def days():
    return DAYS


@pytest.fixture
def shared():
    if not SHARED.exists():
        pytest.skip("needs ../shared")
    return SHARED


@pytest.fixture
def airline_csv(tmp_path):
    """Nine flights: missing delays, decimals, days out of order, a quoted comma."""
    path = tmp_path / "airline.csv"
    path.write_text(
        "ArrDelay,CRSDepTime,DayOfWeek,Note\n"
        '6,9.666666,Monday,"a, b"\n'
        "-8,19.916666,Tuesday,c\n"
        "M,13.75,Monday,d\n"
        "1,11.75,Sunday,e\n"
        "10,6.416666,Wednesday,f\n"
        "-20,13.833333,Tuesday,g\n"
        "0,8.5,Sunday,h\n"
        "15,20.25,Wednesday,i\n"
        "3,7.0,Monday,j\n"
    )
    return path


@pytest.fixture(autouse=True, scope="session")
def samples_elsewhere(tmp_path_factory):
    """Sample data are not made in the user's cache folder."""
    folder = str(tmp_path_factory.mktemp("samples") / "made")
    before = RxOptions._options["sampleDataDir"]
    RxOptions._options["sampleDataDir"] = folder
    yield
    RxOptions._options["sampleDataDir"] = before


@pytest.fixture(autouse=True)
def options():
    """Options as they were, after each test."""
    before = dict(RxOptions._options)
    yield RxOptions
    RxOptions._options.update(before)
