package io.github.calculationguard.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.athenasparklocal.HandClock;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sns.SnsClient;
import software.amazon.awssdk.services.sns.model.InvalidParameterException;
import software.amazon.awssdk.services.sns.model.MessageAttributeValue;
import software.amazon.awssdk.services.sns.model.NotFoundException;

/** Filter policies as SNS's documentation has them, by its real client. */
class SnsFilterPolicyTest {

  private final LocalSns sns =
      new LocalSns(new HandClock(Instant.parse("2026-11-22T12:00:00Z")), LocalWorld.PLACE);
  private final String topic = sns.addTopic("stops");
  private final SnsClient client =
      SnsClient.builder()
          .endpointOverride(sns.endpoint())
          .region(Region.US_EAST_1)
          .credentialsProvider(AnonymousCredentialsProvider.create())
          .httpClientBuilder(Apache5HttpClient.builder())
          .build();

  @AfterEach
  void close() {
    client.close();
    sns.close();
  }

  private String subscribe(Map<String, String> attributes) {
    return client
        .subscribe(
            r ->
                r.topicArn(topic)
                    .protocol("sqs")
                    .endpoint("arn:aws:sqs:us-east-1:123456789012:queue")
                    .attributes(attributes))
        .subscriptionArn();
  }

  private static MessageAttributeValue value(String type, String text) {
    return MessageAttributeValue.builder().dataType(type).stringValue(text).build();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ["team data"]                        | String       | team data         | true
          ["team data"]                        | String       | team              | false
          ["a", "b"]                           | String       | b                 | true
          ["b"]                                | String.Array | ["a","b"]         | true
          ["c"]                                | String.Array | ["a","b"]         | false
          [null]                               | String.Array | ["a",null]        | true
          [null]                               | String.Array | ["a"]             | false
          [{"prefix": "team-"}]                | String.Array | ["x","team-a"]    | true
          [{"prefix": "team-"}]                | String       | my team-a         | false
          [{"suffix": "-prod"}]                | String       | etl-prod          | true
          [{"anything-but": ["a", "b"]}]       | String       | c                 | true
          [{"anything-but": ["a", "b"]}]       | String       | b                 | false
          [{"anything-but": {"prefix": "a"}}]  | String       | abc               | false
          [{"equals-ignore-case": "team"}]     | String       | TEAM              | true
          [{"exists": true}]                   | String       | a                 | true
          [{"exists": false}]                  | String       | a                 | false
          [{"exists": true}]                   |              |                   | false
          [{"exists": false}]                  |              |                   | true
          [{"exists": false}, null]            |              |                   | true
          [{"exists": false}, null]            | String.Array | ["a",null]        | true
          [{"exists": false}, null]            | String       | a                 | false
          [{"numeric": [">", 3, "<=", 10]}]    | Number       | 10                | true
          [{"numeric": [">", 3, "<=", 10]}]    | Number       | 3                 | false
          [3]                                  | Number       | 3.0               | true
          ["3"]                                | Number       | 3                 | false
          """)
  void receivesWhatItsPolicyLetsThrough(String condition, String type, String text, boolean gets) {
    var arn = subscribe(Map.of("FilterPolicy", "{\"owner\": " + condition + "}"));
    var everything = subscribe(Map.of());
    Map<String, MessageAttributeValue> attributes =
        type == null ? Map.of() : Map.of("owner", value(type, text));

    client.publish(r -> r.topicArn(topic).message("m").messageAttributes(attributes));

    assertThat(sns.received(arn)).hasSize(gets ? 1 : 0);
    assertThat(sns.received(everything)).isEqualTo(sns.messages()).hasSize(1);
  }

  @Test
  void receivesWhatMatchesEveryKey() {
    var arn = subscribe(Map.of("FilterPolicy", "{\"owner\": [\"a\"], \"severity\": [\"ERROR\"]}"));
    var owner = value("String", "a");
    client.publish(r -> r.topicArn(topic).message("1").messageAttributes(Map.of("owner", owner)));
    client.publish(
        r ->
            r.topicArn(topic)
                .message("2")
                .messageAttributes(Map.of("owner", owner, "severity", value("String", "ERROR"))));

    assertThat(sns.received(arn)).extracting(SnsMessage::message).containsExactly("2");
  }

  @Test
  void followsAPolicyThatChanges() {
    var arn = subscribe(Map.of("FilterPolicy", "{\"owner\": [\"a\"]}"));
    client.publish(r -> r.topicArn(topic).message("{\"owner\": \"b\"}"));
    set(arn, "FilterPolicyScope", "MessageBody");
    set(arn, "FilterPolicy", "{\"owner\": [\"b\"]}");
    client.publish(r -> r.topicArn(topic).message("{\"owner\": \"b\"}"));
    client.publish(r -> r.topicArn(topic).message("owner b"));
    set(arn, "FilterPolicy", "{}");
    client.publish(r -> r.topicArn(topic).message("any"));

    assertThat(sns.received(arn))
        .extracting(SnsMessage::message)
        .containsExactly("{\"owner\": \"b\"}", "any");
  }

  private void set(String arn, String name, String value) {
    client.setSubscriptionAttributes(
        r -> r.subscriptionArn(arn).attributeName(name).attributeValue(value));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "owner",
        "[\"owner\"]",
        "{\"owner\": \"a\"}",
        "{\"owner\": [{\"prefixed\": \"a\"}]}",
        "{\"a\": [\"\"], \"b\": [\"\"], \"c\": [\"\"], \"d\": [\"\"], \"e\": [\"\"], \"f\": [\"\"]}"
      })
  void refusesWhatIsNoPolicy(String policy) {
    assertThatThrownBy(() -> subscribe(Map.of("FilterPolicy", policy)))
        .isInstanceOf(InvalidParameterException.class)
        .hasMessageContaining("FilterPolicy");
  }

  @Test
  void knowsNoSubscriptionButItsOwn() {
    assertThatThrownBy(() -> set(topic + ":absent", "FilterPolicy", "{}"))
        .isInstanceOf(NotFoundException.class);
  }
}
