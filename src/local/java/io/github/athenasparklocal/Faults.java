package io.github.athenasparklocal;

import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Decides which requests fail. */
@FunctionalInterface
public interface Faults {

  /**
   * @return absent if the request does not fail
   */
  @Nullable Fault on(Call call);

  /** No request fails. */
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

  /** The first requests of one operation fail. */
  static Faults first(int count, String operation, Fault fault) {
    return call -> call.operation().equals(operation) && call.nth() <= count ? fault : null;
  }

  /** A share of all requests fails, each in one of these ways. */
  static Faults sometimes(double share, RandomGenerator random, List<? extends Fault> ways) {
    return call -> random.nextDouble() < share ? ways.get(random.nextInt(ways.size())) : null;
  }

  /** These faults, and others for the requests that these do not fail. */
  default Faults or(Faults others) {
    return call -> {
      var fault = on(call);
      return fault == null ? others.on(call) : fault;
    };
  }
}
