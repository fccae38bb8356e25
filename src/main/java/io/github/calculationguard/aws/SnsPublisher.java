package io.github.calculationguard.aws;

import io.github.calculationguard.report.Json;
import io.github.calculationguard.report.Notification;
import io.github.calculationguard.report.NotificationPublisher;
import io.github.calculationguard.spark.Deadline;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sns.SnsClient;
import software.amazon.awssdk.services.sns.model.MessageAttributeValue;
import software.amazon.awssdk.services.sns.model.PublishRequest;

/**
 * Announces to an SNS topic, to each protocol in its own words.
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
    request
        .topicArn(topicArn)
        .subject(it.subject())
        .messageStructure("json")
        .message(byProtocol(it))
        .messageAttributes(attributes(it))
        .overrideConfiguration(AwsCalls.by(deadline, clock.instant()));
  }

  private static String byProtocol(Notification notification) {
    var protocols = new LinkedHashMap<String, String>();
    var text = notification.text();
    protocols.put("default", text);
    protocols.put("email", text);
    protocols.put("sqs", notification.queue());
    protocols.put("lambda", notification.queue());
    protocols.put("https", notification.chat());
    return Json.line(protocols);
  }

  private static Map<String, MessageAttributeValue> attributes(Notification notification) {
    var attributes = new HashMap<String, MessageAttributeValue>();
    notification
        .attributes()
        .forEach(
            (name, value) ->
                attributes.put(
                    name,
                    MessageAttributeValue.builder().dataType("String").stringValue(value).build()));
    return attributes;
  }
}
