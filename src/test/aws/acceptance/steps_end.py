"""Steps: the brake, the deletion, and a second creation under the same name."""

import shlex
import time

from botocore.exceptions import ClientError

from .errors import expect
from .ledger import GONE
from .steps import step


def brake_rules(run):
    """The rules that the output Brake disables, as (bus, rule)."""
    words = shlex.split(run.stack.output("Brake").replace(";", " ; ").replace("&&", " ; "))
    found = []
    while "disable-rule" in words:
        words = words[words.index("disable-rule") + 1 :]
        command = words[: words.index(";")] if ";" in words else words
        found.append((command[command.index("--event-bus-name") + 1], command[command.index("--name") + 1]))
    expect(found, "the output Brake has no disable-rule command")
    return found


@step(
    "brake",
    "The brake holds, and comes off",
    "After the command of the output Brake a stop request on the bus stops nothing; after enable-rule the next one does.",
    ["brake"],
)
def brake(run):
    events = run.aws.client("events")
    work = run.spark.start("spark", description="acceptance: the brake")
    log = run.stack.log_group("StopHandler")
    try:
        rules = brake_rules(run)
        run.note("rules", rules)
        try:
            for bus, rule in rules:
                events.disable_rule(EventBusName=bus, Name=rule)
            # A change of a rule takes a moment.
            time.sleep(run.pace.settle_seconds)
            since = run.since()
            run.put_stop_request({"calculationExecutionId": work.calculation_id, "reason": run.reason()})
            time.sleep(run.pace.settle_seconds)
            state = run.spark.state(work.calculation_id)
            expect(state == "RUNNING", f"with the brake on, the calculation is {state}")
            lines = [line for line in run.logs.lines(log, since) if line.get("calculation_id") == work.calculation_id]
            expect(not lines, f"with the brake on, the stop function ran: {lines}")
        finally:
            for bus, rule in rules:
                events.enable_rule(EventBusName=bus, Name=rule)
        time.sleep(run.pace.settle_seconds)
        since = run.since()
        event_id = run.put_stop_request({"calculationExecutionId": work.calculation_id, "reason": run.reason()})
        line = run.logs.line(log, since, order_id=event_id)
        run.note("log line without the brake", line)
        expect(line["outcome"] == "CANCELED", f"without the brake the outcome is {line['outcome']}")
    finally:
        run.spark.free(work)


def still_there(run, resources):
    """Those of some resources that the account still has."""
    lambda_, sqs, sns, events, iam = (run.aws.client(name) for name in ("lambda", "sqs", "sns", "events", "iam"))
    lookups = {
        "AWS::Lambda::Function": lambda name: lambda_.get_function_configuration(FunctionName=name),
        "AWS::SQS::Queue": lambda url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"]),
        "AWS::SNS::Topic": lambda arn: sns.get_topic_attributes(TopicArn=arn),
        "AWS::Events::EventBus": lambda name: events.describe_event_bus(Name=name),
        "AWS::IAM::Role": lambda name: iam.get_role(RoleName=name),
    }
    left = []
    for logical_id, (kind, physical_id) in resources.items():
        if kind in lookups:
            try:
                lookups[kind](physical_id)
                left.append(f"{logical_id} ({physical_id})")
            except ClientError as e:
                if e.response["Error"]["Code"] not in GONE:
                    raise
    return left


@step(
    "delete",
    "The stack is deleted, and its logs stay",
    "CloudFormation deletes every function, queue, topic, bus and role; the log groups are retained.",
    ["stack-deletes", "logs-outlive-the-stack"],
)
def delete(run):
    run.spark.end_sessions()
    resources = run.stack.resources()
    run.stack.delete()
    left = still_there(run, resources)
    expect(not left, f"still there after the deletion: {', '.join(left)}")
    groups = [physical_id for kind, physical_id in resources.values() if kind == "AWS::Logs::LogGroup"]
    kept = [name for name in groups if run.aws.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]]
    run.note("retained logs", kept)
    expect(kept == groups, f"the deletion took the logs {', '.join(sorted(set(groups) - set(kept)))}")


@step(
    "create-again",
    "The same name can be deployed again",
    "With the retained logs still there, a second creation under the same name reports CREATE_COMPLETE.",
    ["create-again"],
)
def create_again(run):
    run.stack.deploy(run.parameters())
    status = run.stack.status()
    run.note("status", status)
    expect(status == "CREATE_COMPLETE", f"the stack is {status}")
