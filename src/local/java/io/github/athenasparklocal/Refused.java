package io.github.athenasparklocal;

import java.util.LinkedHashMap;
import java.util.Map;

/** An error of AWS's JSON protocol. */
public final class Refused extends RuntimeException {

  private final int status;
  private final String type;
  private final transient Map<String, String> members;

  private Refused(int status, String type, Map<String, String> members) {
    super(type + " " + members);
    this.status = status;
    this.type = type;
    this.members = members;
  }

  public static Refused invalid(String message) {
    var members = new LinkedHashMap<String, String>();
    members.put("AthenaErrorCode", "INVALID_INPUT");
    members.put("Message", message);
    return new Refused(400, "InvalidRequestException", members);
  }

  public static Refused notFound(String resource, String message) {
    var members = new LinkedHashMap<String, String>();
    members.put("Message", message);
    members.put("ResourceName", resource);
    return new Refused(400, "ResourceNotFoundException", members);
  }

  /** A quota is exceeded. */
  public static Refused tooMany(String message) {
    var members = new LinkedHashMap<String, String>();
    members.put("Message", message);
    members.put("Reason", "CONCURRENT_QUERY_LIMIT_EXCEEDED");
    return new Refused(400, "TooManyRequestsException", members);
  }

  /** An error that does not depend on the request's members. */
  public static Refused byProtocol(String type, String message) {
    return new Refused(400, type, Map.of("message", message));
  }

  /** Any error. Modelled errors have a Message, others a message. */
  public static Refused of(int status, String type, String message) {
    return switch (type) {
      case "InvalidRequestException" -> invalid(message);
      case "ResourceNotFoundException" -> notFound("", message);
      case "TooManyRequestsException" -> tooMany(message);
      case "InternalServerException", "SessionAlreadyExistsException" ->
          new Refused(status, type, Map.of("Message", message));
      default -> new Refused(status, type, Map.of("message", message));
    };
  }

  /**
   * An error that every service of this protocol has.
   *
   * @param internal the service's name for an internal error
   * @param denied the message of access denied
   */
  public static Refused by(Fault.Refusal refusal, String internal, String denied) {
    return switch (refusal) {
      case THROTTLED -> of(400, "ThrottlingException", "Rate exceeded");
      case INTERNAL_ERROR -> of(500, internal, "An internal error occurred");
      case UNAVAILABLE -> of(503, "ServiceUnavailableException", "The service is not available");
      case EXPIRED_TOKEN ->
          of(400, "ExpiredTokenException", "The security token included in the request is expired");
      case DENIED -> of(400, "AccessDeniedException", denied);
    };
  }

  /** Its {@code __type}. */
  String type() {
    return type;
  }

  /** As it goes over the wire. */
  public Reply reply() {
    var body = new LinkedHashMap<String, String>();
    body.put("__type", type);
    body.putAll(members);
    return Reply.json(status, body);
  }
}
