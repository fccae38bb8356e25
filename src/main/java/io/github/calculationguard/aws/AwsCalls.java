package io.github.calculationguard.aws;

import module java.base;

import io.github.calculationguard.spark.*;
import io.github.calculationguard.spark.AthenaSparkException.*;
import io.github.calculationguard.spark.AthenaSparkException.AthenaUnavailableException.Reason;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;

/** Deadlines and errors of calls to AWS. */
final class AwsCalls {

  private static final Set<String> DENIED =
      Set.of("AccessDeniedException", "AccessDenied", "NotAuthorized");
  // Athena reports an unknown ID by either.
  private static final Set<String> NOT_FOUND =
      Set.of("InvalidRequestException", "ResourceNotFoundException");

  private AwsCalls() {}

  /**
   * Ends a call, with all its retries and pauses, at the deadline.
   *
   * @throws SdkClientException if the deadline has passed
   */
  static AwsRequestOverrideConfiguration by(Deadline deadline, Instant now) {
    var left = deadline.left(now);
    if (left.isZero()) {
      throw outOfTime();
    }
    return AwsRequestOverrideConfiguration.builder().apiCallTimeout(left).build();
  }

  static SdkClientException outOfTime() {
    return SdkClientException.create("no time was left to call AWS", null);
  }

  /** A failure of Athena, as the exception that tells the caller how to react. */
  static AthenaSparkException athenaException(SdkException e) {
    var error = error(e, "Athena");
    if (NOT_FOUND.contains(error.type())) {
      return new NotFoundException(message(e), error, e);
    }
    return DENIED.contains(error.type())
        ? new DeniedException(message(e), error, e)
        : new AthenaUnavailableException(message(e), reason(e), error, e);
  }

  /** How the error is named in the log. */
  static AwsError error(SdkException e, String service) {
    var answer = e instanceof AwsServiceException it ? it : null;
    // An error that was cut off on its way has no code.
    var details = answer == null ? null : answer.awsErrorDetails();
    var code = details == null ? null : details.errorCode();
    var requestId = answer == null ? null : answer.requestId();
    return new AwsError(service, code == null ? e.getClass().getSimpleName() : code, requestId);
  }

  /** AWS's message; for a failed connection, the SDK's. */
  static String message(SdkException e) {
    if (isTimeout(e)) {
      return "AWS did not answer in time";
    }
    if (!(e instanceof AwsServiceException answer) || answer.awsErrorDetails() == null) {
      return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }
    var it = answer.awsErrorDetails();
    var status = answer.statusCode();
    return it.errorCode() == null
        ? "an error without a code (status %d)".formatted(status)
        : "%s: %s (%s, status %d)"
            .formatted(it.errorCode(), it.errorMessage(), it.serviceName(), status);
  }

  private static boolean isTimeout(SdkException e) {
    return e instanceof ApiCallTimeoutException || e instanceof ApiCallAttemptTimeoutException;
  }

  /** An answer is lost unless AWS answered with an error, or no connection was made. */
  private static Reason reason(SdkException e) {
    if (e instanceof AwsServiceException service) {
      return service.isThrottlingException() ? Reason.THROTTLED : Reason.FAILED;
    }
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof ConnectException
          || cause instanceof UnknownHostException
          || cause.getClass().getSimpleName().equals("ConnectTimeoutException")) {
        return Reason.FAILED;
      }
    }
    return isTimeout(e) || e.getCause() != null ? Reason.ANSWER_LOST : Reason.FAILED;
  }
}
