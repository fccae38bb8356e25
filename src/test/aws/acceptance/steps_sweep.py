"""Steps: the sweep finds two calculations over their limit, first to observe and then to stop them, and warns of one near its limit."""

import contextlib
import time

from .errors import Skipped, expect
from .steps import step

PREFIX = "calculation-guard:"
RULE = "max-calculation-minutes"


def arn_of(run, path=""):
    """The ARN of the workgroup, or of what is in it."""
    return f"arn:{run.aws.partition}:athena:{run.aws.region}:{run.aws.account}:workgroup/{run.work_group}{path}"


def limit(run, mode, warn_at_percent=80):
    """Sets the workgroup's limits by its tags; notes what was there, to give it back.

    A smaller percentage is of a longer limit, so that it is reached after the same time.
    """
    athena = run.aws.client("athena")
    arn = arn_of(run)
    minutes = run.pace.limit_minutes if warn_at_percent == 80 else run.pace.limit_minutes * 100 / warn_at_percent
    tags = {PREFIX + "mode": mode, PREFIX + RULE: f"{minutes:g}", PREFIX + "warn-at-percent": str(warn_at_percent)}
    before = [tag for tag in athena.list_tags_for_resource(ResourceARN=arn)["Tags"] if tag["Key"] in tags]
    if not any(entry["kind"] == "tags" for entry in run.ledger.entries):
        run.ledger.add("tags", arn=arn, keys=list(tags), before=before)
    athena.tag_resource(ResourceARN=arn, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])


@contextlib.contextmanager
def sweep(run, mode, outcome, count=2, warn_at_percent=80):
    """Sweeps with calculations over the limit, or near it. Gives them, and since when; ends their sessions afterwards."""
    works = [run.spark.start("spark", session, "acceptance: the sweep") for session in run.spark.idle_sessions(count)]
    try:
        others = [
            each["SessionId"]
            for each in run.aws.client("athena").list_sessions(WorkGroup=run.work_group)["Sessions"]
            if not run.spark.is_mine(each["SessionId"])
        ]
        if others:
            raise Skipped(f"workgroup {run.work_group} has sessions of somebody else: {', '.join(others)}")
        limit(run, mode, warn_at_percent)
        time.sleep(60 * run.pace.limit_minutes + 1)
        since = run.since()
        report = run.invoke(run.stack.output("SweepFunctionName"), {}, "the sweep's answer")
        log = run.stack.log_group("SweepHandler")
        found = [run.logs.line(log, since, event="finding", outcome=outcome, calculation_id=work.calculation_id) for work in works]
        run.note("findings", found)
        run.note("sweep", run.logs.line(log, since, event="sweep"))
        expect(all(line.get("event_sent", True) for line in found), f"a warning was not sent as an event: {found}")
        expect(not (report or {}).get("failed"), f"the sweep failed in part: {report}")
        yield works, since
    finally:
        # A sweep by the schedule must not enforce what this step set.
        limit(run, "off")
        for work in works:
            run.spark.end_session(work.session_id)


@step(
    "sweep-observe",
    "A sweep in observe mode finds and leaves alone",
    "Two calculations over the workgroup's tagged limit are OBSERVED, and both still run.",
    ["sweep-reads-athena", "limits-by-tags"],
)
def sweep_observe(run):
    with sweep(run, "observe", "OBSERVED") as (works, _):
        for work in works:
            state = run.spark.state(work.calculation_id)
            expect(state == "RUNNING", f"after the sweep calculation {work.calculation_id} is {state}")


@step(
    "sweep-warn",
    "An enforced sweep warns of a calculation, and notes that on its session",
    "A calculation at 1 % of a limit that warns at 1 % is WARNED and still runs; its session has a tag of the warning; nothing failed.",
    ["sweep-tags-sessions", "warning-events"],
)
def sweep_warn(run):
    with sweep(run, "enforce", "WARNED", count=1, warn_at_percent=1) as ([work], _):
        state = run.spark.state(work.calculation_id)
        expect(state == "RUNNING", f"after the warning calculation {work.calculation_id} is {state}")
        arn = arn_of(run, f"/session/{work.session_id}")
        tags = {tag["Key"]: tag["Value"] for tag in run.aws.client("athena").list_tags_for_resource(ResourceARN=arn)["Tags"]}
        run.note("tags of the session", tags)
        expect(work.calculation_id in tags.get(f"{PREFIX}warned-{RULE}", ""), f"the session has no tag of the warning: {tags}")


@step(
    "sweep-enforce",
    "An enforced sweep stops two calculations with one batch",
    "The bus accepts both findings of one PutEvents call (its IAM condition is multi-valued), and the stop function cancels both.",
    ["findings-in-one-batch", "sweep-stops", "outcome-events"],
)
def sweep_enforce(run):
    with sweep(run, "enforce", "ORDERED") as (works, since):
        for work in works:
            line = run.logs.line(run.stack.log_group("StopHandler"), since, event="stop", calculation_id=work.calculation_id)
            run.note(f"log line of {work.calculation_id}", line)
            expect(line["trigger"] == "sweep", f"the trigger is {line['trigger']}")
            expect(line["outcome"] == "CANCELED", f"the outcome is {line['outcome']}: {line.get('reason')}")
            expect(line.get("event_sent", True), f"the outcome was not sent as an event: {line.get('reason')}")
            state = run.spark.watch(work)[-1]["state"]
            expect(state in ("CANCELED", "STOPPED"), f"Athena says {state}")
