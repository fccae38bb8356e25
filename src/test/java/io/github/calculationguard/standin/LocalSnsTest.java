package io.github.calculationguard.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.HandClock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sns.SnsClient;
import software.amazon.awssdk.services.sns.model.AuthorizationErrorException;
import software.amazon.awssdk.services.sns.model.InvalidParameterException;
import software.amazon.awssdk.services.sns.model.InvalidParameterValueException;
import software.amazon.awssdk.services.sns.model.MessageAttributeValue;
import software.amazon.awssdk.services.sns.model.NotFoundException;
import software.amazon.awssdk.services.sns.model.SnsException;

class LocalSnsTest {

  private static final Instant NOON = Instant.parse("2026-11-22T12:00:00Z");

  private final LocalSns sns = new LocalSns(new HandClock(NOON), LocalWorld.PLACE);
  private final String topic = sns.addTopic("stops");
  private final SnsClient client =
      SnsClient.builder()
          .endpointOverride(sns.endpoint())
          .region(Region.US_EAST_1)
          .credentialsProvider(
              StaticCredentialsProvider.create(AwsBasicCredentials.create("key", "secret")))
          .httpClientBuilder(Apache5HttpClient.builder())
          .overrideConfiguration(
              ClientOverrideConfiguration.builder()
                  .retryStrategy(AwsRetryStrategy.doNotRetry())
                  .build())
          .build();

  @AfterEach
  void close() {
    client.close();
    sns.close();
  }

  @Test
  void showsWhatEachProtocolsSubscriberGets() {
    var message =
        Json.text(
            Map.of(
                "default", "plain", "email", "Dear Ada,\n<b> & so on", "sqs", "{\"state\":\"é\"}"));
    var id =
        client
            .publish(
                request ->
                    request
                        .topicArn(topic)
                        .subject("CANCELED in spark")
                        .message(message)
                        .messageStructure("json")
                        .messageAttributes(Map.of("outcome", attribute("CANCELED"))))
            .messageId();
    var kept = sns.messages().getFirst();
    assertThat(sns.messages()).hasSize(1);
    assertThat(kept)
        .isEqualTo(
            new SnsMessage(
                id,
                topic,
                "CANCELED in spark",
                message,
                true,
                Map.of("outcome", new SnsMessage.Attribute("String", "CANCELED")),
                NOON));
    assertThat(kept.text("https")).isEqualTo("plain");
    assertThat(kept.delivery("email"))
        .isEqualTo("Subject: CANCELED in spark\n\nDear Ada,\n<b> & so on");
    var queued = Json.object(kept.delivery("sqs"));
    assertThat(queued.get("Message")).isEqualTo("{\"state\":\"é\"}");
    assertThat(queued.get("MessageAttributes"))
        .isEqualTo(Map.of("outcome", Map.of("Type", "String", "Value", "CANCELED")));
    assertThat(kept.delivery("lambda")).startsWith("{\"Records\":[{");
  }

  private static MessageAttributeValue attribute(String value) {
    return MessageAttributeValue.builder().dataType("String").stringValue(value).build();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\nb", "é", " leading", "a\tb", "\u0007", "100"})
  void refusesABadSubject(String subject) {
    var text = subject.equals("100") ? "x".repeat(100) : subject;
    assertThatThrownBy(() -> publish(text, "hello", null))
        .isInstanceOf(InvalidParameterException.class)
        .hasMessageContaining("Invalid parameter: Subject");
    publish("x".repeat(99), "hello", null);
    assertThat(sns.messages()).hasSize(1);
  }

  private void publish(String subject, String message, @Nullable String structure) {
    client.publish(
        request ->
            request.topicArn(topic).subject(subject).message(message).messageStructure(structure));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "`` | | Empty message",
        "no JSON | json | failed to parse",
        "[] | json | failed to parse",
        "{\"email\": \"x\"} | json | No default entry",
        "{\"default\": 1} | json | No default entry",
        "{} | xml | MessageStructure",
      })
  void refusesABadMessage(String message, @Nullable String structure, String why) {
    assertThatThrownBy(() -> publish("s", message, structure))
        .isInstanceOf(InvalidParameterException.class)
        .hasMessageContaining(why);
  }

  @Test
  void refusesWhatIsTooLongOrNowhere() {
    publish("s", "x".repeat(256 * 1024), null);
    assertThatThrownBy(() -> publish("s", "x".repeat(256 * 1024 + 1), null))
        .isInstanceOf(InvalidParameterException.class)
        .hasMessageContaining("Message too long");
    assertThatThrownBy(() -> client.publish(r -> r.topicArn(topic + "x").message("m")))
        .isInstanceOf(NotFoundException.class)
        .hasMessageContaining("Topic does not exist");
    assertThatThrownBy(() -> client.publish(r -> r.topicArn("stops").message("m")))
        .isInstanceOf(InvalidParameterException.class);
    assertThatThrownBy(() -> client.publish(r -> r.message("m")))
        .isInstanceOf(InvalidParameterException.class);
    assertThatThrownBy(
            () ->
                client.publish(
                    r ->
                        r.topicArn(topic)
                            .message("m")
                            .messageAttributes(Map.of("a", attribute("")))))
        .isInstanceOf(InvalidParameterValueException.class);
  }

  @ParameterizedTest
  @CsvSource({"THROTTLED, 400, true", "INTERNAL_ERROR, 500, false", "UNAVAILABLE, 503, false"})
  void refusesAsItIsTold(Fault.Refusal refusal, int status, boolean throttled) {
    sns.faults(Faults.always("Publish", refusal));
    var error = catchThrowableOfType(SnsException.class, () -> publish("s", "m", null));
    assertThat(error.statusCode()).isEqualTo(status);
    assertThat(error.isThrottlingException()).isEqualTo(throttled);
    assertThat(sns.messages()).isEmpty();
  }

  @Test
  void losesAnAnswerButNotTheMessage() {
    sns.faults(Faults.first(1, "Publish", new Fault.Spoilt(Fault.Mishap.CUT_OFF, true)));
    assertThatThrownBy(() -> publish("s", "m", null)).isInstanceOf(RuntimeException.class);
    assertThat(sns.messages()).hasSize(1);
    sns.faults(Faults.always(Fault.Refusal.DENIED));
    assertThatThrownBy(() -> publish("s", "m", null))
        .isInstanceOf(AuthorizationErrorException.class);
    assertThat(List.copyOf(sns.counts().entrySet())).containsExactly(Map.entry("Publish", 2));
  }
}
