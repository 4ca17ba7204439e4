"""
Core statements, compiled once and run on the driver's own cursor.

SQLAlchemy writes the SQL, so there is one set of statements for both dialects; running through Core would cost more than the
rows. A statement over a batch is built for a number of rows: its values stand first in the text, row by row, fixed values
after them. SQLite takes many rows in one statement, because each step of a cursor gives up the interpreter's lock and waits
for it again behind the event loop (measured: 9 ms a message against 1 ms); psycopg pipelines `executemany`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from gateway.errors import Corrupt
from gateway.ledger.states import State
from gateway.ledger.tables import counter

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.engine.interfaces import DBAPICursor

__all__ = ["Statement", "Transaction", "Value", "given", "place", "single"]

Value = str | bytes | int | None  # what a column holds; a bool is an int
Values = Sequence[Value]
Found = tuple[Any, ...]  # a row as the driver gives it: it knows no column's type
MAX_ROWS: Final = 64  # in one text: 64 rows of 15 columns stay far below SQLite's limit of 32,766 values


class Statement:
    """
    A statement for any number of rows.

    Args:
        build: Makes the Core statement for a number of rows; the value of column `c` in row `i` is the parameter `c_i`.
        columns: What a row of the batch holds, in order; empty when the statement is not over a batch.
        fixed: Names of the parameters that follow, in order.
    """

    def __init__(self, build: Callable[[int], sa.Executable], columns: Sequence[str] = (), fixed: Sequence[str] = ()) -> None:
        self._build = build
        self._columns = tuple(columns)
        self._fixed = list(fixed)
        self._texts: dict[tuple[str, int], str] = {}

    def text(self, dialect: Dialect, rows: int) -> str:
        """Return the SQL for `rows` rows; raise ValueError when its parameters do not stand in the promised order."""
        key = (dialect.name, rows)
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = self._compile(dialect, rows)
        return text

    def _compile(self, dialect: Dialect, rows: int) -> str:
        built = self._build(rows)
        assert isinstance(built, sa.ClauseElement)
        compiled = built.compile(dialect=dialect)
        order = [f"{column}_{row}" for row in range(rows) for column in self._columns] + self._fixed
        if list(getattr(compiled, "positiontup", None) or []) != order:
            raise ValueError(f"parameters are not in order: {compiled}")
        return str(compiled)


def single(statement: sa.Executable, *fixed: str) -> Statement:
    """Make a statement that is not over a batch."""
    return Statement(lambda _: statement, (), fixed)


def place(column: sa.Column[Any], row: int) -> sa.BindParameter[Any]:
    """Return the parameter of a column in one row of the batch."""
    return sa.bindparam(f"{column.name}_{row}", type_=column.type)


def given(rows: int, **columns: sa.types.TypeEngine[Any]) -> sa.CTE:
    """Make a table `given` of the batch's rows; the casts tell PostgreSQL what an absent value is."""
    data = [
        tuple(sa.cast(sa.bindparam(f"{name}_{row}", type_=kind), kind) for name, kind in columns.items()) for row in range(rows)
    ]
    return sa.values(*(sa.column(name, kind) for name, kind in columns.items()), name="given").data(data).cte("given")


_LOCK: Final = single(sa.select(counter.c.number, counter.c.directory).with_for_update())
_COUNTED: Final = ("number", "directory", *(state.value for state in State))
_COUNT: Final = single(
    sa.update(counter).values({name: counter.c[name] + sa.bindparam(f"add_{name}") for name in _COUNTED}),
    *(f"add_{name}" for name in _COUNTED),
)


class Transaction:
    """
    What a statement function works on: one open transaction.

    Attributes:
        now: Unix seconds; the time of everything that happens in this transaction.
        number: The last acceptance number; `count` raises it.
        directory: Version of the directory's files.
    """

    def __init__(self, cursor: DBAPICursor, dialect: Dialect, now: int) -> None:
        self.now = now
        self.number = 0
        self.directory = 0
        self._cursor = cursor
        self._dialect = dialect
        self._pipelined = dialect.name == "postgresql"
        self._counted: Counter[str] = Counter()

    def lock(self) -> None:
        """Become the only writer: wait for the counter row, and read it."""
        row = next(iter(self.run(_LOCK)), None)
        if row is None:
            raise Corrupt("the ledger has no counter row")
        self.number, self.directory = row

    def count(self, name: str, change: int) -> None:
        """Change `number`, `directory` or the number of deliveries in a state; written once, by `flush`."""
        self._counted[name] += change

    def flush(self) -> None:
        """Write what was counted."""
        if any(self._counted.values()):
            self._cursor.execute(_COUNT.text(self._dialect, 1), [self._counted[name] for name in _COUNTED])

    def run(self, statement: Statement, *fixed: Value) -> Sequence[Found]:
        """Run a statement that is not over a batch; return its rows."""
        self._cursor.execute(statement.text(self._dialect, 0), fixed)
        return self._cursor.fetchall()

    def change(self, statement: Statement, *fixed: Value) -> int:
        """Run a statement that is not over a batch; return how many rows it changed."""
        self._cursor.execute(statement.text(self._dialect, 0), fixed)
        return self._cursor.rowcount

    def look(self, statement: Statement, batch: Sequence[Values], *fixed: Value) -> list[Found]:
        """
        Read what belongs to a batch of keys.

        The batch is filled up to a power of two with absent values, which equal nothing, so that few texts serve all sizes.
        """
        found: list[Found] = []
        for start in range(0, len(batch), MAX_ROWS):
            part = list(batch[start : start + MAX_ROWS])
            size = 1 << (len(part) - 1).bit_length()
            part.extend([(None,) * len(part[0])] * (size - len(part)))
            self._cursor.execute(statement.text(self._dialect, size), [*chain.from_iterable(part), *fixed])
            found.extend(self._cursor.fetchall())
        return found

    def write(self, statement: Statement, batch: Sequence[Values]) -> None:
        """Insert or change a batch of rows, each exactly once."""
        if self._pipelined and len(batch) > 1:
            self._cursor.executemany(statement.text(self._dialect, 1), batch)
            return
        start = 0
        while start < len(batch):
            size = min(MAX_ROWS, 1 << (len(batch) - start).bit_length() - 1)
            part = batch[start : start + size]
            self._cursor.execute(statement.text(self._dialect, size), [*chain.from_iterable(part)])
            start += size
