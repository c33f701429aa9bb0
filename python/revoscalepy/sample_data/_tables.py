"""The sample tables, simulated; every one is the same each time."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from revoscalepy.sample_data._calibrate import calibrated

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

#: rows of each day, and the mean delay of each day, as Microsoft's documentation prints them
_ROWS = (97975, 77725, 78875, 81304, 82987, 86159, 94975)
_MEANS = (12.0256039, 11.2938077, 10.156539, 8.6580075, 14.8043348, 11.8753265, 10.3318058)
_MISSING, _MEAN, _STD = 17372, 11.31794, 40.688536
#: the residual standard error, and the standard errors of these means: they tell how many delays of each day are known
_SIGMA, _ERRORS = 40.65, (0.1317, 0.1494, 0.1467, 0.1445, 0.1436, 0.1404, 0.1330)


@lru_cache(maxsize=1)
def airline() -> pd.DataFrame:
    """600 000 flights.

    Counts, means, standard deviations, extremes and missing values of the columns, and the mean delay of each day, are
    those that the documentation prints for the real table; a delay grows by about a minute an hour of the day.
    """
    rng = np.random.default_rng(20081010)
    n = sum(_ROWS)
    minutes = calibrated(
        rng.normal(size=n) * 280 + 809, round(13.48227 * 60 * n), _squares(13.48227, 4.697566, n, 60), 1, 1439
    )
    rng.shuffle(minutes)
    present = _shares((_SIGMA / np.array(_ERRORS)) ** 2, n - _MISSING)
    delays = _delays(rng, present)
    parts = []
    start = 0
    for day, rows in enumerate(_ROWS):
        time = minutes[start : start + rows]
        known = delays[day]
        latent = 0.1525 * (time - 809) / 282 + rng.normal(size=rows)
        missing = np.zeros(rows, dtype=bool)
        missing[rng.choice(rows, rows - len(known), replace=False)] = True
        delay = np.zeros(rows, dtype="int32")
        where = np.flatnonzero(~missing)
        delay[where[np.argsort(latent[where])]] = np.sort(known)
        column = pd.array(delay, dtype="Int32")
        column[missing] = pd.NA
        parts.append(
            pd.DataFrame({"ArrDelay": column, "CRSDepTime": (time / 60).astype("float32"), "Day": day})
        )
        start += rows
    frame = pd.concat(parts).sample(frac=1, random_state=5).reset_index(drop=True)
    frame["DayOfWeek"] = pd.Categorical.from_codes(frame.pop("Day"), categories=DAYS)
    return frame


def _shares(weights: Any, total: int) -> Any:
    """Whole shares of a total by weights."""
    bounds = np.rint(np.cumsum(weights) / weights.sum() * total).astype("int64")
    return np.diff(bounds, prepend=0)


def _squares(mean: float, std: float, n: int, unit: float = 1) -> float:
    return ((n - 1) * std**2 + n * mean**2) * unit**2


def _delays(rng: Any, present: Any) -> list[Any]:
    """Delays of each day; what rounding of the printed means leaves is spread over the days by their rows."""
    n = int(present.sum())
    sums = np.rint(np.array(_MEANS) * present).astype("int64")
    sums += _shares(present, round(_MEAN * n) - int(sums.sum()))
    means = sums / present
    between = float((present * means**2).sum())
    within = (_squares(_MEAN, _STD, n) - between) / n
    delays = []
    left = _squares(_MEAN, _STD, n)
    for day, rows in enumerate(present):
        draws = rng.normal(-5, 10, rows) + (rng.random(rows) < 0.31) * rng.lognormal(3.45, 0.95, rows)
        last = day == len(present) - 1
        squares = left if last else within * rows + sums[day] ** 2 / rows
        # the extremes of all are those of the first day
        low, high = (-86, 1490) if day == 0 else (-70, 1000)
        found = calibrated(draws, int(sums[day]), squares, low, high)
        left -= float((found**2).sum())
        delays.append(found)
    return delays


def airline_complete() -> pd.DataFrame:
    """The first 1 000 flights without missing values."""
    return airline().dropna().head(1000).reset_index(drop=True)


def claims() -> pd.DataFrame:
    """128 kinds of insurance policies: costs and numbers of claims by ages of drivers and cars and types of cars."""
    rng = np.random.default_rng(128)
    ages = ("17-20", "21-24", "25-29", "30-34", "35-39", "40-49", "50-59", "60+")
    cars, types = ("0-3", "4-7", "8-9", "10+"), ("A", "B", "C", "D")
    grid = pd.MultiIndex.from_product([ages, cars, types], names=["age", "car.age", "type"]).to_frame(
        index=False
    )
    age, car, kind = (pd.factorize(grid[name])[0] for name in grid)
    inverse = 0.0036 + 0.00035 * np.minimum(age, 4) + 0.0008 * car + np.array([0, 0, 0, -0.0012])[kind]
    cost = np.clip(np.rint(rng.gamma(5.6, 1 / (5.6 * inverse))), 11, 850).astype("float32")
    cost[[0, 1, -1]] = 289, 11, 850
    cost[[11, 15, 27, 63, 124]] = np.nan
    number = np.rint(rng.gamma(1.4, 60 * np.exp(-0.5 * car) * (1 + 0.2 * age))).clip(0, 434).astype("float32")
    number[np.isnan(cost)], number[77] = 0, 434
    return pd.DataFrame(
        {
            "RowNum": np.arange(1, 129, dtype="int32"),
            "age": pd.Categorical(grid["age"], ages),
            "car.age": pd.Categorical(grid["car.age"], cars),
            "type": pd.Categorical(grid["type"], types),
            "cost": cost,
            "number": number,
        }
    )


def census_workers() -> pd.DataFrame:
    """351 121 persons from 20 to 65 years who worked, in three states."""
    rng = np.random.default_rng(2000)
    n = 351121
    age = np.clip(np.rint(rng.normal(41.5, 11.5, n)), 20, 65)
    male = rng.random(n) < 0.54
    weeks = np.where(rng.random(n) < 0.73, 52, rng.integers(21, 52, n))
    wage = np.exp(rng.normal(10.15 + 0.38 * male - 0.0004 * (age - 48) ** 2 + 0.012 * (weeks - 48), 0.75, n))
    wage = np.where(rng.random(n) < 0.07, 0, np.minimum(np.rint(wage / 100) * 100, 354000))
    weight = np.clip(np.rint(rng.gamma(4.5, 5, n)), 2, 168)
    age[:2], weeks[:2], wage[:2], weight[:2] = (20, 65), (21, 52), (0, 354000), (2, 168)
    numbers = {"age": age, "incwage": wage, "perwt": weight}
    return pd.DataFrame(
        {
            **{name: values.astype("int32") for name, values in numbers.items()},
            "sex": pd.Categorical.from_codes(np.where(male, 0, 1), ("Male", "Female")),
            "wkswork1": weeks.astype("int32"),
            "state": pd.Categorical.from_codes(
                rng.choice(3, n, p=[0.22, 0.4, 0.38]), ("Connecticut", "Indiana", "Washington")
            ),
        }
    )


def customer_survey() -> pd.DataFrame:
    """25 answers to four questions."""
    rng = np.random.default_rng(25)
    levels = [f"{grade} satisfied" for grade in ("Completely", "Mostly", "Somewhat", "Neither")]
    levels[3] += " nor dissatisfied"
    levels += [f"{grade} dissatisfied" for grade in ("Somewhat", "Mostly", "Completely")]
    chances = np.array([3, 5, 5, 3, 3, 2, 1]) / 22
    return pd.DataFrame(
        {f"Q{q}": pd.Categorical.from_codes(rng.choice(7, 25, p=chances), levels) for q in range(1, 5)}
    )


def stock_index() -> pd.DataFrame:
    """20 636 days of a stock index that walks at random, from 1928 to 2010."""
    rng = np.random.default_rng(1928)
    days = pd.bdate_range("1928-10-01", "2010-12-01")
    days = days[np.sort(rng.choice(len(days), 20636, replace=False))]
    steps = rng.standard_t(4, len(days)) * 0.0082 / np.sqrt(2)
    log = np.cumsum(steps)
    log += np.linspace(0, np.log(11255.8 / 240) - log[-1], len(days))
    close = 240 * np.exp(log)
    opening = np.r_[240, close[:-1]]
    span = 1 + np.abs(rng.normal(0, 0.006, (2, len(days))))
    since = (days - pd.Timestamp("1928-01-01")).days.to_numpy()
    values = {
        "Open": opening,
        "High": np.maximum(opening, close) * span[0],
        "Low": np.minimum(opening, close) / span[1],
        "Close": close,
        "Volume": np.rint(
            np.exp(14.2 + 8.0 * (since / since[-1]) ** 1.6 + rng.normal(0, 0.3, len(days))) / 1e4
        )
        * 1e4,
        "Adj.Close": close,
    }
    return pd.DataFrame(
        {
            "Date": days.strftime("%Y-%m-%d").astype("object"),
            **{name: column.astype("float32") for name, column in values.items()},
            "Year": days.year.astype("int32"),
            "Month": days.month.astype("int32"),
            "DayOfMonth": days.day.astype("int32"),
            "DayOfWeek": days.day_name().astype("object"),
            "DaysSince1928": since.astype("int32"),
            "YearFrac": (1928 + since / 365.25).astype("float32"),
        }
    )


def fourthgraders() -> pd.DataFrame:
    """44 combinations of heights, colors of eyes and sexes of children, and how many there are of each."""
    rng = np.random.default_rng(44)
    eyes, sexes = ("Blue", "Brown", "Green", "Hazel"), ("Male", "Female")
    grid = pd.MultiIndex.from_product([range(44, 53), eyes, sexes], names=["height", "eyecolor", "male"])
    chosen = grid.to_frame(index=False).iloc[
        np.sort(np.r_[0, rng.choice(np.arange(1, 71), 42, replace=False), 71])
    ]
    return pd.DataFrame(
        {
            "height": chosen["height"].to_numpy("int32"),
            "eyecolor": pd.Categorical(chosen["eyecolor"], eyes),
            "male": pd.Categorical(chosen["male"], sexes),
            "reps": rng.integers(1, 6, len(chosen)).astype("int32"),
        }
    )


#: children without and with the deformity, by the number of vertebrae, as Microsoft's documentation prints them
_KYPHOSIS = {2: (12, 0), 3: (19, 4), 4: (16, 2), 5: (12, 5), 6: (2, 2), 7: (2, 3), 9: (1, 0), 10: (0, 1)}


def kyphosis() -> pd.DataFrame:
    """81 children after an operation of the spine; how many there are by ``Number`` is as in the real table."""
    rng = np.random.default_rng(81)
    rows = [
        (present, number)
        for number, counts in _KYPHOSIS.items()
        for present in (0, 1)
        for _ in range(counts[present])
    ]
    present, number = (np.array(column) for column in zip(*rows, strict=True))
    start = np.clip(np.rint(np.where(present, rng.normal(7.3, 4.2, 81), rng.normal(12.6, 4.4, 81))), 1, 18)
    age = np.clip(np.rint(np.where(present, rng.normal(98, 43, 81), rng.normal(80, 61, 81))), 1, 206)
    start[:2], age[:2] = (1, 18), (1, 206)
    frame = pd.DataFrame(
        {
            "Kyphosis": pd.Categorical.from_codes(present, ("absent", "present")),
            "Age": age.astype("int32"),
            "Number": number.astype("int32"),
            "Start": start.astype("int32"),
        }
    )
    return frame.sample(frac=1, random_state=81).reset_index(drop=True)


@lru_cache(maxsize=1)
def mortgages() -> pd.DataFrame:
    """10 000 mortgages of each year from 2000 to 2009 and whether they were in default."""
    rng = np.random.default_rng(2009)
    n = 100000
    score = np.clip(np.rint(rng.normal(700, 50, n)), 470, 925)
    house = np.clip(np.rint(rng.normal(20, 6, n)), 0, 40)
    years = np.clip(np.rint(rng.normal(5, 2, n)), 0, 14)
    debt = np.clip(np.rint(rng.normal(5000, 2000, n)), 0, 14094)
    year = np.repeat(np.arange(2000, 2010), 10000)
    bad = np.array([0, -0.1, -0.2, -0.3, 0, 0.6, 1.2, 1.6, 3.1, 3.3])[year - 2000]
    eta = -12.4 + bad + 0.025 * house + 0.00125 * debt - 0.0068 * (score - 700) - 0.27 * years
    score[:2], house[:2], years[:2], debt[:2] = (470, 925), (0, 40), (0, 14), (0, 14094)
    columns = {
        "creditScore": score,
        "houseAge": house,
        "yearsEmploy": years,
        "ccDebt": debt,
        "year": year,
        "default": rng.random(n) < 1 / (1 + np.exp(-eta)),
    }
    return pd.DataFrame({name: values.astype("int32") for name, values in columns.items()})
