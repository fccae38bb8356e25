package io.github.athenasparklocal;

import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Decides for each request whether something goes wrong with it. */
@FunctionalInterface
public interface Faults {

  /**
   * @return absent where all goes well
   */
  @Nullable Fault on(Call call);

  /** Nothing goes wrong. */
  static Faults none() {
    return call -> null;
  }

  /** Every request of any operation fails. */
  static Faults always(Fault fault) {
    return call -> fault;
  }

  /** Every request of one operation fails. */
  static Faults always(String operation, Fault fault) {
    return call -> call.operation().equals(operation) ? fault : null;
  }

  /** The first requests of one operation fail, and the later ones work. */
  static Faults first(int count, String operation, Fault fault) {
    return call -> call.operation().equals(operation) && call.nth() <= count ? fault : null;
  }

  /** A share of all requests goes wrong, each in one of some ways. */
  static Faults sometimes(double share, RandomGenerator random, List<? extends Fault> ways) {
    return call -> random.nextDouble() < share ? ways.get(random.nextInt(ways.size())) : null;
  }

  /** These, and where they let a request pass, others. */
  default Faults or(Faults others) {
    return call -> {
      var fault = on(call);
      return fault == null ? others.on(call) : fault;
    };
  }
}
