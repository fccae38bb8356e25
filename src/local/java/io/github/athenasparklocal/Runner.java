package io.github.athenasparklocal;

/** Runs the code of calculations, or does not. */
interface Runner {

  /** Whether code really runs, so that its course is not known beforehand. */
  boolean runsCode();

  /** Begins to run a calculation. It tells the model when the code has ended. */
  void start(SparkModel model, CalculationHistory calculation);

  /** Interrupts a calculation. */
  void stop(CalculationHistory calculation);

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
        public void end(String sessionId) {}
      };
}
