package io.github.calculationguard.aws;

import io.github.calculationguard.spark.AthenaUnavailableException;
import io.github.calculationguard.spark.Deadline;
import io.github.calculationguard.spark.DeniedException;
import io.github.calculationguard.spark.NotFoundException;
import java.time.Instant;
import java.util.Set;
import java.util.function.Supplier;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.athena.model.InvalidRequestException;
import software.amazon.awssdk.services.athena.model.ResourceNotFoundException;

/** What all calls have in common. */
final class AwsCalls {

  private static final Set<String> DENIED =
      Set.of("AccessDeniedException", "AccessDenied", "AuthorizationError", "NotAuthorized");

  private AwsCalls() {}

  /** Ends a call, with all its tries and the pauses between them, by the deadline. */
  static AwsRequestOverrideConfiguration by(Deadline deadline, Instant now) {
    var left = deadline.left(now);
    if (left.isZero()) {
      throw new AthenaUnavailableException("no time was left to call AWS");
    }
    return AwsRequestOverrideConfiguration.builder().apiCallTimeout(left).build();
  }

  /** Makes a call, and sorts what goes wrong by what the caller does about it, in AWS's words. */
  static <T> T call(Supplier<T> call) {
    try {
      return call.get();
    } catch (InvalidRequestException | ResourceNotFoundException e) {
      throw new NotFoundException(words(e));
    } catch (AwsServiceException e) {
      throw isDenied(e) ? new DeniedException(words(e)) : new AthenaUnavailableException(words(e));
    } catch (SdkException e) {
      throw new AthenaUnavailableException(words(e));
    }
  }

  private static boolean isDenied(AwsServiceException e) {
    var details = e.awsErrorDetails();
    // An error that was cut off on its way has no code.
    return details != null && details.errorCode() != null && DENIED.contains(details.errorCode());
  }

  /** AWS's own words, which for a failed connection are the SDK's. */
  private static String words(SdkException e) {
    if (e instanceof ApiCallTimeoutException || e instanceof ApiCallAttemptTimeoutException) {
      return "AWS did not answer in time";
    }
    if (e instanceof AwsServiceException service && service.awsErrorDetails() != null) {
      var details = service.awsErrorDetails();
      if (details.errorCode() == null) {
        return "an error without a code (status %d)".formatted(service.statusCode());
      }
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
