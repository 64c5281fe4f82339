"""The façade: one collection on disk, and everything a caller can do with it.

A :class:`Collection` holds no state but opened files and started workers; every call works on what the catalog says at
that moment, and pages of one search stay on the generation that the first page saw.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from nlsearch.errors import NlsearchError, QueryError, QuerySyntax, StoreError
from nlsearch.handlers.contract import Handler, Operator, is_path, speller
from nlsearch.handlers.registry import Registry, require
from nlsearch.handlers.renderings import rendered
from nlsearch.index import snapshot
from nlsearch.index.layout import is_collection
from nlsearch.limits import Limits
from nlsearch.model import Failure, Hit, Item, Json, Picture, Probe, Scalar
from nlsearch.query.parse import Names, parse
from nlsearch.query.syntax import Node
from nlsearch.sandbox.outcomes import SourceTask
from nlsearch.search.examples import (
    Answer,
    Asked,
    Batch,
    Wanted,
    example_formats,
    example_node,
    example_settings,
    melody_example,
    sings_for,
)
from nlsearch.search.execute import Clock
from nlsearch.search.explain import Explanation, explain, not_indexed
from nlsearch.search.lookup import Lookup
from nlsearch.search.opened import Opened
from nlsearch.search.plan import Planner
from nlsearch.search.recheck import verified
from nlsearch.search.records import RECORD, RecordBatch, value_kind
from nlsearch.search.session import Count, Page, Session, checked_token, fingerprint
from nlsearch.search.view import SplitView, View

if TYPE_CHECKING:
    from nlsearch.index.problem import Problem
    from nlsearch.ingest.report import Progress, Report
    from nlsearch.sandbox.pool import Pool
    from nlsearch.search.copies import Comparing, Duplicates
    from nlsearch.search.links import Links


class Collection:
    """A folder that holds an index.  Open it with :meth:`open`, close it with :meth:`close` or a ``with`` block.

    Several threads may search at the same time; of one query one page is made after the other.  Close it when all have
    ended.

    Parameters
    ----------
    directory : Path
        The collection's folder.
    limits : Limits
        The caps in force.
    registry : Registry
        The kinds of content that are known.
    """

    def __init__(self, directory: Path, limits: Limits, registry: Registry) -> None:
        self.directory = directory
        self.limits = limits
        self.registry = registry
        self._opened = Opened(directory, registry)
        self._lookup = Lookup(directory, self._view)
        self._planner = Planner(registry, self._example, self._lookup.payloads, self._from_file)
        self._closed = False
        self._started_pool: Pool | None = None

    @classmethod
    def open(
        cls,
        path: str | Path,
        create: bool = False,
        *,
        limits: Limits | None = None,
        handlers_dirs: Iterable[str | Path] = (),
    ) -> Collection:
        """Open the collection at `path`.

        Parameters
        ----------
        path : str or Path
            A folder; it may lie on a read-only medium.
        create : bool
            Make an empty collection if there is none.
        limits : Limits, optional
            Caps to use instead of the defaults.
        handlers_dirs : iterable of path
            Folders with handlers of your own (:mod:`nlsearch.handlers.registry`).

        Raises
        ------
        StoreError
            If there is no collection and `create` is false, or the folder may not be entered.
        IndexTooNew
            If a newer nlsearch wrote it.
        IndexDamaged
            If its catalog cannot be read.
        """
        directory = Path(path).absolute()
        if create and not is_collection(directory):
            from nlsearch.index.catalog import Catalog

            Catalog.create(directory)
        snapshot.read_generation(directory)
        limits = limits or Limits()
        return cls(directory, limits, Registry(handlers_dirs, limits=limits))

    def close(self) -> None:
        """Close all files and stop the workers; the collection on disk stays."""
        self._closed = True
        self._opened.close()
        if self._started_pool is not None:
            self._started_pool.close()
            self._started_pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------------------------------------------------- writing
    def index(
        self,
        paths: str | Path | Iterable[str | Path],
        jobs: int = 2,
        progress: Callable[[Progress], None] | None = None,
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        retry_failed: bool = False,
        settings: Mapping[str, str | Iterable[str]] | None = None,
        lock_timeout_s: float = 10.0,
    ) -> Report:
        """Index files and folders; when it returns, a power cut does not lose what it reports.

        Parameters
        ----------
        paths : path or iterable of paths
            Files, folders, archives.  What was indexed and is unchanged is not read again; what is gone from one of
            these folders is removed.
        jobs : int
            Worker processes.
        progress : callable, optional
            Called with a :class:`~nlsearch.ingest.report.Progress` now and then.
        include, exclude : sequence of str
            Patterns as in ``.gitignore``, relative to each path.
        retry_failed : bool
            Read again what had failed, even if it is unchanged.
        settings : mapping of str to str or iterable of str, optional
            What the collection is to hold from now on, ``{"molecule.fingerprints": "maccs"}``; it is remembered.
        lock_timeout_s : float
            How long to wait for another writer.

        Returns
        -------
        Report
            ``items``, ``sources``, ``unchanged``, ``removed``, ``failures``, ``seconds``.

        Raises
        ------
        QueryError
            If a setting or one of its values is unknown.
        IndexLocked
            If another process is writing.
        StorageFull
            If the disk took no more; the last commit stands.
        """
        self._require_open()
        from nlsearch.ingest.pipeline import index

        return index(
            self.directory,
            _paths(paths),
            registry=self.registry,
            limits=self.limits,
            jobs=jobs,
            progress=progress,
            include=include,
            exclude=exclude,
            retry_failed=retry_failed,
            settings=settings,
            lock_timeout_s=lock_timeout_s,
        )

    def remove(self, paths: str | Path | Iterable[str | Path], *, lock_timeout_s: float = 10.0) -> int:
        """Remove files and folders from the collection (not from the disk); return how many items went.

        Raises
        ------
        IndexLocked
            If another process is still writing after `lock_timeout_s`.
        """
        self._require_open()
        from nlsearch.ingest.pipeline import remove

        return remove(self.directory, _paths(paths), lock_timeout_s=lock_timeout_s)

    def merge(self, *, lock_timeout_s: float = 10.0) -> int:
        """Merge all splits into as few as possible, dropping what was removed; return how many splits are left.

        Raises
        ------
        IndexLocked
            If another process is still writing after `lock_timeout_s`.
        StorageFull
            If the disk has no room; the splits stay as they were.
        """
        self._require_open()
        from nlsearch.ingest.pipeline import merge

        return merge(self.directory, lock_timeout_s=lock_timeout_s)

    # ----------------------------------------------------------------------------------------------------- searching
    def search(
        self,
        query: str,
        limit: int = 20,
        after: str | None = None,
        kinds: Sequence[str] | None = None,
        deadline_s: float | None = None,
        count: Count = "page",
    ) -> Page:
        """Answer a query.

        Parameters
        ----------
        query : str
            In the query language: words, ``field:value``, ``operator:"value"``, ``AND OR NOT ( )``.
        limit : int
            Hits a page, 1 to 100,000.
        after : str, optional
            ``page.next`` of an earlier page of the same query.
        kinds : sequence of str, optional
            Restrict the answer to these kinds.
        deadline_s : float, optional
            Stop verifying after this many seconds; the page then says ``complete=False`` and has no next page unless
            its hits are final.  Ask for it again with more time.
        count : {"page", "exact"}
            ``"exact"`` verifies all candidates, so that ``page.total`` is known.

        Raises
        ------
        QuerySyntax
            If the query is not understood; ``column`` says where.
        QueryError
            If `limit` or `after` is not valid.
        """
        if not isinstance(query, str):
            raise QueryError(f"a query is a text, not {query!r}")
        kinds = (kinds,) if isinstance(kinds, str) else kinds
        name = fingerprint(query, tuple(kinds or ()))
        return self._answer(
            lambda: parse(query, self._names, self.limits), name, limit, after, kinds, deadline_s, count
        )

    def like(
        self,
        path: str | Path,
        kind: str | None = None,
        limit: int = 20,
        *,
        after: str | None = None,
        deadline_s: float | None = None,
        count: Count = "page",
        minimum: float | None = None,
        **options: Scalar,
    ) -> Page:
        """Query by example: find what matches a file, or an item that is already indexed.

        Parameters
        ----------
        path : str or Path
            A file, or the id of an item.
        kind : str, optional
            Read the file as this kind.
        limit, after, deadline_s, count
            As in :meth:`search`.
        minimum : float, optional
            Lowest score of a hit.
        **options
            Options of the kind's ``like`` operator, and ``related``.
        """
        node = example_node(str(path), minimum, options, kind)
        name = fingerprint("like", str(path), sorted(node.options.items()), minimum)
        return self._answer(lambda: node, name, limit, after, None, deadline_s, count)

    def like_all(
        self,
        path: str | Path,
        kind: str | None = None,
        limit: int = 20,
        *,
        deadline_s: float | None = None,
        minimum: float | None = None,
        leave_out_itself: bool = False,
        progress: Callable[[Asked], None] | None = None,
        **options: Scalar,
    ) -> Generator[Answer, None, None]:
        """Query by many examples: every record of a file is a query, as :meth:`like` of it as an item would be.

        Parameters
        ----------
        path : str or Path
            A file of one record or many; it is read while it is asked, and need not fit into memory.
        kind, deadline_s, minimum, **options
            As in :meth:`like`, for each query.
        limit : int
            Hits a query.
        leave_out_itself : bool
            Leave out the query's own record, where the file itself is indexed.
        progress : callable, optional
            Called after every answer with an :class:`~nlsearch.search.examples.Asked`.

        Yields
        ------
        Answer
            One a record, in their order; what could not be read or asked has an ``error`` and no ``page``.

        Raises
        ------
        QueryError
            If it is no file, its kind cannot be asked by example, or an option is unknown; at once.
        NlsearchError
            If nothing can be read from it; when the first answer is asked for.
        """
        checked_token("", limit, None, "page")
        self._view()  # what the collection chooses is known from here on
        if not is_path(str(path)):
            raise QuerySyntax(f"{str(path)!r} is no file", hint="every record of a file is a query")
        wanted = Wanted(limit, minimum, deadline_s, leave_out_itself, options)
        return self._answers(str(path), kind, partial(Batch, self.registry, wanted=wanted), progress)

    def _answers(
        self, path: str, kind: str | None, made: Callable[..., Batch], progress: Callable[[Asked], None] | None
    ) -> Generator[Answer, None, None]:
        """Read a file in a worker, and let the batch that `made` gives answer for its records."""
        kind, description = self._identified(path, kind)
        batch = made(path=str(description["path"]), kind=kind)
        outcomes = self._pool().read_sources([SourceTask(description, kind)])
        return batch.answers(outcomes, self._opened.own_view, progress)

    def search_all(
        self,
        query: str,
        path: str | Path,
        limit: int = 20,
        *,
        kinds: Sequence[str] | None = None,
        deadline_s: float | None = None,
        minimum: float | None = None,
        progress: Callable[[Asked], None] | None = None,
        **options: Scalar,
    ) -> Generator[Answer, None, None]:
        """Ask one query with every record of a file.

        Parameters
        ----------
        query : str
            The name of an operator that takes such records (``"dna"``), or a query in which ``@`` stands for the
            record: ``'dna:@{mismatches=1} AND organism:coli'``.
        path : str or Path
            A file of one record or many; it is read while it is asked, and need not fit into memory.
        limit : int
            Hits a record.
        kinds, deadline_s
            As in :meth:`search`, for each record.
        minimum, **options
            Lowest score and options of the operator; of a query they stand in the query.
        progress : callable, optional
            Called after every answer with an :class:`~nlsearch.search.examples.Asked`.

        Yields
        ------
        Answer
            One a record, in their order; what could not be read or asked has an ``error`` and no ``page``.

        Raises
        ------
        QuerySyntax
            If the query or an option is not understood, or takes no records; at once.
        NlsearchError
            If nothing can be read from the file; when the first answer is asked for.
        """
        checked_token("", limit, None, "page")
        self._view()  # what the collection chooses is known from here on
        node = self._asked_with_records(query, minimum, options)
        if not is_path(str(path)):
            raise QuerySyntax(f"{str(path)!r} is no file", hint="every record of a file is asked with")
        wanted = Wanted(limit, None, deadline_s, False, {})
        kinds = (kinds,) if isinstance(kinds, str) else kinds
        made = partial(RecordBatch, self.registry, wanted=wanted, node=node, kinds=kinds)
        return self._answers(str(path), value_kind(self.registry, node), made, progress)

    def _asked_with_records(self, query: str, minimum: float | None, options: Mapping[str, Scalar]) -> Node:
        if query in self._names.operators:
            return replace(example_node(RECORD, minimum, options), operator=query)
        if options or minimum is not None:
            raise QueryError("options and the minimum stand in the query", hint='"dna:@~0.9{strand=+}"')
        return parse(query, self._names, self.limits)

    def duplicates(
        self,
        kind: str | Sequence[str] | None = None,
        minimum: float | None = None,
        exact: bool = False,
        *,
        query: str | None = None,
        deadline_s: float | None = None,
        progress: Callable[[Comparing], None] | None = None,
        stop: Callable[[], bool] | None = None,
        **options: Scalar,
    ) -> Duplicates:
        """Find the items that are there more than once, in groups of copies; nothing is deleted or changed.

        Parameters
        ----------
        kind : str or sequence of str, optional
            Compare items of these kinds only; all kinds that say when two items are copies, if not given.
        minimum : float, optional
            From which score of ``like`` on two items are copies, instead of what their kind declares.
        exact : bool
            Only exact copies.
        query : str, optional
            Compare only items that satisfy it.
        deadline_s : float, optional
            Stop comparing after so many seconds; what was found so far is the answer, with ``complete=False``.
        progress : callable, optional
            Called after every item with a :class:`~nlsearch.search.copies.Comparing`.
        stop : callable, optional
            Asked between comparisons; once it says True, the work ends as at a deadline.
        **options
            Options of the kind's ``like`` operator.

        Returns
        -------
        Duplicates
            ``groups``, the largest first, each of ``members`` with score, tier and evidence; ``skipped``, the items
            with which nothing could be asked, with the reason; ``complete``, ``guarantee``.

        Raises
        ------
        QueryError
            If a kind, the minimum, an option or the query is not valid.
        MissingExtra
            If a library that a kind needs is not installed.
        """
        from nlsearch.search.duplicates import Wanted, find_duplicates

        ends = Clock(None if deadline_s is None else time.monotonic() + deadline_s)
        self._view()  # what the collection chooses is known from here on
        plan = None if query is None else self._planner.plan(parse(query, self._names, self.limits))
        kinds = (kind,) if isinstance(kind, str) else kind
        with closing(self._opened.own_view()) as view:
            return find_duplicates(
                view,
                self.registry,
                kinds,
                Wanted(minimum, exact, options),
                plan,
                size=self._source_size,
                over=lambda: ends.over or (stop is not None and stop()),
                progress=progress,
            )

    def _source_size(self, path: str) -> int | None:
        row = self._lookup.source(path)
        return None if row is None else row.size

    def text_of(self, path: str | Path, kind: str | None = None) -> tuple[str, str]:
        """Return the title of an item and its content as text: the letters of a sequence.

        Parameters
        ----------
        path : str or Path
            The id of an item, or a file, of which the first record is read.
        kind : str, optional
            Read the file as this kind.

        Raises
        ------
        QueryError
            If there is no such item, or its kind has no such text.
        """
        if is_path(str(path)):
            kind, description = self._identified(str(path), kind)
            read = self._pool().read_one(description, kind)
            kind, title, payload = read.kind, read.title, read.features.payload
        else:
            view, key = self._found(str(path))
            stored = view.split.item(key)
            kind, title, payload = stored.kind, stored.title, bytes(view.split.payload(key))
        handler = speller(self.registry.get(kind))
        if handler is None:
            raise QueryError(f"items of kind {kind} are not written as text", locator=str(path))
        return title, handler.spell(payload)

    def _answer(
        self,
        tree: Callable[[], Node],
        name: str,
        limit: int,
        after: str | None,
        kinds: Sequence[str] | None,
        deadline_s: float | None,
        count: Count,
    ) -> Page:
        token = checked_token(name, limit, after, count)
        view = self._view(None if token is None else token.generation)
        session = self._opened.session(view.generation, name) if token is not None else None
        if session is None:
            plan = self._planner.plan(tree(), kinds)
            session = Session(plan, view, self.registry.get, name, self._names.fields)
            self._opened.keep(session)
        return session.page(0 if token is None else token.offset, limit, count, deadline_s)

    @cached_property
    def _names(self) -> Names:
        return Names.of(self.registry)

    def _example(self, value: str, kind: str | None, options: Mapping[str, Scalar]) -> list[Probe]:
        """Compile the example of a ``like``: a file is read in a worker, an item is known by its payload."""
        if is_path(value):
            return self._file_example(value, kind, options)
        found = self._lookup.find(value)
        if found is None:
            raise self._no_example(value)
        view, key = found
        stored = view.split.item(key)
        payload = bytes(view.split.payload(key))
        if kind is not None and kind != stored.kind:
            probe = melody_example(self.registry, stored.kind, kind, payload, stored.title, options)
            if probe is not None:
                return [probe]
            raise QuerySyntax(f"{value!r} is of kind {stored.kind}, not {kind}")
        settings = example_settings(self.registry, stored.kind, options)
        return [self.registry.get(stored.kind).compile("like", payload, settings)]

    def _from_file(self, handler: Handler, operator: Operator, value: str, options: Mapping[str, Scalar]) -> Probe:
        """Compile an operator whose value is a file, or an item that was read from one, in a worker."""
        from nlsearch.ingest.detect import identify_as
        from nlsearch.ingest.reread import description_of

        names = [form.name for form in operator.reads]
        if is_path(value):
            path = Path(os.path.abspath(value))  # noqa: PTH100 - as indexed
            description = identify_as(path, operator.reads, self.registry, self.limits)
        else:
            found = self._lookup.find(value)
            row = None if found is None else self._lookup.source(found[0].split.item(found[1]).path)
            if row is None:
                raise self._no_example(value)
            if row.format not in names:
                raise QuerySyntax(f"{operator.name} reads {', '.join(names)}, but {value!r} is {row.format}")
            description = description_of(row, self.limits)
        return self._pool().compile(handler.kind, operator.name, description, options)

    def _no_example(self, value: str) -> QuerySyntax:
        hint = f"files are looked for in {Path.cwd()}; {self._lookup.hint_for(value)}"
        return QuerySyntax(f"{value!r} is neither a file nor the id of an item", hint=hint)

    def _file_example(self, value: str, kind: str | None, options: Mapping[str, Scalar]) -> list[Probe]:
        sung = None if kind is None else self._sung(value, kind, options)
        if sung is not None:
            return [sung]
        kind, description = self._identified(value, kind, example=True)
        return [self._pool().compile(kind, "like", description, example_settings(self.registry, kind, options))]

    def _sung(self, path: str, kind: str, options: Mapping[str, Scalar]) -> Probe | None:
        """Compile the melodies of a file of another kind; None if `kind` reads it itself, or one has no melodies."""
        from nlsearch.ingest.detect import kind_of

        told = kind_of(Path(os.path.abspath(path)), self.registry, self.limits)  # noqa: PTH100 - as indexed
        if told is None or not sings_for(self.registry, told[0], kind):
            return None
        own, description = told
        if description["format"] in {form.name for form in example_formats(self.registry, kind)}:
            return None
        read = self._pool().read_one(description, own)
        return melody_example(self.registry, read.kind, kind, read.features.payload, read.title, options)

    def _identified(self, path: str, kind: str | None, *, example: bool = False) -> tuple[str, dict[str, Json]]:
        """Tell what a file is; as an `example` it may be of any format that the kind's ``like`` reads."""
        from nlsearch.ingest.detect import identify

        more = example_formats(self.registry, kind) if example and kind is not None else ()
        return identify(Path(os.path.abspath(path)), self.registry, self.limits, kind=kind, more=more)  # noqa: PTH100 - as indexed

    def _pool(self) -> Pool:
        if self._started_pool is None:
            from nlsearch.sandbox.pool import Pool

            self._started_pool = Pool(self.registry.directories, self.limits, jobs=1)
        self._started_pool.choose(self.registry.settings)
        return self._started_pool

    # --------------------------------------------------------------------------------------------------------- items
    def item(self, item_id: str) -> Item:
        """Return the item called `item_id`.

        Raises
        ------
        QueryError
            If there is none.
        """
        view, key = self._found(item_id)
        return view.split.item(key).to_item()

    def draw(self, hit_or_item: Hit | Item, form: str | None = None) -> Picture:
        """Draw an item, or a hit with its match highlighted.

        Parameters
        ----------
        hit_or_item : Hit or Item
        form : str, optional
            Another form that the kind offers instead of a drawing: ``"midi"``.  ``nlsearch kinds KIND`` lists them.

        Raises
        ------
        QueryError
            If there is no such item, or its kind has no such form; the hint lists those that it has.
        MissingExtra
            If a library that is needed is not installed.
        """
        item = hit_or_item.item if isinstance(hit_or_item, Hit) else hit_or_item
        view, key = self._found(item.id)
        handler = self.registry.get(item.kind)
        require(handler)
        checks = hit_or_item.checks if isinstance(hit_or_item, Hit) else ()
        return rendered(handler, view.split.payload(key), checks[0] if checks else None, form)

    def verify(self, hit: Hit) -> bool:
        """Read the hit's original bytes again and say whether they give the same evidence.

        Raises
        ------
        InputError, WorkerError
            If the source can no longer be read.
        """
        (answer,) = self.verify_all([hit])
        if isinstance(answer, NlsearchError):
            raise answer
        return answer

    def verify_all(self, hits: Sequence[Hit]) -> list[bool | NlsearchError]:
        """Do so for several hits, reading each source once; an error stands where that of its hit would be raised."""
        self._require_open()
        from nlsearch.ingest.reread import description_of

        source, handler = self._lookup.source, self.registry.get
        return verified(hits, source, lambda row: description_of(row, self.limits), self._pool, handler)

    def links(self, item_id: str) -> list[Links]:
        """Return the items that share an identity with an item, by kind: a molecule's spectra, a spectrum's molecules.

        At most 20 of each kind are listed, with how many there are and the query that lists all of them.

        Raises
        ------
        QueryError
            If there is no such item.
        """
        from nlsearch.search.links import links_of

        place = self._found(item_id)
        return links_of(self._view(), place, self.registry)

    def explain(self, query: str, item_id: str) -> Explanation:
        """Tell why an item is, or is not, a hit of `query`."""
        found = self._lookup.find(item_id)
        plan = self._planner.plan(parse(query, self._names, self.limits))
        if found is not None:
            return explain(plan.counted(self._view().extent), *found, self.registry.get)
        return not_indexed(item_id, self.failures(), self._lookup.hint_for(item_id))

    def _found(self, item_id: str) -> tuple[SplitView, int]:
        return self._lookup.found(item_id)

    # --------------------------------------------------------------------------------------------------- the collection
    def failures(self) -> list[Failure]:
        """List every source and record that gave no item, with its reason."""
        return snapshot.read_failures(self.directory)

    def stats(self) -> dict[str, object]:
        """Count what the collection holds: items by kind, sources, failures, splits, bytes, generation."""
        view = self._view()
        kinds: dict[str, int] = {}
        for part in view.splits:
            for kind, (low, high) in part.split.info.kinds.items():
                kinds[kind] = kinds.get(kind, 0) + part.living_between(low, high)
        return {
            "items": view.snapshot.items,
            "kinds": {kind: n for kind, n in sorted(kinds.items()) if n},
            "settings": dict(view.snapshot.settings),
            "sources": len(snapshot.read_sources(self.directory)),
            "failures": len(self.failures()),
            "splits": len(view.splits),
            "bytes": sum(row.bytes for row in view.snapshot.splits),
            "generation": view.generation,
            "directory": str(self.directory),
        }

    def check(self) -> list[Problem]:
        """Compare every file of the collection with its checksum; an empty list is a clean bill."""
        from nlsearch.index.check import check

        return check(self.directory)

    def _require_open(self) -> None:
        if self._closed:
            raise StoreError("the collection is closed", locator=str(self.directory), hint="open it again")

    def _view(self, generation: int | None = None) -> View:
        """Return the view of a generation (None: the newest), opening it if needed."""
        self._require_open()
        return self._opened.view(generation)


def _paths(paths: str | Path | Iterable[str | Path]) -> list[Path]:
    return [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
