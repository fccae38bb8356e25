"""The checks of the run itself: what it leaves behind, what it says of bad input, and what it documents."""

import contextlib
import io
import os
import re
import time
import uuid
import warnings

from .. import cli
from ..claims import CLAIMS
from ..errors import expect
from ..ledger import Ledger
from ..messages import listen
from ..steps import Step, all_steps
from ..template import ROOT
from .faults import Fault, answered, at, injected, without_attributes
from .filters import deliver
from .gateway import REGION, Answer
from .pace import PACE
from .world import stack_factory


def remains(aws):
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
        if group["Name"].startswith("guard-acceptance-"):
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
    left = remains(aws)
    expect(not left, f"an interrupted run left behind: {', '.join(left)}")


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
    no_attributes = Fault("messages lose their attributes", "owner.*gets", at("sns", "Publish", without_attributes))
    undocumented = Fault("a claim is not documented", "invented")
    return [
        (
            "bad-input",
            "Bad input ends in one line that says what to do",
            lambda run: bad_input(world),
            any_group,
            injected(world, any_group),
        ),
        (
            "filter-policies",
            "Each subscription gets what its filter policy lets through",
            lambda run: deliver(aws),
            no_attributes,
            injected(world, no_attributes),
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
