"""The queue: procrastinate in a schema of its own; it delivers ids of jobs and no more."""

from __future__ import annotations

from typing import Any

import procrastinate
import psycopg
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.schema import SchemaManager
from psycopg import sql

ROLE = "geoportal_jobs"
SCHEMA = "queue"
TASK = "job"
OPTIONS = f"-c role={ROLE} -c search_path={SCHEMA}"
LOCK = "geoportal queue"


def install(connection: psycopg.Connection[Any]) -> None:
    """Make the queue's tables where there are none; `connection` is the owner's."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (LOCK,))
        found = connection.execute("SELECT to_regclass('queue.procrastinate_jobs')").fetchone()
        if found is None or found[0] is None:
            connection.execute("SET LOCAL search_path = queue")
            connection.execute(SchemaManager.get_schema().encode())
        for text in (
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
            "GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
        ):
            names = {"schema": sql.Identifier(SCHEMA), "role": sql.Identifier(ROLE)}
            connection.execute(sql.SQL(text).format(**names))


def queue(url: str) -> procrastinate.App:
    """Return the queue over a database, not yet opened; its connections are in the jobs' role."""
    connector = procrastinate.PsycopgConnector(
        conninfo=url,
        min_size=0,
        max_size=6,
        timeout=10.0,
        reconnect_timeout=2.0,
        kwargs={"options": OPTIONS, "connect_timeout": 5, "application_name": "geoportal queue"},
    )
    return procrastinate.App(connector=connector)


async def deliver(app: procrastinate.App, job_id: str) -> None:
    """Put a job into the queue, unless it waits there already."""
    try:
        await app.configure_task(TASK, queue="jobs", queueing_lock=job_id).defer_async(job=job_id)
    except AlreadyEnqueued:
        return
