"""What a run makes before its stack: a bucket, and with --create two workgroups."""

import fnmatch
import json
import os
import time

from botocore.exceptions import ClientError

from .errors import Unusable
from .ledger import wait_until
from .spark import PYSPARK_3, SPARK_35

# Results and notebooks of the workgroup's own prefix, its log, and the metrics that Spark publishes.
ROLE_ACTIONS = {
    "s3": ["s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:ListBucket", "s3:GetBucketLocation"],
    "*": [
        "cloudwatch:PutMetricData",
        "logs:CreateLogStream",
        "logs:CreateLogGroup",
        "logs:DescribeLogStreams",
        "logs:DescribeLogGroups",
        "logs:PutLogEvents",
    ],
}


def make_bucket(aws, ledger, name):
    """Makes the bucket for the package and for results."""
    ledger.add("bucket", name=name)
    where = {} if aws.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": aws.region}}
    aws.client("s3").create_bucket(Bucket=name, **where)
    return name


def make_work_groups(aws, ledger, name, bucket, pause):
    """Makes a workgroup of each engine, with an execution role. Gives their names."""
    iam, athena = aws.client("iam"), aws.client("athena")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "athena.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": aws.account}},
            }
        ],
    }
    grants = [
        {
            "Effect": "Allow",
            "Action": ROLE_ACTIONS["s3"],
            "Resource": [f"arn:{aws.partition}:s3:::{bucket}", f"arn:{aws.partition}:s3:::{bucket}/*"],
        },
        {"Effect": "Allow", "Action": ROLE_ACTIONS["*"], "Resource": "*"},
    ]
    ledger.add("role", name=f"{name}-spark")
    role = iam.create_role(RoleName=f"{name}-spark", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(
        RoleName=f"{name}-spark", PolicyName="spark", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": grants})
    )
    made = []
    for suffix, engine in (("pyspark3", PYSPARK_3), ("spark35", SPARK_35)):
        group = f"{name}-{suffix}"
        ledger.add("work_group", name=group)

        def create():
            try:
                athena.create_work_group(
                    Name=group,
                    Configuration={
                        "EngineVersion": {"SelectedEngineVersion": engine},
                        "ExecutionRole": role,
                        "ResultConfiguration": {"OutputLocation": f"s3://{bucket}/{suffix}/"},
                    },
                )
                return True
            except ClientError as e:
                # A new role takes a moment until Athena may assume it.
                if "role" in str(e).lower() and time.monotonic() < end:
                    return False
                raise Unusable(f"Athena does not create workgroup {group}: {e}; name existing ones by --work-groups") from e

        end = time.monotonic() + 60
        wait_until(create, 90, f"the creation of workgroup {group}", pause)
        made.append(group)
    return made


def pattern_for(athena, work_groups):
    """A WorkGroupPattern for these workgroups and no other; the first one's name if there is none for both."""
    names, more = [], {}
    while True:
        page = athena.list_work_groups(**more)
        names += [each["Name"] for each in page["WorkGroups"]]
        if not page.get("NextToken"):
            break
        more = {"NextToken": page["NextToken"]}
    wanted = {name for name in work_groups if name}
    pattern = os.path.commonprefix(sorted(wanted)) + "*"
    if len(wanted) > 1 and {name for name in names if fnmatch.fnmatchcase(name, pattern)} == wanted:
        return pattern
    return work_groups[0]
