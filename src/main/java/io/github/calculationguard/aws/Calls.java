package io.github.calculationguard.aws;

import io.github.calculationguard.spark.AthenaUnavailableException;
import io.github.calculationguard.spark.Deadline;
import java.time.Instant;
import java.util.Set;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/** What all calls have in common. */
final class Calls {

  private static final Set<String> DENIED =
      Set.of("AccessDeniedException", "AccessDenied", "AuthorizationError", "NotAuthorized");

  private Calls() {}

  /** Ends a call, with all its tries and the pauses between them, by the deadline. */
  static AwsRequestOverrideConfiguration by(Deadline deadline, Instant now) {
    var left = deadline.left(now);
    if (left.isZero()) {
      throw new AthenaUnavailableException("no time was left to call AWS");
    }
    return AwsRequestOverrideConfiguration.builder().apiCallTimeout(left).build();
  }

  static boolean isDenied(AwsServiceException e) {
    var details = e.awsErrorDetails();
    // An error that was cut off on its way has no code.
    return details != null && details.errorCode() != null && DENIED.contains(details.errorCode());
  }

  /** AWS's own words, which for a failed connection are the SDK's. */
  static String words(SdkException e) {
    if (e instanceof AwsServiceException service && service.awsErrorDetails() != null) {
      var details = service.awsErrorDetails();
      return "%s: %s (%s, status %d)"
          .formatted(
              details.errorCode(),
              details.errorMessage(),
              details.serviceName(),
              service.statusCode());
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
