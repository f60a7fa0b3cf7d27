"""The routes of processes, jobs and scenarios; part of the table in `routes`."""

from __future__ import annotations

from geoportal.ogc import editing, execution, jobs, processes, scenarios
from geoportal.ogc.route import DELETE_STATUSES, EDIT_STATUSES, LIST_STATUSES, Route, texts

JOB = "/jobs/{jobId}"
JOB_STATUSES = (200, 400, 401, 404, 406, 422, 500, 503)
SCENARIO = "/scenarios/{scenarioId}"
SCENARIO_STATUSES = (201, 400, 401, 403, 406, 409, 413, 415, 422, 500, 503)

PROCESS_ROUTES: tuple[Route, ...] = (
    Route(
        "/processes", "getProcesses", processes.get_processes, "processes",
        texts("Працэсы", "Процессы", "Processes"), parameters=("limit",),
        page="processes", schema="processList",
    ),
    Route(
        "/processes/{processId}", "getProcess", processes.get_process, "processes",
        texts("Апісанне працэсу", "Описание процесса", "Process description"),
        page="process", schema="process",
    ),
    Route(
        "/processes/{processId}/execution", "execute", execution.execute_process, "processes",
        texts("Выкананне працэсу", "Выполнение процесса", "Execution of a process"),
        formats=("raw",), method="POST", schema="anything",
        statuses=(200, 201, 204, 400, 401, 403, 404, 406, 413, 415, 422, 429, 500, 503),
    ),
    Route(
        "/scenarios", "getScenarios", scenarios.get_scenarios, "scenarios",
        texts("Сцэнарыі", "Сценарии", "Scenarios"), parameters=("limit", "offset"),
        page="scenarios", schema="scenarioList", statuses=LIST_STATUSES, live=True,
    ),
    Route(
        "/scenarios", "createScenario", scenarios.create_scenario, "scenarios",
        texts("Новы сцэнарый", "Новый сценарий", "New scenario"), formats=("json",), method="POST",
        body="scenario", statuses=SCENARIO_STATUSES, keyed=True,
    ),
    Route(
        SCENARIO, "getScenario", scenarios.get_scenario, "scenarios",
        texts("Сцэнарый", "Сценарий", "Scenario"), page="scenario", schema="scenario",
        statuses=(200, 400, 401, 404, 406, 500, 503), live=True,
    ),
    Route(
        SCENARIO, "replaceScenario", scenarios.replace_scenario, "scenarios",
        texts("Замяніць сцэнарый", "Заменить сценарий", "Replace a scenario"),
        formats=("json",), method="PUT", body="scenario", statuses=EDIT_STATUSES, keyed=True,
    ),
    Route(
        SCENARIO, "updateScenario", scenarios.update_scenario, "scenarios",
        texts("Змяніць сцэнарый", "Изменить сценарий", "Change a scenario"), formats=("json",),
        method="PATCH", accepts=editing.PATCH_TYPES, body="patch", statuses=EDIT_STATUSES,
        keyed=True,
    ),
    Route(
        SCENARIO, "deleteScenario", scenarios.delete_scenario, "scenarios",
        texts("Выдаліць сцэнарый", "Удалить сценарий", "Delete a scenario"), formats=("json",),
        method="DELETE", accepts=(), body="", statuses=DELETE_STATUSES, keyed=True,
    ),
    Route(
        "/jobs", "getJobs", jobs.get_jobs, "jobs",
        texts("Заданні", "Задания", "Jobs"), parameters=("limit", "offset"), page="jobs",
        schema="jobList", statuses=LIST_STATUSES, live=True,
    ),
    Route(
        JOB, "getStatus", jobs.get_job, "jobs",
        texts("Стан задання", "Состояние задания", "Status of a job"),
        page="job", schema="statusInfo", statuses=JOB_STATUSES, live=True,
    ),
    Route(
        JOB, "dismiss", jobs.dismiss_job, "jobs",
        texts("Спыніць заданне", "Остановить задание", "Dismiss a job"),
        formats=("json",), method="DELETE", schema="statusInfo", statuses=JOB_STATUSES,
        accepts=(), body="", live=True,
    ),
    Route(
        JOB + "/results", "getResult", jobs.get_job_results, "jobs",
        texts("Вынікі задання", "Результаты задания", "Results of a job"),
        formats=("raw", "html"), page="results", schema="anything",
        statuses=(200, 204, *JOB_STATUSES[1:]), live=True,
    ),
    Route(
        JOB + "/results/{outputId}", "getOutput", jobs.get_job_result, "jobs",
        texts("Адзін вынік задання", "Один результат задания", "One output of a job"),
        formats=("raw",), schema="anything", statuses=JOB_STATUSES, live=True,
    ),
)  # fmt: skip
