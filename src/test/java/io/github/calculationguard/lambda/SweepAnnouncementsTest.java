package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.json;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.HandClock;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.spark.InternalBus;
import io.github.calculationguard.standin.Json;
import io.github.calculationguard.standin.LocalWorld;
import io.github.calculationguard.standin.SnsMessage;
import io.github.calculationguard.standin.SnsMessage.Attribute;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Who hears of what a sweep finds: one message for each workgroup and owner, and one event each.
 */
class SweepAnnouncementsTest {

  private static final Instant NOW = Instant.parse("2026-11-22T09:30:05Z");

  private final HandClock clock = new HandClock(NOW);
  private final LocalWorld world = new LocalWorld(clock);
  private final Map<String, String> settings = new HashMap<>();
  private final TestContext invocation = new TestContext("request-1", ofMinutes(9), null);

  @BeforeEach
  void begin() {
    world.eventBridge().addBus("guard");
    settings.put("TOPIC_ARN", world.sns().addTopic("guard"));
    settings.put("CALLS_PER_SECOND", "50");
    settings.put("ESCALATION", "TERMINATE_SESSION");
  }

  @AfterEach
  void close() {
    world.close();
  }

  private SparkModel model() {
    return world.athena().model();
  }

  private SweepHandler handler() {
    return SweepHandlerTest.handler(world, clock, settings);
  }

  private void workGroup(String name, @Nullable String owner) {
    model().addWorkGroup(name, SparkModel.PYSPARK_3, owner == null ? Map.of() : tag(owner));
  }

  private static Map<String, String> tag(String owner) {
    return Map.of("owner", owner);
  }

  /** Over the limit of an idle hour. */
  private void idle(String workGroup, String id, Duration idle, Map<String, String> tags) {
    model().add(SessionSetup.in(workGroup).id(id).startedAt(NOW.minus(idle)).tags(tags));
  }

  private List<Map<String, Object>> lines() {
    return invocation.lines.stream().map(GuardedWorld::json).toList();
  }

  private static @Nullable String value(SnsMessage message, String attribute) {
    var it = message.attributes().get(attribute);
    return it == null ? null : it.value();
  }

  private List<String> warned() {
    return world.eventBridge().events(InternalBus.WARNING).stream()
        .map(event -> GuardedWorld.detail(json(event.json())))
        .filter(detail -> !"KEPT_OPEN".equals(detail.get("outcome")))
        .map(detail -> String.valueOf(detail.get("session_id")))
        .sorted()
        .toList();
  }

  @Test
  void publishesOneMessageForEachWorkgroupAndOwner() {
    workGroup("etl", "team data");
    workGroup("ml", null);
    idle("etl", "s-data-1", ofHours(2), Map.of());
    idle("etl", "s-data-2", ofHours(3), Map.of());
    idle("etl", "s-jane", ofHours(4), tag("jané.doe@example.com"));
    idle("ml", "s-nobody", ofHours(5), Map.of());

    handler().handleRequest(Map.of(), invocation);

    var messages = world.sns().messages();
    assertThat(messages)
        .extracting(it -> value(it, "work_group") + "/" + value(it, "owner"))
        .containsExactlyInAnyOrder("etl/team data", "etl/jan?.doe@example.com", "ml/null");
    for (var message : messages) {
      assertThat(message.attributes().keySet())
          .contains("outcome", "trigger", "severity", "work_group")
          .doesNotContain("state");
      assertThat(message.attributes().values()).allMatch(it -> it.type().equals("String"));
      var isData = "team data".equals(value(message, "owner"));
      for (var session : List.of("s-data-1", "s-data-2")) {
        assertThat(message.message().contains(session)).isEqualTo(isData);
      }
    }
    var data = messages.stream().filter(it -> it.message().contains("s-data-1")).findFirst();
    assertThat(data.orElseThrow().text("email"))
        .containsOnlyOnce("Workgroup:   etl\n")
        .containsOnlyOnce("Owner:       \"team data\"\n")
        .doesNotContain("workgroup etl", "owner \"team data\"")
        // Once where it is over its limit, and not again where Athena keeps it open.
        .containsOnlyOnce("0.70 USD so far")
        .containsOnlyOnce("1.05 USD so far");
    assertThat(json(data.orElseThrow().text("sqs")))
        .containsEntry("work_group", "etl")
        .containsEntry("owner", "team data");
  }

  @Test
  void publishesAllMessagesBeforeItSetsTheFirstTag() {
    settings.put("MODE", "enforce");
    for (var number = 0; number < 15; number++) {
      workGroup("team-" + number, null);
      idle("team-" + number, "s-" + number, ofHours(2), Map.of());
    }
    var messagesAtTags = new HashSet<Integer>();
    world
        .athena()
        .faults(
            call -> {
              if (call.operation().equals("TagResource")) {
                messagesAtTags.add(world.sns().messages().size());
              }
              return null;
            });

    handler().handleRequest(Map.of(), invocation);

    assertThat(messagesAtTags).containsExactly(15);
  }

  @Test
  void givesEachMessageItsOwnSeverityAndItsOwnSavings() {
    settings.put("MODE", "observe");
    workGroup("etl", "team data");
    workGroup("ml", "team ml");
    idle("etl", "s-over", ofHours(2), Map.of());
    idle(
        "ml",
        "s-exempt",
        ofHours(2),
        Map.of("calculation-guard:exempt-until", "2026-11-22T20:00:00Z"));

    handler().handleRequest(Map.of(), invocation);

    for (var message : world.sns().messages()) {
      var isOver = "etl".equals(value(message, "work_group"));
      assertThat(value(message, "severity")).isEqualTo(isOver ? "WARNING" : "INFO");
      assertThat(message.text("email").contains("that saves at most")).isEqualTo(isOver);
    }
    assertThat(world.sns().messages()).hasSize(2);
  }

  /** A session's tag goes to its owner, and a workgroup's to the workgroup's. */
  @Test
  void tellsOfAnInvalidTagWhomItConcerns() {
    model()
        .addWorkGroup(
            "etl",
            SparkModel.PYSPARK_3,
            Map.of("owner", "team data", "calculation-guard:mode", "stop"));
    var tags = Map.of("owner", "jane", "calculation-guard:max-session-hours", "9h");
    idle("etl", "s-jane", ofMinutes(1), tags);

    handler().handleRequest(Map.of(), invocation);

    assertThat(world.sns().messages())
        .hasSize(2)
        .allSatisfy(
            it -> {
              var isJane = "jane".equals(value(it, "owner"));
              assertThat(it.text("email").contains("max-session-hours")).isEqualTo(isJane);
              assertThat(it.text("email").contains("calculation-guard:mode")).isEqualTo(!isJane);
            });
  }

  @Test
  void publishesTheCostliestTwentyAloneAndTheRestInOne() {
    workGroup("etl", null);
    workGroup("ml", "team ml");
    for (var number = 1; number <= 24; number++) {
      idle("etl", "s-" + number, ofMinutes(120 + number), tag("team " + number));
    }
    idle("etl", "s-nobody", ofMinutes(90), Map.of());
    idle("ml", "s-ml", ofMinutes(70), Map.of());

    handler().handleRequest(Map.of(), invocation);

    var messages = world.sns().messages();
    assertThat(messages).hasSize(21);
    var alone = messages.stream().filter(it -> !isShared(it)).map(it -> value(it, "owner"));
    assertThat(alone)
        .containsExactlyInAnyOrderElementsOf(
            IntStream.rangeClosed(5, 24).mapToObj(number -> "team " + number).toList());
    var shared = messages.stream().filter(SweepAnnouncementsTest::isShared).toList().getFirst();
    assertThat(shared.attributes())
        .containsEntry("work_group", new Attribute("String.Array", "[\"etl\",\"ml\"]"))
        .containsEntry(
            "owner",
            new Attribute(
                "String.Array", "[\"team 4\",\"team 3\",\"team 2\",\"team 1\",null,\"team ml\"]"));
    assertThat(shared.subject()).startsWith("SWEEP | 2 workgroups | ");
    assertThat(shared.text("email"))
        .contains("session s-4; workgroup etl; owner \"team 4\"; idle for 2 h 3 min")
        .contains("session s-nobody; workgroup etl; idle");
    GuardedWorld.json(shared.text("https"));
    assertThat(warned()).hasSize(26);
  }

  private static boolean isShared(SnsMessage message) {
    return message.attributes().values().stream().anyMatch(it -> it.type().equals("String.Array"));
  }

  @Test
  void saysEachThingOnceADayAndAgainOnlyToWhomItFailed() {
    workGroup("etl", "team data");
    workGroup("ml", "team ml");
    idle("etl", "s-etl", ofHours(2), Map.of());
    idle("ml", "s-ml", ofHours(3), Map.of());
    settings.put("MAX_ATTEMPTS", "1");
    world.sns().faults(call -> call.body().contains("s-ml") ? Fault.Refusal.INTERNAL_ERROR : null);
    var handler = handler();

    handler.handleRequest(Map.of(), invocation);
    assertThat(world.sns().messages())
        .extracting(it -> value(it, "owner"))
        .containsExactly("team data");
    assertThat(lines())
        .filteredOn(line -> "sweep_failure".equals(line.get("event")))
        .singleElement()
        .satisfies(
            line ->
                assertThat(line)
                    .containsEntry("subject", "notification")
                    .containsEntry("work_group", "ml")
                    .containsEntry("owner", "team ml"));
    assertThat(lines().getLast()).containsEntry("AnnouncementFailures", 1);
    assertThat(warned()).as("not held up").containsExactly("s-etl", "s-ml");

    world.sns().faults(Faults.none());
    handler.handleRequest(Map.of(), invocation);
    handler.handleRequest(Map.of(), invocation);
    assertThat(world.sns().messages())
        .extracting(it -> value(it, "owner"))
        .containsExactly("team data", "team ml");
    assertThat(warned()).as("once, too").containsExactly("s-etl", "s-ml");
  }

  @Test
  void putsAnEventForEachNewFindingAndNotesWhatFailed() {
    workGroup("etl", "team data");
    settings.put("MAX_ATTEMPTS", "1");
    idle("etl", "s-1", ofHours(2), Map.of());
    world.eventBridge().faults(Faults.always(Fault.Refusal.DENIED));
    var handler = handler();

    handler.handleRequest(Map.of(), invocation);

    assertThat(world.sns().messages()).hasSize(1);
    assertThat(lines())
        .filteredOn(line -> "OBSERVED".equals(line.get("outcome")))
        .singleElement()
        .satisfies(
            line ->
                assertThat(line)
                    .containsEntry("event_sent", false)
                    .containsEntry("level", "ERROR")
                    .hasEntrySatisfying(
                        "reason",
                        why ->
                            assertThat((String) why)
                                .contains(
                                    "limit 1 h; the event may not have been sent: AccessDenied")));
    assertThat(lines().getLast())
        .as("two findings: Athena keeps it open, too")
        .containsEntry("AnnouncementFailures", 2)
        .containsEntry("SweepFailures", 0);

    world.eventBridge().faults(Faults.none());
    invocation.lines.clear();
    handler.handleRequest(Map.of(), invocation);

    assertThat(world.sns().messages()).hasSize(1);
    var event = json(world.eventBridge().events().getFirst().json());
    assertThat(event)
        .containsEntry("source", "calculation-guard")
        .containsEntry("detail-type", "Athena Calculation Guard Warning")
        .containsEntry("account", "123456789012");
    var line =
        lines().stream().filter(it -> "finding".equals(it.get("event"))).findFirst().orElseThrow();
    assertThat(GuardedWorld.detail(event)).isEqualTo(line);
    assertThat(line).doesNotContainKey("event_sent");
  }

  /** SNS takes 256 KB with attributes, and refuses what is larger for good. */
  @Test
  void staysWithinTheSizeOfAMessageWhateverPeopleWrite() {
    workGroup("etl", null);
    var text = "é\"\\".repeat(80);
    for (var number = 1; number <= 120; number++) {
      var tags = Map.of("owner", number + text, "calculation-guard:exempt-until", number + text);
      model()
          .add(
              SessionSetup.in("etl")
                  .id("s-" + number)
                  .description(text)
                  .idleTimeout(ofHours(9))
                  .startedAt(NOW.minus(ofHours(2)))
                  .tags(number % 2 == 0 ? tags : tag(number + text)));
    }

    handler().handleRequest(Map.of(), invocation);

    assertThat(lines()).noneMatch(line -> "sweep_failure".equals(line.get("event")));
    var shared = world.sns().messages().stream().filter(SweepAnnouncementsTest::isShared).toList();
    assertThat(shared).hasSize(1);
    var owners = String.valueOf(value(shared.getFirst(), "owner"));
    assertThat(owners.length()).isLessThan(33_000);
    assertThat((List<?>) Json.object("{\"owners\":" + owners + "}").get("owners"))
        .hasSizeBetween(50, 99);
    assertThat(shared.getFirst().text("email"))
        .contains("names of workgroups and owners do not fit");
    for (var message : world.sns().messages()) {
      var content = (Map<?, ?>) Objects.requireNonNull(json(message.text("https")).get("content"));
      assertThat(String.valueOf(content.get("description")))
          .as("Amazon Q drops a message with a longer one")
          .hasSizeLessThanOrEqualTo(8000);
    }
    assertThat(shared.getFirst().text("https"))
        .containsPattern("\\*Left out:\\* `\\d+ more facts; the email has them all`");
    assertThat(Set.copyOf(warned())).hasSize(120);
  }
}
