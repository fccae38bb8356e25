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

from .. import cli, report, runner
from ..aws import Aws
from ..ledger import Ledger
from ..recorder import Recorder
from ..spark import CODE
from ..steps import Step, all_steps
from .faults import FAULTS, injected
from .gateway import REGION
from .itself import checks_of_the_run, empty
from .pace import PACE, PACE_WITH_FAULT
from .world import World, stack_factory


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
        "athena": "the local Athena plays Spark",
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
