"""Synchronous execution of a process: in a child process that ends with its caller."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from geoportal.errors import BadParameter, Busy, ExecutionFailed, UnsupportedMediaType
from geoportal.ogc.processes import find
from geoportal.ogc.request import Answer, OgcRequest
from geoportal.settings import Settings

if TYPE_CHECKING:
    from geoportal.ogc.api import Api

# One at a time in each server process: a computation takes a core.
_place = asyncio.Semaphore(1)
MEMBERS = {"inputs", "outputs", "response", "mode"}


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
    if unknown := set(order) - MEMBERS:
        raise BadParameter(f"Unknown members of the body: {', '.join(sorted(unknown))[:200]}.")
    if order.get("response", "document") not in ("document", "raw"):
        raise BadParameter("Member response: there are document and raw.")
    return order


def choose_outputs(order: Mapping[str, Any], offered: tuple[str, ...]) -> tuple[str, ...]:
    """Return the outputs that the caller wants; raises BadParameter for an unknown one."""
    wanted = order.get("outputs") or {name: {} for name in offered}
    if not isinstance(wanted, dict) or set(wanted) - set(offered):
        raise BadParameter(f"Member outputs: there are {', '.join(offered)}.")
    return tuple(name for name in offered if name in wanted)


async def execute_process(api: Api, request: OgcRequest, process_id: str) -> Answer:
    """Run a process and answer its outputs; published layers are left as they are.

    Until callers can be told apart, only the command line publishes (decision 0006).
    """
    process = find(process_id)
    order = parse_order(request.data, request.headers.get("content-type", ""))
    inputs = dict(order.get("inputs", {}))
    area = inputs.pop("area", None)
    if not isinstance(area, str):
        raise BadParameter("Input area: the id of an area is needed.")
    outputs = choose_outputs(order, ("summary", *process.OUTPUT))
    settings = api.portal.settings
    if _place.locked():
        raise Busy("Another computation is running; try again in a minute.")
    async with _place:
        child_order = {"process": process_id, "area": area, "params": inputs}
        document = await _run_child(child_order, settings)
    if order.get("response") == "raw" and len(outputs) == 1:
        return {}, 200, document[outputs[0]]
    return {}, 200, {name: document[name] for name in outputs}


async def _run_child(order: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Run `geoportal.worker`; it is killed when this is cancelled or takes too long."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "geoportal.worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "GEOPORTAL_DATABASE_URL": settings.database_url or ""},
    )
    timeout_s = settings.execution_timeout_s
    try:
        out, errors = await asyncio.wait_for(child.communicate(orjson.dumps(order)), timeout_s)
    except TimeoutError:
        raise ExecutionFailed(f"The computation took longer than {timeout_s:g} s.") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return _outcome(out, errors)


def _outcome(out: bytes, errors: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(out)
    except orjson.JSONDecodeError:
        raise RuntimeError(f"the worker broke: {errors[-2000:].decode(errors='replace')}") from None
    if "result" in answer:
        result: dict[str, Any] = answer["result"]
        return result
    wrong_input = answer["error"] in ("BadParameter", "UnknownArea")
    raise (BadParameter if wrong_input else ExecutionFailed)(answer["message"])
