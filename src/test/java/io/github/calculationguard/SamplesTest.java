package io.github.calculationguard;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.events.APIGatewayProxyRequestEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.ScheduledEvent;
import com.amazonaws.services.lambda.runtime.serialization.events.LambdaEventSerializers;
import com.amazonaws.services.lambda.runtime.tests.EventLoader;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Holds the samples in {@code events/} to AWS's own types, so that the tests read what AWS sends.
 */
class SamplesTest {

  static Stream<Path> samples() throws IOException {
    try (var files = Files.list(Path.of("events"))) {
      return files.sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "http-api-stop, v2",
    "http-api-describe, v2",
    "http-api-end-session, v2",
    "http-api-describe-session, v2",
    "function-url-stop, v2",
    "rest-api-stop, v1",
    "eventbridge-stop-requested, bus",
    "eventbridge-end-session, bus",
    "handover, bus",
    "finding-calculation, bus",
    "finding-session, bus",
    "outcome, bus",
    "warning, bus",
    "cloudtrail-start-calculation, bus",
    "alarm-state-change, bus",
    "alarm-contributor, bus"
  })
  void sayNothingThatAwsOwnTypesDoNotKnow(String sample, String type) throws IOException {
    var file = Path.of("events", sample + ".json");
    var known =
        switch (type) {
          case "v2" -> throughType(file, APIGatewayV2HTTPEvent.class);
          case "v1" -> throughType(file, APIGatewayProxyRequestEvent.class);
          default -> throughType(file, ScheduledEvent.class);
        };

    assertThat(known).isEqualTo(withoutNulls(JSON.std.anyFrom(Files.readString(file))));
  }

  @ParameterizedTest
  @MethodSource("samples")
  void areOfOneAccountAndNameOneCalculationOrItsSession(Path file) throws IOException {
    var text = Files.readString(file);

    assertThat(text).endsWith("}\n").doesNotContain("http://");
    assertThat(text.replaceAll("123456789012", "")).doesNotContainPattern("\\b\\d{12}\\b");
    if (!file.getFileName().toString().matches("(schedule|widget).*")) {
      assertThat(text)
          .containsAnyOf(
              "82c1ebb4-bd08-e4c3-5631-a662fb2ff2c5", "9cc1ebb2-aac5-b1ca-8247-5d827bd8232f");
    }
  }

  private static <T> Object throughType(Path file, Class<T> type) throws IOException {
    var event = EventLoader.loadEvent(file.toString(), type);
    var json = new ByteArrayOutputStream();
    LambdaEventSerializers.serializerFor(type, type.getClassLoader()).toJson(event, json);
    // The type writes EventBridge's whole seconds with milliseconds.
    var text = json.toString(StandardCharsets.UTF_8).replace(".000Z", "Z");
    return withoutNulls(JSON.std.anyFrom(text));
  }

  private static Object withoutNulls(Object node) {
    return switch (node) {
      case Map<?, ?> map -> {
        var kept = new TreeMap<String, Object>();
        map.forEach(
            (key, value) -> {
              if (value != null) {
                kept.put((String) key, withoutNulls(value));
              }
            });
        yield kept;
      }
      case List<?> list -> list.stream().map(SamplesTest::withoutNulls).toList();
      default -> node;
    };
  }
}
