"""Steps: Stop on a sleeping calculation and on a Spark job, by each channel."""

import time

from .errors import expect
from .messages import listen
from .spark import TERMINAL
from .steps import step

AGREES = {
    "CANCELED": {"CANCELED", "STOPPED"},
    "FINISHED_ANYWAY": {"COMPLETED", "FAILED"},
    "CANCELING": TERMINAL | {"CANCELING"},
}
CLAIMS = {"sleep": "stop-cancels-sleep", "spark": "stop-cancels-spark-job"}
KINDS = {"sleep": "a sleeping calculation", "spark": "a Spark job"}


def by_event(run, work, reason):
    """Gives the keys by which the log has the outcome."""
    event_id = run.put_stop_request({"calculationExecutionId": work.calculation_id, "reason": reason, "requestedBy": "acceptance run"})
    return {"order_id": event_id, "trigger": "eventbridge"}


def by_http(run, work, reason):
    status, answer = run.http("POST", work.calculation_id, "/stop", {"reason": reason})
    expect(status in (200, 202), f"the API answered {status}")
    expect((status == 202) == (answer.get("outcome") == "CANCELING"), f"status {status} does not go with outcome {answer.get('outcome')}")
    # An assumed role's session is written in two ways.
    expect(
        answer.get("requested_by", "").split("/")[-1] == run.aws.caller.split("/")[-1],
        "requested_by is not the caller that signed the request",
    )
    return {"calculation_id": work.calculation_id, "trigger": "http-api", "event": "stop"}


def direct(run, work, reason):
    answer = run.invoke(run.stack.output("StopFunctionArn"), {"calculationExecutionId": work.calculation_id, "reason": reason})
    return {"calculation_id": work.calculation_id, "trigger": "direct", "outcome": answer.get("outcome")}


def stop(run, kind, channel):
    """Stops a calculation that runs, and compares what the guard says with what Athena says."""
    # Somebody has to hear of it, or an alarm rings.
    listen(run)
    work = run.spark.start(kind, description=f"acceptance: {KINDS[kind]}")
    try:
        run.note("looks before Stop", run.spark.usage(work))
        since, reason = run.since(), run.reason()
        keys = channel(run, work, reason)
        line = run.logs.line(run.stack.log_group("StopHandler"), since, **keys)
        run.note("log line", line)
        looks = run.spark.watch(work, run.pace.sleep_watch_seconds if kind == "sleep" else None)
        run.note("looks after Stop", looks)
        outcome, state = line["outcome"], looks[-1]["state"]
        allowed = {"CANCELED"} if kind == "spark" else set(AGREES)
        expect(
            outcome in allowed or (outcome == "CANCELING" and keys["trigger"] == "http-api"),
            f"the outcome is {outcome}: {line.get('reason')}",
        )
        expect(line.get("reason") == reason or outcome != "CANCELED", f"the log's reason is {line.get('reason')!r}")
        expect(state in AGREES[outcome], f"the guard says {outcome}, and Athena says {state}")
        if kind == "spark":
            expect(state in AGREES["CANCELED"], f"{run.pace.watch_seconds:.0f} seconds after Stop the Spark job is {state}")
        run.stopped.append(line)
    finally:
        run.spark.free(work)


def add(kind, name, channel, title, claims):
    expects = {
        "spark": "The outcome is CANCELED (by HTTP perhaps CANCELING), and Athena reports CANCELED within the time to confirm.",
        "sleep": "The outcome says what Athena says: CANCELED, CANCELING (Athena may ignore Stop during a sleep) or FINISHED_ANYWAY.",
    }
    step(
        f"stop-{kind}-{name}",
        f"Stop {KINDS[kind]} {title}",
        expects[kind] + " DpuExecutionInMillis is noted while it runs.",
        [CLAIMS[kind], "dpu-execution-while-running", *claims],
    )(lambda run: stop(run, kind, channel))


for each in ("spark", "sleep"):
    add(each, "eventbridge", by_event, "by an event on the bus", ["eventbridge-delivers"])
    add(each, "http", by_http, "by a signed HTTP request", ["http-iam-caller"])
    add(each, "direct", direct, "by a direct invocation", ["direct-invoke"])


@step(
    "quiet",
    "No alarm rings while all goes well",
    "In the first 13 minutes, in which calculations were stopped and the schedule swept once, no alarm of the stack entered ALARM.",
    ["no-false-alarms", "scheduler-starts-sweep"],
    not_local="moto evaluates no alarms and runs no schedules",
)
def quiet(run):
    time.sleep(max(0, run.created + run.pace.quiet_seconds - time.time()))
    cloudwatch = run.aws.client("cloudwatch")
    names = [physical_id for kind, physical_id in run.stack.resources().values() if kind == "AWS::CloudWatch::Alarm"]
    rang, states = [], {}
    for name in names:
        alarm = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
        states[name] = alarm["StateValue"]
        history = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="StateUpdate")["AlarmHistoryItems"]
        rang += [f"{name}: {item['HistorySummary']}" for item in history if "to ALARM" in item["HistorySummary"]]
    run.note("states", states)
    sweeps = run.logs.find(run.stack.log_group("SweepHandler"), run.created, 1, event="sweep")
    run.note("first sweep", sweeps[0])
    expect(not rang, f"alarms rang although all went well: {'; '.join(rang)}")
