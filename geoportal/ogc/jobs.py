"""Jobs: list, status, results, dismiss. They belong to a key, or to whoever knows their id."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from geoportal.auth import caller
from geoportal.jobs.store import Job
from geoportal.ogc.links import link, self_links
from geoportal.ogc.parameters import parse_limit, parse_offset
from geoportal.ogc.request import Answer, OgcRequest
from geoportal.ogc.results import NO_STORE, one_result, require_results, results, results_page
from layers.model import Text

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

RESULTS = "http://www.opengis.net/def/rel/ogc/1.0/results"
MOST = 1000
TITLE = Text(be="Вынікі", ru="Результаты", en="Results")


def job_url(api: Api, job: Job) -> str:
    """Return the address of a job."""
    return f"{api.base_url}/jobs/{job.id}"


def _moment(given: datetime | None) -> str | None:
    return given.astimezone(UTC).isoformat(timespec="milliseconds") if given else None


def status_document(api: Api, request: OgcRequest, job: Job) -> dict[str, Any]:
    """Return the status of a job: statusInfo.yaml of OGC API Processes 1.0."""
    url = job_url(api, job)
    process = api.portal.processes.get(job.process)
    links = self_links(request, url)
    if not job.over:
        links.append(link(url, "monitor", "application/json"))
    if job.status == "successful":
        links.append(link(f"{url}/results", RESULTS, "application/json", _title(request)))
    found = {
        "processID": job.process,
        "type": "process",
        "jobID": job.id,
        "status": job.status,
        "message": job.message,
        "progress": job.progress,
        "created": _moment(job.created_at),
        "started": _moment(job.started_at),
        "finished": _moment(job.finished_at),
        "updated": _moment(job.updated_at),
        "links": links,
        "_title": process.title.get(request.language) if process else job.process,
        "_over": job.over,
    }
    return {name: value for name, value in found.items() if value is not None}


def _title(request: OgcRequest) -> str:
    return TITLE.get(request.language)


async def _owner(api: Api, request: OgcRequest) -> str | None:
    known = await caller(api.portal.database, request.headers)
    return known.name if known else None


async def _job(api: Api, request: OgcRequest, job_id: str) -> Job:
    return await api.portal.jobs.get(job_id, await _owner(api, request))


async def get_jobs(api: Api, request: OgcRequest) -> Answer:
    """Answer the jobs of the key, else nobody's of public processes, the latest first."""
    limit = parse_limit(request.param("limit"), MOST)
    offset = parse_offset(request.param("offset"))
    owner = await _owner(api, request)
    public = [one.id for one in api.portal.processes.values() if one.public]
    found = await api.portal.jobs.page(owner, public, limit + 1, offset)
    url = f"{api.base_url}/jobs"
    links = self_links(request, url)
    turns = {"next": offset + limit if len(found) > limit else None}
    turns["prev"] = max(0, offset - limit) if offset else None
    for rel, start in turns.items():
        if start is not None:
            address = f"{url}?limit={limit}&offset={start}&f=json"
            links.append(link(address, rel, "application/json"))
    jobs = [_listed(api, request, job) for job in found[:limit]]
    return dict(NO_STORE), 200, {"jobs": jobs, "links": links}


def _listed(api: Api, request: OgcRequest, job: Job) -> dict[str, Any]:
    document = status_document(api, request, job)
    if request.format == "html":
        return document
    return {name: value for name, value in document.items() if not name.startswith("_")}


async def get_job(api: Api, request: OgcRequest, job_id: str) -> Answer:
    """Answer the status of a job; raises NoSuchJob."""
    job = await _job(api, request, job_id)
    return dict(NO_STORE), 200, status_document(api, request, job)


async def dismiss_job(api: Api, request: OgcRequest, job_id: str) -> Answer:
    """End a job, or remove one that is over with its results; raises NoSuchJob."""
    job = await api.portal.jobs.dismiss(await _job(api, request, job_id))
    document = status_document(api, request, job)
    # Of a job that was removed nothing can be asked any more.
    return dict(NO_STORE), 200, document | {"status": "dismissed"}


async def get_job_results(api: Api, request: OgcRequest, job_id: str) -> Answer:
    """Answer the results; raises NoSuchJob, ResultNotReady, and what a failed job ended with."""
    job = await _job(api, request, job_id)
    if request.format == "html":
        require_results(job)
        sizes = await api.portal.jobs.sizes(job)
        return dict(NO_STORE), 200, results_page(api, request, job, sizes)
    return await results(api, job)


async def get_job_result(api: Api, request: OgcRequest, job_id: str, output_id: str) -> Answer:
    """Answer one output of a job as it is."""
    return await one_result(api, await _job(api, request, job_id), output_id)
