"""The same job in Python: what one would write with boto3 instead of this project.

Reads the order, stops the calculation, looks until it is over, describes it, publishes, puts an
event, writes one line of JSON, and answers.
"""

import json
import os
import time
from datetime import datetime, timezone

import boto3
from botocore.config import Config

TOPIC_ARN = os.environ["TOPIC_ARN"]
BUS_NAME = os.environ["BUS_NAME"]
USD_PER_DPU_HOUR = float(os.environ.get("USD_PER_DPU_HOUR", "0.35"))
OVER = {"CANCELED", "STOPPED", "COMPLETED", "FAILED"}

CONFIG = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "max_attempts": 3})
athena = boto3.client("athena", config=CONFIG)
sns = boto3.client("sns", config=CONFIG)
events = boto3.client("events", config=CONFIG)


def order(event):
    """The id that the event names, in the main form of each shape."""
    if "requestContext" in event:
        return event["pathParameters"]["calculationExecutionId"]
    detail = event.get("detail", event)
    return (detail.get("responseElements") or detail)["calculationExecutionId"]


def stop(calculation_id, seconds=60):
    begun = time.monotonic()
    state = athena.stop_calculation_execution(CalculationExecutionId=calculation_id)["State"]
    was_over = state in OVER
    pause = 0.5
    while True:
        calculation = athena.get_calculation_execution(CalculationExecutionId=calculation_id)
        state = calculation["Status"]["State"]
        if state in OVER or time.monotonic() - begun > seconds:
            break
        time.sleep(pause)
        pause = min(2 * pause, 5)
    outcome = "ALREADY_OVER" if was_over else "CANCELED" if state == "CANCELED" else "FINISHED_ANYWAY"
    return calculation, outcome if state in OVER else "CANCELING", time.monotonic() - begun


def describe(calculation, place):
    session_id = calculation["SessionId"]
    session = athena.get_session(SessionId=session_id)
    executors = athena.list_executors(SessionId=session_id, MaxResults=100)["ExecutorsSummary"]
    arn = f"arn:aws:athena:{place[3]}:{place[4]}:workgroup/{session['WorkGroup']}"
    tags = athena.list_tags_for_resource(ResourceARN=f"{arn}/session/{session_id}")["Tags"]
    owner = next((tag["Value"] for tag in tags if tag["Key"].lower() == "owner"), None)
    return session, executors, owner


def handler(event, context):
    place = context.invoked_function_arn.split(":")
    calculation_id = order(event)
    calculation, outcome, took = stop(calculation_id)
    session, executors, owner = describe(calculation, place)
    now = datetime.now(timezone.utc)
    status = calculation["Status"]
    dpu_hours = calculation["Statistics"]["DpuExecutionInMillis"] / 3_600_000
    record = {
        "timestamp": now.isoformat(),
        "level": "INFO",
        "event": "stop",
        "account_id": place[4],
        "region": place[3],
        "order_id": event.get("id", context.aws_request_id),
        "outcome": outcome,
        "calculation_id": calculation_id,
        "session_id": calculation["SessionId"],
        "work_group": session["WorkGroup"],
        "state": status["State"],
        "owner": owner,
        "description": calculation.get("Description", "")[:200],
        "submitted_at": status["SubmissionDateTime"].isoformat(),
        "age_seconds": int((status["CompletionDateTime"] - status["SubmissionDateTime"]).total_seconds()),
        "dpu_hours": round(dpu_hours, 4),
        "cost_usd": round(dpu_hours * USD_PER_DPU_HOUR, 4),
        "still_costs": sum(executor["ExecutorSize"] for executor in executors) * USD_PER_DPU_HOUR,
        "confirm_millis": int(took * 1000),
        "request_id": context.aws_request_id,
    }
    text = "\n".join(f"{key}: {value}" for key, value in record.items() if value is not None)
    line = json.dumps(record)
    sns.publish(
        TopicArn=TOPIC_ARN,
        Subject=f"{outcome} | {session['WorkGroup']} | {record['cost_usd']:.2f} USD"[:99],
        MessageStructure="json",
        Message=json.dumps({"default": text, "email": text, "sqs": line, "lambda": line}),
        MessageAttributes={
            key: {"DataType": "String", "StringValue": record[key]} for key in ("outcome", "state", "work_group")
        },
    )
    events.put_events(
        Entries=[
            {
                "EventBusName": BUS_NAME,
                "Source": "calculation-guard",
                "DetailType": "Athena Calculation Guard Outcome",
                "Detail": line,
            }
        ]
    )
    print(line)
    return record
