"""What dbt-athena does with a Python model, against the local Athena. The SQL around a model is not Spark's."""
import logging
import sys

import boto3
from dbt_common.exceptions import DbtRuntimeError
from dbt.adapters.athena import __version__
from dbt.adapters.athena.connections import AthenaCredentials
from dbt.adapters.athena.python_submissions import AthenaPythonJobHelper

from checks import check, done

logging.disable(logging.CRITICAL)
CREDENTIALS = AthenaCredentials(
    database="awsdatacatalog", schema="marts", s3_staging_dir="s3://bucket/", region_name="us-east-1",
    spark_work_group="spark", poll_interval=0.2, num_retries=0)


def model(name):
    config = {"timeout": 60, "polling_interval": 0.2, "engine_config": {"MaxConcurrentDpus": 4, "CoordinatorDpuSize": 1, "DefaultExecutorDpuSize": 1}}
    return AthenaPythonJobHelper({"relation_name": name, "config": config, "alias": name, "schema": "marts"}, CREDENTIALS)


first = model("first")
check("a model completes", first.submit("print('model')")["StdOutS3Uri"].startswith("s3://"), True)
try:
    first.submit("raise ValueError('no such column')")
    check("a model that raises fails", False, True)
except DbtRuntimeError as error:
    check("a failure names its stderr", "Status:         FAILED" in str(error) and "s3://" in str(error), True)
athena = boto3.client("athena")
athena.start_calculation_execution(SessionId=first.session_id, CodeBlock="# local: runs 20s")
check("a model waits for a busy session", "ResultS3Uri" in first.submit("print('waited')"), True)
athena.start_calculation_execution(SessionId=first.session_id, CodeBlock="# local: runs 600s")
before = first.session_id
athena.terminate_session(SessionId=before)
check("a model goes on in another session", "ResultS3Uri" in model("second").submit("print('again')"), True)
sys.exit(done("dbt-athena " + __version__.version))
