"""Code that runs in PySpark, and Spark Connect, against a local Athena with --execute, whose process ID is the argument."""
import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse

import boto3
import pyspark
from pyspark.sql import SparkSession

from checks import check, done

athena, s3 = boto3.client("athena"), boto3.client("s3")
server = int(sys.argv[1])


def wait(what, state, expected, seconds=120):
    deadline = time.monotonic() + seconds
    while state() != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    check(what, state(), expected)


def session(group):
    started = athena.start_session(
        WorkGroup=group, EngineConfiguration={"MaxConcurrentDpus": 4}, SessionIdleTimeoutInMinutes=480
    )
    id = started["SessionId"]
    wait(f"a session in {group}", lambda: session_state(id), "IDLE")
    return id


def session_state(id):
    return athena.get_session_status(SessionId=id)["Status"]["State"]


def submit(id, code):
    wait("the session is free", lambda: session_state(id), "IDLE")
    return athena.start_calculation_execution(SessionId=id, CodeBlock=code)["CalculationExecutionId"]


def state(calculation):
    return athena.get_calculation_execution_status(CalculationExecutionId=calculation)["Status"]["State"]


def text(calculation, uri):
    url = urllib.parse.urlparse(athena.get_calculation_execution(CalculationExecutionId=calculation)["Result"][uri])
    return s3.get_object(Bucket=url.netloc, Key=url.path[1:])["Body"].read().decode()


def run(id, code, expected="COMPLETED"):
    calculation = submit(id, code)
    wait(code, lambda: state(calculation), expected)
    return text(calculation, "StdOutS3Uri" if expected == "COMPLETED" else "StdErrorS3Uri")


def children():
    """The processes that the server started, and those that they started."""
    lines = subprocess.run(["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True).stdout.splitlines()
    pairs = [tuple(map(int, line.split())) for line in lines]
    found = {server}
    while more := {pid for pid, parent in pairs if parent in found} - found:
        found |= more
    return found - {server}


def listens(url):
    try:
        socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1]))).close()
        return True
    except OSError:
        return False


def calculations():
    id = session("spark")
    check("a count", run(id, "print(spark.range(10).count())"), "10\n")
    check("names stay", run(id, "x = 6 * 7") + run(id, "print(x, sc.parallelize([1, 2]).sum())"), "42 3\n")
    error = run(id, "spark.sql('select nothing from nowhere')", "FAILED")
    check("a failure's traceback", "Traceback (most recent call last):" in error and "TABLE_OR_VIEW_NOT_FOUND" in error, True)
    check("no pipe for a command", run(id, "import os; os.system('echo x'); print(open(0).read())"), "\n")
    for code in ("spark.range(10**14).filter('id % 7 = 8').count()", "import time; time.sleep(600)"):
        endless = submit(id, code)
        wait(code, lambda: state(endless), "RUNNING")
        time.sleep(2)
        athena.stop_calculation_execution(CalculationExecutionId=endless)
        wait("stopped: " + code, lambda: state(endless), "CANCELED")
        athena.stop_calculation_execution(CalculationExecutionId=endless)
        check("usable after Stop", run(id, "print(spark.range(3).count(), x)"), "3 42\n")
    endless = submit(id, "spark.range(10**14).filter('id % 7 = 8').count()")
    wait("runs before it is terminated", lambda: state(endless), "RUNNING")
    check("processes of the session", len(children()) >= 2, True)
    athena.terminate_session(SessionId=id)
    wait("terminated", lambda: state(endless), "FAILED")
    wait("no process of a terminated session", children, set())


def connect():
    id = session("spark-connect")
    endpoint = athena.get_session_endpoint(SessionId=id)
    url = endpoint["EndpointUrl"]
    check("an address", bool(re.fullmatch(r"sc://localhost:\d+", url)), True)
    check("the same address", athena.get_session_endpoint(SessionId=id)["EndpointUrl"], url)
    spark = SparkSession.builder.remote(f"{url}/;token={endpoint['AuthToken']}").getOrCreate()
    check("a count by Spark Connect", spark.range(10).count(), 10)
    spark.sql("create table numbers as select 42 as n")
    check("a table", spark.table("numbers").collect()[0].n, 42)
    check("no file of it here", os.path.exists("spark-warehouse"), False)
    spark.stop()
    other = athena.get_session_endpoint(SessionId=session("spark-connect"))["EndpointUrl"]
    check("a server for each session", other != url and listens(other), True)
    athena.terminate_session(SessionId=id)
    wait("TerminateSession ends a server", lambda: listens(url), False)
    check("but not another's", listens(other), True)


calculations()
connect()
run(session("spark"), "print(1)")
# The caller ends the local Athena, and sees whether these processes end too.
print("processes:", *children())
sys.exit(done("PySpark " + pyspark.__version__))
