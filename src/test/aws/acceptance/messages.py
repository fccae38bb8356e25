"""A queue of the run's own that hears what the guard announces."""

import json
import time
import uuid

from .errors import Unexpected


def listen(run):
    """Subscribes a queue of the run's own to the topic, once."""
    if run.queue_url:
        return
    sqs, name = run.aws.client("sqs"), f"{run.stack.name}-listener-{uuid.uuid4().hex[:6]}"
    topic = run.stack.output("TopicArn")
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": f"arn:{run.aws.partition}:sqs:{run.aws.region}:{run.aws.account}:{name}",
                "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
            }
        ],
    }
    run.ledger.add("queue", name=name)
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": json.dumps(policy), "SqsManagedSseEnabled": "true"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    run.ledger.add(
        "subscription",
        arn=run.aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)["SubscriptionArn"],
    )
    run.queue_url = url


def message_about(run, calculation_id):
    """Waits for the message about a calculation."""
    sqs, end = run.aws.client("sqs"), time.monotonic() + run.pace.log_seconds
    while time.monotonic() < end:
        found = sqs.receive_message(QueueUrl=run.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=min(10, round(run.pace.poll)))
        for message in found.get("Messages", []):
            sqs.delete_message(QueueUrl=run.queue_url, ReceiptHandle=message["ReceiptHandle"])
            body = json.loads(message["Body"])
            if calculation_id in body["Message"]:
                return body
    raise Unexpected(f"no message about calculation {calculation_id} came within {run.pace.log_seconds} seconds")
