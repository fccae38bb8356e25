"""Steps: what people and programs hear of it: messages, metrics, saved queries."""

import datetime
import json
import time

from .errors import expect
from .messages import listen, message_about
from .steps import step

ATTRIBUTES = ("outcome", "state", "work_group", "trigger", "severity")


@step(
    "message",
    "A stop is announced through the encrypted topic",
    "A queue subscribed to the topic gets the log line as JSON, with the attributes for filter policies.",
    ["topic-delivers"],
)
def message(run):
    listen(run)
    work = run.spark.start("spark", description="acceptance: the message")
    try:
        since = run.since()
        event_id = run.put_stop_request({"calculationExecutionId": work.calculation_id, "reason": run.reason()})
        line = run.logs.line(run.stack.log_group("StopHandler"), since, order_id=event_id)
        body = message_about(run, work.calculation_id)
        run.note("message", body)
        attributes = {name: each["Value"] for name, each in body.get("MessageAttributes", {}).items()}
        missing = [name for name in ATTRIBUTES if name not in attributes]
        expect(not missing, f"the message lacks the attributes {', '.join(missing)}")
        told = json.loads(body["Message"])
        different = [key for key in told if key in line and told[key] != line[key] and key not in ("timestamp", "announced")]
        expect(
            told["order_id"] == event_id and not different, f"the message and the log line differ in {', '.join(different) or 'order_id'}"
        )
        expect(line.get("announced") is True, f"the log line says announced={line.get('announced')}")
    finally:
        run.spark.free(work)


@step(
    "emf-lines",
    "The log has the metrics in embedded metric format",
    "For each stop the log has a line with _aws.CloudWatchMetrics of namespace CalculationGuard, and StopRequests in it.",
    ["emf-lines"],
)
def emf_lines(run):
    work = run.spark.start("spark", description="acceptance: metrics")
    try:
        since = run.since()
        run.invoke(run.stack.output("StopFunctionArn"), {"calculationExecutionId": work.calculation_id, "reason": run.reason()})
        log = run.stack.log_group("StopHandler")
        line = run.logs.line(log, since, event="stop", calculation_id=work.calculation_id)
        then = datetime.datetime.fromisoformat(line["timestamp"].replace("Z", "+00:00")).timestamp()
        # Those of the same moment: a step before this one stopped something else.
        lines = [each for each in run.logs.lines(log, since) if "_aws" in each and abs(each["_aws"]["Timestamp"] / 1000 - then) < 1]
        run.note("lines", lines)
        metrics = [metric for line in lines for metric in line["_aws"]["CloudWatchMetrics"]]
        expect(metrics, "the log has no line in embedded metric format")
        expect(all(metric["Namespace"] == "CalculationGuard" for metric in metrics), "a metric has another namespace")
        requests = sum(line.get("StopRequests", 0) for line in lines)
        expect(requests == 1, f"one stop counted StopRequests {requests} times")
    finally:
        run.spark.free(work)


@step(
    "metrics",
    "CloudWatch has the metrics",
    "CloudWatch made metrics of the log's lines: StopRequests, StopCanceled and, of the sweep, SessionsSeen have values for this stack.",
    ["emf-metrics"],
    not_local="moto makes no metrics of a log's lines",
)
def metrics(run):
    cloudwatch, end = run.aws.client("cloudwatch"), time.monotonic() + run.pace.metric_seconds
    wanted = ("StopRequests", "StopCanceled", "TimeToCanceled", "SessionsSeen")
    while True:
        sums = {}
        for name in wanted:
            points = cloudwatch.get_metric_statistics(
                Namespace="CalculationGuard",
                MetricName=name,
                Dimensions=[{"Name": "Service", "Value": run.stack.name}],
                StartTime=run.began,
                EndTime=time.time() + 60,
                Period=300,
                Statistics=["Sum"],
            )["Datapoints"]
            sums[name] = sum(point["Sum"] for point in points)
        run.note("sums", sums)
        missing = [name for name, value in sums.items() if not value]
        if not missing:
            return
        expect(time.monotonic() < end, f"CloudWatch has no value of {', '.join(missing)}")
        time.sleep(15)


@step(
    "saved-queries",
    "Every saved query runs and finds something",
    "Each saved query of the stack completes in Logs Insights; each one about stops or observed findings has rows.",
    ["saved-queries-run"],
    not_local="moto has no saved queries, and its Logs Insights computes no statistics",
)
def saved_queries(run):
    logs = run.aws.client("logs")
    definitions = logs.describe_query_definitions(queryDefinitionNamePrefix=run.stack.name + "/")["queryDefinitions"]
    expect(
        len(definitions) == len(run.stack.template.of_type("AWS::Logs::QueryDefinition")),
        f"the account has {len(definitions)} saved queries of the stack",
    )
    stopped = next((line["calculation_id"] for line in run.stopped), None)
    empty = []
    for definition in definitions:
        # One query has a sample's ID in it, to be replaced by whoever uses it.
        text = definition["queryString"].replace("82c1ebb4-bd08-e4c3-5631-a662fb2ff2c5", stopped or "")
        query = logs.start_query(
            logGroupNames=definition["logGroupNames"], startTime=int(run.began) - 60, endTime=int(time.time()) + 60, queryString=text
        )["queryId"]
        while (found := logs.get_query_results(queryId=query))["status"] in ("Scheduled", "Running"):
            time.sleep(run.pace.poll)
        run.note(definition["name"], {"status": found["status"], "rows": found["results"][:5]})
        expect(found["status"] == "Complete", f"{definition['name']} is {found['status']}")
        if not found["results"]:
            empty.append(definition["name"])
    expect(not empty, f"these queries found nothing: {'; '.join(empty)}")
