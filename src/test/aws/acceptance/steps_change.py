"""Steps: a changed parameter takes effect, and escalation."""

from .errors import expect
from .steps import step


@step(
    "parameter",
    "A changed parameter moves the alias",
    "After a deployment with Escalation=TERMINATE_SESSION each alias names a newer version, whose environment has the new value.",
    ["parameter-makes-version"],
)
def parameter(run):
    client = run.aws.client("lambda")
    before = {name: client.get_function_configuration(FunctionName=arn)["Version"] for name, arn in run.stack.aliases().items()}
    run.stack.deploy(
        {
            "Escalation": "TERMINATE_SESSION",
            "EscalateAfterSeconds": run.pace.escalate_after_seconds,
            "ConfirmSeconds": run.pace.confirm_escalating_seconds,
        }
    )
    for name, arn in run.stack.aliases().items():
        found = client.get_function_configuration(FunctionName=arn)
        value = found["Environment"]["Variables"].get("ESCALATION")
        run.note(f"alias {name}", {"version before": before.get(name), "version": found["Version"], "ESCALATION": value})
        expect(
            found["Version"].isdigit() and int(found["Version"]) > int(before.get(name, 0)),
            f"alias {name} still names version {found['Version']}",
        )
        expect(value == "TERMINATE_SESSION", f"the version of alias {name} has ESCALATION={value}")


@step(
    "escalation",
    "A calculation that ignores Stop loses its session",
    "Stop, again Stop, then TerminateSession: the outcome is SESSION_TERMINATED and the session is TERMINATED; or CANCELED, if Athena cancels a sleep after all.",
    ["escalation-terminates", "state-after-termination"],
)
def escalation(run):
    work = run.spark.start("sleep", description="acceptance: escalation")
    since = run.since()
    event_id = run.put_stop_request({"calculationExecutionId": work.calculation_id, "reason": run.reason()})
    line = run.logs.line(run.stack.log_group("StopHandler"), since, order_id=event_id)
    run.note("log line", line)
    looks = run.spark.watch(work)
    run.note("looks after Stop", looks)
    state = run.spark.session_state(work.session_id)
    run.note("state of the session", state)
    run.spark.end_session(work.session_id)
    if line["outcome"] == "CANCELED":
        run.note("escalation", "not reached: Athena canceled the sleep by itself")
        expect(looks[-1]["state"] in ("CANCELED", "STOPPED"), f"the guard says CANCELED, and Athena says {looks[-1]['state']}")
        return
    expect(line["outcome"] == "SESSION_TERMINATED", f"the outcome is {line['outcome']}: {line.get('reason')}")
    expect(state in ("TERMINATING", "TERMINATED"), f"the guard says SESSION_TERMINATED, and Athena says {state}")
