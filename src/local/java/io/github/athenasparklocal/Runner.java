package io.github.athenasparklocal;

import org.jspecify.annotations.Nullable;

/** Runs the code of calculations, or does not. */
interface Runner {

  /** Whether code really runs, so that its course is not known beforehand. */
  boolean runsCode();

  /** Begins to run a calculation. It tells the model when the code has ended. */
  void start(SparkModel model, CalculationHistory calculation);

  /** Interrupts a calculation. */
  void stop(CalculationHistory calculation);

  /**
   * A session's Spark Connect server, which the first call starts and waits for; absent if there
   * can be none.
   */
  @Nullable ConnectServer connect(SparkModel model, String sessionId);

  /** Ends a session's process. */
  void end(String sessionId);

  /** Runs nothing: a calculation takes the course that its code describes. */
  Runner NONE =
      new Runner() {
        @Override
        public boolean runsCode() {
          return false;
        }

        @Override
        public void start(SparkModel model, CalculationHistory calculation) {}

        @Override
        public void stop(CalculationHistory calculation) {}

        @Override
        public @Nullable ConnectServer connect(SparkModel model, String sessionId) {
          return null;
        }

        @Override
        public void end(String sessionId) {}
      };
}
