package io.github.athenasparklocal;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Faults from a command line: {@code OPERATION=FAULT[:COUNT|:PERCENT%],...}. */
final class FaultList {

  private static final Pattern FAULT =
      Pattern.compile("(\\*|\\w+)=(\\w+)(?::(\\d{1,9})|:(\\d{1,3})%)?");

  private FaultList() {}

  /**
   * @throws IllegalArgumentException if it is not such a list
   */
  static Faults parse(String text) {
    return Arrays.stream(text.split(",", -1))
        .map(FaultList::one)
        .reduce(Faults.none(), Faults::or);
  }

  private static Faults one(String text) {
    var parts = FAULT.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "--faults takes a list such as GetSession=THROTTLED:2,*=CUT_OFF:5%, not " + text);
    }
    var operation = parts.group(1);
    if (!operation.equals("*") && !ApiModel.operations().containsKey(operation)) {
      throw new IllegalArgumentException("there is no operation " + operation);
    }
    var fault = fault(parts.group(2));
    var count = parts.group(3) == null ? Integer.MAX_VALUE : Integer.parseInt(parts.group(3));
    var percent = parts.group(4) == null ? 100 : Integer.parseInt(parts.group(4));
    return call ->
        (operation.equals("*") || operation.equals(call.operation()))
                && call.nth() <= count
                && ThreadLocalRandom.current().nextInt(100) < percent
            ? fault
            : null;
  }

  private static Fault fault(String name) {
    for (var refusal : Fault.Refusal.values()) {
      if (refusal.name().equals(name)) {
        return refusal;
      }
    }
    for (var mishap : Fault.Mishap.values()) {
      if (mishap.name().equals(name)) {
        return new Fault.Spoilt(mishap, true);
      }
    }
    var names =
        Stream.concat(
                Arrays.stream(Fault.Refusal.values()), Arrays.stream(Fault.Mishap.values()))
            .map(Enum::name)
            .toList();
    throw new IllegalArgumentException("there is no fault %s; there are %s".formatted(name, list(names)));
  }

  private static String list(List<String> names) {
    return String.join(", ", names);
  }
}
