package io.github.athenasparklocal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.athena.model.AthenaException;
import software.amazon.awssdk.services.athena.model.InternalServerException;
import software.amazon.awssdk.services.athena.model.InvalidRequestException;
import software.amazon.awssdk.services.athena.model.ResourceNotFoundException;
import software.amazon.awssdk.services.athena.model.Tag;

class LocalAthenaErrorsTest extends AthenaTest {

  private final HttpClient http = HttpClient.newHttpClient();

  /** As it goes over the wire, so that no SDK mends it. */
  private HttpResponse<String> post(String operation, String body)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(athena.endpoint())
            .header("Content-Type", "application/x-amz-json-1.1")
            .header("X-Amz-Target", "AmazonAthena." + operation)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "StopCalculationExecution | {} | Value null at 'calculationExecutionId' failed to satisfy constraint: Member must not be null",
        "StopCalculationExecution | {\"CalculationExecutionId\": null} | Value null at 'calculationExecutionId'",
        "StopCalculationExecution | {\"CalculationExecutionId\": \"\"} | greater than or equal to 1",
        "GetCalculationExecution | {\"CalculationExecutionId\": \"1234567890123456789012345678901234567\"} | less than or equal to 36",
        "GetCalculationExecutionStatus | {} | must not be null",
        "GetCalculationExecutionCode | {} | must not be null",
        "ListSessions | {} | 'workGroup'",
        "ListSessions | {\"WorkGroup\": \"a b\"} | regular expression pattern: [a-zA-Z0-9._-]{1,128}",
        "ListSessions | {\"WorkGroup\": \"spark\", \"MaxResults\": 0} | Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1",
        "ListSessions | {\"WorkGroup\": \"spark\", \"MaxResults\": 101} | less than or equal to 100",
        "ListSessions | {\"WorkGroup\": \"spark\", \"StateFilter\": \"Idle\"} | enum value set: [CREATING, CREATED, IDLE,",
        "ListSessions | {\"WorkGroup\": \"spark\", \"NextToken\": \"nope\"} | NextToken",
        "ListSessions | {\"WorkGroup\": \"\", \"MaxResults\": 0} | 2 validation errors detected",
        "ListWorkGroups | {\"MaxResults\": 51} | less than or equal to 50",
        "ListWorkGroups | {\"NextToken\": \"\"} | greater than or equal to 1",
        "ListWorkGroups | {\"NextToken\": \"nope\"} | NextToken",
        "ListTagsForResource | {\"ResourceARN\": \"arn:aws:athena:us-east-1:123456789012:workgroup/spark\", \"MaxResults\": 74} | greater than or equal to 75",
        "ListTagsForResource | {\"ResourceARN\": \"arn:aws:s3:::bucket\"} | not an ARN of Athena",
        "ListTagsForResource | {\"ResourceARN\": \"spark\"} | not an ARN of Athena",
        "UntagResource | {\"ResourceARN\": \"spark\", \"TagKeys\": [\"\"]} | Value '' at 'tagKeys.1.member'",
        "GetWorkGroup | {\"WorkGroup\": \"absent\"} | WorkGroup absent is not found.",
        "CreateWorkGroup | {\"Name\": \"spark\"} | already created",
        "CreateWorkGroup | {\"Name\": \"x\", \"Configuration\": {\"EngineVersion\": {\"SelectedEngineVersion\": \"Hive\"}}} | Hive",
        "GetSession | {\"SessionId\": \"absent\"} | absent",
        "GetSessionStatus | {\"SessionId\": \"absent\"} | absent",
        "TerminateSession | {\"SessionId\": \"absent\"} | absent",
        "ListExecutors | {\"SessionId\": \"absent\"} | absent",
        "ListCalculationExecutions | {\"SessionId\": \"absent\"} | absent",
        "StartCalculationExecution | {\"SessionId\": \"absent\", \"CodeBlock\": \"x\"} | absent",
        "StartSession | {\"WorkGroup\": \"spark\"} | 'engineConfiguration'",
        "StartSession | {\"WorkGroup\": \"queries\", \"EngineConfiguration\": {}} | not enabled for Apache Spark",
        "StartSession | {\"WorkGroup\": \"spark\", \"EngineConfiguration\": {\"MaxConcurrentDpus\": 1}} | 'engineConfiguration.maxConcurrentDpus'",
        "StartSession | {\"WorkGroup\": \"spark\", \"EngineConfiguration\": {}, \"SessionIdleTimeoutInMinutes\": 481} | less than or equal to 480",
        "StartSession | {\"WorkGroup\": \"spark\", \"EngineConfiguration\": {}, \"ClientRequestToken\": \"short\"} | greater than or equal to 32",
        "StartSession | {\"WorkGroup\": \"spark\", \"EngineConfiguration\": {}, \"ExecutionRole\": \"arn:aws:iam::1:role/x-x-x-x\"} | regular expression",
        "StartSession | {\"WorkGroup\": \"spark\", \"EngineConfiguration\": {}, \"Tags\": [{\"Value\": \"x\"}]} | needs a key",
        "StartSession | {\"WorkGroup\": \"spark\", \"EngineConfiguration\": {}, \"Tags\": [{\"Key\": \"aws:x\"}]} | reserved",
        "StartSession | {\"WorkGroup\": \"spark\", \"EngineConfiguration\": {}, \"Tags\": [{\"Key\": \"x\"}, {\"Key\": \"x\"}]} | Duplicate",
        "StartSession | {\"WorkGroup\": \"spark\", \"EngineConfiguration\": {}, \"Tags\": [{\"Key\": \"x\", \"Value\": \"<\"}]} | character",
        "StartSession | {\"WorkGroup\": \"spark\", \"EngineConfiguration\": {}, \"NotebookVersion\": \"Athena notebook version 1\"} | NotebookId",
      })
  void refusesWhatTheServiceModelForbids(String operation, String body, String message)
      throws IOException, InterruptedException {
    var response = post(operation, body);
    var error = JSON.std.mapFrom(response.body());
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(error.get("__type")).isEqualTo("InvalidRequestException");
    assertThat(error.get("AthenaErrorCode")).isEqualTo("INVALID_INPUT");
    assertThat(String.valueOf(error.get("Message"))).contains(message);
    assertThat(response.headers().firstValue("x-amzn-RequestId")).isPresent();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "StopCalculationExecution | {\"CalculationExecutionId\": 5} | SerializationException",
        "StopCalculationExecution | {\"CalculationExecutionId\": [\"x\"]} | SerializationException",
        "StopCalculationExecution | {\"CalculationExecutionId\": true} | SerializationException",
        "ListSessions | {\"WorkGroup\": \"spark\", \"MaxResults\": \"5\"} | SerializationException",
        "ListSessions | {\"WorkGroup\": \"spark\", \"MaxResults\": 1.5} | SerializationException",
        "ListSessions | {\"WorkGroup\": \"spark\", \"MaxResults\": 99999999999} | SerializationException",
        "StartSession | {\"WorkGroup\": \"spark\", \"EngineConfiguration\": []} | SerializationException",
        "StartSession | {\"WorkGroup\": \"spark\", \"EngineConfiguration\": {\"AdditionalConfigs\": {\"a\": 1}}} | SerializationException",
        "StartSession | {\"WorkGroup\": \"spark\", \"EngineConfiguration\": {}, \"Tags\": [null]} | SerializationException",
        "GetSession | `` | SerializationException",
        "GetSession | null | SerializationException",
        "GetSession | [] | SerializationException",
        "GetSession | {} {} | SerializationException",
        "GetSession | {\"SessionId\" | SerializationException",
        "GetSession | not JSON | SerializationException",
        "StartQueryExecution | {} | UnknownOperationException",
        "` ` | {} | UnknownOperationException",
      })
  void refusesWhatIsNoRequestAtAll(String operation, String body, String type)
      throws IOException, InterruptedException {
    var response = post(operation.strip(), body);
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(JSON.std.mapFrom(response.body()).get("__type")).isEqualTo(type);
    assertThat(athena.calls()).singleElement().extracting(Call::accessKeyId).isNull();
  }

  @Test
  void namesWhatItDidNotFind() {
    var unknown = "82c1ebb4-bd08-e4c3-5631-a662fb2ff2c5";
    for (var attempt : List.<Runnable>of(() -> stop(unknown), () -> stateOf(unknown))) {
      var error = catchThrowableOfType(ResourceNotFoundException.class, attempt::run);
      assertThat(error.resourceName()).isEqualTo(unknown);
      assertThat(error.awsErrorDetails().errorMessage()).contains(unknown);
      assertThat(error.requestId()).isNotBlank();
    }
    for (var arn :
        List.of(
            "arn:aws:athena:us-east-1:123456789012:workgroup/absent",
            "arn:aws:athena:us-east-1:123456789012:workgroup/spark/session/absent",
            "arn:aws:athena:us-east-1:123456789012:datacatalog/spark",
            "arn:aws:athena:eu-west-1:123456789012:workgroup/spark",
            "arn:aws:athena:us-east-1:210987654321:workgroup/spark")) {
      assertThatThrownBy(() -> client.listTagsForResource(request -> request.resourceARN(arn)))
          .isInstanceOf(ResourceNotFoundException.class);
    }
    assertThatThrownBy(() -> client.listSessions(request -> request.workGroup("absent")))
        .isInstanceOf(ResourceNotFoundException.class);
  }

  @Test
  void startsNothingInASessionThatIsOver() {
    var session = session();
    client.terminateSession(request -> request.sessionId(session));
    assertThatThrownBy(() -> calculation(session, "")).isInstanceOf(InvalidRequestException.class);
    pass(10);
    assertThatThrownBy(() -> calculation(session, ""))
        .isInstanceOf(InvalidRequestException.class)
        .hasMessageContaining("TERMINATED");
  }

  @Test
  @SuppressWarnings("deprecation") // The configuration is, and old clients still send it.
  void wantsTheCodeOnce() {
    var session = session();
    assertThatThrownBy(() -> client.startCalculationExecution(r -> r.sessionId(session)))
        .isInstanceOf(InvalidRequestException.class);
    assertThatThrownBy(
            () ->
                client.startCalculationExecution(
                    r ->
                        r.sessionId(session)
                            .codeBlock("a")
                            .calculationConfiguration(c -> c.codeBlock("b"))))
        .isInstanceOf(InvalidRequestException.class);
    var old =
        client.startCalculationExecution(
            r -> r.sessionId(session).calculationConfiguration(c -> c.codeBlock("old")));
    assertThat(
            client
                .getCalculationExecutionCode(
                    r -> r.calculationExecutionId(old.calculationExecutionId()))
                .codeBlock())
        .isEqualTo("old");
  }

  @Test
  void takesFiftyTagsAndNoMore() {
    var arn = "arn:aws:athena:us-east-1:123456789012:workgroup/queries";
    var fifty = IntStream.range(0, 50).mapToObj(i -> tag("key" + i)).toList();
    client.tagResource(request -> request.resourceARN(arn).tags(fifty));
    client.tagResource(request -> request.resourceARN(arn).tags(tag("key7")));
    assertThatThrownBy(
            () -> client.tagResource(request -> request.resourceARN(arn).tags(tag("key50"))))
        .isInstanceOf(InvalidRequestException.class);
    assertThat(client.listTagsForResource(request -> request.resourceARN(arn)).tags()).hasSize(50);
  }

  private static Tag tag(String key) {
    return Tag.builder().key(key).value("v").build();
  }

  @ParameterizedTest
  @CsvSource({
    "THROTTLED, 400, ThrottlingException, Rate exceeded",
    "INTERNAL_ERROR, 500, InternalServerException, internal error",
    "UNAVAILABLE, 503, ServiceUnavailableException, not available",
    "DENIED, 400, AccessDeniedException, is not authorized to perform: athena:ListSessions on resource: arn:aws:athena:us-east-1:123456789012:",
    "EXPIRED_TOKEN, 400, ExpiredTokenException, expired",
  })
  void refusesAsItIsTold(Fault.Refusal refusal, int status, String code, String message) {
    athena.faults(Faults.first(1, "ListSessions", refusal));
    var error =
        catchThrowableOfType(
            AthenaException.class, () -> client.listSessions(r -> r.workGroup("spark")));
    assertThat(error.statusCode()).isEqualTo(status);
    assertThat(error.awsErrorDetails().errorCode()).isEqualTo(code);
    assertThat(error.awsErrorDetails().errorMessage()).contains(message);
    assertThat(error.isThrottlingException()).isEqualTo(refusal == Fault.Refusal.THROTTLED);
    assertThat(error instanceof InternalServerException).isEqualTo(status == 500);
    assertThat(client.listSessions(r -> r.workGroup("spark")).sessions()).isEmpty();
    assertThat(athena.counts()).containsEntry("ListSessions", 2);
  }

  @Test
  void failsWithAnyErrorOfOnesChoice() {
    athena.faults(
        Faults.always("GetSession", new Fault.Chosen(400, "ResourceNotFoundException", "gone"))
            .or(Faults.always(new Fault.Chosen(418, "TeapotException", "short and stout"))));
    assertThatThrownBy(() -> stateOfSession("x"))
        .isInstanceOfSatisfying(
            AthenaException.class,
            error -> assertThat(error.awsErrorDetails().errorCode()).isEqualTo("TeapotException"));
    assertThatThrownBy(() -> client.getSession(r -> r.sessionId("x")))
        .isInstanceOf(ResourceNotFoundException.class);
  }

  @ParameterizedTest
  @EnumSource(Fault.Mishap.class)
  void spoilsAnAnswerBeforeOrAfterItsEffect(Fault.Mishap mishap) {
    var session = session();
    for (var effective : Arrays.asList(false, true)) {
      var calculation = calculation(session, "");
      clock.advance(Duration.ofSeconds(1));
      athena.faults(Faults.always(new Fault.Spoilt(mishap, effective)));
      if (mishap == Fault.Mishap.EMPTY) {
        assertThat(
                client
                    .stopCalculationExecution(r -> r.calculationExecutionId(calculation))
                    .stateAsString())
            .as("nothing to read a state from")
            .isNull();
      } else {
        assertThatThrownBy(() -> stop(calculation))
            .isInstanceOf(SdkException.class)
            .isInstanceOf(SdkClientException.class);
      }
      athena.faults(Faults.none());
      assertThat(stateOf(calculation)).isEqualTo(effective ? "CANCELING" : "RUNNING");
      client.stopCalculationExecution(r -> r.calculationExecutionId(calculation));
      clock.advance(Duration.ofSeconds(5));
    }
  }
}
