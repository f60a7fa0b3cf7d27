"""Execution of a process: always a job; a synchronous one is waited for and then forgotten."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from geoportal.auth import caller, require_publisher
from geoportal.errors import (
    BadParameter,
    Busy,
    ExecutionFailed,
    UnsupportedMediaType,
)
from geoportal.jobs.store import Order
from geoportal.ogc.inputs import read_inputs
from geoportal.ogc.jobs import job_url, status_document
from geoportal.ogc.processes import TRANSMISSION, find
from geoportal.ogc.request import Answer, OgcRequest
from geoportal.ogc.results import results
from geoportal.ogc.scenarios import resolved
from geoportal.settings import Settings

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

MEMBERS = {"inputs", "outputs", "response", "mode"}
WAIT = re.compile(r"wait=([0-9]{1,6})", re.ASCII)


def parse_order(body: bytes, content_type: str) -> dict[str, Any]:
    """Return the execute request; raises UnsupportedMediaType and BadParameter."""
    if content_type.split(";", maxsplit=1)[0].strip().lower() not in ("application/json", ""):
        raise UnsupportedMediaType("An execute request is application/json.")
    try:
        order = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadParameter(f"The body is not JSON: {error}.") from None
    if not isinstance(order, dict) or not isinstance(order.get("inputs", {}), dict):
        raise BadParameter("The body is not an object with an object `inputs`.")
    if "subscriber" in order:
        raise BadParameter("Member subscriber: callbacks are not offered; ask for the job instead.")
    if unknown := set(order) - MEMBERS:
        raise BadParameter(f"Unknown members of the body: {', '.join(sorted(unknown))[:200]}.")
    if order.get("response", "document") not in ("document", "raw"):
        raise BadParameter("Member response: there are document and raw.")
    return order


def choose_outputs(order: Mapping[str, Any], offered: tuple[str, ...]) -> dict[str, str]:
    """Return output -> transmission mode of what the caller wants; raises BadParameter."""
    wanted = order.get("outputs") or {name: {} for name in offered}
    if not isinstance(wanted, dict) or set(wanted) - set(offered):
        raise BadParameter(f"Member outputs: there are {', '.join(offered)}.")
    chosen = {}
    for name in (one for one in offered if one in wanted):
        about = wanted[name] if isinstance(wanted[name], dict) else {}
        chosen[name] = about.get("transmissionMode", "value")
        if chosen[name] not in TRANSMISSION:
            raise BadParameter(
                f"Member outputs, {name}: transmissionMode is one of {', '.join(TRANSMISSION)}."
            )
    return chosen


def deadline_s(settings: Settings, process_id: str) -> float:
    """Return the longest run of a process, s."""
    return settings.job_deadlines.get(process_id, settings.job_timeout_s)


def preferences(header: str) -> tuple[bool, float | None]:
    """Return whether `Prefer` asks for a job, and how long to wait (s); RFC 7240.

    An unknown preference is ignored.
    """
    wanted = [one.strip() for one in header.lower().replace(";", ",").split(",")]
    waits = [float(found[1]) for one in wanted if (found := WAIT.fullmatch(one))]
    return "respond-async" in wanted, waits[0] if waits else None


async def execute_process(api: Api, request: OgcRequest, process_id: str) -> Answer:
    """Run a process: answer its outputs, or the job (201) when the caller prefers one."""
    process = find(api.portal, process_id)
    known = await caller(api.portal.database, request.headers)
    order = parse_order(request.data, request.headers.get("content-type", ""))
    outputs = choose_outputs(order, tuple(process.outputs()))
    inputs = await read_inputs(api, request, process, order.get("inputs", {}))
    publish = bool(inputs.get("publish", False)) and bool(process.publishes)
    if process.compares and "scenario" in inputs:
        if publish:
            raise BadParameter("Input publish: what a scenario gives is never published.")
        given = (inputs["scenario"], inputs["area"])
        inputs["scenario"] = await resolved(api, *given, known)
    if publish:
        require_publisher(known, process.publishes)
    wants_job, wait_s = preferences(request.headers.get("prefer", ""))
    settings = api.portal.settings
    longest_s = deadline_s(settings, process_id)
    refers = "reference" in outputs.values()
    wanted = Order(
        process=process_id,
        owner=known.name if known else None,
        inputs=inputs,
        outputs=outputs,
        response=_response(order, outputs),
        deadline_s=longest_s if wants_job else min(longest_s, settings.execution_timeout_s),
        publish=publish,
        kept=wants_job or refers,
    )
    if wants_job:
        return await _later(api, request, wanted, wait_s)
    return await _now(api, wanted)


def _response(order: Mapping[str, Any], outputs: Mapping[str, str]) -> str:
    """Return the form of the answer: what is asked for, else one output raw, several in one."""
    return str(order.get("response") or ("raw" if len(outputs) == 1 else "document"))


async def _later(api: Api, request: OgcRequest, wanted: Order, wait_s: float | None) -> Answer:
    job = await api.portal.jobs.add(wanted)
    if wait_s:
        job = await api.portal.jobs.wait(job, min(wait_s, api.portal.settings.execution_timeout_s))
    headers = {
        "Location": job_url(api, job),
        "Preference-Applied": "respond-async",
        "Cache-Control": "no-store",
    }
    return headers, 201, status_document(api, request, job)


async def _now(api: Api, wanted: Order) -> Answer:
    jobs = api.portal.jobs
    if not await jobs.served():
        raise Busy("No worker runs now; try again in a minute, or ask for a job (respond-async).")
    job = await jobs.add(wanted)
    try:
        # A little longer than the job may take: its worker says that it took too long.
        job = await jobs.wait(job, wanted.deadline_s + 5)
    finally:
        if not job.over:  # the caller left, or nobody took the job
            await jobs.dismiss(job)
    if not job.over:
        raise Busy("The computation has not begun in time; try again, or ask for a job.")
    if job.status != "successful" and not job.kept:
        await jobs.remove(job)
    if job.status == "dismissed":
        raise ExecutionFailed("The execution was dismissed.")
    return await results(api, job)
