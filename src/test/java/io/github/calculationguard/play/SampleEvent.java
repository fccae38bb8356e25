package io.github.calculationguard.play;

import io.github.calculationguard.report.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** An event from a file, with its times moved to now. */
public record SampleEvent(Path file, Map<String, Object> json) {

  public static final String CALCULATION = "82c1ebb4-bd08-e4c3-5631-a662fb2ff2c5";
  public static final String SESSION = "9cc1ebb2-aac5-b1ca-8247-5d827bd8232f";

  /** The event can't be played. The message is for people. */
  static final class UnplayableException extends Exception {
    UnplayableException(String message) {
      super(message);
    }
  }

  static SampleEvent read(Path file) throws UnplayableException {
    String text;
    try {
      text = Files.readString(file);
    } catch (IOException e) {
      throw new UnplayableException(
          "No such event file: %s. The samples are: %s.".formatted(file, samples()));
    }
    try {
      return new SampleEvent(file, Json.object(text));
    } catch (IOException e) {
      throw new UnplayableException(
          "%s is not a JSON object, or has a duplicate name.".formatted(file));
    }
  }

  private static String samples() {
    try (var files = Files.list(Path.of("events"))) {
      return files.map(Path::toString).sorted().collect(Collectors.joining(", "));
    } catch (IOException e) {
      return "none (there is no folder named events here)";
    }
  }

  /**
   * The same event with all its times moved, so that it was sent at an instant. HTTP requests have
   * no times.
   */
  SampleEvent sentAt(Instant instant) {
    var sent = json.get("time") instanceof String time ? instant(time) : null;
    return sent == null
        ? this
        : new SampleEvent(file, moved(json, Duration.between(sent, instant)));
  }

  /** Whether the schedule sends such events. */
  boolean isForTheSweep() {
    return "Scheduled Event".equals(json.get("detail-type"));
  }

  /** Whether CloudWatch sends such events to show the page or its documentation. */
  boolean isForTheWidget() {
    return json.containsKey("describe")
        || (json.containsKey("widgetContext") && find(json, "calculationExecutionId") == null);
  }

  /** The calculation ID of the event, or else the samples' one. */
  String calculation() {
    var id = find(json, "calculationExecutionId");
    return id != null && id.matches("[0-9A-Za-z-]{1,36}") ? id : CALCULATION;
  }

  /** The session ID of the event, or else the samples' one. */
  String session() {
    var id = find(json, "sessionId");
    return id != null && id.matches("[0-9A-Za-z-]{1,256}") ? id : SESSION;
  }

  /** The instant since which the session must be idle; absent if the event is not about that. */
  @Nullable Instant idleSince() {
    var idleSince = find(json, "onlyIfIdleSince");
    return idleSince == null ? null : instant(idleSince);
  }

  private static @Nullable String find(Object node, String name) {
    if (node instanceof Map<?, ?> map) {
      for (var entry : map.entrySet()) {
        var found =
            name.equalsIgnoreCase(String.valueOf(entry.getKey()))
                    && entry.getValue() instanceof String text
                ? text
                : entry.getValue() == null ? null : find(entry.getValue(), name);
        if (found != null) {
          return found;
        }
      }
    }
    return null;
  }

  private static Map<String, Object> moved(Map<?, ?> map, Duration by) {
    var moved = new LinkedHashMap<String, Object>();
    map.forEach((key, value) -> moved.put(String.valueOf(key), movedValue(value, by)));
    return moved;
  }

  @SuppressWarnings("NullAway") // JSON has nulls.
  private static Object movedValue(Object value, Duration by) {
    return switch (value) {
      case Map<?, ?> map -> moved(map, by);
      case List<?> list -> list.stream().map(item -> movedValue(item, by)).toList();
      case String text when instant(text) != null -> instant(text).plus(by).toString();
      case null -> null;
      default -> value;
    };
  }

  private static @Nullable Instant instant(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException e) {
      return null;
    }
  }
}
