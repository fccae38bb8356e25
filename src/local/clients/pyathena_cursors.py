"""PyAthena's SparkCursor, AsyncSparkCursor and AioSparkCursor against the local Athena."""
import asyncio
import logging
import sys

import pyathena
from pyathena.aio.spark.cursor import AioSparkCursor
from pyathena.error import DatabaseError
from pyathena.spark.async_cursor import AsyncSparkCursor
from pyathena.spark.cursor import SparkCursor

from checks import check, done

OPTIONS = {"work_group": "spark", "region_name": "us-east-1", "poll_interval": 0.1, "s3_staging_dir": "s3://bucket/"}
logging.disable(logging.CRITICAL)


def cursor():
    with pyathena.connect(cursor_class=SparkCursor, **OPTIONS) as connection, connection.cursor() as spark:
        spark.execute("print('hello from Spark')", description="a greeting")
        check("SparkCursor: state", spark.state, "COMPLETED")
        check("SparkCursor: stdout", spark.get_std_out(), "hello from Spark")
        check("SparkCursor: stderr", spark.get_std_error(), "")
        check("SparkCursor: description", spark.description, "a greeting")
        check("SparkCursor: progress", spark.progress, "100%")
        check("SparkCursor: DPU time", spark.dpu_execution_in_millis > 0, True)
        try:
            spark.execute("raise ValueError('no such table')")
            check("SparkCursor: a failure raises", False, True)
        except DatabaseError:
            check("SparkCursor: state of a failure", spark.state, "FAILED")
            check("SparkCursor: traceback", spark.get_std_error().endswith("ValueError: no such table"), True)


def asynchronous():
    with pyathena.connect(cursor_class=AsyncSparkCursor, **OPTIONS) as connection, connection.cursor() as spark:
        id, future = spark.execute("print(42)")
        result = future.result(timeout=30)
        check("AsyncSparkCursor: state", result.state, "COMPLETED")
        check("AsyncSparkCursor: stdout", spark.get_std_out(result).result(timeout=30), "42")
        id, future = spark.execute("# local: runs 600s\n# local: cancels 1s")
        spark.cancel(id).result(timeout=30)
        check("AsyncSparkCursor: canceled", future.result(timeout=30).state, "CANCELED")


async def native():
    async with await pyathena.aio_connect(cursor_class=AioSparkCursor, **OPTIONS) as connection:
        spark = await AioSparkCursor.create(connection)
        await spark.execute("print('async')")
        check("AioSparkCursor: stdout", await spark.get_std_out(), "async")
        closed = spark.close()
        if asyncio.iscoroutine(closed):
            await closed


cursor()
asynchronous()
asyncio.run(native())
sys.exit(done("PyAthena " + pyathena.__version__))
