package io.github.athenasparklocal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.athena.model.GetCalculationExecutionResponse;
import software.amazon.awssdk.services.athena.model.InvalidRequestException;
import software.amazon.awssdk.services.athena.model.SessionAlreadyExistsException;

/** What clients' sources rely on, beyond the API model. */
class ClientExpectationsTest extends AthenaTest {

  private final HttpClient http = HttpClient.newHttpClient();

  private GetCalculationExecutionResponse get(String calculation) {
    return client.getCalculationExecution(r -> r.calculationExecutionId(calculation));
  }

  private String read(String s3Uri) throws IOException, InterruptedException {
    var uri = URI.create(s3Uri);
    var object = athena.endpoint().resolve("/" + uri.getHost() + uri.getPath());
    var response = http.send(HttpRequest.newBuilder(object).build(), BodyHandlers.ofString());
    assertThat(response.statusCode()).as(s3Uri).isEqualTo(200);
    return response.body();
  }

  @Test
  void givesStatisticsInEveryState() {
    var calculation = calculation(session(), "");
    for (var state : new String[] {"CREATING", "QUEUED", "RUNNING"}) {
      var status = client.getCalculationExecutionStatus(r -> r.calculationExecutionId(calculation));
      assertThat(status.status().stateAsString()).isEqualTo(state);
      assertThat(status.statistics().dpuExecutionInMillis()).isZero();
      assertThat(status.statistics().progress()).isEqualTo("0%");
      clock.advance(Duration.ofMillis(state.equals("CREATING") ? 200 : 500));
    }
    pass(7200);
    assertThat(get(calculation).statistics().progress()).isEqualTo("50%");
    pass(7200);
    assertThat(get(calculation).statistics().progress()).isEqualTo("100%");
  }

  @Test
  void runsUsualCodeShortlyAndKeepsWhatItPrinted() throws IOException, InterruptedException {
    var session = session();
    var id =
        client
            .startCalculationExecution(
                r ->
                    r.sessionId(session)
                        .codeBlock(
                            "print('a \\'b\\'', 1, True)\nx = 1\nprint(\"c\\td\")  # said\n"))
            .calculationExecutionId();
    pass(2);
    var completed = get(id);
    assertThat(completed.status().stateAsString()).isEqualTo("COMPLETED");
    assertThat(completed.workingDirectory())
        .isEqualTo("s3://athena-spark-local/%s/%s/".formatted(session, id));
    assertThat(read(completed.result().stdOutS3Uri())).isEqualTo("a 'b' 1 True\nc\td\n");
    assertThat(read(completed.result().stdErrorS3Uri())).isEmpty();
    assertThat(read(completed.result().resultS3Uri())).startsWith("{\"data\":");
  }

  @Test
  void leavesATracebackOfAFailure() throws IOException, InterruptedException {
    var session = session();
    var id =
        client
            .startCalculationExecution(
                r ->
                    r.sessionId(session)
                        .codeBlock("print('before')\nraise ValueError('no such table')\nprint(2)"))
            .calculationExecutionId();
    pass(2);
    var failed = get(id);
    assertThat(failed.status().stateAsString()).isEqualTo("FAILED");
    assertThat(failed.result().resultS3Uri()).isNull();
    assertThat(read(failed.result().stdOutS3Uri())).isEqualTo("before\n");
    assertThat(read(failed.result().stdErrorS3Uri()))
        .startsWith("Traceback (most recent call last):\n  File \"<stdin>\", line 2")
        .endsWith("\nValueError: no such table\n");
  }

  @Test
  void refusesCodeUnlessTheSessionIsIdle() {
    var session =
        client.startSession(r -> r.workGroup("spark").engineConfiguration(e -> {})).sessionId();
    assertRefused(session, "CREATING");
    pass(2);
    calculation(session, "");
    assertRefused(session, "BUSY");
    client.terminateSession(r -> r.sessionId(session));
    assertRefused(session, "TERMINATING");
  }

  private void assertRefused(String session, String state) {
    assertThatThrownBy(() -> calculation(session, ""))
        .isInstanceOfSatisfying(
            InvalidRequestException.class,
            e ->
                assertThat(e.awsErrorDetails().errorMessage())
                    .isEqualTo(
                        "Session is in the %s state; needs to be IDLE to accept Calculations."
                            .formatted(state)));
  }

  @Test
  void writesUnderTheWorkGroupsOutputLocation() {
    client.createWorkGroup(
        r ->
            r.name("located")
                .configuration(
                    c ->
                        c.engineVersion(e -> e.selectedEngineVersion(SparkModel.PYSPARK_3))
                            .resultConfiguration(l -> l.outputLocation("s3://ours/results"))));
    var session =
        client.startSession(r -> r.workGroup("located").engineConfiguration(e -> {})).sessionId();
    assertThat(
            client.getSession(r -> r.sessionId(session)).sessionConfiguration().workingDirectory())
        .isEqualTo("s3://ours/results/" + session + "/");
    client.updateWorkGroup(
        r ->
            r.workGroup("located")
                .description("moved")
                .state("DISABLED")
                .configurationUpdates(
                    c -> c.resultConfigurationUpdates(l -> l.removeOutputLocation(true))));
    var updated = client.getWorkGroup(r -> r.workGroup("located")).workGroup();
    assertThat(updated.description()).isEqualTo("moved");
    assertThat(updated.configuration().resultConfiguration().outputLocation()).isNull();
    assertThatThrownBy(
            () -> client.startSession(r -> r.workGroup("located").engineConfiguration(e -> {})))
        .hasMessageContaining("disabled");
    assertThatThrownBy(() -> client.deleteWorkGroup(r -> r.workGroup("located")))
        .hasMessageContaining("not empty");
    client.deleteWorkGroup(r -> r.workGroup("located").recursiveDeleteOption(true));
    assertThatThrownBy(() -> client.getSession(r -> r.sessionId(session)))
        .isInstanceOf(InvalidRequestException.class);
  }

  @Test
  void keepsNotebooksAndOneSessionForEach() {
    var id = client.createNotebook(r -> r.workGroup("spark").name("churn")).notebookId();
    assertThatThrownBy(() -> client.createNotebook(r -> r.workGroup("spark").name("churn")))
        .isInstanceOf(InvalidRequestException.class);
    client.updateNotebook(r -> r.notebookId(id).payload("{\"cells\":[]}").type("IPYNB"));
    client.updateNotebookMetadata(r -> r.notebookId(id).name("churn 2"));
    var exported = client.exportNotebook(r -> r.notebookId(id));
    assertThat(exported.payload()).isEqualTo("{\"cells\":[]}");
    assertThat(exported.notebookMetadata().name()).isEqualTo("churn 2");
    client.importNotebook(r -> r.workGroup("spark").name("x").payload("{}").type("IPYNB"));
    assertThat(
            client
                .listNotebookMetadata(r -> r.workGroup("spark").filters(f -> f.name("churn")))
                .notebookMetadataList())
        .singleElement()
        .extracting(each -> each.notebookId())
        .isEqualTo(id);

    var session = startFor(id);
    assertThatThrownBy(() -> startFor(id)).isInstanceOf(SessionAlreadyExistsException.class);
    assertThat(client.listNotebookSessions(r -> r.notebookId(id)).notebookSessionsList())
        .singleElement()
        .extracting(each -> each.sessionId())
        .isEqualTo(session);
    assertThatThrownBy(
            () -> client.updateNotebook(r -> r.notebookId(id).payload("{}").type("IPYNB")))
        .hasMessageContaining("SessionId");
    assertThat(client.createPresignedNotebookUrl(r -> r.sessionId(session)).notebookUrl())
        .startsWith(athena.endpoint().toString());
    client.terminateSession(r -> r.sessionId(session));
    assertThat(startFor(id)).isNotEqualTo(session);
    client.deleteNotebook(r -> r.notebookId(id));
    assertThatThrownBy(() -> client.getNotebookMetadata(r -> r.notebookId(id)))
        .isInstanceOf(InvalidRequestException.class);
  }

  private String startFor(String notebook) {
    return client
        .startSession(
            r ->
                r.workGroup("spark")
                    .notebookVersion("Athena notebook version 1")
                    .engineConfiguration(e -> e.additionalConfigs(Map.of("NotebookId", notebook))))
        .sessionId();
  }

  @Test
  void tellsOfEnginesEndpointsAndDashboards() {
    assertThat(client.listEngineVersions(r -> {}).engineVersions())
        .extracting(each -> each.effectiveEngineVersion())
        .contains(SparkModel.PYSPARK_3, SparkModel.SPARK_35);
    assertThat(client.listApplicationDPUSizes(r -> {}).applicationDPUSizes()).hasSize(1);
    var connect = athena.model().add(SessionSetup.in("connect").startedAt(NOON.minusSeconds(9)));
    assertThat(client.getSessionEndpoint(r -> r.sessionId(connect)).authToken()).isNotBlank();
    var calculations = session();
    assertThatThrownBy(() -> client.getSessionEndpoint(r -> r.sessionId(calculations)))
        .isInstanceOf(InvalidRequestException.class);
    var arn = "arn:aws:athena:us-east-1:123456789012:workgroup/connect/session/" + connect;
    assertThat(client.getResourceDashboard(r -> r.resourceARN(arn)).url()).endsWith(connect);
  }

  @ParameterizedTest
  @ValueSource(strings = {"us-east-1", "eu-central-1"})
  void keepsRegionsApart(String region) throws IOException, InterruptedException {
    athena.model("eu-central-1").addWorkGroup("only-there", SparkModel.PYSPARK_3, Map.of());
    var response =
        http.send(
            HttpRequest.newBuilder(athena.endpoint())
                .header("X-Amz-Target", "AmazonAthena.ListWorkGroups")
                .header(
                    "Authorization",
                    "AWS4-HMAC-SHA256 Credential=AKID/20261122/%s/athena/aws4_request"
                        .formatted(region))
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build(),
            BodyHandlers.ofString());
    assertThat(response.body().contains("only-there")).isEqualTo(region.startsWith("eu"));
  }

  @ParameterizedTest
  @CsvSource({
    "StartSession, '{\"WorkGroup\": \"%s\", \"EngineConfiguration\": {}}'",
    "GetSession, '{\"SessionId\": \"%s\"}'",
    "ListTagsForResource, '{\"ResourceARN\": \"arn:aws:athena:%s\"}'",
    "GetSession, '{\"SessionId\": \"x\", \"%s\": 5, \"'",
  })
  void neverEchoesALongValue(String operation, String body)
      throws IOException, InterruptedException {
    var response =
        http.send(
            HttpRequest.newBuilder(athena.endpoint())
                .header("X-Amz-Target", "AmazonAthena." + operation)
                .POST(HttpRequest.BodyPublishers.ofString(body.formatted("long".repeat(20_000))))
                .build(),
            BodyHandlers.ofString());
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.body()).hasSizeLessThan(1000);
  }
}
