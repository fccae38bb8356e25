package io.github.athenasparklocal;

/**
 * Starts the command line, or tells people that their Java is too old. It is compiled for Java 8, and
 * the rest is not.
 */
public final class Launcher {

  private Launcher() {}

  /** Starts {@code Main}. */
  public static void main(String[] args) throws Exception {
    Class<?> main;
    try {
      main = Class.forName("io.github.athenasparklocal.Main");
    } catch (UnsupportedClassVersionError e) {
      System.err.printf(
          "athena-spark-local: needs Java 25 or later, and %s is Java %s."
              + " Start it with another one: /path/to/jdk-25/bin/java -jar athena-spark-local.jar%n",
          System.getProperty("java.home"), System.getProperty("java.version"));
      System.exit(2);
      return;
    }
    main.getMethod("main", String[].class).invoke(null, (Object) args);
  }
}
