"""Steps: what AWS answers where nothing can be stopped, and who may not pose as whom."""

import json
import time

from botocore.exceptions import ClientError

from .errors import Skipped, Unexpected, expect
from .spark import SPARK_35
from .steps import step

# Of the form of AWS's own samples, and of nobody.
UNKNOWN = "82c1ebb4-bd08-e4c3-5631-000000000000"


def refusal(call, **parameters):
    """The error code with which AWS refuses a call."""
    try:
        call(**parameters)
    except ClientError as e:
        return e.response["Error"]["Code"]
    raise Unexpected(f"AWS accepted {call.__name__} of {json.dumps(parameters)}")


@step(
    "unknown-id",
    "An unknown calculation is NOT_FOUND",
    "Athena refuses an ID that it does not know with an error (which one is noted); the guard answers 404 and NOT_FOUND.",
    ["unknown-calculation-error"],
)
def unknown_id(run):
    athena = run.aws.client("athena")
    for call in (athena.stop_calculation_execution, athena.get_calculation_execution, athena.get_calculation_execution_status):
        run.note(f"error of {call.__name__}", refusal(call, CalculationExecutionId=UNKNOWN))
    status, answer = run.http("POST", UNKNOWN, "/stop", {"reason": run.reason()})
    expect(status == 404, f"the API answered {status}")
    expect(answer.get("outcome") == "NOT_FOUND", f"the outcome is {answer.get('outcome')}")


@step(
    "spark-35",
    "A session of Spark 3.5 has no calculations",
    "ListCalculationExecutions on a session of that release is refused (the error is noted), and a sweep that sees the session does not fail.",
    ["spark-35-error"],
)
def spark_35(run):
    if not run.connect_work_group:
        raise Skipped("no workgroup of Spark 3.5 was given")
    athena = run.aws.client("athena")
    try:
        session = run.spark.start_session(run.connect_work_group)
    except ClientError as e:
        # It may not take the classic engine's settings.
        run.note("StartSession with MaxConcurrentDpus", e.response["Error"])
        session = run.spark.start_session(run.connect_work_group, connect=True)
    try:
        found = athena.get_session(SessionId=session)
        run.note("GetSession", {key: found.get(key) for key in ("EngineVersion", "EngineConfiguration", "Statistics", "Status")})
        expect(found.get("EngineVersion") == SPARK_35, f"the session's engine is {found.get('EngineVersion')}")
        run.note("error of ListCalculationExecutions", refusal(athena.list_calculation_executions, SessionId=session))
        report = run.invoke(run.stack.output("SweepFunctionName"), {})
        expect(not (report or {}).get("failed"), f"the sweep failed in part: {report}")
    finally:
        run.spark.end_session(session)


@step(
    "internal-bus",
    "Nobody but the guard's roles writes to the internal bus",
    "PutEvents on the internal bus with the run's own credentials is denied, also to an administrator.",
    ["internal-bus-closed"],
    not_local="moto does not evaluate the resource policy of a bus",
)
def internal_bus(run):
    internal = [name for name in run.stack.template.of_type("AWS::Events::EventBus") if "Internal" in name]
    if not internal:
        raise Skipped("the template has no internal bus")
    bus = run.stack.physical_id(internal[0])
    entry = {"EventBusName": bus, "Source": "calculation-guard", "DetailType": "Athena Spark Finding", "Detail": "{}"}
    try:
        answer = run.aws.client("events").put_events(Entries=[entry])
    except ClientError as e:
        run.note("error of PutEvents", e.response["Error"])
        return
    run.note("answer of PutEvents", answer["Entries"])
    expect(answer["FailedEntryCount"] == 1, "the internal bus took a finding that the run forged")


@step(
    "forged-caller",
    "A direct invocation cannot pose as the API",
    "An event of the API's shape with an invented caller, sent directly, is not taken as that caller's.",
    ["caller-not-forged"],
)
def forged_caller(run):
    if len(run.stack.aliases()) < 2:
        raise Skipped("the template has one alias for all callers")
    invented = f"arn:{run.aws.partition}:iam::{run.aws.account}:user/invented"
    event = {
        "version": "2.0",
        "routeKey": "POST /calculations/{calculationExecutionId}/stop",
        "headers": {},
        "isBase64Encoded": False,
        "rawPath": f"/calculations/{UNKNOWN}/stop",
        "pathParameters": {"calculationExecutionId": UNKNOWN},
        "requestContext": {
            "http": {"method": "POST", "path": f"/calculations/{UNKNOWN}/stop"},
            "authorizer": {"iam": {"userArn": invented}},
            "requestId": "x",
            "timeEpoch": int(time.time() * 1000),
        },
    }
    since = run.since()
    answer = run.invoke(run.stack.output("StopFunctionArn"), event)
    expect(answer is None or invented not in json.dumps(answer), "the answer names the invented caller")
    time.sleep(run.pace.poll)
    lines = run.logs.lines(run.stack.log_group("StopHandler"), since)
    run.note("log lines", lines)
    expect(not [line for line in lines if line.get("requested_by") == invented], "the log vouches for the invented caller")
