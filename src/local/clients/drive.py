#!/usr/bin/env python3
"""Drives the local Athena by boto3 and by the AWS CLI: a whole story, and every error.

usage: drive.py [ENDPOINT]      (or AWS_ENDPOINT_URL_ATHENA)

Needs boto3 and, for the second half, the AWS CLI. Prints what failed, and "N passed, N failed".
"""
import json
import os
import shutil
import subprocess
import sys
import time
import uuid
import warnings

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("AWS_ENDPOINT_URL_ATHENA", "")
ACCOUNT, REGION = "123456789012", "us-east-1"
GROUP = "drive-" + uuid.uuid4().hex[:8]
GROUP_ARN = f"arn:aws:athena:{REGION}:{ACCOUNT}:workgroup/{GROUP}"
UNKNOWN = "82c1ebb4-bd08-e4c3-5631-a662fb2ff2c5"
LONG = "sum(1)\n# local: runs 14400s"

passed, failed = 0, []


def check(what, truth, seen=""):
    global passed
    if truth:
        passed += 1
    else:
        failed.append(what)
        print(f"FAILED  {what}  {seen}")


def equal(what, seen, expected):
    check(what, seen == expected, f"expected {expected!r}, saw {seen!r}")


def client(**config):
    return boto3.client(
        "athena", endpoint_url=ENDPOINT, region_name=REGION, aws_access_key_id="local",
        aws_secret_access_key="local", config=Config(retries={"max_attempts": 0}, **config))


def until(what, get, wanted, seconds=15):
    end = time.monotonic() + seconds
    while (seen := get()) != wanted and time.monotonic() < end:
        time.sleep(0.1)
    equal(what, seen, wanted)


def story(athena):
    athena.create_work_group(
        Name=GROUP, Description="for a drive", Tags=[{"Key": "team", "Value": "data"}],
        Configuration={"EngineVersion": {"SelectedEngineVersion": "PySpark engine version 3"}})
    described = athena.get_work_group(WorkGroup=GROUP)["WorkGroup"]
    equal("the workgroup's description", described["Description"], "for a drive")
    equal("its engine", described["Configuration"]["EngineVersion"]["EffectiveEngineVersion"],
          "PySpark engine version 3")
    check("its time is a time", described["CreationTime"].tzinfo is not None)

    started = athena.start_session(
        WorkGroup=GROUP, Description="a drive", SessionIdleTimeoutInMinutes=5,
        EngineConfiguration={"MaxConcurrentDpus": 4, "SparkProperties": {"spark.a": "b"}},
        Tags=[{"Key": "owner", "Value": "ada"}], CopyWorkGroupTags=True)
    session = started["SessionId"]
    equal("a session begins", started["State"], "CREATING")
    until("it becomes idle", lambda: athena.get_session_status(SessionId=session)["Status"]["State"], "IDLE")

    calculation = athena.start_calculation_execution(
        SessionId=session, Description="long", CodeBlock=LONG)["CalculationExecutionId"]
    state = lambda: athena.get_calculation_execution_status(
        CalculationExecutionId=calculation)["Status"]["State"]
    until("the calculation runs", state, "RUNNING")
    refused("a second one", "InvalidRequestException",
            lambda: athena.start_calculation_execution(SessionId=session, CodeBlock="sum(2)"))
    detail = athena.get_calculation_execution(CalculationExecutionId=calculation)
    equal("its session", detail["SessionId"], session)
    equal("its description", detail["Description"], "long")
    check("its DPU time", detail["Statistics"]["DpuExecutionInMillis"] >= 0, detail)
    check("no end yet", "CompletionDateTime" not in detail["Status"], detail)
    equal("its code", athena.get_calculation_execution_code(CalculationExecutionId=calculation)["CodeBlock"], LONG)
    session_detail = athena.get_session(SessionId=session)
    equal("busy", session_detail["Status"]["State"], "BUSY")
    equal("not idle since", session_detail["Status"].get("IdleSinceDateTime"), None)
    equal("its configuration", session_detail["EngineConfiguration"]["SparkProperties"], {"spark.a": "b"})
    equal("its timeout", session_detail["SessionConfiguration"]["SessionIdleTimeoutInMinutes"], 5)
    executors = athena.list_executors(SessionId=session)
    equal("the driver", executors["ExecutorsSummary"][-1]["ExecutorType"], "COORDINATOR")

    equal("Stop is accepted", athena.stop_calculation_execution(CalculationExecutionId=calculation)["State"], "CANCELING")
    equal("twice", athena.stop_calculation_execution(CalculationExecutionId=calculation)["State"], "CANCELING")
    until("and takes hold", state, "CANCELED")
    equal("a third does nothing", athena.stop_calculation_execution(CalculationExecutionId=calculation)["State"], "CANCELED")
    done = athena.get_calculation_execution(CalculationExecutionId=calculation)["Status"]
    check("it ended after it began", done["CompletionDateTime"] > done["SubmissionDateTime"], done)
    idle = lambda: until("the session is idle", lambda: athena.get_session_status(SessionId=session)["Status"]["State"], "IDLE")
    idle()
    failing = athena.start_calculation_execution(SessionId=session, CodeBlock="raise ValueError(1)")["CalculationExecutionId"]
    until("code that raises fails", lambda: athena.get_calculation_execution_status(
        CalculationExecutionId=failing)["Status"]["State"], "FAILED")
    idle()
    quick = athena.start_calculation_execution(SessionId=session, CodeBlock="# local: runs 1s")["CalculationExecutionId"]
    until("a short one completes", lambda: athena.get_calculation_execution_status(
        CalculationExecutionId=quick)["Status"]["State"], "COMPLETED")
    result = athena.get_calculation_execution(CalculationExecutionId=quick)["Result"]
    check("and has a result", result["StdOutS3Uri"].startswith("s3://"), result)

    listed = athena.list_calculation_executions(SessionId=session)
    equal("newest first", [c["CalculationExecutionId"] for c in listed["Calculations"]], [quick, failing, calculation])
    equal("by state", [c["CalculationExecutionId"] for c in athena.list_calculation_executions(
        SessionId=session, StateFilter="COMPLETED")["Calculations"]], [quick])
    seen, token = [], {}
    while True:
        page = athena.list_calculation_executions(SessionId=session, MaxResults=1, **token)
        seen += [c["CalculationExecutionId"] for c in page["Calculations"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    equal("by pages", seen, [quick, failing, calculation])

    arn = f"{GROUP_ARN}/session/{session}"
    tags = lambda: {t["Key"]: t["Value"] for t in athena.list_tags_for_resource(ResourceARN=arn)["Tags"]}
    equal("tags given and copied", tags(), {"owner": "ada", "team": "data"})
    athena.tag_resource(ResourceARN=arn, Tags=[{"Key": "owner", "Value": "eve"}])
    athena.untag_resource(ResourceARN=arn, TagKeys=["team"])
    equal("tags changed", tags(), {"owner": "eve"})

    idle()
    stubborn = athena.start_calculation_execution(SessionId=session, CodeBlock="time.sleep(60)")["CalculationExecutionId"]
    stubborn_state = lambda: athena.get_calculation_execution_status(
        CalculationExecutionId=stubborn)["Status"]["State"]
    until("a sleep runs", stubborn_state, "RUNNING")
    athena.stop_calculation_execution(CalculationExecutionId=stubborn)
    time.sleep(3)
    equal("and does not mind", stubborn_state(), "CANCELING")
    check("the session is listed", session in [
        s["SessionId"] for s in athena.list_sessions(WorkGroup=GROUP)["Sessions"]])
    equal("until its session ends", athena.terminate_session(SessionId=session)["State"], "TERMINATING")
    until("then it fails", stubborn_state, "FAILED")
    until("and the session is over", lambda: athena.get_session_status(SessionId=session)["Status"]["State"], "TERMINATED")
    equal("twice is harmless", athena.terminate_session(SessionId=session)["State"], "TERMINATED")
    equal("it is listed no more", athena.list_sessions(WorkGroup=GROUP)["Sessions"], [])
    equal("but by its state", [s["SessionId"] for s in athena.list_sessions(
        WorkGroup=GROUP, StateFilter="TERMINATED")["Sessions"]], [session])
    return session


def spark_connect(athena):
    group = GROUP + "-connect"
    athena.create_work_group(
        Name=group, Configuration={"EngineVersion": {"SelectedEngineVersion": "Apache Spark version 3.5"}})
    session = athena.start_session(WorkGroup=group, EngineConfiguration={})["SessionId"]
    equal("Spark 3.5", athena.get_session(SessionId=session)["EngineVersion"], "Apache Spark version 3.5")
    refused("has no calculations", "InvalidRequestException",
            lambda: athena.list_calculation_executions(SessionId=session))
    refused("and starts none", "InvalidRequestException",
            lambda: athena.start_calculation_execution(SessionId=session, CodeBlock="x"))
    athena.terminate_session(SessionId=session)


def refused(what, code, action):
    try:
        action()
        check(f"{what}: refused", False, "it was accepted")
    except ClientError as error:
        equal(f"{what}: code", error.response["Error"]["Code"], code)
        check(f"{what}: message", error.response["Error"]["Message"], error.response)
        check(f"{what}: request id", error.response["ResponseMetadata"].get("RequestId"), error.response)
        if code in ("InvalidRequestException", "ResourceNotFoundException"):
            equal(f"{what}: class", type(error).__name__, code)
        if code == "InvalidRequestException":
            check(f"{what}: AthenaErrorCode", error.response.get("AthenaErrorCode"), error.response)
        if code == "ResourceNotFoundException":
            check(f"{what}: ResourceName", error.response.get("ResourceName"), error.response)


def errors(session):
    athena = client(parameter_validation=False)
    invalid, missing, broken = "InvalidRequestException", "ResourceNotFoundException", "SerializationException"
    by_calculation = (athena.get_calculation_execution, athena.get_calculation_execution_status,
                      athena.get_calculation_execution_code, athena.stop_calculation_execution)
    for call in by_calculation:
        name = call.__name__
        refused(f"{name} without an id", invalid, lambda: call())
        refused(f"{name} of an empty id", invalid, lambda: call(CalculationExecutionId=""))
        refused(f"{name} of 37 characters", invalid, lambda: call(CalculationExecutionId="x" * 37))
        refused(f"{name} of an unknown id", missing, lambda: call(CalculationExecutionId=UNKNOWN))
    by_session = (athena.get_session, athena.get_session_status, athena.terminate_session,
                  athena.list_executors, athena.list_calculation_executions)
    for call in by_session:
        name = call.__name__
        refused(f"{name} without an id", invalid, lambda: call())
        refused(f"{name} of 257 characters", invalid, lambda: call(SessionId="x" * 257))
        refused(f"{name} of an unknown session", invalid, lambda: call(SessionId=UNKNOWN))
    for call in (athena.list_executors, athena.list_calculation_executions):
        name = call.__name__
        refused(f"{name} with 0 results", invalid, lambda: call(SessionId=session, MaxResults=0))
        refused(f"{name} with 101 results", invalid, lambda: call(SessionId=session, MaxResults=101))
        refused(f"{name} with a bad token", invalid, lambda: call(SessionId=session, NextToken="x"))
        refused(f"{name} with a long token", invalid, lambda: call(SessionId=session, NextToken="x" * 2049))
    refused("a state that is none", invalid,
            lambda: athena.list_calculation_executions(SessionId=session, StateFilter="STOPPED"))
    refused("an executor's state that is none", invalid,
            lambda: athena.list_executors(SessionId=session, ExecutorStateFilter="IDLE"))
    refused("a start in a terminated session", invalid,
            lambda: athena.start_calculation_execution(SessionId=session, CodeBlock="x"))
    refused("a start in an unknown session", invalid,
            lambda: athena.start_calculation_execution(SessionId=UNKNOWN, CodeBlock="x"))
    refused("code that is too long", invalid,
            lambda: athena.start_calculation_execution(SessionId=session, CodeBlock="x" * 68001))

    refused("list_sessions without a workgroup", invalid, lambda: athena.list_sessions())
    refused("list_sessions of a bad name", invalid, lambda: athena.list_sessions(WorkGroup="a b"))
    refused("list_sessions of an unknown workgroup", missing, lambda: athena.list_sessions(WorkGroup="absent"))
    refused("list_sessions with a bad token", invalid, lambda: athena.list_sessions(WorkGroup=GROUP, NextToken="x"))
    refused("get_work_group of an unknown one", invalid, lambda: athena.get_work_group(WorkGroup="absent"))
    refused("list_work_groups with 51 results", invalid, lambda: athena.list_work_groups(MaxResults=51))
    refused("create_work_group twice", invalid, lambda: athena.create_work_group(Name=GROUP))

    engine = {"MaxConcurrentDpus": 4}
    start = lambda **more: lambda: athena.start_session(**({"WorkGroup": GROUP, "EngineConfiguration": engine} | more))
    refused("start_session without an engine", invalid, lambda: athena.start_session(WorkGroup=GROUP))
    refused("start_session with 1 DPU", invalid, start(EngineConfiguration={"MaxConcurrentDpus": 1}))
    refused("start_session with 5001 DPUs", invalid, start(EngineConfiguration={"MaxConcurrentDpus": 5001}))
    refused("start_session with a large driver", invalid, start(EngineConfiguration={"CoordinatorDpuSize": 2}))
    refused("start_session with no timeout", invalid, start(SessionIdleTimeoutInMinutes=0))
    refused("start_session with a long timeout", invalid, start(SessionIdleTimeoutInMinutes=481))
    refused("start_session with a long description", invalid, start(Description="x" * 1025))
    refused("start_session with an empty description", invalid, start(Description=""))
    refused("start_session with a short token", invalid, start(ClientRequestToken="x" * 31))
    refused("start_session in an unknown workgroup", missing, start(WorkGroup="absent"))
    refused("start_session with 51 tags", invalid, start(Tags=[{"Key": f"k{i}"} for i in range(51)]))
    token = uuid.uuid4().hex
    first = start(ClientRequestToken=token)()["SessionId"]
    equal("a repeated token starts nothing", start(ClientRequestToken=token)()["SessionId"], first)
    refused("a token with other parameters", invalid, start(ClientRequestToken=token, Description="other"))
    athena.terminate_session(SessionId=first)

    tags = lambda arn, **more: lambda: athena.list_tags_for_resource(ResourceARN=arn, **more)
    refused("tags of no ARN", invalid, tags("workgroup"))
    refused("tags of a bucket", invalid, tags("arn:aws:s3:::bucket"))
    refused("tags of an unknown workgroup", missing, tags(GROUP_ARN + "x"))
    refused("tags of an unknown session", missing, tags(f"{GROUP_ARN}/session/{UNKNOWN}"))
    refused("tags in another Region", missing, tags(GROUP_ARN.replace(REGION, "eu-west-1")))
    refused("tags in another account", missing, tags(GROUP_ARN.replace(ACCOUNT, "210987654321")))
    refused("tags with 74 results", invalid, tags(GROUP_ARN, MaxResults=74))
    refused("tags with a bad token", invalid, tags(GROUP_ARN, NextToken="x"))
    refused("tags of an ARN that is too long", invalid, tags("x" * 1012))
    put = lambda *given: lambda: athena.tag_resource(ResourceARN=GROUP_ARN, Tags=list(given))
    refused("an empty key", invalid, put({"Key": "", "Value": "v"}))
    refused("a long key", invalid, put({"Key": "x" * 129, "Value": "v"}))
    refused("a long value", invalid, put({"Key": "k", "Value": "x" * 257}))
    refused("AWS's own key", invalid, put({"Key": "aws:k", "Value": "v"}))
    refused("a key twice", invalid, put({"Key": "k", "Value": "v"}, {"Key": "k", "Value": "w"}))
    refused("too many tags", invalid, put(*({"Key": f"k{i}", "Value": "v"} for i in range(51))))
    refused("tag_resource without tags", invalid, lambda: athena.tag_resource(ResourceARN=GROUP_ARN))
    refused("untag_resource without keys", invalid, lambda: athena.untag_resource(ResourceARN=GROUP_ARN))

    refused("a number for an id", broken, lambda: athena.get_session(SessionId=5))
    refused("a list for an id", broken, lambda: athena.get_session(SessionId=["x"]))
    refused("a word for a number", broken, lambda: athena.list_work_groups(MaxResults="many"))
    refused("an operation that is not here", "UnknownOperationException",
            lambda: athena.start_query_execution(QueryString="select 1"))


def cli(*words):
    done = subprocess.run(
        ["aws", "--endpoint-url", ENDPOINT, "--region", REGION, "--output", "json", "athena", *words],
        capture_output=True, text=True,
        env=os.environ | {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
                          "AWS_PAGER": "", "AWS_MAX_ATTEMPTS": "1"})
    return done.returncode, done.stdout, done.stderr


def cli_story():
    def ok(*words):
        status, out, err = cli(*words)
        equal(f"aws athena {words[0]}: status", status, 0)
        equal(f"aws athena {words[0]}: standard error", err, "")
        return json.loads(out) if out.strip() else {}

    check("the CLI lists the workgroup", GROUP in [g["Name"] for g in ok("list-work-groups")["WorkGroups"]])
    equal("and gets it", ok("get-work-group", "--work-group", GROUP)["WorkGroup"]["Name"], GROUP)
    session = ok("start-session", "--work-group", GROUP, "--engine-configuration", "MaxConcurrentDpus=4")["SessionId"]
    until("the CLI's session is idle", lambda: ok("get-session-status", "--session-id", session)["Status"]["State"], "IDLE")
    calculation = ok("start-calculation-execution", "--session-id", session,
                     "--code-block", LONG)["CalculationExecutionId"]
    state = lambda: ok("get-calculation-execution-status", "--calculation-execution-id", calculation)["Status"]["State"]
    until("the CLI's calculation runs", state, "RUNNING")
    equal("the CLI describes it", ok("get-calculation-execution", "--calculation-execution-id", calculation)["SessionId"], session)
    equal("and its code", ok("get-calculation-execution-code", "--calculation-execution-id", calculation)["CodeBlock"], LONG)
    equal("and stops it", ok("stop-calculation-execution", "--calculation-execution-id", calculation)["State"], "CANCELING")
    until("and sees it canceled", state, "CANCELED")
    equal("and lists it", [c["CalculationExecutionId"] for c in ok(
        "list-calculation-executions", "--session-id", session, "--max-results", "5")["Calculations"]], [calculation])
    equal("and the session", [s["SessionId"] for s in ok("list-sessions", "--work-group", GROUP)["Sessions"]], [session])
    equal("and what it is", ok("get-session", "--session-id", session)["WorkGroup"], GROUP)
    check("and its executors", ok("list-executors", "--session-id", session)["ExecutorsSummary"])
    arn = f"{GROUP_ARN}/session/{session}"
    ok("tag-resource", "--resource-arn", arn, "--tags", "Key=owner,Value=ada")
    equal("and its tags", ok("list-tags-for-resource", "--resource-arn", arn)["Tags"], [{"Key": "owner", "Value": "ada"}])
    equal("and ends it", ok("terminate-session", "--session-id", session)["State"], "TERMINATING")

    for what, code, words in (
            ("an unknown calculation", "ResourceNotFoundException", ("stop-calculation-execution", "--calculation-execution-id", UNKNOWN)),
            ("an unknown session", "InvalidRequestException", ("get-session", "--session-id", UNKNOWN)),
            ("a bad token", "InvalidRequestException", ("list-sessions", "--work-group", GROUP, "--next-token", "x")),
            ("a long id", "InvalidRequestException", ("get-calculation-execution", "--calculation-execution-id", "x" * 37))):
        status, _, err = cli(*words)
        check(f"the CLI fails for {what}", status != 0, status)
        check(f"and says {code}", f"({code})" in err, err)


def main():
    if not ENDPOINT:
        sys.exit(__doc__)
    warnings.simplefilter("error")
    athena = client()
    session = story(athena)
    spark_connect(athena)
    errors(session)
    if shutil.which("aws"):
        cli_story()
    else:
        print("the AWS CLI is not here: skipped")
    print(f"{passed} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
