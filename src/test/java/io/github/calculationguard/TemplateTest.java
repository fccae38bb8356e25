package io.github.calculationguard;

import static io.github.calculationguard.Template.list;
import static io.github.calculationguard.Template.map;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds what {@code template.yaml} promises. */
class TemplateTest {

  private static final Map<String, Boolean> ESCALATING = Map.of("MayTerminateSessions", true);

  private static final Pattern SUBSTITUTED = Pattern.compile("\\$\\{([^}]+)}");

  /** The keys of the log line, as the README promises them. */
  private static final Set<String> LOG_KEYS =
      words(
          """
          timestamp level event guard_version account_id region order_id trigger requested_by
          claimed_by outcome reason state calculation_id session_id work_group owner description
          rule limit observed submitted_at age_seconds dpu_hours cost_usd cost_basis still_costs
          confirm_millis stops_sent announced repeat request_id cold_start
          """);

  private static final Set<String> METRICS =
      words(
          """
          StopRequests StopCanceled StopCanceling StopEscalated StopOther StopFailures
          TimeToCanceled CostAtStop AnnouncementFailures SessionsSeen CalculationsSeen Findings
          ActionsHeldBack SweepFailures SweepDuration AthenaCalls
          """);

  /** What a query of Logs Insights says that is no key, functions aside. */
  private static final Set<String> LANGUAGE =
      words("filter fields stats sort limit by as and or not in desc asc");

  private static Set<String> words(String text) {
    return Set.of(text.strip().split("\\s+", -1));
  }

  private final Template template = Template.read();

  static Set<String> functions() {
    return Template.read().functions().keySet();
  }

  @Test
  void publishesAVersionForEachParameterThatTheStopFunctionRunsWithAndForNoOther() {
    var frozen = new TreeMap<>(template.properties("StopFunction"));
    // What is about the function but not in its version.
    List.of("VersionDescription", "Events", "EventInvokeConfig", "Description")
        .forEach(frozen::remove);

    var description = template.properties("StopFunction").get("VersionDescription");

    assertThat(template.parametersIn(description)).isEqualTo(template.parametersIn(frozen));
  }

  @Test
  void tellsVersionsApartWithinTheLengthThatLambdaTakes() {
    var text =
        String.valueOf(
            map(template.properties("StopFunction").get("VersionDescription")).get("Fn::Sub"));
    var longest = text;
    for (var parameter : template.parametersIn(Map.of("Fn::Sub", text))) {
      longest = longest.replace("${" + parameter + "}", "x".repeat(longestOf(parameter)));
    }

    assertThat(text).matches("\\$\\{\\w+}(\\|\\$\\{\\w+})*");
    assertThat(longest.length()).isLessThanOrEqualTo(256);
  }

  /** How long a name in a text may be at most, by the limits of the services. */
  private int longestNameOf(String name) {
    if (template.parameters().containsKey(name)) {
      return longestOf(name);
    }
    if (name.equals("AWS::Region")) {
      return "ap-southeast-99".length();
    }
    var type = template.allResources().getOrDefault(name, Map.of()).get("Type");
    return "AWS::Serverless::Function".equals(type) || "AWS::IAM::Role".equals(type) ? 64 : 150;
  }

  private int longestOf(String parameter) {
    var declared = map(template.parameters().get(parameter));
    if (declared.get("MaxLength") instanceof Integer length) {
      return length;
    }
    var greatest = declared.getOrDefault("AllowedValues", declared.getOrDefault("MaxValue", ""));
    return list(greatest).stream().mapToInt(text -> text.toString().length()).max().orElseThrow();
  }

  @Test
  void boundsEveryParameterAndSaysItsUnit() {
    assertThat(template.parameters())
        .allSatisfy(
            (name, declared) -> {
              assertThat((String) declared.get("Description")).isNotBlank();
              assertThat(declared.keySet())
                  .containsAnyOf("AllowedValues", "AllowedPattern", "MaxValue");
              if (!declared.containsKey("AllowedValues")) {
                assertThat(declared).containsKey("ConstraintDescription");
              }
              if (declared.containsKey("MaxValue")) {
                assertThat(declared).containsKey("MinValue");
                assertThat((String) declared.get("Description"))
                    .contains(declared.get("MinValue") + " to " + declared.get("MaxValue"));
              }
              for (var unit : List.of("Seconds", "Minutes", "Hours", "Days", "Millis")) {
                if (name.endsWith(unit)) {
                  assertThat((String) declared.get("Description"))
                      .contains(
                          unit.equals("Millis") ? "milliseconds" : unit.toLowerCase(Locale.ROOT));
                }
              }
            });
  }

  @Test
  void groupsEveryParameterForTheConsole() {
    var metadata = map(template.metadata().get("AWS::CloudFormation::Interface"));
    var grouped =
        list(metadata.get("ParameterGroups")).stream()
            .flatMap(group -> list(map(group).get("Parameters")).stream())
            .map(String.class::cast);

    assertThat(grouped).containsExactlyInAnyOrderElementsOf(template.parameters().keySet());
  }

  @ParameterizedTest
  @MethodSource("functions")
  void givesEachFunctionALogOfItsOwnThatIsKeptForATime(String function) {
    var logging = map(template.properties(function).get("LoggingConfig"));
    var log = String.valueOf(map(logging.get("LogGroup")).get("Ref"));
    var retention = map(template.properties(log).get("RetentionInDays"));

    assertThat(logging).containsEntry("LogFormat", "JSON");
    assertThat(retention).containsEntry("Ref", "LogRetentionDays");
    assertThat(template.statementsOf(function, Map.of()))
        .filteredOn(statement -> list(statement.get("Action")).toString().contains("logs:"))
        .singleElement()
        .satisfies(
            statement ->
                assertThat(statement.get("Resource"))
                    .isEqualTo(Map.of("Fn::GetAtt", List.of(log, "Arn"))));
  }

  @Test
  void keepsEveryLogWhenTheStackGoes() {
    assertThat(template.resources("AWS::Logs::LogGroup").values())
        .isNotEmpty()
        .allSatisfy(
            log ->
                assertThat(log)
                    .containsEntry("DeletionPolicy", "RetainExceptOnCreate")
                    .containsEntry("UpdateReplacePolicy", "Retain"));
  }

  @ParameterizedTest
  @MethodSource("functions")
  void parksWhatAFunctionFailedOnAndLetsItDoSo(String function) {
    var invocations = map(template.properties(function).get("EventInvokeConfig"));
    var onFailure = map(map(invocations.get("DestinationConfig")).get("OnFailure"));

    assertThat(onFailure).containsEntry("Type", "SQS");
    assertThat(template.statementsOf(function, Map.of()))
        .filteredOn(statement -> "sqs:SendMessage".equals(statement.get("Action")))
        .singleElement()
        .satisfies(
            statement ->
                assertThat(statement.get("Resource")).isEqualTo(onFailure.get("Destination")));
  }

  @Test
  void parksWhatARuleCouldNotDeliverInAQueueThatLetsTheRuleIn() {
    for (var function : template.functions().keySet()) {
      var events = map(template.properties(function).getOrDefault("Events", Map.of()));
      events.forEach(
          (name, event) -> {
            if ("EventBridgeRule".equals(map(event).get("Type"))) {
              var parked =
                  map(map(map(event).get("Properties")).get("DeadLetterConfig")).get("Arn");
              assertThat(queuePolicyStatements())
                  .anySatisfy(
                      statement ->
                          assertThat(statement)
                              .containsEntry("Effect", "Allow")
                              .containsEntry("Principal", Map.of("Service", "events.amazonaws.com"))
                              .containsEntry("Action", "sqs:SendMessage")
                              .containsEntry("Resource", parked)
                              .containsEntry(
                                  "Condition",
                                  Map.of(
                                      "ArnEquals",
                                      Map.of(
                                          "aws:SourceArn",
                                          Map.of("Fn::GetAtt", List.of(function + name, "Arn"))))));
            }
          });
    }
  }

  @Test
  void letsNobodyIntoTheQueuesWithoutSayingWhere() {
    assertThat(queuePolicyStatements())
        .isNotEmpty()
        .allSatisfy(statement -> assertThat(statement).containsKey("Condition"));
  }

  private List<Map<String, Object>> queuePolicyStatements() {
    return template.resources("AWS::SQS::QueuePolicy").keySet().stream()
        .map(policy -> map(template.properties(policy).get("PolicyDocument")))
        .flatMap(document -> list(document.get("Statement")).stream())
        .map(Template::map)
        .toList();
  }

  @Test
  void encryptsEveryQueue() {
    assertThat(template.resources("AWS::SQS::Queue").keySet())
        .isNotEmpty()
        .allSatisfy(
            queue ->
                assertThat(template.properties(queue)).containsEntry("SqsManagedSseEnabled", true));
  }

  @ParameterizedTest
  @MethodSource("functions")
  void ringsWhereAFunctionFails(String function) {
    assertThat(alarms().values())
        .anySatisfy(
            alarm ->
                assertThat(alarm.toString()).contains("Errors").contains("{Ref=" + function + "}"));
  }

  @Test
  void ringsWhereADeadLetterLies() {
    for (var queue : template.resources("AWS::SQS::Queue").keySet()) {
      assertThat(alarms().values())
          .as(queue)
          .anySatisfy(
              alarm ->
                  assertThat(alarm)
                      .containsEntry("MetricName", "ApproximateNumberOfMessagesVisible")
                      .hasEntrySatisfying(
                          "Dimensions",
                          of -> assertThat(of.toString()).contains("[" + queue + ", QueueName]")));
    }
  }

  @Test
  void ringsWhereTheSweepIsSilent() {
    assertThat(alarms().get("SweepSilentAlarm"))
        .containsEntry("MetricName", "Invocations")
        .containsEntry("TreatMissingData", "breaching");
  }

  @Test
  void saysWithEachAlarmWhatIsWrongWhereToReadOnAndWhatMendsIt() {
    assertThat(alarms())
        .isNotEmpty()
        .allSatisfy(
            (id, alarm) -> {
              var text = String.valueOf(map(alarm.get("AlarmDescription")).get("Fn::Sub"));
              assertThat(text)
                  .containsIgnoringCase("read on")
                  .containsPattern("\\b(aws|sam) [a-z]+");
              var longest =
                  SUBSTITUTED
                      .matcher(text)
                      .replaceAll(name -> "x".repeat(longestNameOf(name.group(1))));
              assertThat(longest).hasSizeLessThanOrEqualTo(1024);
              assertThat(list(alarm.get("AlarmActions"))).isNotEmpty();
            });
  }

  @Test
  void ringsThroughATopicThatAlarmsCanPublishTo() {
    assertThat(template.properties("AlarmTopic")).doesNotContainKey("KmsMasterKeyId");
    assertThat(template.properties("AlarmTopicPolicy").toString())
        .contains("cloudwatch.amazonaws.com");
  }

  private Map<String, Map<String, Object>> alarms() {
    var alarms = template.resources("AWS::CloudWatch::Alarm");
    alarms.replaceAll((id, alarm) -> template.properties(id));
    return alarms;
  }

  @ParameterizedTest
  @MethodSource("queries")
  void asksInSavedQueriesOnlyForKeysOfTheLogLine(String query) {
    var text = String.valueOf(template.properties(query).get("QueryString"));
    var words = text.replaceAll("\"[^\"]*\"", "").replaceAll("\\w+\\(|@\\w+", " ");
    var said = new TreeSet<String>();
    var named = new TreeSet<>(LANGUAGE);
    Pattern.compile("\\bas (\\w+)").matcher(words).results().forEach(it -> named.add(it.group(1)));
    Pattern.compile("[a-z]\\w*").matcher(words).results().forEach(it -> said.add(it.group()));
    said.removeAll(named);

    assertThat(said).isNotEmpty().isSubsetOf(LOG_KEYS);
  }

  static Set<String> queries() {
    return Template.read().resources("AWS::Logs::QueryDefinition").keySet();
  }

  @Test
  void showsAndWatchesOnlyMetricsThatThereAre() throws Exception {
    var body =
        String.valueOf(map(template.properties("Dashboard").get("DashboardBody")).get("Fn::Sub"));
    var shown = new TreeSet<String>();
    for (var widget : list(JSON.std.mapFrom(body).get("widgets"))) {
      for (var metric :
          list(map(map(widget).get("properties")).getOrDefault("metrics", List.of()))) {
        if (list(metric).get(0).equals("CalculationGuard")) {
          shown.add((String) list(metric).get(1));
        }
      }
    }
    var watched = new TreeSet<String>();
    Pattern.compile("Namespace=CalculationGuard, MetricName=(\\w+)")
        .matcher(alarms().toString())
        .results()
        .forEach(it -> watched.add(it.group(1)));

    assertThat(shown).isNotEmpty().isSubsetOf(METRICS);
    assertThat(watched).isNotEmpty().isSubsetOf(METRICS);
  }

  @Test
  void asksEveryCallerOfTheApiForAnIamSignature() {
    var auth = map(template.properties("Api").get("Auth"));
    assertThat(auth)
        .containsEntry("EnableIamAuthorizer", true)
        .containsEntry("DefaultAuthorizer", "AWS_IAM");

    var routes = new ArrayList<String>();
    for (var function : template.functions().keySet()) {
      assertThat(template.properties(function)).doesNotContainKey("FunctionUrlConfig");
      map(template.properties(function).getOrDefault("Events", Map.of()))
          .values()
          .forEach(
              event -> {
                var properties = map(map(event).get("Properties"));
                if ("HttpApi".equals(map(event).get("Type"))) {
                  assertThat(properties)
                      .containsEntry("ApiId", Map.of("Ref", "Api"))
                      .doesNotContainKey("Auth");
                  routes.add(properties.get("Method") + " " + properties.get("Path"));
                } else {
                  assertThat(map(event).get("Type")).isNotEqualTo("Api");
                }
              });
    }
    assertThat(routes)
        .containsExactly(
            "POST /calculations/{calculationExecutionId}/stop",
            "GET /calculations/{calculationExecutionId}");
  }

  @Test
  void writesDownEachCallOfTheApi() {
    var access = map(template.properties("Api").get("AccessLogSettings"));
    assertThat(access)
        .containsEntry("DestinationArn", Map.of("Fn::GetAtt", List.of("ApiLog", "Arn")));
    assertThat((String) access.get("Format")).contains("$context.identity.userArn");
  }

  @ParameterizedTest
  @MethodSource("functions")
  void allowsNoActionByAWildcardAndSaysEachPermissionInASentence(String function) {
    assertThat(template.grantedActions(function, ESCALATING))
        .isNotEmpty()
        .noneMatch(action -> action.contains("*"));
    assertThat(template.statementsOf(function, ESCALATING))
        .allSatisfy(statement -> assertThat((String) statement.get("Sid")).contains("May"))
        .extracting(statement -> statement.get("Sid"))
        .doesNotHaveDuplicates();
  }

  @Test
  void excusesEachResourceThatIsEverything() throws IOException {
    var everything =
        functions().stream()
            .flatMap(function -> template.statementsOf(function, ESCALATING).stream())
            .flatMap(statement -> list(statement.get("Resource")).stream())
            .filter("*"::equals)
            .count();
    var excused =
        Files.readAllLines(Template.FILE).stream()
            .filter(line -> line.matches(" *(Resource:|-) '\\*' # Excuse: .{20,}"))
            .count();

    assertThat(everything).isPositive().isEqualTo(excused);
  }

  @Test
  void touchesAthenaOnlyInTheWorkGroupsOfThePattern() {
    for (var function : functions()) {
      for (var statement : template.statementsOf(function, ESCALATING)) {
        var forAthena = list(statement.get("Action")).toString().contains("athena:");
        for (var resource : list(statement.get("Resource"))) {
          if (forAthena && !resource.equals("*")) {
            assertThat((String) map(resource).get("Fn::Sub"))
                .startsWith(
                    "arn:${AWS::Partition}:athena:${AWS::Region}:${AWS::AccountId}:workgroup/${WorkGroupPattern}");
          }
        }
      }
    }
  }

  @Test
  void terminatesSessionsOnlyWhereTheDeploymentAllowsIt() {
    var without = template.grantedActions("StopFunction", Map.of());
    var with = template.grantedActions("StopFunction", ESCALATING);

    assertThat(without).doesNotContain("athena:TerminateSession");
    assertThat(with)
        .contains("athena:TerminateSession")
        .containsAll(without)
        .hasSize(without.size() + 1);
    assertThat(map(template.conditions().get("MayTerminateSessions")))
        .containsEntry("Fn::Equals", List.of(Map.of("Ref", "Escalation"), "TERMINATE_SESSION"));
    assertThat(template.parameters().get("Escalation")).containsEntry("Default", "NONE");
  }

  @Test
  void letsOnlyTheStopFunctionStop() {
    for (var function : functions()) {
      if (!function.equals("StopFunction")) {
        assertThat(template.grantedActions(function, ESCALATING))
            .doesNotContain("athena:StopCalculationExecution", "athena:TerminateSession");
      }
    }
  }

  @Test
  void letsTheSweepOrderFindingsAndNothingElse() throws Exception {
    var mayOrder =
        template.statementsOf("SweepFunction", ESCALATING).stream()
            .filter(statement -> list(statement.get("Action")).contains("events:PutEvents"))
            .toList();

    assertThat(mayOrder)
        .singleElement()
        .satisfies(
            statement ->
                assertThat(statement)
                    .containsEntry("Resource", Map.of("Fn::GetAtt", List.of("Bus", "Arn")))
                    .containsEntry(
                        "Condition",
                        Map.of(
                            "StringEquals",
                            Map.of(
                                "events:source", "calculation-guard",
                                "events:detail-type", "Athena Spark Finding"))));
    assertThat(read("finding-calculation.json"))
        .contains("calculation-guard", "Athena Spark Finding");
  }

  @Test
  void sweepsOneAtATimeOnAScheduleThatASecondStackCanHaveToo() {
    var sweep = template.properties("SweepFunction");
    var schedule = map(map(map(sweep.get("Events")).get("Schedule")).get("Properties"));

    assertThat(sweep).containsEntry("ReservedConcurrentExecutions", 1);
    assertThat(schedule).containsEntry("OmitName", true).containsKey("DeadLetterConfig");
  }

  @Test
  void leavesAwsEndpointsAsTheyAre() {
    for (var function : functions()) {
      var variables = template.variables(function);

      assertThat(map(Template.resolve(variables, Map.of())).keySet())
          .noneMatch(name -> name.startsWith("AWS_"));
    }
  }

  @Test
  void letsOnlyWhoMayPublishByItsRoleSpeakOnTheTopic() {
    var deny = list(map(template.properties("TopicPolicy").get("PolicyDocument")).get("Statement"));
    var speakers = new ArrayList<Object>();
    for (var function : functions()) {
      if (template.grantedActions(function, Map.of()).contains("sns:Publish")) {
        speakers.add(template.properties(function).get("Role"));
      }
    }

    assertThat(speakers).isNotEmpty();
    assertThat(map(deny.get(0)))
        .containsEntry("Effect", "Deny")
        .containsEntry("Action", "sns:Publish")
        .containsEntry("Condition", Map.of("ArnNotEquals", Map.of("aws:PrincipalArn", speakers)));
  }

  @Test
  void givesNothingANameThatASecondStackWouldHaveToo() {
    template
        .allResources()
        .forEach(
            (id, resource) ->
                map(resource.getOrDefault("Properties", Map.of()))
                    .forEach(
                        (property, value) -> {
                          if (property.matches(
                              "(?:Function|Role|LogGroup|Topic|Queue|Alarm|Dashboard)?Name")) {
                            assertThat(value.toString())
                                .as(id)
                                .containsAnyOf("{Ref=", "${AWS::StackName}");
                          }
                        }));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "eventbridge-stop-requested.json",
        "finding-calculation.json",
        "finding-session.json",
        "cloudtrail-start-calculation.json",
        "alarm-state-change.json",
        "alarm-contributor.json"
      })
  void bringsEveryOrderOnTheBusToTheStopFunction(String sample) throws Exception {
    assertThat(isOrder(read(sample))).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          cloudtrail-start-calculation.json | StartCalculationExecution         | StopCalculationExecution
          cloudtrail-start-calculation.json | StartCalculationExecution         | TerminateSession
          cloudtrail-start-calculation.json | "calculationExecutionId"          | "other"
          cloudtrail-start-calculation.json | aws.athena                        | com.example
          alarm-state-change.json           | "value": "ALARM"                  | "value": "OK"
          alarm-contributor.json            | "value": "ALARM"                  | "value": "OK"
          alarm-contributor.json            | aws.cloudwatch                    | com.example
          finding-calculation.json          | "source": "calculation-guard"     | "source": "com.example"
          finding-session.json              | Athena Spark Finding              | Athena Spark Rumour
          eventbridge-stop-requested.json   | Athena Calculation Stop Requested | Object Created
          schedule-sweep.json               | Scheduled Event                   | Scheduled Event
          """)
  void leavesOtherEventsOnTheBusAlone(String sample, String said, String instead) throws Exception {
    var event = read(sample);
    assertThat(event).contains(said);

    assertThat(isOrder(event.replace(said, instead))).isFalse();
  }

  @Test
  void leavesAStartThatWasDeniedAlone() throws Exception {
    var sample = read("cloudtrail-start-calculation.json");
    var denied =
        sample.replaceFirst("(?s)\"responseElements\": \\{.*?}", "\"responseElements\": null");
    assertThat(denied).isNotEqualTo(sample);

    assertThat(isOrder(denied)).isFalse();
  }

  private boolean isOrder(String event) {
    return template.takes("StopFunction", "Orders", event);
  }

  private static String read(String sample) throws IOException {
    return Files.readString(Path.of("events", sample));
  }
}
