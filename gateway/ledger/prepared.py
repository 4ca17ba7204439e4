"""
Core statements, compiled once and run on the driver's own cursor.

SQLAlchemy writes the SQL, so there is one set of statements for both dialects; running through Core would cost more than the
rows. A statement over a batch is built for a number of rows: its values stand first in the text, row by row, fixed values
after them. SQLite takes many rows in one statement, because each step of a cursor gives up the interpreter's lock and waits
for it again behind the event loop (measured: 9 ms a message against 1 ms); psycopg pipelines `executemany`.
An insert is made for the number of rows that there are, which costs a text no more than its repetition; what looks or changes
is filled up to a power of two with absent keys, which equal nothing: few texts are compiled, and one serves a group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from gateway.errors import Corrupt
from gateway.ledger.states import State
from gateway.ledger.tables import counter

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect
    from sqlalchemy.engine.interfaces import DBAPICursor

__all__ = ["Insert", "Statement", "Transaction", "Value", "given", "place", "single"]

Value = str | bytes | int | None  # what a column holds; a bool is an int
Values = Sequence[Value]
Found = tuple[Any, ...]  # a row as the driver gives it: it knows no column's type
MAX_ROWS: Final = 64  # in one text: 64 rows of 18 columns stay far below SQLite's limit of 32,766 values
ROWS_STEP: Final = 16  # beyond it an insert has a multiple: a connection keeps each text prepared


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

    def rows_at_once(self, left: int) -> int:
        """Return how many rows a text has that serves as many of the rows that are left as it can."""
        return min(MAX_ROWS, 1 << (left - 1).bit_length())

    def _compile(self, dialect: Dialect, rows: int) -> str:
        built = self._build(rows)
        assert isinstance(built, sa.ClauseElement)
        compiled = built.compile(dialect=dialect)
        order = [f"{column}_{row}" for row in range(rows) for column in self._columns] + self._fixed
        if list(getattr(compiled, "positiontup", None) or []) != order:
            raise ValueError(f"parameters are not in order: {compiled}")
        return str(compiled)


class Insert(Statement):
    """
    Rows for one table.

    Args:
        table: Where they go.
        columns: What a row of the batch holds, in order; the others stay absent.
    """

    def __init__(self, table: sa.Table, columns: Sequence[str]) -> None:
        super().__init__(lambda _: sa.insert(table).values({name: place(table.c[name], 0) for name in columns}), columns)

    def rows_at_once(self, left: int) -> int:
        """Return how many of the rows that are left the next text takes: an insert cannot be filled up."""
        return left if left <= ROWS_STEP else min(MAX_ROWS, left - left % ROWS_STEP)

    def _compile(self, dialect: Dialect, rows: int) -> str:
        """Compile one row, and repeat it."""
        if rows == 1:
            return super()._compile(dialect, 1)
        head, values, row = self.text(dialect, 1).partition(" VALUES ")
        return head + values + ", ".join([row] * rows)


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


_LOCK: Final = single(sa.select(counter.c.number, counter.c.directory, counter.c.early_recalls).with_for_update())
_COUNTED: Final = ("number", "directory", "early_recalls", *(state.value for state in State))
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
        early_recalls: How many recalls ever came whose target was not here; `count` raises it.
        tells: Whether an author will be told something by this transaction.
    """

    def __init__(self, cursor: DBAPICursor, dialect: Dialect, now: int) -> None:
        self.now = now
        self.number = 0
        self.directory = 0
        self.early_recalls = 0
        self.tells = False
        self._cursor = cursor
        self._dialect = dialect
        self._pipelined = dialect.name == "postgresql"
        self._counted: Counter[str] = Counter()

    def lock(self) -> None:
        """Become the only writer: wait for the counter row, and read it."""
        row = next(iter(self.run(_LOCK)), None)
        if row is None:
            raise Corrupt("the ledger has no counter row")
        self.number, self.directory, self.early_recalls = row

    def count(self, name: str, change: int) -> None:
        """Change `number`, `directory`, `early_recalls` or the deliveries in a state; written once, by `flush`."""
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
        """Read what belongs to a batch of keys."""
        found: list[Found] = []
        for size, values in _parts(statement, batch):
            self._cursor.execute(statement.text(self._dialect, size), [*values, *fixed])
            found.extend(self._cursor.fetchall())
        return found

    def write(self, statement: Statement, batch: Sequence[Values]) -> None:
        """Insert or change a batch of rows, each exactly once."""
        if self._pipelined and len(batch) > 1:
            self._cursor.executemany(statement.text(self._dialect, 1), batch)
            return
        for size, values in _parts(statement, batch):
            self._cursor.execute(statement.text(self._dialect, size), values)


def _parts(statement: Statement, batch: Sequence[Values]) -> Iterator[tuple[int, list[Value]]]:
    """Cut a batch into what one text takes each: the text's number of rows, and their values."""
    start = 0
    while start < len(batch):
        size = statement.rows_at_once(len(batch) - start)
        values = [*chain.from_iterable(batch[start : start + size])]
        absent = start + size - len(batch)
        if absent > 0:
            values.extend([None] * (absent * len(batch[0])))
        yield size, values
        start += size
