package io.github.calculationguard.standin;

import java.time.Duration;
import java.util.List;

/** A Lambda function, with one invocation at a time. */
public interface LambdaFunction extends AutoCloseable {

  /**
   * Invokes the function, and waits for it.
   *
   * @param event JSON
   * @param timeout after which Lambda kills the function
   */
  Result invoke(String event, Duration timeout);

  @Override
  void close();

  /**
   * The result of one invocation.
   *
   * @param log one entry for each call of the logger and each line of output
   * @param took from the event to the answer
   */
  record Result(String requestId, Outcome outcome, List<String> log, Duration took) {

    public Result {
      log = List.copyOf(log);
    }
  }

  /** How an invocation ended. */
  sealed interface Outcome {

    /**
     * The function returned.
     *
     * @param json what it returned
     */
    record Answer(String json) implements Outcome {}

    /**
     * The function threw, was killed, or died.
     *
     * @param json Lambda's error document, with errorType and errorMessage
     */
    record Failure(String json) implements Outcome {}
  }
}
