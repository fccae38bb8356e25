package io.github.calculationguard.aws;

import io.github.calculationguard.report.Announcement;
import io.github.calculationguard.report.Announcements;
import io.github.calculationguard.report.Json;
import io.github.calculationguard.spark.AthenaUnavailableException;
import io.github.calculationguard.spark.Deadline;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sns.SnsClient;
import software.amazon.awssdk.services.sns.model.MessageAttributeValue;

/**
 * Announces to an SNS topic, to each protocol in its own words.
 *
 * @see <a href="https://docs.aws.amazon.com/sns/latest/api/API_Publish.html">Publish</a>
 */
public record SnsAnnouncements(SnsClient sns, String topicArn, InstantSource clock)
    implements Announcements {

  @Override
  public void publish(Announcement announcement, Deadline deadline) {
    try {
      var answer =
          sns.publish(
              r ->
                  r.topicArn(topicArn)
                      .subject(announcement.subject())
                      .messageStructure("json")
                      .message(byProtocol(announcement))
                      .messageAttributes(attributes(announcement))
                      .overrideConfiguration(Calls.by(deadline, clock.instant())));
      if (answer.messageId() == null) {
        throw new NotAnnouncedException("SNS answered without a message's id");
      }
    } catch (SdkException e) {
      throw new NotAnnouncedException(Calls.words(e));
    } catch (AthenaUnavailableException e) {
      throw new NotAnnouncedException(e.getMessage());
    }
  }

  private static String byProtocol(Announcement announcement) {
    var protocols = new LinkedHashMap<String, String>();
    protocols.put("default", announcement.text());
    protocols.put("email", announcement.text());
    protocols.put("sqs", announcement.queue());
    protocols.put("lambda", announcement.queue());
    protocols.put("https", announcement.chat());
    return Json.line(protocols);
  }

  private static Map<String, MessageAttributeValue> attributes(Announcement announcement) {
    var attributes = new HashMap<String, MessageAttributeValue>();
    announcement
        .attributes()
        .forEach(
            (name, value) ->
                attributes.put(
                    name,
                    MessageAttributeValue.builder().dataType("String").stringValue(value).build()));
    return attributes;
  }
}
