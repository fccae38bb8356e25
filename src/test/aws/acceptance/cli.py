"""The command line: what is asked for, whether it can be done, and what it costs."""

import argparse
import datetime
import pathlib
import shutil
import signal
import sys
import time
import uuid

from botocore.exceptions import BotoCoreError, ClientError

from . import cost, report, runner, setup
from .aws import Aws
from .claims import table
from .context import Pace, Run
from .errors import Unexpected, Unusable, one_line
from .ledger import Ledger
from .recorder import Recorder
from .spark import PYSPARK_3, SPARK_35, require_empty
from .stack import Stack
from .steps import all_steps
from .template import Template


def arguments(argv):
    """What the command line says."""
    parser = argparse.ArgumentParser(
        prog="run",
        description="Deploys the guard into a sandbox account, checks it there, deletes it, and writes a report. Costs less than 2 USD; takes about an hour.",
        epilog="Exit status: 0 if every step passed or was skipped; 1 if one failed or something is left behind; 2 if the run cannot start.",
    )
    parser.add_argument("--region", help="the Region; else the environment's or the profile's")
    parser.add_argument("--profile", help="a profile of ~/.aws/config")
    groups = parser.add_mutually_exclusive_group()
    groups.add_argument(
        "--work-groups", metavar="NAME,NAME", help=f"two workgroups without sessions: one of {PYSPARK_3}, one of {SPARK_35}"
    )
    groups.add_argument("--create", action="store_true", help="make two workgroups, and delete them at the end")
    parser.add_argument("--packaged", metavar="FILE", help="a packaged template, instead of sam build (which needs Maven and a JDK 25)")
    parser.add_argument("--only", metavar="STEP,STEP", help="only these steps, and create")
    parser.add_argument("--report", metavar="FOLDER", default="target/acceptance", help="where the report goes; default %(default)s")
    parser.add_argument("--yes", action="store_true", help="do not ask before it starts")
    parser.add_argument("--clean", metavar="LEDGER", help="delete what an earlier run made, which was killed before it could")
    parser.add_argument("--list", action="store_true", help="list the steps, and do nothing")
    parser.add_argument("--claims", action="store_true", help="print the claims that the steps settle, and do nothing")
    parser.add_argument(
        "--local",
        action="store_true",
        help="check the run itself on this machine, without an account: each step once with a fault and once without",
    )
    return parser.parse_args(argv)


def chosen(steps, only):
    """The steps that somebody chose, with those that they need."""
    if not only:
        return steps
    names = [name.strip() for name in only.split(",")]
    unknown = sorted(set(names) - {step.name for step in steps})
    if unknown:
        raise Unusable(f"there is no step {', '.join(unknown)}; --list lists them")
    return [step for step in steps if step.name in names or step.name in runner.ESSENTIAL]


def ask(text):
    """Whether a person says yes."""
    if not sys.stdin.isatty():
        raise Unusable("nobody is here to say yes; use --yes to start without asking")
    return input(text).strip().lower() in ("y", "yes")


def interrupted(*_):
    raise KeyboardInterrupt


def tell(text):
    print(text, flush=True)


def account_run(options):
    """The run in an account. Gives the exit status."""
    steps = chosen(all_steps(), options.only)
    recorder = Recorder()
    aws = Aws(options.region, options.profile, recorder)
    folder = pathlib.Path(options.report)
    if options.clean:
        return clean(aws, options.clean)
    if not options.create and not options.work_groups:
        raise Unusable("no workgroups: name two by --work-groups NAME,NAME, or have the run make them by --create")
    if not options.packaged and not shutil.which("mvn"):
        raise Unusable("found no Maven, which sam build needs; install it, or give a packaged template by --packaged FILE")
    if options.packaged:
        Template(options.packaged)
    groups = None
    if options.work_groups:
        groups = [name.strip() for name in options.work_groups.split(",")]
        if len(groups) != 2:
            raise Unusable(f"--work-groups takes two names with a comma between, not {options.work_groups!r}")
        for name, engine in zip(groups, (PYSPARK_3, SPARK_35)):
            require_empty(aws.client("athena"), name, engine)
    name = f"guard-acceptance-{uuid.uuid4().hex[:8]}"
    lines, _ = cost.estimate()
    tell(f"Account {aws.account}, Region {aws.region}, stack {name}, {len(steps)} steps, about an hour.")
    tell("\n".join(lines))
    tell(
        "It deletes what it makes, also after Ctrl-C."
        + (" It sets tags on the workgroup named first, runs calculations in both, and takes the tags off again." if groups else "")
    )
    if not options.yes and not ask("Start? [y/N] "):
        tell("Nothing was done.")
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    ledger = Ledger(folder / f"{name}-ledger.json")
    signal.signal(signal.SIGTERM, interrupted)
    return perform(
        aws, ledger, Pace(), name, groups, steps, folder, lambda bucket: Stack(aws, ledger, Pace(), name, bucket, options.packaged)
    )


def perform(aws, ledger, pace, name, groups, steps, folder, new_stack):
    """Makes what is needed, takes the steps, deletes everything, and writes the report, however it ends."""
    began, results, why, run = datetime.datetime.now(datetime.timezone.utc), [], "", None
    try:
        run = prepare(aws, ledger, pace, name, groups, new_stack)
        results = runner.run_all(run, steps, tell)
    except KeyboardInterrupt:
        why = "interrupted before the first step"
    except (Unusable, Unexpected, ClientError, BotoCoreError, TimeoutError, OSError) as e:
        why = f"the run could not be prepared: {one_line(e)}"
    finally:
        left = delete_all(aws, ledger)
    head = {
        "guard": report.revision(),
        "region": aws.region,
        "began": began.isoformat(timespec="seconds"),
        "ended": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "sessions_cost_at_most_usd": f"{run.spark.usd() if run else 0:.2f}",
    }
    if why:
        head["ended_early"] = aws.recorder.hidden(why)
        print(f"run: {why}", file=sys.stderr)
    file = report.write(folder, head, results, aws.recorder.hidden(left))
    tell(f"{report.count(results) or 'No step was taken'}. The report is {file}")
    failed = [each for each in results if each.result not in ("passed", "skipped")]
    return 1 if failed or left or why else 0


def prepare(aws, ledger, pace, name, groups, new_stack):
    """The bucket, the workgroups and the run."""
    bucket = setup.make_bucket(aws, ledger, f"{name}-{aws.account[-4:]}")
    groups = groups or setup.make_work_groups(aws, ledger, name, bucket, pace.poll)
    return Run(aws, ledger, pace, new_stack(bucket), groups, setup.pattern_for(aws.client("athena"), groups))


def delete_all(aws, ledger):
    """Deletes what the run made; Ctrl-C does not stop that."""
    before = signal.signal(signal.SIGINT, lambda *_: tell("  (still deleting; this takes a few minutes)"))
    try:
        tell("Deleting what the run made ...")
        left = ledger.undo(aws, tell)
    finally:
        signal.signal(signal.SIGINT, before)
    for line in left:
        print(f"run: NOT deleted: {line}", file=sys.stderr)
    if left:
        print(f"run: delete these by: run --region {aws.region} --clean {ledger.file}", file=sys.stderr)
    elif ledger.file.exists():
        ledger.file.unlink()
    return left


def clean(aws, file):
    """Deletes what a ledger lists."""
    if not pathlib.Path(file).exists():
        raise Unusable(f"there is no ledger {file}; a run that was killed leaves one in its report's folder")
    return 1 if delete_all(aws, Ledger(file)) else 0


def main(argv):
    """Gives the exit status. Never shows a stack trace for bad input."""
    options = arguments(argv)
    try:
        if options.list or options.claims:
            steps = all_steps()
            print(table(steps) if options.claims else "\n".join(f"{step.name:<22} {step.title}" for step in steps))
            return 0
        if options.local:
            from .local.checks import local_run

            return local_run(options, time.monotonic())
        return account_run(options)
    except Unusable as e:
        print(f"run: {one_line(e)}", file=sys.stderr)
        return 2
    except (ClientError, BotoCoreError) as e:
        print(
            f"run: AWS answered with an error: {one_line(e)}; see that the credentials may do what docs/acceptance-run.md lists",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("run: interrupted; nothing was made", file=sys.stderr)
        return 2
