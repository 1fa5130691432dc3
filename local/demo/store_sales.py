"""A week of files from the till of a store, with the errors of real files; always the same.

Their format is that of the UCI "Online Retail" data: one gzipped CSV file for each day, without a key.
"""

import csv
import gzip
import io
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

HEADER = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
FIRST_DAY = date(2026, 2, 23)

ARTICLES = (
    ("85123A", "WHITE HANGING HEART T-LIGHT HOLDER", "2.55"),
    ("71053", "WHITE METAL LANTERN", "3.39"),
    ("84406B", "CREAM CUPID HEARTS COAT HANGER", "2.75"),
    ("22423", "REGENCY CAKESTAND 3 TIER", "12.75"),
    ("47566", "PARTY BUNTING", "4.95"),
    ("20725", 'LUNCH BAG "RED RETROSPOT"', "1.65"),
    ("22960", "JAM MAKING SET, WITH JARS", "4.25"),
    ("21754", "HOME BUILDING BLOCK WORD", "5.95"),
    ("22086", "PAPER CHAIN KIT 50'S CHRISTMAS", "2.95"),
    ("POST", "POSTAGE", "18.00"),
)
COUNTRIES = ("United Kingdom", "United Kingdom", "United Kingdom", "Germany", "France", "EIRE", "España")

Line = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TillFile:
    """A file and its records.

    Attributes:
        path: the file.
        records: number of lines after the header.
        kinds: number of `sales`, `cancellations` and `duplicates`, which are accepted, and of `wrong_types`,
            `impossible_dates`, `missing_descriptions` and `truncated`, which are rejected.
    """

    path: Path
    records: int
    kinds: Counter[str]

    @property
    def faulty(self) -> int:
        """The number of records that are rejected."""
        return self.records - self.kinds["sales"] - self.kinds["cancellations"] - self.kinds["duplicates"]

    @property
    def different(self) -> int:
        """The number of accepted records without duplicates; no two days have a record in common."""
        return self.kinds["sales"] + self.kinds["cancellations"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Files of a week, as they arrive.

    Attributes:
        on_time: the files of six days, in order.
        late: the file of Wednesday, which arrives after the week.
        again: the file of Tuesday, sent a second time under another name.
    """

    on_time: tuple[TillFile, ...]
    late: TillFile
    again: TillFile


def write_week(folder: Path, *, receipts: int = 120) -> Week:
    """Write the till's files of a week.

    Args:
        folder: folder of the files; created if it does not exist.
        receipts: number of receipts of a day, with one to eight lines each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    days = [_write_day(folder, FIRST_DAY + timedelta(days=number), receipts=receipts) for number in range(7)]
    tuesday, wednesday = days[1], days[2]
    copy = folder / tuesday.path.name.replace(".csv.gz", "-again.csv.gz")
    copy.write_bytes(tuesday.path.read_bytes())
    return Week(
        on_time=tuple(day for day in days if day is not wednesday),
        late=wednesday,
        again=TillFile(path=copy, records=tuesday.records, kinds=tuesday.kinds),
    )


def _write_day(folder: Path, day: date, *, receipts: int) -> TillFile:
    choose = random.Random(day.toordinal())  # noqa: S311 - the lines must be the same every time
    kinds: Counter[str] = Counter()
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for kind, line in _lines(day, receipts, choose):
        writer.writerow(line)
        kinds[kind] += 1
    content = text.getvalue()
    if day == FIRST_DAY + timedelta(days=4):
        # The connection broke while Friday's last record was sent.
        content = content[: content.rindex(",", 0, content.rindex(","))]
        kinds["sales"] -= 1
        kinds["truncated"] += 1
    path = folder / f"till-{day}.csv.gz"
    path.write_bytes(gzip.compress(content.encode(), mtime=0))
    return TillFile(path=path, records=kinds.total(), kinds=kinds)


def _lines(day: date, receipts: int, choose: random.Random) -> Iterator[tuple[str, Line]]:
    """Yield the lines of a day in the order of their sale, each with its kind; the last one is a sale."""
    opening = datetime.combine(day, time(8))
    for number in range(receipts):
        invoice = f"{600_000 + day.toordinal() % 1000 * 200 + number}"
        moment = opening + timedelta(minutes=number * 600 // receipts)
        # Unknown customers have no number.
        customer = "" if choose.random() < 0.2 else f"{choose.randint(12_346, 18_287)}.0"
        country = choose.choice(COUNTRIES)
        lines = [
            (invoice, code, description, str(choose.randint(1, 24)), f"{moment}", price, customer, country)
            for code, description, price in choose.sample(ARTICLES, k=choose.randint(1, 8))
        ]
        for line in lines:
            kind, spoil = choose.choices(list(_FAULTS.items()), weights=_WEIGHTS)[0]
            yield kind, spoil(line)
            if choose.random() < 0.02 and kind == "sales":
                yield "duplicates", line
        if choose.random() < 0.05:
            returned = lines[0]
            yield "cancellations", (f"C{invoice}", *returned[1:3], f"-{returned[3]}", *returned[4:])
    yield "sales", (invoice, "M", "Manual", "1", f"{moment}", "0.50", "", "United Kingdom")


_FAULTS: dict[str, Callable[[Line], Line]] = {
    "sales": lambda line: line,
    "wrong_types": lambda line: (*line[:3], "a dozen", *line[4:]),
    "impossible_dates": lambda line: (*line[:4], f"2026-02-30 {line[4][11:]}", *line[5:]),
    "missing_descriptions": lambda line: (*line[:2], "", *line[3:]),
}
_WEIGHTS = (980, 8, 6, 6)
