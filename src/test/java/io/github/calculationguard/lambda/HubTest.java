package io.github.calculationguard.lambda;

import static io.github.calculationguard.Template.list;
import static io.github.calculationguard.Template.map;
import static io.github.calculationguard.lambda.GuardedWorld.json;
import static io.github.calculationguard.lambda.GuardedWorld.sample;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import module java.base;

import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.HandClock;
import io.github.calculationguard.Template;
import io.github.calculationguard.guard.Finding;
import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.standin.EventRules;
import io.github.calculationguard.standin.EventRules.Delivery;
import io.github.calculationguard.standin.Json;
import io.github.calculationguard.standin.LocalEventBridge;
import io.github.calculationguard.standin.LocalWorld;
import io.github.calculationguard.standin.ResourcePolicy;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.eventbridge.EventBridgeClient;
import software.amazon.awssdk.services.eventbridge.model.PutEventsRequestEntry;
import software.amazon.event.ruler.Ruler;

/**
 * Three accounts with guards in two Regions, and one hub: the rules, the role and the policies are
 * those of the two templates.
 */
class HubTest {

  private static final String OUTCOME = "Athena Calculation Guard Outcome";
  private static final String WARNING = "Athena Calculation Guard Warning";
  private static final String ORGANIZATION = "o-a1b2c3d4e5";
  private static final String INTERNAL_BUS = "guard-internal";
  private static final List<AccountRegion> PLACES =
      Stream.of("111111111111", "222222222222", "333333333333")
          .flatMap(
              account ->
                  Stream.of("us-east-1", "eu-west-1")
                      .map(region -> new AccountRegion("aws", region, account)))
          .toList();

  private static final AccountRegion CENTRAL =
      new AccountRegion("aws", "eu-central-1", "900000000009");
  private static final String HUB_BUS_ARN =
      "arn:aws:events:eu-central-1:900000000009:event-bus/hub";

  private final HandClock clock = new HandClock(GuardedWorld.NOW);
  private final Template guardTemplate = Template.read();
  private final Template hubTemplate = Template.read(Path.of("hub", "template.yaml"));
  private final EventRules hubRules =
      new EventRules(
          hubTemplate,
          Map.of(
              "OrganizationId",
              ORGANIZATION,
              "AWS::Partition",
              "aws",
              "AWS::Region",
              CENTRAL.region(),
              "AWS::AccountId",
              CENTRAL.accountId(),
              "AWS::StackName",
              "hub"));

  private final LocalEventBridge hub = new LocalEventBridge(clock, CENTRAL);
  private final List<LocalEventBridge> guards = new ArrayList<>();
  private final List<Delivery> delivered = new ArrayList<>();
  private final List<String> refused = new ArrayList<>();

  @BeforeEach
  void makeTheOrganization() {
    hub.addBus("hub");
    hub.onEvent(event -> delivered.addAll(hubRules.deliveries(event.json())));
    for (var place : PLACES) {
      var guard = new LocalEventBridge(clock, place);
      guard.addBus(INTERNAL_BUS);
      join(guard);
      guards.add(guard);
    }
  }

  /** Gives a guard's stack the hub. */
  private void join(LocalEventBridge guard) {
    guard.onEvent(event -> forward(guard.place(), event.json(), ORGANIZATION));
  }

  @AfterEach
  void close() {
    hub.close();
    guards.forEach(LocalEventBridge::close);
  }

  /** What EventBridge does with the rules of a guard's template that send to another bus. */
  private void forward(AccountRegion place, String event, String organization) {
    var rules = new EventRules(guardTemplate, Map.of("HubBusArn", HUB_BUS_ARN));
    for (var delivery : rules.deliveries(event)) {
      assertThat(delivery.properties()).containsEntry("Arn", HUB_BUS_ARN);
      assertThat(delivery.text()).isEqualTo(event);
      var role = String.valueOf(delivery.properties().get("RoleArn")).replace(".Arn", "");
      var name = guardTemplate.properties(role).get("Path") + "guard-HubSender-1A2B3C";
      var principal = "arn:aws:iam::%s:role%s".formatted(place.accountId(), name);
      if (hubPolicy().allows("events:PutEvents", context(event, principal, organization))) {
        hub.forward("hub", event);
      } else {
        refused.add(event);
      }
    }
  }

  private ResourcePolicy hubPolicy() {
    return new ResourcePolicy(
        map(hubRules.resolve(Objects.requireNonNull(hubTemplate.properties("Bus").get("Policy")))));
  }

  private static Map<String, List<String>> context(
      String event, String principal, String organization) {
    var envelope = Json.object(event);
    return Map.of(
        "aws:PrincipalOrgID", List.of(organization),
        "aws:PrincipalArn", List.of(principal),
        "events:source", List.of(String.valueOf(envelope.get("source"))),
        "events:detail-type", List.of(String.valueOf(envelope.get("detail-type"))));
  }

  /** Puts an event on a guard's internal bus, by the real SDK client. */
  private static void put(LocalEventBridge guard, String detailType, Map<String, Object> detail) {
    try (var client =
        EventBridgeClient.builder()
            .endpointOverride(guard.endpoint())
            .region(Region.of(guard.place().region()))
            .credentialsProvider(AnonymousCredentialsProvider.create())
            .build()) {
      var entry =
          PutEventsRequestEntry.builder()
              .eventBusName(INTERNAL_BUS)
              .source("calculation-guard")
              .detailType(detailType)
              .detail(Json.text(detail))
              .build();
      client.putEvents(request -> request.entries(List.of(entry)));
    }
  }

  /** The log line of an order that was carried out. */
  private static Map<String, Object> line() {
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      return guarded.log(sample("eventbridge-stop-requested.json"));
    }
  }

  private static Map<String, Object> with(Map<String, Object> detail, String key, Object value) {
    var changed = new LinkedHashMap<>(detail);
    changed.put(key, value);
    return changed;
  }

  private List<Delivery> to(String target) {
    return delivered.stream().filter(delivery -> delivery.target().equals(target)).toList();
  }

  /**
   * What the real functions put on the internal buses. The sweep warns and then finds; the stop
   * function carries out the finding, and is asked for more by two events. Everywhere the IDs are
   * the same, so that only the place tells one guard's events from another's.
   */
  @Test
  void announcesEachOutcomeAndWarningOnceWithItsOwnAccountAndRegion() {
    for (var place : PLACES) {
      try (var guarded = GuardedWorld.running(Course.USUAL, place)) {
        join(guarded.world.eventBridge());

        sweepWarnAndStop(guarded);

        var sent = guarded.world.eventBridge().events();
        assertThat(sent)
            .extracting(LocalEventBridge.Event::detailType, HubTest::outcome, HubTest::level)
            .containsExactlyInAnyOrder(
                tuple(WARNING, "WARNED", "WARN"),
                tuple(WARNING, "KEPT_OPEN", "WARN"),
                tuple(Finding.DETAIL_TYPE, null, null),
                tuple(OUTCOME, "CANCELED", "INFO"),
                tuple(OUTCOME, "NOT_FOUND", "WARN"),
                tuple(OUTCOME, "DENIED", "ERROR"));
        assertThat(hub.events())
            .extracting(LocalEventBridge.Event::json)
            .filteredOn(event -> isOf(place, event))
            .containsExactlyElementsOf(
                sent.stream()
                    .filter(event -> !event.detailType().equals(Finding.DETAIL_TYPE))
                    .map(LocalEventBridge.Event::json)
                    .toList());
      } finally {
        System.setProperty("aws.region", LocalWorld.PLACE.region());
      }
    }

    assertThat(refused).isEmpty();
    assertThat(hub.events()).hasSize(5 * PLACES.size());
    assertThat(to("log")).extracting(Delivery::text).doesNotHaveDuplicates();
    for (var target : List.of("chat", "email", "log")) {
      assertThat(to(target)).hasSize(5 * PLACES.size());
      for (var place : PLACES) {
        assertThat(to(target))
            .extracting(Delivery::text)
            .filteredOn(text -> text.contains(place.accountId()) && text.contains(place.region()))
            .hasSize(5)
            .allSatisfy(text -> assertThat(text).doesNotContain(others(place)));
      }
    }
  }

  /** A sweep warns; the next one finds, and what it finds is stopped; two more orders fail. */
  private void sweepWarnAndStop(GuardedWorld guarded) {
    var bus = guarded.world.eventBridge();
    var sweep = guarded.with("MODE", "enforce").sweep();
    for (var name : List.of("warns", "finds")) {
      guarded.clock.advance(Duration.ofMinutes(10));
      sweep.handleRequest(
          sample("schedule-sweep.json"), context(name, Duration.ofMinutes(9), bus.place()));
    }
    var findings = bus.events(Finding.DETAIL_TYPE);
    assertThat(findings)
        .hasSize(1)
        .allMatch(it -> guardTemplate.takes("StopFunction", "Findings", it.json()));
    stop(guarded, json(findings.getFirst().json()));

    var unknown = sample("eventbridge-stop-requested.json");
    GuardedWorld.detail(unknown)
        .put("calculationExecutionId", "00000000-0000-4000-8000-000000000000");
    stop(guarded, unknown);

    guarded.world.athena().faults(Faults.always(Fault.Refusal.DENIED));
    stop(guarded, sample("eventbridge-stop-requested.json"));
  }

  private static void stop(GuardedWorld guarded, Map<String, Object> event) {
    var place = guarded.world.eventBridge().place();
    guarded.play(event, context("stop", Duration.ofSeconds(90), place));
  }

  private static TestContext context(String request, Duration left, AccountRegion place) {
    return new TestContext(request, left, null).in(place);
  }

  private static @Nullable Object outcome(LocalEventBridge.Event event) {
    return GuardedWorld.detail(json(event.json())).get("outcome");
  }

  private static @Nullable Object level(LocalEventBridge.Event event) {
    return GuardedWorld.detail(json(event.json())).get("level");
  }

  /** By the envelope and by the line in it, which have to agree. */
  private static boolean isOf(AccountRegion place, String event) {
    var envelope = json(event);
    var line = GuardedWorld.detail(envelope);
    var isOf =
        place.accountId().equals(envelope.get("account"))
            && place.region().equals(envelope.get("region"));
    if (isOf) {
      assertThat(line)
          .containsEntry("account_id", place.accountId())
          .containsEntry("region", place.region());
    }
    return isOf;
  }

  /** The other accounts and the other Region. */
  private static List<String> others(AccountRegion place) {
    return PLACES.stream()
        .flatMap(other -> Stream.of(other.accountId(), other.region()))
        .filter(name -> !name.equals(place.accountId()) && !name.equals(place.region()))
        .distinct()
        .toList();
  }

  @Test
  void saysWhatHappenedInChatBySchemaOfAmazonQ() throws IOException {
    put(guards.getFirst(), OUTCOME, line());

    var message = json(to("chat").getFirst().text());

    assertThat(message).containsEntry("version", "1.0").containsEntry("source", "custom");
    assertThat(map(message.get("content")))
        .containsEntry("textType", "client-markdown")
        .containsEntry(
            "title", ":octagonal_sign: CANCELED: a stop request in workgroup analytics-spark")
        .hasEntrySatisfying(
            "description",
            text ->
                assertThat(String.valueOf(text))
                    .contains("*What:* `Nightly join of all orders`\n*Owner:* `team data`\n")
                    .contains("*Cost so far, USD:* `20.9656`")
                    .contains("*Account:* `111111111111, us-east-1`"));
    assertThat(map(map(message.get("metadata")).get("additionalContext")))
        .containsEntry("outcome", "CANCELED")
        .containsEntry("severity", "INFO")
        .containsEntry("work_group", "analytics-spark")
        .containsEntry("owner", "team data")
        .containsEntry("account", "111111111111")
        .containsEntry("region", "us-east-1");
  }

  @Test
  void saysItInAnEmailInLinesThatReadAlone() {
    put(guards.getFirst(), OUTCOME, line());

    assertThat(to("email").getFirst().text().lines())
        .allMatch(text -> text.matches("\".+\""))
        .contains(
            "\"CANCELED: a stop request in workgroup analytics-spark\"",
            "\"Owner: team data\"",
            "\"Cost so far, USD: 20.9656\"",
            "\"Account: 111111111111, us-east-1\"");
  }

  @ParameterizedTest
  @CsvSource({
    "INFO, Athena Calculation Guard Outcome, OutcomeRule",
    "WARN, Athena Calculation Guard Outcome, OutcomeRule",
    "ERROR, Athena Calculation Guard Outcome, ErrorRule",
    "INFO, Athena Calculation Guard Warning, WarningRule",
    "WARN, Athena Calculation Guard Warning, WarningRule",
    "ERROR, Athena Calculation Guard Warning, ErrorRule"
  })
  void givesAnErrorItsOwnWords(String level, String detailType, String rule) {
    put(guards.getFirst(), detailType, with(line(), "level", level));

    assertThat(to("chat")).extracting(Delivery::rule).containsExactly(rule);
    assertThat(to("email")).extracting(Delivery::rule).containsExactly(rule);
    assertThat(to("chat").getFirst().text().contains("NOT DONE")).isEqualTo(level.equals("ERROR"));
  }

  @Test
  void announcesTheAccountOfTheEnvelopeWhateverTheDetailClaims() {
    var forged = with(with(line(), "account_id", "999999999999"), "region", "mars-north-1");
    put(guards.get(3), OUTCOME, with(with(forged, "account", "999999999999"), "time", "never"));

    assertThat(delivered).hasSize(3);
    for (var target : List.of("chat", "email")) {
      assertThat(to(target).getFirst().text())
          .contains("222222222222", "eu-west-1")
          .doesNotContain("999999999999", "mars-north-1");
    }
    assertThat(json(to("log").getFirst().text()))
        .containsEntry("account", "222222222222")
        .containsEntry("region", "eu-west-1");
  }

  @Test
  void staysJsonWhateverAUserWrites() {
    put(guards.getFirst(), OUTCOME, with(line(), "reason", "\"it\" is \\ \u00fcber <owner> ${x}"));

    var text = to("chat").getFirst().text();
    assertThat(String.valueOf(map(json(text).get("content")).get("description")))
        .contains("*Why:* `\"it\" is \\ \u00fcber <owner> ${x}`");
  }

  @Test
  void leavesEmptyWhatAnEventLacks() {
    put(guards.getFirst(), OUTCOME, Map.of("level", "INFO", "outcome", "INVALID"));

    assertThat(json(to("chat").getFirst().text())).containsKeys("content", "metadata");
    assertThat(to("email").getFirst().text()).contains("\"Owner: \"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"finding-calculation.json", "finding-session.json", "handover.json"})
  void forwardsNothingThatAsksForAStop(String sample) {
    var event = sample(sample);
    put(guards.getFirst(), String.valueOf(event.get("detail-type")), GuardedWorld.detail(event));

    assertThat(guards.getFirst().events()).hasSize(1);
    assertThat(hub.events()).isEmpty();
    assertThat(refused).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          calculation-guard | Athena Calculation Guard Outcome  | 111111111111:role/calculation-guard-hub-sender/x | o-a1b2c3d4e5 | true
          calculation-guard | Athena Calculation Guard Warning  | 111111111111:role/calculation-guard-hub-sender/x | o-a1b2c3d4e5 | true
          calculation-guard | Athena Calculation Guard Outcome  | 111111111111:role/calculation-guard-hub-sender/x | o-stranger00 | false
          calculation-guard | Athena Calculation Guard Outcome  | 111111111111:role/Admin                          | o-a1b2c3d4e5 | false
          calculation-guard | Athena Calculation Guard Outcome  | 900000000009:role/Admin                          | o-a1b2c3d4e5 | false
          calculation-guard | Athena Calculation Guard Outcome  | 111111111111:user/calculation-guard-hub-sender/x | o-a1b2c3d4e5 | false
          calculation-guard | Athena Spark Finding              | 111111111111:role/calculation-guard-hub-sender/x | o-a1b2c3d4e5 | false
          calculation-guard | Athena Calculation Stop Requested | 111111111111:role/calculation-guard-hub-sender/x | o-a1b2c3d4e5 | false
          com.example       | Athena Calculation Guard Outcome  | 111111111111:role/calculation-guard-hub-sender/x | o-a1b2c3d4e5 | false
          """)
  void takesOnlyOutcomesAndWarningsOfTheOrganizationsGuards(
      String source, String detailType, String principal, String organization, boolean allowed) {
    var event = Json.text(Map.of("source", source, "detail-type", detailType));
    var context = context(event, "arn:aws:iam::" + principal, organization);

    assertThat(hubPolicy().allows("events:PutEvents", context)).isEqualTo(allowed);
    assertThat(hubPolicy().allows("events:PutRule", context)).isFalse();
  }

  @Test
  void refusesABatchThatHidesAnotherEvent() {
    var context =
        Map.of(
            "aws:PrincipalOrgID", List.of(ORGANIZATION),
            "aws:PrincipalArn",
                List.of("arn:aws:iam::111111111111:role/calculation-guard-hub-sender/x"),
            "events:source", List.of("calculation-guard", "calculation-guard"),
            "events:detail-type", List.of(OUTCOME, "Athena Spark Finding"));

    assertThat(hubPolicy().allows("events:PutEvents", context)).isFalse();
  }

  @Test
  void letsTheSenderPutEventsOnTheHubsBusAndDoNothingElse() {
    var role = guardTemplate.properties("HubSenderRole");
    var statements =
        list(role.get("Policies")).stream()
            .flatMap(
                policy -> list(map(map(policy).get("PolicyDocument")).get("Statement")).stream())
            .map(Template::map);

    assertThat(statements)
        .extracting(of -> of.get("Action"), of -> of.get("Resource"))
        .containsExactly(tuple("events:PutEvents", Map.of("Ref", "HubBusArn")));
    assertThat(map(list(map(role.get("AssumeRolePolicyDocument")).get("Statement")).getFirst()))
        .containsEntry("Principal", Map.of("Service", "events.amazonaws.com"));
  }

  @Test
  void hasAHubOnlyIfItsBusIsNamed() {
    for (var resource : List.of("HubRule", "HubSenderRole", "UnforwardedNews")) {
      assertThat(guardTemplate.allResources().get(resource)).containsEntry("Condition", "HasHub");
    }
    assertThat(guardTemplate.parameters().get("HubBusArn")).containsEntry("Default", "");
    assertThat(guardTemplate.properties("HubRule"))
        .containsEntry("EventBusName", Map.of("Ref", "InternalBus"));
  }

  /** Whoever can put an event on a bus of the guard can make an outcome, but no stop of it. */
  @ParameterizedTest
  @ValueSource(strings = {OUTCOME, WARNING})
  void stopsNothingForAnOutcomeOrAWarning(String detailType) {
    var event = sample("finding-calculation.json");
    event.put("detail-type", detailType);
    for (var rule : List.of("Orders", "Findings", "Handovers")) {
      assertThat(guardTemplate.takes("StopFunction", rule, Json.text(event))).isFalse();
    }
    try (var guarded = GuardedWorld.running(Course.USUAL)) {
      assertThat(guarded.log(event)).containsEntry("outcome", "INVALID");
      assertThat(guarded.athenaCalls()).isEmpty();
    }
  }

  /** The hub has no function and no role, and its rules have no target but topics and the log. */
  @Test
  void hasNothingInTheHubThatCouldStopAnything() {
    assertThat(hubTemplate.allResources().values())
        .extracting(of -> String.valueOf(of.get("Type")))
        .noneMatch(type -> type.startsWith("AWS::Lambda") || type.startsWith("AWS::IAM"));
    for (var rule : hubTemplate.resources("AWS::Events::Rule").keySet()) {
      for (var target : list(hubTemplate.properties(rule).get("Targets"))) {
        assertThat(map(target)).doesNotContainKey("RoleArn");
        assertThat(String.valueOf(map(target).get("Arn"))).matches(".*(Topic|log-group).*");
        assertThat(map(map(target).get("DeadLetterConfig")))
            .containsEntry("Arn", Map.of("Fn::GetAtt", List.of("UndeliveredNews", "Arn")));
      }
    }
  }

  /** A queue can subscribe to a part of the chat topic: its body is JSON. */
  @ParameterizedTest
  @CsvSource({
    "owner, team data, true",
    "owner, team other, false",
    "work_group, analytics-spark, true",
    "severity, ERROR, false",
    "account, 111111111111, true",
    "account, 222222222222, false",
    "region, us-east-1, true"
  })
  void letsASubscriberFilterOnTheBodyOfAChatMessage(String key, String value, boolean received)
      throws Exception {
    put(guards.getFirst(), OUTCOME, line());

    var policy = Map.of("metadata", Map.of("additionalContext", Map.of(key, List.of(value))));

    // SNS and EventBridge have the same patterns.
    assertThat(Ruler.matchesRule(to("chat").getFirst().text(), Json.text(policy)))
        .isEqualTo(received);
  }
}
