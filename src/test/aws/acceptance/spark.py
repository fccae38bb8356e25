"""Sessions and calculations of the run, and what they may cost."""

import dataclasses
import time
import uuid

from botocore.exceptions import ClientError

from .errors import Unexpected, Unusable, expect
from .ledger import wait_until

PYSPARK_3 = "PySpark engine version 3"
SPARK_35 = "Apache Spark version 3.5"
TERMINAL = {"COMPLETED", "FAILED", "CANCELED", "STOPPED"}
# Small enough for the budget: a driver and one worker, each of 1 DPU.
DPUS = 2
USD_PER_DPU_HOUR = 0.35
MAX_USD = 1.8

CODE = {
    "sleep": "import time\ntime.sleep(240)",
    # Hours of work for one worker, all of it inside Spark.
    "spark": "spark.range(0, 10**13, 1, 64).selectExpr('sum(sin(id))').show()",
}


def unlike_others(description):
    """A description that nothing else has: the guard says of work that starts soon after the same was stopped that it may have returned."""
    return f"{description}, {uuid.uuid4().hex[:8]}"


@dataclasses.dataclass
class Work:
    """A calculation that the run started."""

    calculation_id: str
    session_id: str


class Spark:
    """Starts sessions with a bound on what all of them may cost, and watches calculations."""

    def __init__(self, aws, ledger, pace, work_group):
        self.athena = aws.client("athena")
        self.ledger, self.pace, self.work_group = ledger, pace, work_group
        # Session id to [start, end or None].
        self._sessions = {}

    def usd(self):
        """What the sessions have cost at most until now, in US dollars."""
        now = time.monotonic()
        # Athena bills by the minute, rounded up; one more for the start that we do not see.
        minutes = sum(2 + ((end or now) - start) / 60 for start, end in self._sessions.values())
        return minutes / 60 * DPUS * USD_PER_DPU_HOUR

    def start_session(self, work_group=None, **more):
        """Starts a session and waits until it is IDLE. Gives its ID."""
        return self._await_idle(self._begin_session(work_group, **more))

    def idle_sessions(self, count):
        """As many sessions that take a calculation now."""
        idle = self._idle()[:count]
        begun = [self._begin_session() for _ in range(count - len(idle))]
        return idle + [self._await_idle(session_id) for session_id in begun]

    def _begin_session(self, work_group=None, **more):
        expect(self.usd() < MAX_USD, f"the sessions of this run may have cost {self.usd():.2f} USD; it starts no more above {MAX_USD} USD")
        engine = {"MaxConcurrentDpus": DPUS} if not more.pop("connect", False) else {}
        started = self.athena.start_session(
            WorkGroup=work_group or self.work_group,
            EngineConfiguration=engine,
            SessionIdleTimeoutInMinutes=15,
            Description=unlike_others("acceptance run of the calculation guard"),
            **more,
        )["SessionId"]
        self.ledger.add("session", session_id=started)
        self._sessions[started] = [time.monotonic(), None]
        return started

    def _await_idle(self, session_id):
        self._await(
            lambda: self.session_state(session_id),
            {"IDLE"},
            {"FAILED", "DEGRADED", "TERMINATED"},
            self.pace.session_seconds,
            f"session {session_id}",
        )
        return session_id

    def _idle(self):
        found = []
        for session_id, (_, end) in self._sessions.items():
            if end is None:
                state = self.session_state(session_id)
                if state == "IDLE" and self.athena.get_session(SessionId=session_id)["WorkGroup"] == self.work_group:
                    found.append(session_id)
                if state in ("TERMINATED", "FAILED"):
                    self._ended(session_id)
        return found

    def is_mine(self, session_id):
        """Whether the run started a session."""
        return session_id in self._sessions

    def session_state(self, session_id):
        """Athena's state of a session."""
        return self.athena.get_session_status(SessionId=session_id)["Status"]["State"]

    def end_sessions(self):
        """Terminates every session that is left."""
        for session_id, (_, end) in list(self._sessions.items()):
            if end is None:
                self.end_session(session_id)

    def end_session(self, session_id):
        """Terminates a session, whatever runs in it."""
        self.athena.terminate_session(SessionId=session_id)
        self._ended(session_id)

    def _ended(self, session_id):
        self._sessions[session_id][1] = time.monotonic()
        self.ledger.drop("session", session_id=session_id)

    def start(self, kind, session_id=None, description=None):
        """Starts a calculation of a kind and waits until it is RUNNING."""
        session_id = session_id or self.idle_sessions(1)[0]
        more = {"Description": unlike_others(description)} if description else {}
        calculation = self.athena.start_calculation_execution(SessionId=session_id, CodeBlock=CODE[kind], **more)["CalculationExecutionId"]
        self._await(lambda: self.state(calculation), {"RUNNING"}, TERMINAL, self.pace.start_seconds, f"calculation {calculation}")
        return Work(calculation, session_id)

    def state(self, calculation_id):
        """Athena's state of a calculation."""
        return self.athena.get_calculation_execution_status(CalculationExecutionId=calculation_id)["Status"]["State"]

    def _await(self, state, wanted, refused, seconds, what):
        found = None

        def reached():
            nonlocal found
            found = state()
            if found in refused:
                raise Unexpected(f"{what} is {found}, not {' or '.join(sorted(wanted))}")
            return found in wanted

        try:
            wait_until(reached, seconds, what, self.pace.poll)
        except TimeoutError as e:
            raise Unexpected(f"{what} is still {found} after {seconds} seconds, not {' or '.join(sorted(wanted))}") from e

    def usage(self, work):
        """Three looks at a running calculation: seconds, state and DpuExecutionInMillis, if Athena gives any."""
        began, looks = time.monotonic(), []
        for _ in range(3):
            found = self.athena.get_calculation_execution(CalculationExecutionId=work.calculation_id)
            looks.append(self._look(began, found))
            time.sleep(self.pace.sample)
        return looks

    def watch(self, work, seconds=None):
        """Looks until the calculation is over or the time is up; gives a look for each change of state."""
        began, looks = time.monotonic(), []
        while True:
            look = self._look(began, self.athena.get_calculation_execution(CalculationExecutionId=work.calculation_id))
            if not looks or look["state"] != looks[-1]["state"]:
                looks.append(look)
            if look["state"] in TERMINAL or look["seconds"] > (self.pace.watch_seconds if seconds is None else seconds):
                return looks
            time.sleep(self.pace.poll)

    @staticmethod
    def _look(began, found):
        return {
            "seconds": round(time.monotonic() - began, 1),
            "state": found["Status"]["State"],
            "dpu_execution_in_millis": found.get("Statistics", {}).get("DpuExecutionInMillis", "absent"),
            "state_change_reason": found["Status"].get("StateChangeReason", "absent"),
        }

    def free(self, work):
        """Ends the session of a calculation that does not end; a session with nothing in it is kept for the next step."""
        if self.state(work.calculation_id) not in TERMINAL:
            self.end_session(work.session_id)


def require_empty(athena, work_group, engine):
    """Fails unless a workgroup has the engine and no session, since an enforced sweep would reach others' work."""
    try:
        found = athena.get_work_group(WorkGroup=work_group)["WorkGroup"]
    except ClientError as e:
        raise Unusable(
            f"cannot read workgroup {work_group}: {e.response['Error'].get('Message', e)}; name another one by --work-groups, or have the run make two by --create"
        ) from e
    version = found.get("Configuration", {}).get("EngineVersion", {})
    if engine not in (version.get("SelectedEngineVersion"), version.get("EffectiveEngineVersion")):
        raise Unusable(
            f"workgroup {work_group} has engine {version.get('SelectedEngineVersion', 'unknown')}, not {engine}; name {engine}'s workgroup in its place"
        )
    live = athena.list_sessions(WorkGroup=work_group).get("Sessions", [])
    if live:
        raise Unusable(
            f"workgroup {work_group} has a session of somebody else, {live[0]['SessionId']}; the run needs workgroups with none: end it, or use --create"
        )
