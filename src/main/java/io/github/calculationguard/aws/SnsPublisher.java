package io.github.calculationguard.aws;

import module java.base;

import io.github.calculationguard.report.*;
import io.github.calculationguard.spark.Deadline;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sns.SnsClient;
import software.amazon.awssdk.services.sns.model.MessageAttributeValue;
import software.amazon.awssdk.services.sns.model.PublishRequest;

/**
 * Publishes to an SNS topic, with a text for each protocol.
 *
 * @see <a href="https://docs.aws.amazon.com/sns/latest/api/API_Publish.html">Publish</a>
 */
public record SnsPublisher(SnsClient sns, String topicArn, InstantSource clock)
    implements NotificationPublisher {

  @Override
  public void publish(Notification notification, Deadline deadline) {
    try {
      var answer = sns.publish(r -> request(r, notification, deadline));
      if (answer.messageId() == null) {
        throw new NotPublishedException("SNS answered without a message ID", null, null);
      }
    } catch (SdkException e) {
      throw new NotPublishedException(AwsCalls.message(e), AwsCalls.error(e, "Sns"), e);
    }
  }

  private void request(PublishRequest.Builder request, Notification it, Deadline deadline) {
    // Emails get the default.
    var protocols = new LinkedHashMap<String, String>();
    protocols.put("default", it.text());
    protocols.put("sqs", it.queue());
    protocols.put("lambda", it.queue());
    protocols.put("https", it.chat());
    var attributes = new HashMap<String, MessageAttributeValue>();
    it.attributes().forEach((name, value) -> attributes.put(name, attribute(value)));
    request
        .topicArn(topicArn)
        .subject(it.subject())
        .messageStructure("json")
        .message(Json.line(protocols))
        .messageAttributes(attributes)
        .overrideConfiguration(AwsCalls.by(deadline, clock.instant()));
  }

  private static MessageAttributeValue attribute(Object value) {
    var attribute = MessageAttributeValue.builder();
    return (value instanceof List<?> list
            ? attribute.dataType("String.Array").stringValue(Json.line(list))
            : attribute.dataType("String").stringValue(value.toString()))
        .build();
  }
}
