"""Runs steps, and keeps what came of each."""

import dataclasses
import time

from botocore.exceptions import BotoCoreError, ClientError

from .errors import Skipped, Unexpected, one_line

# Without these nothing else can be checked.
ESSENTIAL = {"create"}


@dataclasses.dataclass
class Result:
    """What came of a step: passed, failed, skipped, not reached, or interrupted."""

    step: object
    result: str
    reason: str = ""
    seconds: float = 0
    facts: dict = dataclasses.field(default_factory=dict)
    calls: list = dataclasses.field(default_factory=list)


def take(run, step):
    """Runs a step. An interrupt is passed on as a result of its own."""
    run.take_facts()
    run.aws.recorder.take()
    began = time.monotonic()
    result, reason = "passed", ""
    try:
        step.run(run)
    except Skipped as e:
        result, reason = "skipped", one_line(e)
    except (Unexpected, TimeoutError) as e:
        result, reason = "failed", one_line(e)
    except (ClientError, BotoCoreError, OSError) as e:
        result, reason = "failed", f"AWS answered with an error: {one_line(e)}"
    except KeyboardInterrupt:
        result, reason = "interrupted", "the run was interrupted"
    except Exception as e:  # pylint: disable=broad-except
        # An answer without what every answer has. The report shows it; the other steps go on.
        result, reason = "failed", f"an answer was not of the expected form: {type(e).__name__} {one_line(e)}"
    return Result(
        step, result, run.aws.recorder.hidden(reason), round(time.monotonic() - began, 1), run.take_facts(), run.aws.recorder.take()
    )


def run_all(run, steps, tell):
    """Runs steps in order, until one that all others need fails, or until somebody interrupts."""
    results, stopped = [], None
    for step in steps:
        if stopped:
            results.append(Result(step, "not reached", stopped))
            continue
        tell(f"{step.name}: {step.title} ...")
        result = take(run, step)
        results.append(result)
        tell(f"  {result.result}, {result.seconds:.0f} s{'; ' + result.reason if result.reason else ''}")
        if result.result == "interrupted" or (result.result == "failed" and step.name in ESSENTIAL):
            stopped = f"{step.name} {result.result}"
    return results
