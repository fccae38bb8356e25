"""run --local: every step that can run here, once with its fault (and must notice it) and once without (and must pass)."""

import contextlib
import dataclasses
import datetime
import io
import os
import pathlib
import re
import time
import uuid
import warnings

from .. import cli, report, runner
from ..aws import Aws
from ..claims import CLAIMS
from ..context import Pace
from ..errors import expect
from ..ledger import Ledger
from ..messages import listen
from ..recorder import Recorder
from ..spark import CODE
from ..steps import Step, all_steps
from ..template import ROOT
from .faults import FAULTS, Fault, answered, at
from .gateway import REGION, Answer
from .stack import LocalStack
from .world import World

PACE = Pace(
    poll=0.2,
    sample=0.2,
    session_seconds=30,
    start_seconds=20,
    watch_seconds=12,
    log_seconds=60,
    settle_seconds=1,
    quiet_seconds=0,
    metric_seconds=0,
    confirm_seconds=3,
    confirm_escalating_seconds=30,
    escalate_after_seconds=3,
    sleep_watch_seconds=1.5,
    limit_minutes=0.03,
    calls_per_second=50,
    skew_seconds=0,
)
# A fault must not take as long to notice as a slow machine may take to do well.
PACE_WITH_FAULT = dataclasses.replace(PACE, watch_seconds=4)


@contextlib.contextmanager
def injected(world, fault):
    """Injects a fault for a while."""
    world.gateway.fault = fault.passes
    if fault.switch:
        setattr(LocalStack, fault.switch, True)
    try:
        yield
    finally:
        world.gateway.fault = None
        if fault.switch:
            setattr(LocalStack, fault.switch, False)


def noticed(step, fault, result):
    """The result of a step with a fault, as a result of its own: it passes if the step failed for that reason."""
    as_step = Step(f"{step.name}, with a fault", fault.what, f"The step fails, and says: {fault.noticed}", (), step.run)
    if result.result == "failed" and re.search(fault.noticed, result.reason):
        return dataclasses.replace(result, step=as_step, result="passed", reason=f"noticed: {result.reason}")
    return dataclasses.replace(result, step=as_step, result="failed", reason=f"the step did not notice it: {result.result} {result.reason}")


def both(world, run, step):
    """A step with its fault, and then without."""
    fault = FAULTS[step.name]
    # A second creation is not used, so nothing starts for it; nor for one that is to fail.
    world.runtime.takes_snapshots = False
    if step.name != "create" and step.name != "create-again":
        world.runtime.takes_snapshots = True
    run.set_pace(dataclasses.replace(PACE_WITH_FAULT, log_seconds=fault.log_seconds))
    with injected(world, fault):
        with_fault = runner.take(run, step)
    run.set_pace(PACE)
    if step.name in ("create", "create-again"):
        run.stack.delete()
        world.runtime.takes_snapshots = step.name == "create"
    clean = runner.take(run, step)
    if clean.result == "skipped":
        return [clean]
    return [noticed(step, fault, with_fault), clean]


def remains(world, aws):
    """What is in the account of this machine, beside what is always there."""
    found = [
        f"stack {each['StackName']}"
        for each in aws.client("cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"])["StackSummaries"]
    ]
    found += [f"queue {url}" for url in aws.client("sqs").list_queues().get("QueueUrls", [])]
    found += [f"topic {each['TopicArn']}" for each in aws.client("sns").list_topics()["Topics"]]
    found += [f"role {each['RoleName']}" for each in aws.client("iam").list_roles()["Roles"]]
    found += [f"function {each['FunctionName']}" for each in aws.client("lambda").list_functions()["Functions"]]
    found += [f"log group {each['logGroupName']}" for each in aws.client("logs").describe_log_groups()["logGroups"]]
    found += [f"bucket {each['Name']}" for each in aws.client("s3").list_buckets()["Buckets"] if each["Name"] != "bucket"]
    for group in aws.client("athena").list_work_groups()["WorkGroups"]:
        found += [f"session {each['SessionId']}" for each in aws.client("athena").list_sessions(WorkGroup=group["Name"])["Sessions"]]
        if group["Name"].startswith("guard-acceptance-") and group["Name"] not in world.gateway.deleted:
            found.append(f"workgroup {group['Name']}")
    return found


def interrupted_run(world, aws, folder):
    """A run that somebody interrupts leaves nothing behind."""

    def interrupt(run):
        listen(run)
        run.spark.start_session()
        raise KeyboardInterrupt

    world.runtime.takes_snapshots = False
    steps = [
        next(step for step in all_steps() if step.name == "create"),
        Step("interrupt", "Somebody presses Ctrl-C", "The run deletes what it made.", (), interrupt),
    ]
    name = f"guard-acceptance-{uuid.uuid4().hex[:8]}"
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        ledger = Ledger(folder / f"{name}-ledger.json")
        status = cli.perform(aws, ledger, PACE, name, None, steps, folder / "interrupted", stack_factory(world, aws, ledger, name))
    expect(status == 1, f"an interrupted run ended with status {status}")
    time.sleep(3.5)  # The local Athena takes 3 s to terminate a session.
    left = remains(world, aws)
    expect(not left, f"an interrupted run left behind: {', '.join(left)}")


def stack_factory(world, aws, ledger, name):
    """Makes the stack of a run, and shows it to the gateway."""

    def new_stack(bucket):
        world.gateway.stack = LocalStack(aws, ledger, PACE, name, bucket)
        return world.gateway.stack

    return new_stack


def bad_input(world):
    """Bad input ends in one line that says what is wrong and what to do."""
    good = {
        "AWS_ACCESS_KEY_ID": "tester",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_ENDPOINT_URL": world.gateway.endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
    here = ["--region", REGION]
    package = ["--packaged", str(ROOT / "template.yaml")]
    cases = [
        (["--create"], good, "no Region is set; name one by --region"),
        (["--create", "--region", "mars-north-1"], good, "no Region mars-north-1 with Athena"),
        (["--create", *here], {**good, "AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, "no AWS credentials; set AWS_PROFILE"),
        (["--create", *here, "--profile", "nobody"], good, "profile.*nobody.*--profile"),
        ([*here], good, "no workgroups: name two"),
        (["--work-groups", "one", *here, *package], good, "takes two names"),
        (["--work-groups", "absent,spark-connect", *here, *package], good, "cannot read workgroup absent.*--create"),
        (["--work-groups", "spark-connect,spark", *here, *package], good, "workgroup spark-connect has engine"),
        (["--create", *here, "--packaged", "absent.yaml"], good, "cannot read the template absent.yaml"),
        (["--create", *here, "--only", "absent"], good, "no step absent; --list"),
        (["--create", *here, *package], good, "nobody is here to say yes; use --yes"),
        ([*here, "--clean", "absent.json"], good, "no ledger absent.json"),
    ]
    for arguments, environment, wanted in cases:
        status, text = called(arguments, environment)
        expect(status == 2, f"run {' '.join(arguments)} ended with status {status}")
        expect(len(text.splitlines()) == 1 and re.search(wanted, text), f"run {' '.join(arguments)} said {text!r}, not /{wanted}/")


def called(arguments, environment):
    """What the command line says to standard error, with other variables; nobody is there to answer."""
    before = dict(os.environ)
    for name, value in {"AWS_DEFAULT_REGION": None, "AWS_REGION": None, "AWS_PROFILE": None, **environment}.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), open(
            os.devnull
        ) as nobody:
            warnings.simplefilter("ignore")
            before_in, cli.sys.stdin = cli.sys.stdin, nobody
            try:
                return cli.main(arguments), said.getvalue().strip()
            finally:
                cli.sys.stdin = before_in
    finally:
        os.environ.clear()
        os.environ.update(before)


def claims_documented():
    """Each claim is settled by a step and listed in the docs; no step names another."""
    settled = {claim for step in all_steps() for claim in step.claims}
    expect(settled == set(CLAIMS), f"claims and steps differ: {', '.join(sorted(settled ^ set(CLAIMS)))}")
    docs = "\n".join(file.read_text() for file in sorted((ROOT / "docs").glob("*.md")))
    missing = sorted(claim for claim in CLAIMS if f"`{claim}`" not in docs)
    expect(not missing, f"no page of docs has the claims {', '.join(missing)}; run --claims prints the table")


@contextlib.contextmanager
def invented_claim():
    CLAIMS["invented"] = "A claim that nobody documented."
    try:
        yield
    finally:
        del CLAIMS["invented"]


def checks_of_the_run(world, aws, folder):
    """The checks of the run itself: name, what is expected, the check, its fault, and how the fault is injected."""
    group = b'{"WorkGroup":{"Name":"absent","Configuration":{"EngineVersion":{"SelectedEngineVersion":"PySpark engine version 3"}}}}'
    keeps_queues = Fault("DeleteQueue has no effect", "left behind: queue", at("sqs", "DeleteQueue", answered(Answer(200, b"{}"))))
    any_group = Fault("every workgroup exists", "run --work-groups absent", at("athena", "GetWorkGroup", answered(Answer(200, group))))
    undocumented = Fault("a claim is not documented", "invented")
    return [
        (
            "bad-input",
            "Bad input ends in one line that says what to do",
            lambda run: bad_input(world),
            any_group,
            injected(world, any_group),
        ),
        ("claims", "Each claim has a step and is documented", lambda run: claims_documented(), undocumented, invented_claim()),
        (
            "interrupt",
            "An interrupted run deletes what it made",
            lambda run: interrupted_run(world, aws, folder),
            keeps_queues,
            injected(world, keeps_queues),
        ),
    ]


def empty(aws):
    """Deletes the queues that a fault left."""
    for url in aws.client("sqs").list_queues().get("QueueUrls", []):
        aws.client("sqs").delete_queue(QueueUrl=url)


def local_run(options, began):
    """Checks every step, and the run itself. Gives the exit status."""
    os.environ.update(AWS_ACCESS_KEY_ID="tester", AWS_SECRET_ACCESS_KEY="local", AWS_EC2_METADATA_DISABLED="true")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    folder = pathlib.Path(options.report)
    folder.mkdir(parents=True, exist_ok=True)
    # It need not take the 2 s here that the local Athena usually takes to cancel.
    CODE["spark"] += "\n# local: cancels 0s"
    world = World()
    results, left, started = [], [], datetime.datetime.now(datetime.timezone.utc)
    try:
        aws = Aws(REGION, None, Recorder(), world.gateway.endpoint)
        name = f"guard-acceptance-{uuid.uuid4().hex[:8]}"
        ledger = Ledger(folder / f"{name}-ledger.json")
        try:
            run = cli.prepare(aws, ledger, PACE, name, None, stack_factory(world, aws, ledger, name))
            for step in cli.chosen(all_steps(), options.only):
                results += [runner.Result(step, "skipped", step.not_local)] if step.not_local else both(world, run, step)
                tell(results, step)
                if step.name in runner.ESSENTIAL and results[-1].result == "failed":
                    break
        finally:
            with contextlib.redirect_stdout(io.StringIO()):
                left = cli.delete_all(aws, ledger)
        if not options.only and results[-1].step.name not in runner.ESSENTIAL:
            results += run_itself(world, aws, folder, run)
        not_made = run.stack.not_made()
    finally:
        world.close()
    head = {
        "guard": report.revision(),
        "where": "this machine: moto, the local Athena, and the guard's functions in Lambda's runtime interface client",
        "began": started.isoformat(timespec="seconds"),
        "seconds": f"{time.monotonic() - began:.0f}",
        "template": "expanded by SAM's translator; moto's CloudFormation makes roles, topics, queues, buses, rules, logs and functions; versions, aliases and the dashboard are made by hand",
        "not made here": ", ".join(not_made),
        "athena": "the local Athena plays Spark; DeleteWorkGroup, which it lacks, is only noted",
    }
    file = report.write(folder, head, results, left, "local-report")
    failed = [each for each in results if each.result not in ("passed", "skipped")]
    print(f"{report.count(results)}, {time.monotonic() - began:.0f} s. The report is {file}")
    return 1 if failed or left else 0


def run_itself(world, aws, folder, run):
    """The checks of the run itself, each with its fault and without."""
    results = []
    for name, title, check, fault, context in checks_of_the_run(world, aws, folder):
        step = Step(name, title, title, (), check)
        with context:
            with_fault = runner.take(run, step)
        empty(aws)
        results += [noticed(step, fault, with_fault), runner.take(run, step)]
        tell(results, step)
    return results


def tell(results, step):
    """Says what came of a step."""
    for each in results:
        if each.step is step or (each.step.run is step.run and each.step is not step):
            print(
                f"{each.step.name:<38} {each.result:<8} {each.seconds:5.1f} s  {each.reason if each.result != 'passed' else ''}", flush=True
            )
