"""Who gets which message: moto's SNS and SQS, held to the table that the local SNS is held to."""

import json

from ..errors import expect
from ..template import ROOT

TABLE = ROOT / "src/test/resources/subscriptions.json"


def deliver(aws):
    """Publishes the table's messages to a topic with a queue for each of its policies, and compares who received what."""
    table = json.loads(TABLE.read_text())
    sns, sqs = aws.client("sns"), aws.client("sqs")
    topic, queues = sns.create_topic(Name="who-gets-what")["TopicArn"], []
    try:
        for number, subscription in enumerate(table["subscriptions"]):
            queues.append(sqs.create_queue(QueueName=f"who-gets-what-{number}")["QueueUrl"])
            arn = sqs.get_queue_attributes(QueueUrl=queues[-1], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
            sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"FilterPolicy": json.dumps(subscription["policy"])})
        for name, attributes in table["messages"].items():
            values = {key: {"DataType": kind, "StringValue": value} for key, (kind, value) in attributes.items()}
            sns.publish(TopicArn=topic, Message=name, MessageAttributes=values)
        for queue, subscription in zip(queues, table["subscriptions"]):
            # moto compares a list's members with whole texts only: not by prefix, and not with null.
            wanted = sorted(set(subscription["gets"]) - set(subscription.get("lostByMoto", [])))
            gets = received(sqs, queue)
            expect(gets == wanted, f"{json.dumps(subscription['policy'])} gets {gets}, not {wanted}")
    finally:
        sns.delete_topic(TopicArn=topic)
        for queue in queues:
            sqs.delete_queue(QueueUrl=queue)


def received(sqs, queue):
    """The names of all messages in a queue."""
    names = []
    while True:
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=0).get("Messages", [])
        if not found:
            return sorted(names)
        for message in found:
            names.append(json.loads(message["Body"])["Message"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
