"""Steps: the brake, the deletion, and a second creation under the same name."""

import os
import pathlib
import shlex
import shutil
import subprocess
import tempfile
import time

from botocore.exceptions import ClientError

from .errors import Unexpected, expect
from .ledger import GONE
from .steps import step
from .template import ROOT


def redrive(run, *options):
    """Runs docs/redrive. Gives its status and what it says."""
    command = [str(ROOT / "docs/redrive"), "--stack", run.stack.name, "--region", run.aws.region, *options]
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ)
        if run.aws.endpoint:
            # Version 1 of the AWS CLI takes no address for SQS from the environment.
            wrapper = pathlib.Path(folder, "aws")
            wrapper.write_text(f'#!/bin/sh\nexec {shlex.quote(shutil.which("aws"))} --endpoint-url {run.aws.endpoint} "$@"\n')
            wrapper.chmod(0o755)
            environment["PATH"] = folder + os.pathsep + environment["PATH"]
        done = subprocess.run(
            command, env=environment, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
    run.note(f"docs/redrive {' '.join(options)}".strip(), done.stdout)
    return done.returncode, done.stdout


def parked(run):
    """How many messages the queue of failed orders has."""
    url = run.stack.physical_id("FailedOrders")
    wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = run.aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=wanted)["Attributes"]
    return sum(map(int, found.values()))


@step(
    "brake",
    "The brake holds, and comes off",
    "After the command of the output Brake no event, HTTP call or direct invocation runs the stop function. The event waits in a queue;"
    " after the command of BrakeRelease docs/redrive sends it again, and it is carried out.",
    ["brake", "brake-parks"],
)
def brake(run):
    client = run.aws.client("lambda")
    work = run.spark.start("spark", description="acceptance: the brake")
    log = run.stack.log_group("StopHandler")
    on, off = (shlex.split(run.stack.output(name)) for name in ("Brake", "BrakeRelease"))
    function = on[on.index("--function-name") + 1]
    expect(off[off.index("--function-name") + 1] == function, f"BrakeRelease is for another function than Brake: {off}")
    try:
        try:
            client.put_function_concurrency(
                FunctionName=function, ReservedConcurrentExecutions=int(on[on.index("--reserved-concurrent-executions") + 1])
            )
            time.sleep(run.pace.settle_seconds)
            before, since = parked(run), run.since()
            event_id = run.put_stop_request({"calculationExecutionId": work.calculation_id, "reason": run.reason()})
            status, _, _ = run.aws.signed("POST", f"{run.stack.output('ApiUrl').rstrip('/')}/calculations/{work.calculation_id}/stop", "{}")
            run.note("HTTP status with the brake on", status)
            expect(status >= 429, f"with the brake on, the API answered {status}")
            try:
                run.invoke(run.stack.output("StopFunctionArn"), {"calculationExecutionId": work.calculation_id})
                raise Unexpected("with the brake on, a direct invocation was answered")
            except ClientError as e:
                run.note("error of a direct invocation with the brake on", e.response["Error"])
                expect(e.response["Error"]["Code"] == "TooManyRequestsException", f"with the brake on, Lambda answered {e}")
            time.sleep(run.pace.settle_seconds)
            state = run.spark.state(work.calculation_id)
            expect(state == "RUNNING", f"with the brake on, the calculation is {state}")
            lines = [line for line in run.logs.lines(log, since) if line.get("calculation_id") == work.calculation_id]
            expect(not lines, f"with the brake on, the stop function ran: {lines}")
            waiting = parked(run) - before
            run.note("events in the queue FailedOrders", waiting)
        finally:
            client.delete_function_concurrency(FunctionName=function)
        time.sleep(run.pace.settle_seconds)
        # If Lambda still retries the event, it carries it out itself.
        if waiting:
            status, text = redrive(run, "--dry-run")
            expect(status == 0 and work.calculation_id in text, f"docs/redrive --dry-run ended with status {status}: {text}")
            expect(parked(run) == before + waiting, "docs/redrive --dry-run deleted a message")
            status, text = redrive(run)
            expect(status == 0, f"docs/redrive ended with status {status}: {text}")
            expect(parked(run) == 0, "docs/redrive left a message in the queue")
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
