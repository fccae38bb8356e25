"""For each step that can run on this machine, a fault that it must notice."""

import contextlib
import dataclasses
import json
import re
import typing
import urllib.parse

from .gateway import Answer, refused
from .stack import LocalStack


@dataclasses.dataclass(frozen=True)
class Fault:
    """A fault, and what the step must say of it.

    passes is a function of a call and of what would answer it; switch is an attribute of LocalStack that is on meanwhile.
    """

    what: str
    noticed: str
    passes: typing.Optional[typing.Callable] = None
    switch: typing.Optional[str] = None
    # How long a step may wait for the log.
    log_seconds: float = 3


def at(service, operation, change, who=None):
    """A fault at one operation of a service: change gets the call and what would answer it."""

    def passes(call, action):
        concerned = call.service == service and call.operation == operation and who in (None, call.who)
        return change(call, action) if concerned else action(call)

    return passes


def answered(answer):
    """Answers without doing anything."""
    return lambda call, action: answer


def edited(pattern, replacement):
    """Changes the text of the answer."""
    return lambda call, action: dataclasses.replace(found := action(call), body=re.sub(pattern, replacement, found.body))


def sent(change):
    """Changes the body of the request, as JSON."""
    return lambda call, action: action(dataclasses.replace(call, body=json.dumps(change(call.json())).encode()))


def invocation(function, change):
    """A fault at the invocation of a function, by a part of its name."""
    return lambda call, action: change(call, action) if call.service == "invocation" and function in call.operation else action(call)


def unbraked(call, action):
    """Lambda takes the concurrency, and does not keep to it."""
    return Answer(200, b"{}") if call.service == "lambda" and call.path.endswith("/concurrency") else action(call)


def without(*keys):
    """A JSON object without these keys."""
    return lambda body: {key: value for key, value in body.items() if key not in keys}


def without_caller(event):
    event.get("requestContext", {}).pop("authorizer", None)
    return event


def pretends_deletion(call, action):
    """CloudFormation says that the stack is gone, and deletes nothing."""
    if call.service == "cloudformation" and call.operation == "DeleteStack":
        return Answer(200, b"<DeleteStackResponse/>", {"Content-Type": "text/xml"})
    if call.service == "cloudformation" and call.operation == "DescribeStacks":
        return Answer(
            400,
            b"<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id x does not exist</Message></Error></ErrorResponse>",
            {"Content-Type": "text/xml"},
        )
    return action(call)


def lies_to_the_guard(call, action):
    """Stop does nothing, and the guard is told that the calculation is canceled."""
    if call.service == "athena" and call.who == "guard":
        if call.operation == "StopCalculationExecution":
            return Answer(200, b'{"State":"CANCELING"}')
        if call.operation == "GetCalculationExecution":
            found = action(call)
            return dataclasses.replace(found, body=found.body.replace(b'"RUNNING"', b'"CANCELED"'))
    return action(call)


def refuses_batches(call, action):
    return (
        refused(400, "AccessDeniedException", "not authorized to perform: events:PutEvents")
        if len(call.json()["Entries"]) > 1
        else action(call)
    )


def without_attributes(call, action):
    kept = [
        (key, value)
        for key, value in urllib.parse.parse_qsl(call.body.decode(), keep_blank_values=True)
        if not key.startswith("MessageAttributes")
    ]
    return action(dataclasses.replace(call, body=urllib.parse.urlencode(kept).encode()))


def to_another_alias(call, action):
    """What is sent to the alias for people arrives at the one for services."""
    return action(dataclasses.replace(call, operation=re.sub(r":direct$", ":live", call.operation)))


OVERWORKED = answered(refused(500, "InternalServerException", "An internal error occurred"))

FAULTS = {
    "create": Fault(
        "the stack has no output Brake",
        "lacks the outputs Brake",
        at("cloudformation", "DescribeStacks", edited(rb"<OutputKey>Brake<", b"<OutputKey>Other<")),
    ),
    "alias": Fault("priming does not succeed", "0 and not 1 lines.*primed", at("logs", "FilterLogEvents", edited(rb"primed", b"unprimed"))),
    "keep-alive": Fault(
        "the function does not know the event",
        "does not know the keep-alive event",
        invocation("StopFunction", sent(lambda body: {"unknown": True})),
    ),
    "dry-run": Fault("dryRun is lost on the way", "the outcome is", invocation("StopFunction", sent(without("dryRun")))),
    "stop-spark-eventbridge": Fault(
        "the rule delivers nothing",
        "0 and not 1 lines",
        lambda call, action: Answer(200, b"") if call.service == "delivery" else action(call),
    ),
    "stop-spark-http": Fault(
        "the API does not pass the caller", "requested_by is not the caller", invocation("StopFunction", sent(without_caller))
    ),
    "stop-spark-direct": Fault(
        "the Spark job ignores Stop",
        "the outcome is CANCELING",
        at("athena", "StartCalculationExecution", sent(lambda body: {**body, "CodeBlock": body["CodeBlock"] + "\n# local: stubborn"})),
    ),
    "stop-sleep-eventbridge": Fault(
        "Stop has no effect, and the guard is told that it had", "the guard says CANCELED, and Athena says RUNNING", lies_to_the_guard
    ),
    "stop-sleep-http": Fault(
        "Lambda does not run the function (SnapStartNotReadyException)",
        "the API answered 500",
        invocation("StopFunction", answered(Answer(500, b"{}"))),
    ),
    "stop-sleep-direct": Fault(
        "Stop has no effect and answers COMPLETED",
        "the guard says CANCELING, and Athena says RUNNING",
        at("athena", "StopCalculationExecution", answered(Answer(200, b'{"State":"COMPLETED"}'))),
    ),
    "unknown-id": Fault(
        "Athena gives an internal error for an unknown ID",
        "the API answered 503",
        at("athena", "StopCalculationExecution", OVERWORKED, "guard"),
    ),
    "spark-35": Fault(
        "Spark 3.5 lists no calculations, instead of refusing",
        "AWS accepted",
        at("athena", "ListCalculationExecutions", answered(Answer(200, b'{"Calculations":[]}')), "tester"),
    ),
    "forged-caller": Fault("a direct invocation arrives at the alias for services", "invented caller", to_another_alias),
    "page": Fault(
        "the Stop button calls the function without its alias",
        "does not call the alias",
        invocation("WidgetFunction", edited(rb"(endpoint=\\(?:\"|u0022)[^\"\\]*):\w+", rb"\1")),
    ),
    "parameter": Fault("a changed parameter makes no version", "still names version", switch="ignores_descriptions"),
    "escalation": Fault(
        "the session lives on after its termination",
        "the guard says SESSION_TERMINATED, and Athena says BUSY",
        at("athena", "GetSessionStatus", edited(rb"TERMINAT(ED|ING)", b"BUSY"), "tester"),
        log_seconds=120,
    ),
    "sweep-observe": Fault(
        "the guard sees no tags",
        "0 and not 1 lines.*OBSERVED",
        at("athena", "ListTagsForResource", answered(Answer(200, b'{"Tags":[]}')), "guard"),
    ),
    "sweep-warn": Fault(
        "the sweep may not tag a session",
        "the session has no tag of the warning",
        at("athena", "TagResource", answered(refused(400, "AccessDeniedException", "not authorized to perform: athena:TagResource")), "guard"),
    ),
    "sweep-enforce": Fault(
        "the bus refuses a batch of two findings", "0 and not 1 lines.*ORDERED", at("events", "PutEvents", refuses_batches, "guard")
    ),
    "message": Fault("the message loses its attributes", "lacks the attributes", at("sns", "Publish", without_attributes), log_seconds=60),
    "emf-lines": Fault(
        "the log loses the metrics", "no line in embedded metric format", at("logs", "FilterLogEvents", edited(rb"_aws", b"aws"))
    ),
    "brake": Fault("the brake has no effect", "with the brake on", unbraked),
    "delete": Fault("CloudFormation says that it deleted, and did not", "still there after the deletion", pretends_deletion),
    "create-again": Fault(
        "the second creation is rolled back",
        "the stack is ROLLBACK_COMPLETE",
        at("cloudformation", "DescribeStacks", edited(rb"CREATE_COMPLETE", b"ROLLBACK_COMPLETE")),
    ),
}


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
