package io.github.calculationguard.standin;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.HandClock;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LocalEventBridgeTest {

  private static final Instant NOON = Instant.parse("2026-11-22T12:00:00Z");

  private final LocalEventBridge bridge =
      new LocalEventBridge(new HandClock(NOON), LocalWorld.PLACE);

  @AfterEach
  void close() {
    bridge.close();
  }

  private HttpResponse<String> put(String body) throws IOException, InterruptedException {
    try (var http = HttpClient.newHttpClient()) {
      return http.send(
          HttpRequest.newBuilder(bridge.endpoint())
              .header("Content-Type", "application/x-amz-json-1.1")
              .header("X-Amz-Target", "AWSEvents.PutEvents")
              .POST(HttpRequest.BodyPublishers.ofString(body))
              .build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  private static String entry(String source, String type, String detail, String bus) {
    return Json.text(
        Map.of("Source", source, "DetailType", type, "Detail", detail, "EventBusName", bus));
  }

  @Test
  void handsEveryEventToItsListenersInItsEnvelope() throws IOException, InterruptedException {
    bridge.addBus("guard");
    var heard = new ArrayList<LocalEventBridge.Event>();
    bridge.onEvent(heard::add);
    var good = entry("mine", "Thing Happened", "{\"a\":[1]}", "guard");
    var bad = entry("aws.athena", "Thing Happened", "{}", "default");
    var answer = Json.object(put("{\"Entries\":[" + good + "," + bad + "]}").body());
    assertThat(answer.get("FailedEntryCount")).isEqualTo(1);
    assertThat(heard).isEqualTo(bridge.events()).hasSize(1);
    assertThat(heard.getFirst().bus()).isEqualTo("guard");
    var envelope = Json.object(heard.getFirst().json());
    assertThat(String.valueOf(answer.get("Entries")))
        .startsWith("[{EventId=%s}, {".formatted(envelope.get("id")))
        .contains("ErrorCode=NotAuthorizedForSourceException");
    assertThat(envelope.get("source")).isEqualTo("mine");
    assertThat(envelope.get("detail-type")).isEqualTo("Thing Happened");
    assertThat(envelope.get("account")).isEqualTo("123456789012");
    assertThat(envelope.get("region")).isEqualTo("us-east-1");
    assertThat(envelope.get("time")).isEqualTo("2026-11-22T12:00:00Z");
    assertThat(envelope.get("detail")).isEqualTo(Map.of("a", List.of(1)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`` | t | {} | default | InvalidArgument",
        "s | `` | {} | default | InvalidArgument",
        "s | t | `` | default | InvalidArgument",
        "s | t | no JSON | default | MalformedDetail",
        "s | t | [] | default | MalformedDetail",
        "aws.s | t | {} | default | NotAuthorizedForSourceException",
      })
  void refusesABadEntry(String source, String type, String detail, String bus, String code)
      throws IOException, InterruptedException {
    var answer = put("{\"Entries\":[" + entry(source, type, detail, bus) + "]}").body();
    assertThat(Json.object(answer).get("FailedEntryCount")).isEqualTo(1);
    assertThat(answer).contains("\"ErrorCode\":\"" + code + "\"");
    assertThat(bridge.events()).isEmpty();
  }

  @Test
  void losesAnEventForABusThatIsNotThereAndSaysNothing() throws IOException, InterruptedException {
    var answer = put("{\"Entries\":[" + entry("s", "t", "{}", "absent") + "]}").body();
    assertThat(Json.object(answer).get("FailedEntryCount")).isEqualTo(0);
    assertThat(bridge.events()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 11})
  void refusesABatchOfTheWrongSize(int size) throws IOException, InterruptedException {
    var entries = Collections.nCopies(size, entry("s", "t", "{}", "default"));
    var response = put("{\"Entries\":[" + String.join(",", entries) + "]}");
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(Json.object(response.body()).get("__type")).isEqualTo("ValidationException");
  }

  @Test
  void failsAsItIsTold() throws IOException, InterruptedException {
    bridge.faults(Faults.always("PutEvents", Fault.Refusal.INTERNAL_ERROR));
    var response = put("{\"Entries\":[" + entry("s", "t", "{}", "default") + "]}");
    assertThat(response.statusCode()).isEqualTo(500);
    assertThat(bridge.events()).isEmpty();
    assertThat(bridge.counts()).isEqualTo(Map.of("PutEvents", 1));
  }
}
