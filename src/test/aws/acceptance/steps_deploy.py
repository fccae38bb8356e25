"""Steps: the stack is there, quiet, and its stop function is ready."""

import json
import time

from .errors import Skipped, expect
from .steps import step


@step(
    "create",
    "The stack is created",
    "CloudFormation reports CREATE_COMPLETE, and the stack has every output that the template declares.",
    ["stack-creates"],
)
def create(run):
    run.created = time.time()
    run.stack.deploy(run.parameters())
    run.note("seconds", round(time.time() - run.created))
    status = run.stack.status()
    run.note("status", status)
    expect(status == "CREATE_COMPLETE", f"the stack is {status}")
    outputs = run.stack.outputs()
    run.note("outputs", outputs)
    missing = sorted(set(run.stack.template.outputs) - set(outputs))
    expect(not missing, f"the stack lacks the outputs {', '.join(missing)}")


@step(
    "alias",
    "Each alias is Active, and its version was primed",
    "Each alias of the stop function names a numbered version in state Active; its log says that it was primed before the snapshot.",
    ["alias-active", "primed"],
)
def alias(run):
    aliases = run.stack.aliases()
    expect(aliases, "the stack has no alias")
    for name, arn in aliases.items():
        found = run.aws.client("lambda").get_function_configuration(FunctionName=arn)
        run.note(
            f"alias {name}",
            {key: found.get(key) for key in ("Version", "State", "StateReason", "Runtime", "SnapStart", "LastUpdateStatus")},
        )
        expect(found["Version"].isdigit(), f"alias {name} names version {found['Version']}, which is no published one")
        expect(found.get("State", "Active") == "Active", f"the version of alias {name} is {found.get('State')}: {found.get('StateReason')}")
    log = run.stack.log_group("StopHandler")
    run.note("log line", run.logs.line(log, run.created - 5, event="primed"))


@step(
    "snap-start",
    "SnapStart is on, and a restore is short",
    "The alias's version has SnapStart's OptimizationStatus On; after a dry run the log reports a restore's duration.",
    ["snapstart-restore"],
    not_local="nothing on this machine takes snapshots or restores them",
)
def snap_start(run):
    for name, arn in run.stack.aliases().items():
        found = run.aws.client("lambda").get_function_configuration(FunctionName=arn)
        expect(found.get("SnapStart", {}).get("OptimizationStatus") == "On", f"alias {name}: SnapStart is {found.get('SnapStart')}")
    run.invoke(run.stack.output("StopFunctionArn"), {"calculationExecutionId": "00000000-0000-0000-0000-000000000000", "dryRun": True})
    log = run.stack.log_group("StopHandler")
    run.logs.find(log, run.created - 5, 1, type="platform.report")
    reports = [line for line in run.logs.lines(log, run.created - 5) if str(line.get("type", "")).startswith("platform.re")]
    run.note("platform reports", reports)
    expect(any("restore" in json.dumps(line).lower() for line in reports), "no report of a restore is in the log")


@step(
    "keep-alive",
    "The keep-alive event wakes the function and does nothing else",
    "The event that the template's schedule sends is answered without an error, and the log has no outcome for it.",
    ["keep-alive"],
)
def keep_alive(run):
    template = run.stack.template
    properties = template.functions()[template.function("StopHandler")]
    inputs = [
        event["Properties"]["Input"] for event in properties["Events"].values() if "keepAlive" in str(event["Properties"].get("Input"))
    ]
    inputs += [
        each["Properties"]["Target"]["Input"]
        for each in template.resources.values()
        if "keepAlive" in str(each.get("Properties", {}).get("Target", {}))
    ]
    if not inputs:
        raise Skipped("the template has no keep-alive schedule")
    since = run.since()
    event = json.loads(inputs[0]) if isinstance(inputs[0], str) else inputs[0]
    # By the alias that Scheduler uses.
    answer = run.invoke(run.stack.aliases()[properties["AutoPublishAlias"]], event)
    expect("INVALID" not in json.dumps(answer), f"the function does not know the keep-alive event: {answer}")
    time.sleep(run.pace.poll)
    outcomes = [line for line in run.logs.lines(run.stack.log_group("StopHandler"), since) if line.get("event") == "stop"]
    expect(not outcomes, f"the keep-alive event had an outcome: {outcomes}")


@step(
    "dry-run",
    "A dry run stops nothing",
    "A direct request with dryRun is answered with DRY_RUN and what would have been stopped; Athena still runs the calculation.",
    ["direct-invoke"],
)
def dry_run(run):
    work = run.spark.start("spark", description="acceptance: dry run")
    try:
        answer = run.invoke(
            run.stack.output("StopFunctionArn"), {"calculationExecutionId": work.calculation_id, "dryRun": True, "reason": run.reason()}
        )
        expect(answer.get("outcome") == "DRY_RUN", f"the outcome is {answer.get('outcome')}")
        state = run.spark.state(work.calculation_id)
        expect(state == "RUNNING", f"after the dry run the calculation is {state}")
    finally:
        run.spark.free(work)
