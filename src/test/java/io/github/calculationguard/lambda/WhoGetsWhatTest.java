package io.github.calculationguard.lambda;

import static io.github.calculationguard.lambda.GuardedWorld.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.github.athenasparklocal.CalculationSetup;
import io.github.athenasparklocal.Course;
import io.github.athenasparklocal.Course.OnStop;
import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.SessionSetup;
import io.github.athenasparklocal.SparkModel;
import io.github.calculationguard.standin.Json;
import io.github.calculationguard.standin.SnsMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sns.SnsClient;

/**
 * Who gets which of twelve messages of both functions, by the filter policies of {@code
 * subscriptions.json}. The acceptance run holds moto's SNS to the same table.
 */
class WhoGetsWhatTest {

  private static final Path TABLE = Path.of("src/test/resources/subscriptions.json");

  /** Alone in their messages, so that the others share one. They are not in the table. */
  private static final String CROWD = "crowd ";

  private final GuardedWorld guarded =
      new GuardedWorld()
          .with("BUS_NAME", "guard-internal")
          .with("ESCALATION", "NONE")
          .with("CALLS_PER_SECOND", "50");

  @Test
  void isAsTheTableSays() throws IOException {
    var table = Json.object(Files.readString(TABLE));
    var arns = new LinkedHashMap<String, String>();
    try (guarded;
        var sns = sns()) {
      for (var it : list(table, "subscriptions")) {
        var subscription = (Map<?, ?>) it;
        var policy = JSON.std.asString(subscription.get("policy"));
        arns.put(policy, subscribe(sns, policy));
      }
      stops();
      sweeps();

      var messages = named(guarded.world.sns().messages());
      var attributes = new TreeMap<String, Object>();
      messages.forEach((name, message) -> attributes.put(name, attributes(message)));
      if (Boolean.getBoolean("docs.update")) {
        write(attributes, table);
      }
      assertThat(attributes)
          .hasSize(12)
          .isEqualTo(new TreeMap<>((Map<?, ?>) table.get("messages")));
      for (var it : list(table, "subscriptions")) {
        var subscription = (Map<?, ?>) it;
        var policy = JSON.std.asString(subscription.get("policy"));
        assertThat(
                List.copyOf(
                    named(guarded.world.sns().received(arns.getOrDefault(policy, ""))).keySet()))
            .as(policy)
            .isEqualTo(list(subscription, "gets").stream().sorted().toList());
      }
    }
  }

  private static List<?> list(Map<?, ?> object, String name) {
    return (List<?>) Objects.requireNonNull(object.get(name));
  }

  private static void write(Map<String, Object> messages, Map<?, ?> table) throws IOException {
    var written = new LinkedHashMap<String, Object>();
    written.put("messages", messages);
    written.put("subscriptions", table.get("subscriptions"));
    Files.writeString(
        TABLE, JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(written) + "\n");
  }

  private SnsClient sns() {
    return SnsClient.builder()
        .endpointOverride(guarded.world.sns().endpoint())
        .region(Region.US_EAST_1)
        .credentialsProvider(AnonymousCredentialsProvider.create())
        .httpClientBuilder(Apache5HttpClient.builder())
        .build();
  }

  private String subscribe(SnsClient sns, String policy) {
    return sns.subscribe(
            r ->
                r.topicArn(guarded.settings.get("TOPIC_ARN"))
                    .protocol("email")
                    .endpoint("someone@example.com")
                    .attributes(Map.of("FilterPolicy", policy)))
        .subscriptionArn();
  }

  /** By outcome, workgroup and owner. */
  private static SortedMap<String, SnsMessage> named(List<SnsMessage> messages) {
    return messages.stream()
        .filter(it -> !part(it, "owner").startsWith(CROWD))
        .collect(
            Collectors.toMap(
                it -> part(it, "outcome") + " " + part(it, "work_group") + " " + part(it, "owner"),
                it -> it,
                (one, other) -> one,
                TreeMap::new));
  }

  private static String part(SnsMessage message, String name) {
    var attribute = message.attributes().get(name);
    return attribute == null ? "-" : attribute.value();
  }

  private static Map<String, Object> attributes(SnsMessage message) {
    var attributes = new TreeMap<String, Object>();
    message
        .attributes()
        .forEach((name, it) -> attributes.put(name, List.of(it.type(), it.value())));
    return attributes;
  }

  private void session(String workGroup, String id, Duration age, String... tags) {
    var all = new LinkedHashMap<String, String>();
    for (var at = 0; at < tags.length; at += 2) {
      all.put(tags[at], tags[at + 1]);
    }
    guarded.model().add(SessionSetup.in(workGroup).id(id).startedAt(NOW.minus(age)).tags(all));
  }

  private void stops() {
    var model = guarded.model();
    model.addWorkGroup("etl", SparkModel.PYSPARK_3, Map.of("Owner", "team data"));
    model.addWorkGroup("adhoc", SparkModel.PYSPARK_3, Map.of());
    model.addWorkGroup("ml", SparkModel.PYSPARK_3, Map.of("owner", "team ml"));
    session("etl", "s-1", Duration.ofHours(2));
    session("etl", "s-2", Duration.ofHours(2));
    session("etl", "s-3", Duration.ofHours(2), "owner", "jane@example.com", EXEMPT, TONIGHT);
    session("adhoc", "s-4", Duration.ofHours(2));
    stop("s-1", Course.lasting(Duration.ofHours(9)), null);
    stop("s-2", Course.onStop(new OnStop.Ignored()), null);
    stop("s-3", Course.lasting(Duration.ofMinutes(5)), null);
    stop("s-4", Course.lasting(Duration.ofHours(9)), null);
    stop("s-4", Course.lasting(Duration.ofHours(9)), Fault.Refusal.DENIED);
    guarded.play(Map.of("calculationExecutionId", "absent"), new TestContext("request-6"));
  }

  private static final String EXEMPT = "calculation-guard:exempt-until";
  private static final String TONIGHT = "2026-11-22T20:00:00Z";

  private void stop(String session, Course course, @Nullable Fault fault) {
    var id =
        guarded
            .model()
            .add(
                CalculationSetup.in(session)
                    .course(course)
                    .submittedAt(NOW.minus(Duration.ofMinutes(30))));
    if (fault != null) {
      guarded.world.athena().faults(Faults.always("StopCalculationExecution", fault));
    }
    guarded.play(Map.of("calculationExecutionId", id), new TestContext("request-" + session));
    guarded.world.athena().faults(Faults.none());
  }

  private void sweeps() {
    session("etl", "s-11", Duration.ofHours(3));
    session("etl", "s-12", Duration.ofHours(3), "owner", "jane@example.com", EXEMPT, TONIGHT);
    guarded
        .model()
        .add(
            CalculationSetup.in("s-12")
                .course(Course.lasting(Duration.ofHours(9)))
                .submittedAt(NOW.minus(Duration.ofMinutes(150))));
    session("adhoc", "s-13", Duration.ofHours(3));
    session("ml", "s-14", Duration.ofMinutes(5), "calculation-guard:max-session-hours", "9h");
    session("ml", "s-15", Duration.ofHours(3), "owner", "équipe");
    var handler = SweepHandlerTest.handler(guarded.world, guarded.clock, guarded.settings);
    var context = new TestContext("request-7", Duration.ofMinutes(9), null);
    handler.handleRequest(Map.of(), context);
    // Twenty messages more, and one for the two that cost less.
    guarded.model().addWorkGroup("crowd", SparkModel.PYSPARK_3, Map.of());
    for (var number = 1; number <= 20; number++) {
      session("crowd", "s-2" + number, Duration.ofHours(5), "owner", CROWD + number);
    }
    session("crowd", "s-late", Duration.ofHours(2), "owner", "team late");
    session("crowd", "s-nobody", Duration.ofHours(2));
    handler.handleRequest(Map.of(), context);
  }
}
