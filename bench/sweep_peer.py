"""A plain sweep in Python: looks at every session and every running calculation, judges it, and adds up what it cost."""

import os
import time
from datetime import datetime, timedelta, timezone

import boto3
from botocore.config import Config

MAX_CALCULATION = timedelta(minutes=int(os.environ["MAX_CALCULATION_MINUTES"]))
MAX_IDLE = timedelta(minutes=int(os.environ["MAX_SESSION_IDLE_MINUTES"]))
APART = 1 / int(os.environ["CALLS_PER_SECOND"])
RUNNING = {"CREATING", "CREATED", "QUEUED", "RUNNING"}

athena = boto3.client("athena", config=Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard"}))
following = 0.0


def keep_pace(**_):
    global following
    time.sleep(max(0.0, following - time.monotonic()))
    following = time.monotonic() + APART


athena.meta.events.register("before-send.athena", keep_pace)


def pages(call, key, **arguments):
    while True:
        page = call(**arguments)
        yield from page[key]
        if not page.get("NextToken"):
            return
        arguments["NextToken"] = page["NextToken"]


def dpu_hours(described):
    return described.get("Statistics", {}).get("DpuExecutionInMillis", 0) / 3_600_000


def too_much(now, costs):
    for group in pages(athena.list_work_groups, "WorkGroups"):
        for listed in pages(athena.list_sessions, "Sessions", WorkGroup=group["Name"]):
            session = athena.get_session(SessionId=listed["SessionId"])
            status = session["Status"]
            if status["State"] in {"TERMINATING", "TERMINATED", "FAILED"}:
                continue
            costs["sessions"] += dpu_hours(session)
            if "IdleSinceDateTime" in status and now - status["IdleSinceDateTime"] > MAX_IDLE:
                yield listed["SessionId"]
            for calculation in pages(athena.list_calculation_executions, "Calculations", SessionId=listed["SessionId"]):
                if calculation["Status"]["State"] in RUNNING:
                    found = athena.get_calculation_execution(CalculationExecutionId=calculation["CalculationExecutionId"])
                    costs["calculations"] += dpu_hours(found)
                    if now - found["Status"]["SubmissionDateTime"] > MAX_CALCULATION:
                        yield calculation["CalculationExecutionId"]


def handler(event, context):
    costs = {"sessions": 0.0, "calculations": 0.0}
    return {"over": sorted(too_much(datetime.now(timezone.utc), costs)), "dpu_hours": costs}
