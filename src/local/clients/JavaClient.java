import java.net.URI;
import java.util.function.Supplier;
import software.amazon.awssdk.services.athena.AthenaClient;
import software.amazon.awssdk.services.athena.model.ResourceNotFoundException;

/** The AWS SDK for Java against the local Athena. */
public final class JavaClient {

  private static int passed;
  private static int failed;

  private static void check(String what, Object seen, Object expected) {
    if (expected.equals(seen)) {
      passed++;
    } else {
      failed++;
      System.out.println("FAILED  " + what + ": expected " + expected + ", saw " + seen);
    }
  }

  private static void until(String expected, Supplier<String> state) throws InterruptedException {
    var end = System.nanoTime() + 20_000_000_000L;
    while (!state.get().equals(expected) && System.nanoTime() < end) {
      Thread.sleep(100);
    }
    check("state", state.get(), expected);
  }

  public static void main(String[] args) throws InterruptedException {
    try (var athena = AthenaClient.create()) {
      var session = athena.startSession(r -> r.workGroup("spark").engineConfiguration(e -> e.maxConcurrentDpus(4))).sessionId();
      until("IDLE", () -> athena.getSessionStatus(r -> r.sessionId(session)).status().stateAsString());
      var id = athena.startCalculationExecution(r -> r.sessionId(session).codeBlock("print('from Java')")).calculationExecutionId();
      until("COMPLETED", () -> athena.getCalculationExecutionStatus(r -> r.calculationExecutionId(id)).status().stateAsString());
      var uri = URI.create(athena.getCalculationExecution(r -> r.calculationExecutionId(id)).result().stdOutS3Uri());
      check("a result", uri.getScheme(), "s3");
      try {
        athena.stopCalculationExecution(r -> r.calculationExecutionId("absent"));
        check("an unknown calculation is refused", false, true);
      } catch (ResourceNotFoundException e) {
        check("an unknown calculation", e.resourceName(), "absent");
      }
      check("terminates", athena.terminateSession(r -> r.sessionId(session)).stateAsString(), "TERMINATING");
    }
    System.out.println("AWS SDK for Java: " + passed + " passed, " + failed + " failed");
    System.exit(failed > 0 || passed == 0 ? 1 : 0);
  }
}
