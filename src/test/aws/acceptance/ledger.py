"""What the run made, so that it can delete it however it ends."""

import json
import pathlib
import time

from botocore.exceptions import BotoCoreError, ClientError

from .errors import one_line

FIRST = {"session": 0, "stack": 1}
GONE = {
    "ResourceNotFoundException",
    "NoSuchEntity",
    "NoSuchBucket",
    "NotFound",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
}


class Ledger:
    """A list of things to undo, last one first. It is on disk before the thing is made."""

    def __init__(self, file):
        self.file = pathlib.Path(file)
        self.entries = json.loads(self.file.read_text()) if self.file.exists() else []

    def add(self, kind, **what):
        """Notes a thing that is about to be made."""
        self.entries.append({"kind": kind, **what})
        self._write()

    def drop(self, kind, **what):
        """Forgets a thing that is gone."""
        entry = {"kind": kind, **what}
        if entry in self.entries:
            self.entries.remove(entry)
            self._write()

    def _write(self):
        self.file.write_text(json.dumps(self.entries, indent=2) + "\n")

    def undo(self, aws, tell):
        """Deletes everything. Gives a line for each thing that is still there."""
        left = []
        # Sessions cost money, and a stack's retained logs are free to go once it is gone.
        for entry in sorted(reversed(self.entries), key=lambda entry: FIRST.get(entry["kind"], 2)):
            what = {key: value for key, value in entry.items() if key != "kind"}
            title = f"{entry['kind'].replace('_', ' ')} {next(iter(what.values()))}"
            try:
                UNDO[entry["kind"]](aws, **what)
            except (BotoCoreError, ClientError, TimeoutError) as e:
                if not isinstance(e, ClientError) or e.response["Error"]["Code"] not in GONE:
                    left.append(f"{title}: {one_line(e)}")
                    continue
            self.drop(**entry)
            tell(f"  deleted: {title}")
        return left


def wait_until(holds, seconds, what, pause=5):
    """Polls until something holds. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not happen within {seconds} seconds")
        time.sleep(pause)


def session(aws, session_id):
    aws.client("athena").terminate_session(SessionId=session_id)


def work_group(aws, name):
    try:
        aws.client("athena").delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)
    except ClientError as e:
        # The answer to an unknown workgroup.
        if "not found" not in str(e).lower():
            raise


def tags(aws, arn, keys, before):
    """Takes our tags from a workgroup, and gives back what it had."""
    client = aws.client("athena")
    client.untag_resource(ResourceARN=arn, TagKeys=keys)
    if before:
        client.tag_resource(ResourceARN=arn, Tags=before)


def role(aws, name):
    iam = aws.client("iam")
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


def bucket(aws, name):
    s3 = aws.client("s3")
    while True:
        listed = s3.list_object_versions(Bucket=name)
        found = [
            {"Key": each["Key"], "VersionId": each["VersionId"]} for kind in ("Versions", "DeleteMarkers") for each in listed.get(kind, [])
        ]
        if not found:
            break
        s3.delete_objects(Bucket=name, Delete={"Objects": found, "Quiet": True})
    s3.delete_bucket(Bucket=name)


def queue(aws, name):
    sqs = aws.client("sqs")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])


def subscription(aws, arn):
    aws.client("sns").unsubscribe(SubscriptionArn=arn)


def log_group(aws, name):
    aws.client("logs").delete_log_group(logGroupName=name)


def stack(aws, name, pause=5):
    """Deletes a stack, and the logs that it would retain."""
    groups = []
    try:
        found = aws.client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
        groups = [
            each["PhysicalResourceId"] for each in found if each["ResourceType"] == "AWS::Logs::LogGroup" and each.get("PhysicalResourceId")
        ]
    except ClientError as e:
        if "does not exist" not in str(e):
            raise
    delete_stack(aws, name, pause)
    for group in groups:
        try:
            log_group(aws, group)
        except ClientError as e:
            if e.response["Error"]["Code"] not in GONE:
                raise


def delete_stack(aws, name, pause):
    """Deletes a stack, and waits."""
    client = aws.client("cloudformation")
    client.delete_stack(StackName=name)
    wait_until(lambda: not exists(client, name), 900, f"the deletion of stack {name}", pause)


def exists(client, name):
    """Whether there is a stack of that name; fails where its deletion failed."""
    try:
        found = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as e:
        if "does not exist" in str(e):
            return False
        raise
    if found["StackStatus"] == "DELETE_FAILED":
        raise TimeoutError(f"stack {name} is in state DELETE_FAILED: {found.get('StackStatusReason', '')}")
    return found["StackStatus"] != "DELETE_COMPLETE"


UNDO = {each.__name__: each for each in (session, work_group, tags, role, bucket, queue, subscription, log_group, stack)}
