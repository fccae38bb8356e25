"""What a step has at hand."""

import dataclasses
import json
import time
import uuid

from .errors import Unexpected, expect
from .logs import Logs
from .spark import Spark


@dataclasses.dataclass(frozen=True)
class Pace:
    """How long the run waits, in seconds."""

    poll: float = 2
    sample: float = 6
    session_seconds: float = 300
    start_seconds: float = 180
    watch_seconds: float = 150
    sleep_watch_seconds: float = 150
    log_seconds: float = 240
    settle_seconds: float = 20
    quiet_seconds: float = 780
    metric_seconds: float = 420
    confirm_seconds: int = 60
    # After the deployment with escalation: long enough that a job that heeds Stop is canceled before.
    confirm_escalating_seconds: int = 90
    escalate_after_seconds: int = 30
    limit_minutes: float = 1
    skew_seconds: float = 1
    # The template's default.
    calls_per_second: int = 0


class Run:
    """One run: the account, the stack, Spark, the logs, and the facts of the current step."""

    def __init__(self, aws, ledger, pace, stack, work_groups, pattern):
        self.aws, self.ledger, self.pace, self.stack = aws, ledger, pace, stack
        self.work_group, self.connect_work_group = work_groups
        self.pattern = pattern
        self.spark = Spark(aws, ledger, pace, self.work_group)
        self.logs = Logs(aws, pace)
        self.facts = {}
        self.began = self.created = time.time()
        self.queue_url = None
        # What the stop steps saw, for the steps that look at messages and metrics.
        self.stopped = []

    def set_pace(self, pace):
        """Waits for other times from now on."""
        self.pace = self.spark.pace = self.logs.pace = self.stack.pace = pace

    def note(self, name, value):
        """Notes a fact of the current step for the report."""
        self.facts[name] = self.aws.recorder.hidden(value)

    def take_facts(self):
        """The facts since the last time."""
        taken, self.facts = self.facts, {}
        return taken

    def parameters(self):
        """What the stack is created with."""
        more = {"CallsPerSecond": self.pace.calls_per_second} if self.pace.calls_per_second else {}
        return {
            **more,
            "WorkGroupPattern": self.pattern,
            "ConfirmSeconds": self.pace.confirm_seconds,
            "Mode": "observe",
            "Escalation": "NONE",
        }

    def invoke(self, function, event, title="the answer of the function"):
        """Invokes a function, waits for its answer, and notes it."""
        answer = self.aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
        text = answer["Payload"].read().decode()
        self.note(title, text)
        expect("FunctionError" not in answer, f"the function failed: {text[:600]}")
        return json.loads(text) if text else None

    def put_stop_request(self, detail, bus=None):
        """Puts a stop request on the users' bus. Gives the event's ID."""
        entry = {
            "Source": "com.example.acceptance",
            "DetailType": "Athena Calculation Stop Requested",
            "Detail": json.dumps(detail),
            "EventBusName": bus or self.stack.output("BusName"),
        }
        answer = self.aws.client("events").put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise Unexpected(f"EventBridge refused the stop request: {json.dumps(answer['Entries'])}")
        return answer["Entries"][0]["EventId"]

    def http(self, method, calculation_id, path="", body=None):
        """Calls the API, signed. Gives the status and the answer as JSON."""
        url = f"{self.stack.output('ApiUrl').rstrip('/')}/calculations/{calculation_id}{path}"
        status, headers, text = self.aws.signed(method, url, json.dumps(body) if body is not None else None)
        self.note(
            f"HTTP {method} {path or '/'}",
            {
                "status": status,
                "headers": {name: headers[name] for name in ("location", "retry-after", "content-type") if name in headers},
                "body": text,
            },
        )
        try:
            return status, json.loads(text)
        except ValueError as e:
            raise Unexpected(f"the API answered {status} and no JSON: {text[:300]!r}") from e

    def since(self):
        """Now, as an instant from which to read the log: its clock may be behind."""
        return time.time() - self.pace.skew_seconds

    def reason(self):
        """A reason that no other order of the run has."""
        return f"acceptance run {uuid.uuid4().hex[:8]}"
