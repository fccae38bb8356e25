"""How long the run waits on this machine, in seconds."""

import dataclasses

from ..context import Pace

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
