// The AWS SDK for JavaScript against the local Athena.
import * as athena from "@aws-sdk/client-athena";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";

let passed = 0, failed = 0;
const check = (what, seen, expected) => {
  if (seen === expected) return passed++;
  failed++;
  console.log(`FAILED  ${what}: expected ${expected}, saw ${seen}`);
};
const client = new athena.AthenaClient({});
const send = (command, input) => client.send(new athena[`${command}Command`](input));
const until = async (get, wanted) => {
  const end = Date.now() + 20000;
  let seen;
  while ((seen = await get()) !== wanted && Date.now() < end) await new Promise((later) => setTimeout(later, 100));
  check(`becomes ${wanted}`, seen, wanted);
};

const { SessionId } = await send("StartSession", { WorkGroup: "spark", EngineConfiguration: { MaxConcurrentDpus: 4 } });
await until(async () => (await send("GetSessionStatus", { SessionId })).Status.State, "IDLE");
const { CalculationExecutionId } = await send("StartCalculationExecution", { SessionId, CodeBlock: "print('from JavaScript')" });
await until(async () => (await send("GetCalculationExecutionStatus", { CalculationExecutionId })).Status.State, "COMPLETED");
const done = await send("GetCalculationExecution", { CalculationExecutionId });
check("a date", done.Status.CompletionDateTime instanceof Date, true);
const uri = new URL(done.Result.StdOutS3Uri);
const object = await new S3Client({ forcePathStyle: true }).send(new GetObjectCommand({ Bucket: uri.host, Key: uri.pathname.slice(1) }));
check("stdout", await object.Body.transformToString(), "from JavaScript\n");
try {
  await send("GetCalculationExecution", { CalculationExecutionId: "82c1ebb4-bd08-e4c3-5631-a662fb2ff2c5" });
  check("an unknown calculation is refused", false, true);
} catch (error) {
  check("an unknown calculation", error instanceof athena.ResourceNotFoundException, true);
}
check("terminates", (await send("TerminateSession", { SessionId })).State, "TERMINATING");
console.log(`AWS SDK for JavaScript: ${passed} passed, ${failed} failed`);
process.exit(failed || !passed ? 1 : 0);
