package io.github.calculationguard.aws;

import io.github.calculationguard.guard.RecordedWarning;
import io.github.calculationguard.spark.Deadline;
import java.time.InstantSource;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.athena.AthenaClient;
import software.amazon.awssdk.services.athena.model.Tag;

/**
 * Keeps warnings as tags of the sessions that they are about.
 *
 * @see <a
 *     href="https://docs.aws.amazon.com/athena/latest/APIReference/API_TagResource.html">TagResource</a>
 */
record SessionTags(AthenaClient athena, InstantSource clock) implements RecordedWarning.Store {

  @Override
  public void tag(String sessionArn, String key, String value, Deadline deadline) {
    try {
      var tag = Tag.builder().key(key).value(value).build();
      var by = AwsCalls.by(deadline, clock.instant());
      var _ =
          athena.tagResource(r -> r.resourceARN(sessionArn).tags(tag).overrideConfiguration(by));
    } catch (SdkException e) {
      throw AwsCalls.athenaException(e);
    }
  }
}
