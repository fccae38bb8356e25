package io.github.calculationguard.spark;

/**
 * Where the guard works: one account, in one Region of one partition.
 *
 * @param partition such as aws or aws-cn
 * @param region such as us-east-1
 * @param accountId twelve digits
 */
public record AccountRegion(String partition, String region, String accountId) {

  /**
   * Reads the place out of an ARN of something that is in it.
   *
   * @throws IllegalArgumentException if it is no ARN
   */
  public static AccountRegion of(String arn) {
    var parts = arn.split(":", 6);
    if (parts.length < 6 || !parts[0].equals("arn")) {
      throw new IllegalArgumentException("not an ARN: " + arn);
    }
    return new AccountRegion(parts[1], parts[3], parts[4]);
  }

  /** The ARN of a workgroup here. */
  public String arnOf(WorkGroup workGroup) {
    return "arn:%s:athena:%s:%s:workgroup/%s"
        .formatted(partition, region, accountId, workGroup.name());
  }

  /** The ARN of a session here. */
  public String arnOf(WorkGroup workGroup, SessionId session) {
    return arnOf(workGroup) + "/session/" + session.value();
  }
}
