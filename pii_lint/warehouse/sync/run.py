"""The story of a sync: what is asked for, what is there, load it all in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from pii_lint import progress
from pii_lint.data.registry import Registry
from pii_lint.errors import ConfigError
from pii_lint.warehouse.sync import source, store
from pii_lint.warehouse.sync.address import Address
from pii_lint.warehouse.sync.catalog import Catalog
from pii_lint.warehouse.sync.declared import Wanted
from pii_lint.warehouse.sync.plan import Drift, Plan, planned, since
from pii_lint.warehouse.sync.result import Loaded, Mode, Result
from pii_lint.warehouse.sync.screening import Screen, Screening
from pii_lint.warehouse.sync.source import Source
from pii_lint.warehouse.sync.store import Rows, State, Store


class KeepOut(Protocol):
    """Takes rows out of a table that was just filled, before anybody can see them: those of people
    who asked to be forgotten, say. Gives how many."""

    def __call__(self, store: Store, plan: Plan) -> int: ...


@dataclass(frozen=True, slots=True)
class Order:
    """What one run is told."""

    tables: tuple[Wanted, ...]
    address: Address
    database: Path
    registry: Registry
    screen: Screen
    keep_out: KeepOut | None = None
    full: bool = False
    dry: bool = False
    seconds: int = 3600
    # that one statement may take in PostgreSQL


def sync(order: Order) -> Result:
    """Load what is asked for; either all of it stands in the warehouse afterwards, or nothing of it
    changed."""
    with source.opened(order.address, seconds=order.seconds) as postgres:
        catalog = Catalog(postgres)
        plans: list[Plan] = []
        drifts: list[Drift] = []
        for table in order.tables:
            plan, told = planned(table, catalog.find(table.source, table.called), order.registry)
            drifts += told
            if plan is not None:
                plans.append(plan)
        if any(each.stops for each in drifts):
            return Result((), tuple(drifts), order.dry)
        if order.dry and not order.database.is_file():
            return Result(tuple(_foretold(plan, None) for plan in plans), tuple(drifts), True)
        with store.opened(order.database, write=not order.dry) as warehouse:
            drifts += [each for plan in plans for each in _retyped(plan, warehouse)]
            if order.dry:
                states = [None if order.full else warehouse.state(plan) for plan in plans]
                loaded = [_foretold(p, state) for p, state in zip(plans, states, strict=True)]
                return Result(tuple(loaded), tuple(drifts), True)
            warehouse.prepare(plans)
            loads = _Loads(order, postgres, warehouse, sum(plan.rows for plan in plans))
            return Result(tuple(loads.load(plan) for plan in plans), tuple(drifts))


def chosen(tables: Sequence[Wanted], names: Sequence[str]) -> tuple[Wanted, ...]:
    """The tables of these names; all where none is given."""
    for name in names:
        if not any(name in (each.called, each.name) for each in tables):
            known = ", ".join(each.called for each in tables)
            raise ConfigError(f"No table that is loaded is called {name}: choose of {known}.")
    return tuple(each for each in tables if not names or each.called in names or each.name in names)


def _foretold(plan: Plan, state: State | None) -> Loaded:
    mode, why = _mode(plan, state)
    return Loaded(plan.called, str(plan.wanted.source), mode, why, 0, state.rows if state else 0)


def _mode(plan: Plan, state: State | None) -> tuple[Mode, str]:
    """How a table is loaded, and why in full where it might have been otherwise."""
    if plan.by is None:
        return "full", ""
    if plan.screened and any(column.personal for column in plan.key_columns):
        return "full", "its key is personal, so refused rows can't be remembered"
    if state is None:
        return "full", "nothing is known of an earlier load"
    if state.fingerprint != plan.fingerprint or state.loaded_by != plan.by.name:
        return "full", "it is declared differently now"
    if state.watermark is None:
        return "full", "no row had a value to go by"
    return "incremental", ""


def _retyped(plan: Plan, warehouse: Store) -> Iterator[Drift]:
    warehouse.refuse_view(plan)
    there = {name.lower(): kind for name, kind in warehouse.columns(plan).items()}
    for column in plan.columns:
        was, becomes = there.get(column.name.lower()), store.long_name(column.reading.duckdb)
        if was is not None and was != becomes:
            yield Drift(
                plan.called,
                column.name,
                "type",
                f"Column `{column.name}` of {plan.called} was {was} and becomes {becomes}: look at "
                "what reads it.",
                stops=False,
            )


class _Loads:
    """The tables of one run, one after the other."""

    def __init__(self, order: Order, postgres: Source, warehouse: Store, rows: int) -> None:
        self._order = order
        self._postgres = postgres
        self._warehouse = warehouse
        self._now = str(postgres.query("select (now() at time zone 'UTC')::text")[0][0])
        self._expected = rows
        self._done = 0

    def load(self, plan: Plan) -> Loaded:
        state = None if self._order.full else self._warehouse.state(plan)
        mode, why = _mode(plan, state)
        if self._order.full and plan.by is not None:
            why = "asked for"
        if mode == "incremental" and state is not None and state.watermark is not None:
            loaded = self._changed(plan, since(plan, state.watermark))
            if loaded is None:
                loaded = self._whole(plan, "rows were missing that the source has")
        else:
            loaded = self._whole(plan, why)
        if self._order.keep_out is not None:
            loaded = replace(loaded, forgotten=self._order.keep_out(self._warehouse, plan))
        watermark = self._warehouse.watermark(plan, self._now)
        rows = self._warehouse.remember(plan, loaded.mode, watermark, loaded.refused)
        return replace(loaded, rows=rows)

    def _whole(self, plan: Plan, why: str) -> Loaded:
        screening = Screening(plan, self._order.screen)
        read = self._warehouse.replace(plan, self._rows(plan, plan.copy(), screening))
        self._warehouse.bury(plan, screening.letters, all_of_it=True)
        return self._told(plan, "full", why, read, 0, screening)

    def _changed(self, plan: Plan, condition: str) -> Loaded | None:
        """None where the table turns out to lack more than what changed."""
        warehouse = self._warehouse
        screening = Screening(plan, self._order.screen)
        read = warehouse.merge(plan, self._rows(plan, plan.copy(condition), screening))
        warehouse.drop_refused(plan, screening.letters)
        warehouse.bury(plan, screening.letters, all_of_it=False)
        removed = 0
        if plan.wanted.deletes == "compare":
            keys = self._sent(plan, plan.copy_keys(alive=True))
            removed, lacking = warehouse.compare(plan, keys, alive=True)
            if lacking > warehouse.refused(plan):
                return None
        elif plan.alive:
            keys = self._sent(plan, plan.copy_keys(alive=False, condition=condition))
            removed, _ = warehouse.compare(plan, keys, alive=False)
        warehouse.raise_dead(plan)
        return self._told(plan, "incremental", "", read, removed, screening)

    def _told(
        self, plan: Plan, mode: Mode, why: str, read: int, removed: int, screening: Screening
    ) -> Loaded:
        return Loaded(
            called=plan.called,
            source=str(plan.wanted.source),
            mode=mode,
            why=why,
            read=read + screening.refused,
            rows=0,
            removed=removed,
            stripped=screening.stripped,
            refused=screening.refused,
        )

    def _rows(self, plan: Plan, sql: str, screening: Screening) -> Rows:
        rows = self._counted(self._sent(plan, sql))
        return screening(rows) if plan.screened else rows

    def _sent(self, plan: Plan, sql: str) -> Rows:
        return self._postgres.rows(sql, str(plan.wanted.source))

    def _counted(self, batches: Rows) -> Rows:
        for batch in batches:
            yield batch
            self._done += len(batch)
            progress.tell(self._done, max(self._expected, self._done))
