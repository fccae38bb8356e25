package io.github.calculationguard;

import static io.github.calculationguard.Template.list;
import static io.github.calculationguard.Template.map;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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

/** The promises of {@code template.yaml}. */
class TemplateTest {

  private static final Map<String, Boolean> ESCALATING = Map.of("MayTerminateSessions", true);

  /** The documented keys of the log line. */
  private static final Set<String> LOG_KEYS =
      words(
          """
          timestamp level event guard_version account_id region order_id trigger requested_by
          claimed_by outcome reason state calculation_id session_id work_group owner description
          rule limit observed submitted_at age_seconds dpu_hours cost_usd cost_basis still_costs
          confirm_millis stops_sent announced event_sent repeat request_id cold_start
          """);

  private static final Set<String> METRICS =
      words(
          """
          StopRequests StopCanceled StopCanceling StopEscalated StopOther StopFailures
          TimeToCanceled CostAtStop AnnouncementFailures SessionsSeen CalculationsSeen Findings
          ActionsHeldBack SweepFailures SweepDuration AthenaCalls
          """);

  /** The words of a Logs Insights query that are neither keys nor functions. */
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
  void publishesAVersionWhenAParameterOfTheStopFunctionChangesAndOnlyThen() {
    var frozen = new TreeMap<>(template.properties("StopFunction"));
    // Not part of a version.
    List.of("VersionDescription", "Events", "EventInvokeConfig", "Description")
        .forEach(frozen::remove);

    var description = template.properties("StopFunction").get("VersionDescription");

    assertThat(template.parametersIn(description)).isEqualTo(template.parametersIn(frozen));
  }

  @Test
  void keepsTheVersionDescriptionWithinLambdasLimit() {
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

  private int longestOf(String parameter) {
    var declared = map(template.parameters().get(parameter));
    if (declared.get("MaxLength") instanceof Integer length) {
      return length;
    }
    var greatest = declared.getOrDefault("AllowedValues", declared.getOrDefault("MaxValue", ""));
    return list(greatest).stream().mapToInt(text -> text.toString().length()).max().orElseThrow();
  }

  @Test
  void boundsEveryParameterAndStatesItsUnit() {
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
  void givesEachFunctionItsOwnLogGroupWithARetention(String function) {
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
  void keepsEveryLogGroupWhenTheStackIsDeleted() {
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
  void sendsFailedEventsToAQueueThatTheRoleCanWriteTo(String function) {
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
  void letsEachRuleQueueUndeliveredEvents() {
    var rules = new ArrayList<Object>();
    map(template.properties("StopFunction").get("Events"))
        .forEach(
            (name, event) -> {
              if ("EventBridgeRule".equals(map(event).get("Type"))) {
                rules.add(Map.of("Fn::GetAtt", List.of("StopFunction" + name, "Arn")));
                assertThat(map(map(map(event).get("Properties")).get("DeadLetterConfig")))
                    .containsEntry(
                        "Arn", Map.of("Fn::GetAtt", List.of("UndeliveredOrders", "Arn")));
              }
            });

    assertThat(rules).hasSize(3);
    assertThat(queuePolicyStatements())
        .filteredOn(statement -> statement.toString().contains("UndeliveredOrders"))
        .singleElement()
        .satisfies(
            statement ->
                assertThat(statement)
                    .containsEntry("Effect", "Allow")
                    .containsEntry("Principal", Map.of("Service", "events.amazonaws.com"))
                    .containsEntry("Action", "sqs:SendMessage")
                    .containsEntry(
                        "Resource", Map.of("Fn::GetAtt", List.of("UndeliveredOrders", "Arn")))
                    .containsEntry(
                        "Condition", Map.of("ArnEquals", Map.of("aws:SourceArn", rules))));
  }

  @Test
  void letsTheHubsRuleQueueWhatItCouldNotForward() {
    var queue = Map.of("Fn::GetAtt", List.of("UnforwardedNews", "Arn"));
    assertThat(map(list(template.properties("HubRule").get("Targets")).getFirst()))
        .containsEntry("DeadLetterConfig", Map.of("Arn", queue));
    assertThat(queuePolicyStatements())
        .filteredOn(statement -> queue.equals(statement.get("Resource")))
        .singleElement()
        .satisfies(
            statement ->
                assertThat(statement)
                    .containsEntry(
                        "Condition",
                        Map.of(
                            "ArnEquals",
                            Map.of(
                                "aws:SourceArn",
                                Map.of("Fn::GetAtt", List.of("HubRule", "Arn"))))));
  }

  @Test
  void restrictsEveryStatementOfAQueuePolicy() {
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
  void alarmsWhenAFunctionFails(String function) {
    assertThat(alarms().values())
        .anySatisfy(
            alarm ->
                assertThat(alarm.toString()).contains("Errors").contains("{Ref=" + function + "}"));
  }

  @Test
  void alarmsOnEveryDeadLetterQueueThatNeedsSomebody() {
    for (var queue : template.resources("AWS::SQS::Queue").keySet()) {
      if (queue.equals("MissedLooks")) {
        // The next sweep sees what a lost one would have.
        assertThat(alarms().toString()).doesNotContain(queue);
        assertThat(template.properties("Dashboard").toString()).contains(queue);
        continue;
      }
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
  void alarmsWhenNoSweepRuns() {
    assertThat(alarms().get("SweepSilentAlarm"))
        .containsEntry("MetricName", "Invocations")
        .containsEntry("TreatMissingData", "breaching");
  }

  @Test
  void linksEachAlarmToItsSectionOfTheRunbook() {
    var url = Map.of("Fn::FindInMap", List.of("Docs", "Runbook", "Url"));
    assertThat(alarms())
        .isNotEmpty()
        .allSatisfy(
            (id, alarm) -> {
              var substitution = list(map(alarm.get("AlarmDescription")).get("Fn::Sub"));
              var text = (String) substitution.get(0);
              var section = id.replace("Alarm", "").replaceAll("(?<=.)(?=[A-Z])", "-");
              assertThat(text)
                  .matches(
                      "[A-Z].{20,150}\\. See \\$\\{Runbook}#" + section.toLowerCase(Locale.ROOT));
              assertThat(substitution.get(1)).isEqualTo(Map.of("Runbook", url));
              assertThat(list(alarm.get("AlarmActions"))).isNotEmpty();
            });
  }

  @Test
  void notifiesOfOkForTheSweepOnly() {
    assertThat(alarms())
        .allSatisfy(
            (id, alarm) ->
                assertThat(alarm.containsKey("OKActions"))
                    .as(id)
                    .isEqualTo(id.equals("SweepSilentAlarm")));
  }

  @Test
  void delaysAlarmsOnMissingDataUntilThereCanBeData() {
    assertThat(alarms())
        .allSatisfy(
            (id, alarm) ->
                assertThat(alarm.containsKey("WarmUpConfiguration"))
                    .as(id)
                    .isEqualTo("breaching".equals(alarm.get("TreatMissingData"))));
  }

  /** The sum of two metrics has no data if one of them never had any, unless SUM makes it. */
  @Test
  void sumsMetricsSoThatOneWithoutDataDoesNotHideAnother() {
    for (var alarm : alarms().values()) {
      for (var metric : list(alarm.getOrDefault("Metrics", List.of()))) {
        if ("all".equals(map(metric).get("Id"))) {
          assertThat((String) map(metric).get("Expression")).matches("SUM\\(\\[\\w+(, \\w+)+]\\)");
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          # published | failed to publish | delivered | failed | filtered out | alarm
          -           | -                 | -         | -      | -            | false
          -           | 1                 | -         | -      | -            | true
          1 0         | -                 | 1 0       | 1 0    | -            | true
          1 0         | -                 | -         | -      | -            | true
          1 0         | -                 | 1 0       | -      | -            | false
          1 0         | -                 | 0 1       | -      | -            | false
          0 1         | -                 | -         | -      | -            | false
          1 0         | -                 | -         | -      | 1 0          | false
          1 0         | -                 | 0 0       | -      | 1 0          | false
          2 2         | -                 | 0 1       | -      | -            | false
          """)
  void alarmsWhenNobodyReceivesWhatWasPublished(
      String published,
      String unpublished,
      String delivered,
      String undelivered,
      String filtered,
      boolean alarmed) {
    var alarm = map(alarms().get("AnnouncementsAlarm"));
    var metrics = list(alarm.get("Metrics")).stream().map(Template::map).toList();
    for (var fillsEmpty : List.of(false, true)) {
      var math = new MetricMath(fillsEmpty);
      math.put("published", published);
      math.put("unpublished", unpublished);
      math.put("delivered", delivered);
      math.put("undelivered", undelivered);
      math.put("filtered", filtered);
      // An expression stands before those that it uses.
      var values = new double[0];
      for (var metric : metrics.reversed()) {
        if (metric.get("Expression") instanceof String expression) {
          values = math.evaluate(String.valueOf(metric.get("Id")), expression);
        }
      }
      assertThat(Arrays.stream(values).anyMatch(value -> value > 0)).isEqualTo(alarmed);
    }
    assertThat(alarm).containsEntry("EvaluationPeriods", 2).containsEntry("DatapointsToAlarm", 1);
    assertThat(metrics.getFirst()).containsEntry("Id", "all");
  }

  @Test
  void sendsAlarmsToATopicThatAlarmsCanPublishTo() {
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
  void usesOnlyKeysOfTheLogLineInSavedQueries(String query) {
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
  void usesOnlyMetricsThatExist() throws Exception {
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
  void requiresAnIamSignatureForEveryRoute() {
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
            "GET /calculations/{calculationExecutionId}",
            "POST /sessions/{sessionId}/terminate",
            "GET /sessions/{sessionId}");
  }

  @Test
  void logsEachCallOfTheApi() {
    var access = map(template.properties("Api").get("AccessLogSettings"));
    assertThat(access)
        .containsEntry("DestinationArn", Map.of("Fn::GetAtt", List.of("ApiLog", "Arn")));
    assertThat((String) access.get("Format")).contains("$context.identity.userArn");
  }

  @ParameterizedTest
  @MethodSource("functions")
  void allowsNoWildcardActionAndNamesEachPermission(String function) {
    assertThat(template.grantedActions(function, ESCALATING))
        .isNotEmpty()
        .noneMatch(action -> action.contains("*"));
    assertThat(template.statementsOf(function, ESCALATING))
        .allSatisfy(statement -> assertThat((String) statement.get("Sid")).contains("May"))
        .extracting(statement -> statement.get("Sid"))
        .doesNotHaveDuplicates();
  }

  @Test
  void explainsEachWildcardResource() throws IOException {
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
  void allowsAthenaOnlyInWorkGroupsOfThePattern() {
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
  void allowsTerminatingSessionsOnlyWithEscalation() {
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
  void allowsOnlyTheStopFunctionToStop() {
    for (var function : functions()) {
      if (!function.equals("StopFunction")) {
        assertThat(template.grantedActions(function, ESCALATING))
            .doesNotContain("athena:StopCalculationExecution", "athena:TerminateSession");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "SweepFunction, Athena Spark Finding, finding-calculation.json, Athena Calculation Guard Warning, warning.json",
    "StopFunction, Athena Calculation Stop Handover, handover.json, Athena Calculation Guard Outcome, outcome.json"
  })
  void allowsAFunctionToPutItsOwnKindsOfEventOnTheInternalBusOnly(
      String function, String order, String orderSample, String news, String newsSample)
      throws Exception {
    var mayOrder =
        template.statementsOf(function, ESCALATING).stream()
            .filter(statement -> list(statement.get("Action")).contains("events:PutEvents"))
            .toList();

    assertThat(mayOrder)
        .singleElement()
        .satisfies(
            statement ->
                assertThat(statement)
                    .containsEntry("Resource", Map.of("Fn::GetAtt", List.of("InternalBus", "Arn")))
                    // The keys have one value for each entry of a batch.
                    .containsEntry(
                        "Condition",
                        Map.of(
                            "ForAllValues:StringEquals",
                            Map.of(
                                "events:source",
                                "calculation-guard",
                                "events:detail-type",
                                List.of(order, news)),
                            "Null",
                            Map.of("events:source", false, "events:detail-type", false))));
    assertThat(template.variables(function))
        .containsEntry("BUS_NAME", Map.of("Ref", "InternalBus"));
    assertThat(read(orderSample)).contains("\"calculation-guard\"", '"' + order + '"');
    assertThat(read(newsSample)).contains("\"calculation-guard\"", '"' + news + '"');
  }

  @Test
  void reservesConcurrencyForTheSweepOnlyOnRequest() {
    var sweep = template.properties("SweepFunction");

    assertThat(map(Template.resolve(sweep, Map.of())))
        .doesNotContainKey("ReservedConcurrentExecutions");
    assertThat(map(Template.resolve(sweep, Map.of("ReservesSweepConcurrency", true))))
        .containsEntry("ReservedConcurrentExecutions", 1);
    assertThat(template.parameters().get("ReserveSweepConcurrency"))
        .containsEntry("Default", "false");
  }

  @Test
  void letsASecondStackHaveTheSameSchedules() {
    for (var function : List.of("StopFunction", "SweepFunction")) {
      assertThat(map(template.properties(function).get("Events")).values())
          .filteredOn(event -> "ScheduleV2".equals(map(event).get("Type")))
          .singleElement()
          .satisfies(
              event ->
                  assertThat(map(map(event).get("Properties")))
                      .containsEntry("OmitName", true)
                      .containsKey("DeadLetterConfig"));
    }
  }

  @Test
  void invokesTheStopFunctionDailyAndAlarmsIfNothingDoes() {
    var schedule = event("StopFunction", "KeepAlive");

    assertThat(schedule)
        .containsEntry("ScheduleExpression", "rate(1 day)")
        .containsEntry("Input", "{\"keepAlive\": true}");
    assertThat(alarms().get("KeepAliveAlarm"))
        .containsEntry("MetricName", "Invocations")
        .containsEntry("Period", 86400)
        .containsEntry("TreatMissingData", "breaching")
        .hasEntrySatisfying(
            "Dimensions",
            of -> assertThat(of.toString()).contains("Value={Fn::Sub=${StopFunction}:live}"));
  }

  @Test
  void alarmsWhenTheApiFails() {
    assertThat(alarms().get("ApiErrorsAlarm"))
        .containsEntry("Namespace", "AWS/ApiGateway")
        .containsEntry("MetricName", "5xx")
        .containsEntry(
            "Dimensions", List.of(Map.of("Name", "ApiId", "Value", Map.of("Ref", "Api"))));
  }

  @Test
  void createsTheApiDespiteWarnings() {
    assertThat(template.properties("Api")).doesNotContainKey("FailOnWarnings");
  }

  @Test
  void namesTheApisLogGroupSoThatItNeedsNoPolicyEntryOfItsOwn() {
    assertThat(map(template.properties("ApiLog").get("LogGroupName")).toString())
        .contains("/aws/vendedlogs/${AWS::StackName}")
        .contains("{Ref=AWS::StackId}");
  }

  @ParameterizedTest
  @CsvSource({
    "StopsInvalid, INVALID, eventbridge, true",
    "StopsInvalid, INVALID, sweep, true",
    "StopsInvalid, INVALID, http, false",
    "StopsInvalid, CANCELED, sweep, false",
    "StopsDenied, DENIED, http, true",
    "StopsDenied, CANCELED, http, false"
  })
  void countsOutcomesThatNoCallerReads(
      String metric, String outcome, String trigger, boolean counted) {
    var filter = template.properties(metric);
    var record = Map.of("event", "stop", "outcome", outcome, "trigger", trigger);

    assertThat(Template.matches(String.valueOf(filter.get("FilterPattern")), record))
        .isEqualTo(counted);
    assertThat(filter).containsEntry("LogGroupName", Map.of("Ref", "StopLog"));
    assertThat(map(list(filter.get("MetricTransformations")).get(0)))
        .containsEntry("MetricName", metric);
    assertThat(alarms().values())
        .anySatisfy(
            alarm ->
                assertThat(alarm)
                    .containsEntry("MetricName", metric)
                    .containsEntry(
                        "Namespace", Map.of("Fn::Sub", "CalculationGuard/${AWS::StackName}")));
  }

  /** An upgrade replaces what has another logical ID, and what it holds is lost. */
  @Test
  void keepsTheLogicalIdsOfWhatHoldsDataOrHasSubscribers() {
    assertThat(template.allResources().keySet())
        .contains("StopLog", "SweepLog", "WidgetLog", "ApiLog")
        .contains("UndeliveredOrders", "FailedOrders", "MissedLooks")
        .contains("Topic", "AlarmTopic", "Bus", "Api", "Dashboard")
        .contains("StopFunction", "SweepFunction", "WidgetFunction");
    assertThat(template.properties("StopFunction")).containsEntry("AutoPublishAlias", "live");
    assertThat(template.properties("Bus")).containsEntry("Name", Map.of("Ref", "AWS::StackName"));
  }

  @Test
  void hasFewParameters() {
    assertThat(template.parameters()).hasSizeLessThanOrEqualTo(26);
  }

  @Test
  void publishesBothAliasesOfOneVersion() {
    assertThat(template.resources("AWS::Lambda::Alias")).containsOnlyKeys("DirectAlias");
    assertThat(template.properties("DirectAlias"))
        .containsEntry("Name", "direct")
        .containsEntry("FunctionName", Map.of("Ref", "StopFunction"))
        // SAM resolves it to the version of "live".
        .containsEntry(
            "FunctionVersion", Map.of("Fn::GetAtt", List.of("StopFunction", "Version.Version")));
  }

  @Test
  void configuresAsynchronousInvocationsOfBothAliasesAlike() {
    var live = map(template.properties("StopFunction").get("EventInvokeConfig"));
    var direct = template.properties("DirectInvokes");

    assertThat(direct)
        .containsEntry("FunctionName", Map.of("Ref", "StopFunction"))
        .containsEntry("Qualifier", "direct");
    for (var setting : List.of("MaximumEventAgeInSeconds", "MaximumRetryAttempts")) {
      assertThat(direct).containsEntry(setting, live.get(setting));
    }
    assertThat(map(map(direct.get("DestinationConfig")).get("OnFailure")).get("Destination"))
        .isEqualTo(map(map(live.get("DestinationConfig")).get("OnFailure")).get("Destination"));
  }

  @Test
  void namesOnlyTheDirectAliasToPeople() {
    var direct = Map.of("Ref", "DirectAlias");

    assertThat(template.variables("WidgetFunction")).containsEntry("STOP_FUNCTION_ARN", direct);
    assertThat(template.outputs().get("StopFunctionArn")).containsEntry("Value", direct);
    assertThat(template.outputs().toString()).doesNotContain(":live", "StopFunction.Alias");
    alarms()
        .values()
        .forEach(
            alarm ->
                assertThat(String.valueOf(alarm.get("AlarmDescription"))).doesNotContain(":live"));
  }

  @Test
  void allowsOnlyTheGuardToPutEventsOnTheInternalBus() {
    var writers = new ArrayList<Object>();
    for (var function : functions()) {
      if (template.grantedActions(function, ESCALATING).contains("events:PutEvents")) {
        writers.add(template.properties(function).get("Role"));
      }
    }

    var policies = template.resources("AWS::Events::EventBusPolicy");
    assertThat(writers).isNotEmpty();
    assertThat(policies).hasSize(1);
    var policy = template.properties(policies.keySet().iterator().next());
    assertThat(policy).containsEntry("EventBusName", Map.of("Ref", "InternalBus"));
    assertThat(map(policy.get("Statement")))
        .containsEntry("Effect", "Deny")
        .containsEntry("Principal", "*")
        .containsEntry("Action", "events:PutEvents")
        .containsEntry("Resource", Map.of("Fn::GetAtt", List.of("InternalBus", "Arn")))
        .containsEntry("Condition", Map.of("ArnNotEquals", Map.of("aws:PrincipalArn", writers)));
  }

  /** Every way to the stop function ends in Lambda, so its concurrency is the one brake. */
  @Test
  void haltsTheStopFunctionWithTheBrakeAndReleasesIt() {
    assertThat(template.outputs().get("Brake"))
        .containsEntry(
            "Value",
            Map.of(
                "Fn::Sub",
                "aws lambda put-function-concurrency --region ${AWS::Region} --function-name"
                    + " ${StopFunction} --reserved-concurrent-executions 0"));
    assertThat(template.outputs().get("BrakeRelease"))
        .containsEntry(
            "Value",
            Map.of(
                "Fn::Sub",
                "aws lambda delete-function-concurrency --region ${AWS::Region} --function-name"
                    + " ${StopFunction}"));
    // Or else a deployment would release it.
    assertThat(template.properties("StopFunction"))
        .doesNotContainKey("ReservedConcurrentExecutions");
  }

  @Test
  void setsNoAwsEndpoint() {
    for (var function : functions()) {
      var variables = template.variables(function);

      assertThat(map(Template.resolve(variables, Map.of())).keySet())
          .noneMatch(name -> name.startsWith("AWS_"));
    }
  }

  @Test
  void allowsOnlyRolesThatMayPublishOnTheTopic() {
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
  void letsASecondStackHaveItsOwnNames() {
    var resources = template.allResources();
    // The name of an alias only has to be unique within its function.
    resources.values().removeIf(of -> "AWS::Lambda::Alias".equals(of.get("Type")));
    resources.forEach(
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
        "eventbridge-end-session.json",
        "cloudtrail-start-calculation.json",
        "alarm-state-change.json",
        "alarm-contributor.json"
      })
  void takesStopRequestsFromTheUsersBus(String sample) throws Exception {
    assertThat(isRequest(read(sample))).isTrue();
    assertThat(isFinding(read(sample))).isFalse();
    assertThat(isHandover(read(sample))).isFalse();
  }

  @Test
  void takesHandoversFromTheInternalBusAlone() throws Exception {
    var sample = read("handover.json");
    assertThat(isHandover(sample)).isTrue();
    assertThat(isHandover(sample.replace("calculation-guard", "com.example"))).isFalse();
    assertThat(isFinding(sample)).isFalse();
    assertThat(isRequest(sample)).isFalse();
    var rule = event("StopFunction", "Handovers");
    assertThat(rule)
        .containsEntry("EventBusName", Map.of("Ref", "InternalBus"))
        .containsEntry("RetryPolicy", Map.of("MaximumEventAgeInSeconds", 3600))
        .containsEntry(
            "DeadLetterConfig",
            Map.of("Arn", Map.of("Fn::GetAtt", List.of("UndeliveredOrders", "Arn"))));
  }

  @ParameterizedTest
  @CsvSource({
    "Stop, http-api-stop.json",
    "Describe, http-api-describe.json",
    "EndSession, http-api-end-session.json",
    "DescribeSession, http-api-describe-session.json"
  })
  void routesWhatTheSamplesAskFor(String name, String sample) throws Exception {
    var route = event("StopFunction", name);
    assertThat(read(sample))
        .contains("\"routeKey\": \"%s %s\"".formatted(route.get("Method"), route.get("Path")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"finding-calculation.json", "finding-session.json"})
  void takesFindingsFromTheInternalBusAlone(String sample) throws Exception {
    assertThat(isFinding(read(sample))).isTrue();
    assertThat(isRequest(read(sample))).isFalse();
    assertThat(isRequest(read(sample).replace("calculation-guard", "com.example"))).isFalse();
    assertThat(event("StopFunction", "Findings"))
        .containsEntry("EventBusName", Map.of("Ref", "InternalBus"));
    assertThat(event("StopFunction", "Orders")).containsEntry("EventBusName", Map.of("Ref", "Bus"));
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
  void ignoresOtherEventsOnTheBuses(String sample, String said, String instead) throws Exception {
    var event = read(sample);
    assertThat(event).contains(said);

    assertThat(isRequest(event.replace(said, instead))).isFalse();
    assertThat(isFinding(event.replace(said, instead))).isFalse();
  }

  @Test
  void ignoresAStartThatWasDenied() throws Exception {
    var sample = read("cloudtrail-start-calculation.json");
    var denied =
        sample.replaceFirst("(?s)\"responseElements\": \\{.*?}", "\"responseElements\": null");
    assertThat(denied).isNotEqualTo(sample);

    assertThat(isRequest(denied)).isFalse();
  }

  /** Whatever rule invokes a function, on whichever bus. */
  @ParameterizedTest
  @ValueSource(strings = {"outcome.json", "warning.json"})
  void invokesNoFunctionForAnOutcomeOrAWarning(String sample) throws Exception {
    var rules = new ArrayList<String>();
    for (var function : template.functions().keySet()) {
      var events = template.properties(function).get("Events");
      for (var event : events == null ? Set.<String>of() : map(events).keySet()) {
        if (event(function, event).containsKey("Pattern")) {
          assertThat(template.takes(function, event, read(sample))).as(event).isFalse();
          rules.add(event);
        }
      }
    }
    assertThat(rules).containsExactlyInAnyOrder("Orders", "Findings", "Handovers");
    // A rule that is no function's event, as the one to a hub, invokes none.
    assertThat(template.resources("AWS::Events::Rule").values())
        .noneMatch(rule -> rule.toString().contains("Function"));
  }

  private boolean isRequest(String event) {
    return template.takes("StopFunction", "Orders", event);
  }

  private boolean isHandover(String event) {
    return template.takes("StopFunction", "Handovers", event);
  }

  private boolean isFinding(String event) {
    return template.takes("StopFunction", "Findings", event);
  }

  private Map<String, Object> event(String function, String name) {
    return map(map(map(template.properties(function).get("Events")).get(name)).get("Properties"));
  }

  private static String read(String sample) throws IOException {
    return Files.readString(Path.of("events", sample));
  }
}
