"""Results of a job: as one document, raw (several: multipart), or one output alone."""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

import orjson
from starlette.responses import Response, StreamingResponse

from geoportal.errors import ExecutionFailed, NotFound, ResultNotReady
from geoportal.jobs.store import Job
from geoportal.ogc.links import self_links
from geoportal.ogc.request import Answer, OgcRequest

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

NO_STORE = {"Cache-Control": "private, no-store"}
PLAIN = "text/plain"
Sizes = Mapping[str, tuple[str, int]]


def require_results(job: Job) -> None:
    """Raise ResultNotReady for a job without results, and what a failed job ended with."""
    if job.status == "failed":
        raise ExecutionFailed(job.message)
    if job.status == "dismissed":
        raise ResultNotReady(f"The job {job.id} was dismissed; it has no results.")
    if job.status != "successful":
        raise ResultNotReady(f"The job {job.id} is {job.status}; its results are not ready.")


def output_url(api: Api, job: Job, output: str) -> str:
    """Return the address of one output."""
    return f"{api.base_url}/jobs/{job.id}/results/{output}"


async def results(api: Api, job: Job) -> Answer:
    """Answer the outputs as they were ordered; raises what `require_results` raises."""
    require_results(job)
    sizes = await api.portal.jobs.sizes(job)
    if job.response == "document":
        return await _document(api, job, sizes)
    references = [name for name in sizes if job.outputs.get(name) == "reference"]
    if len(references) == len(sizes):
        links = ", ".join(
            f'<{output_url(api, job, name)}>; rel="related"; type="{sizes[name][0]}"'
            for name in references
        )
        return NO_STORE | {"Link": links}, 204, b""
    if len(sizes) == 1:
        ((name, (media_type, size)),) = sizes.items()
        return _stream(media_type, _once(api, job, api.portal.jobs.body(job, name, size)))
    boundary = secrets.token_hex(16)
    parts = _parts(api, job, sizes, boundary)
    return _stream(f'multipart/related; boundary="{boundary}"', _once(api, job, parts))


async def one_result(api: Api, job: Job, output: str) -> Answer:
    """Answer one output; raises NotFound when the job has none of that name."""
    require_results(job)
    sizes = await api.portal.jobs.sizes(job)
    if output not in sizes:
        raise NotFound(
            f"The job {job.id} has no output {output[:80]!r}; it has {', '.join(sizes)}."
        )
    media_type, size = sizes[output]
    return _stream(media_type, api.portal.jobs.body(job, output, size))


def _stream(media_type: str, parts: AsyncIterator[bytes]) -> Answer:
    answer: Response = StreamingResponse(parts)
    return NO_STORE | {"Content-Type": media_type}, 200, answer


async def _once(api: Api, job: Job, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Give the parts; afterwards a job that was only made for them is removed."""
    async for part in parts:
        yield part
    if not job.kept:
        await api.portal.jobs.remove(job)


async def _document(api: Api, job: Job, sizes: Sizes) -> Answer:
    return _stream("application/json", _once(api, job, _members(api, job, sizes)))


async def _members(api: Api, job: Job, sizes: Sizes) -> AsyncIterator[bytes]:
    """Give the JSON text of the document: results.yaml of OGC API Processes 1.0."""
    before = b"{"
    for name, (media_type, size) in sizes.items():
        yield before + orjson.dumps(name) + b":"
        before = b","
        if job.outputs.get(name) == "reference":
            yield orjson.dumps({"href": output_url(api, job, name), "type": media_type})
        else:
            async for part in _inline(api, job, name, media_type, size):
                yield part
    yield b"}" if sizes else b"{}"


async def _inline(
    api: Api, job: Job, name: str, media_type: str, size: int
) -> AsyncIterator[bytes]:
    """Give a value: an object is qualified by its media type, as the standard wants."""
    parts = api.portal.jobs.body(job, name, size)
    if media_type.startswith(PLAIN):
        yield orjson.dumps(b"".join([part async for part in parts]).decode())
        return
    if not media_type.endswith("json"):
        yield b'{"mediaType":' + orjson.dumps(media_type) + b',"encoding":"base64","value":"'
        async for part in _base64(parts):
            yield part
        yield b'"}'
        return
    first = await anext(parts, b"null")
    qualified = first[:1] == b"{"
    if qualified:
        yield b'{"mediaType":' + orjson.dumps(media_type) + b',"value":'
    yield first
    async for part in parts:
        yield part
    if qualified:
        yield b"}"


async def _base64(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    left = b""
    async for part in parts:
        whole = left + part
        cut = len(whole) - len(whole) % 3
        yield base64.b64encode(whole[:cut])
        left = whole[cut:]
    yield base64.b64encode(left)


async def _parts(api: Api, job: Job, sizes: Sizes, boundary: str) -> AsyncIterator[bytes]:
    """Give multipart/related (RFC 2387): values, and references as empty parts with a location."""
    for name, (media_type, size) in sizes.items():
        head = f"--{boundary}\r\nContent-ID: <{name}>\r\nContent-Type: {media_type}\r\n"
        if job.outputs.get(name) == "reference":
            yield f"{head}Content-Location: {output_url(api, job, name)}\r\n\r\n\r\n".encode()
            continue
        yield f"{head}\r\n".encode()
        async for part in api.portal.jobs.body(job, name, size):
            yield part
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def results_page(api: Api, request: OgcRequest, job: Job, sizes: Sizes) -> dict[str, Any]:
    """Return what the HTML page of the results shows."""
    url = f"{api.base_url}/jobs/{job.id}/results"
    process = api.portal.processes.get(job.process)
    outputs = process.outputs() if process else {}
    found = [
        {
            "id": name,
            "title": outputs[name].title.get(request.language) if name in outputs else name,
            "type": media_type,
            "bytes": size,
            "href": output_url(api, job, name),
            "layer": name if job.publish and name in api.portal.layers else None,
        }
        for name, (media_type, size) in sizes.items()
    ]
    return {
        "title": process.title.get(request.language) if process else job.process,
        "jobID": job.id,
        "outputs": found,
        "links": self_links(request, url),
    }
