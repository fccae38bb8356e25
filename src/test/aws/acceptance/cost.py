"""What a run costs, before it starts."""

from .spark import DPUS, MAX_USD, USD_PER_DPU_HOUR

# Minutes that sessions exist in a usual run, two of them at once in the sweeps.
SESSION_MINUTES = {
    "the main session": 45,
    "more sessions of the sweeps": 20,
    "sessions replaced after a sleep or an escalation": 20,
    "a session of Spark 3.5": 4,
}
# Alarms for an hour, custom metrics for an hour, a dashboard, requests, logs: rounded up.
OTHER_USD = 0.10


def estimate():
    """Lines of text, and the sum in US dollars."""
    minutes = sum(SESSION_MINUTES.values())
    spark = minutes / 60 * DPUS * USD_PER_DPU_HOUR
    lines = [
        f"Spark: {minutes} session-minutes x {DPUS} DPUs x {USD_PER_DPU_HOUR} USD per DPU-hour (check your Region's price): {spark:.2f} USD"
    ]
    lines.append(f"Lambda, CloudWatch, SNS, SQS, EventBridge, API Gateway, S3 for about an hour: {OTHER_USD:.2f} USD")
    lines.append(f"Together about {spark + OTHER_USD:.2f} USD. The run starts no session once all of them may have cost {MAX_USD} USD.")
    return lines, spark + OTHER_USD
