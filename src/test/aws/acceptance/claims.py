"""Each claim about AWS that no test on one machine can prove, by an ID; the steps name those that they settle."""

CLAIMS = {
    "stack-creates": "The template creates in an account as it is, also in a new one with a low concurrency quota.",
    "no-false-alarms": "No alarm rings in a stack that nobody has used yet.",
    "scheduler-starts-sweep": "EventBridge Scheduler starts the sweep.",
    "alias-active": "The version behind each alias becomes Active with SnapStart.",
    "primed": "Priming succeeds when Lambda takes the snapshot.",
    "snapstart-restore": "SnapStart restores the function; how long a restore takes.",
    "keep-alive": "The keep-alive event is answered and has no effect.",
    "direct-invoke": "A direct invocation is answered with the outcome.",
    "stop-cancels-spark-job": "StopCalculationExecution cancels a Spark job; in what time.",
    "stop-cancels-sleep": "Whether StopCalculationExecution cancels time.sleep (PyAthena says that it does not).",
    "dpu-execution-while-running": "Whether DpuExecutionInMillis is there, and grows, while a calculation runs.",
    "eventbridge-delivers": "The rule matches a stop request on the bus and may invoke the function.",
    "http-iam-caller": "The API passes the caller that signed the request.",
    "unknown-calculation-error": "Which error Athena gives for a calculation ID that it does not know.",
    "spark-35-error": "Which error ListCalculationExecutions gives for a session of Spark 3.5.",
    "internal-bus-closed": "The internal bus refuses everybody but the guard's roles.",
    "caller-not-forged": "A direct invocation cannot pass for an API call.",
    "page-in-dashboard": "The widget function's page works with what CloudWatch sends.",
    "stop-button": "The Stop button's endpoint and payload stop a calculation.",
    "parameter-makes-version": "A changed parameter publishes a version and moves the alias.",
    "escalation-terminates": "Escalation terminates the session of a calculation that ignores Stop.",
    "state-after-termination": "In which state a calculation ends whose session was terminated.",
    "sweep-reads-athena": "The sweep's permissions are enough to read sessions, calculations and tags.",
    "limits-by-tags": "A workgroup's tags replace the limits.",
    "sweep-tags-sessions": "athena:TagResource on a session's ARN, with a condition on aws:TagKeys, is enough for the sweep to note a warning.",
    "warning-events": "The internal bus takes the sweep's warnings.",
    "findings-in-one-batch": "The condition on PutEvents admits a batch of two findings.",
    "sweep-stops": "Findings reach the stop function and are carried out.",
    "outcome-events": "The internal bus takes the stop function's outcomes.",
    "topic-delivers": "The topic, encrypted with alias/aws/sns, delivers to a queue.",
    "emf-lines": "The log's lines in embedded metric format arrive as they were written.",
    "emf-metrics": "CloudWatch makes metrics of these lines.",
    "saved-queries-run": "The saved queries run in Logs Insights.",
    "brake": "With a reserved concurrency of 0 the stop function runs for nobody: no event, no HTTP call, no direct invocation.",
    "brake-parks": "Events that arrive meanwhile go to the dead-letter queue, and docs/redrive sends them again.",
    "stack-deletes": "The stack deletes.",
    "logs-outlive-the-stack": "The logs outlive the stack.",
    "create-again": "A stack of the same name can be created again.",
}


def table(steps):
    """The claims as a table in Markdown, with the steps that settle each."""
    rows = ["| ID | Not yet seen in AWS | Step |", "|---|---|---|"]
    for claim, text in CLAIMS.items():
        names = ", ".join(f"`{step.name}`" for step in steps if claim in step.claims)
        rows.append(f"| `{claim}` | {text} | {names} |")
    return "\n".join(rows) + "\n"
