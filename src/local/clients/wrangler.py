"""awswrangler's Spark functions against the local Athena."""
import sys

import awswrangler
from awswrangler.exceptions import SessionFailed

from checks import check, done

session = awswrangler.athena.create_spark_session(workgroup="spark", max_concurrent_dpus=5, idle_timeout=15)
check("a session", len(session), 36)
result = awswrangler.athena.run_spark_calculation(code="print('hello')", workgroup="spark", session_id=session)
check("a calculation's state", result["Status"]["State"], "COMPLETED")
check("its result", result["Result"]["StdOutS3Uri"].startswith("s3://"), True)
result = awswrangler.athena.run_spark_calculation(code="print(2)", workgroup="spark")
check("a session of its own", result["SessionId"] != session, True)
sys.exit(done("awswrangler " + awswrangler.__version__))
