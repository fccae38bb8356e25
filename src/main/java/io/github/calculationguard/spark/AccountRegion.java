package io.github.calculationguard.spark;

import java.util.regex.Pattern;

/**
 * One account in one Region, where the guard works.
 *
 * @param partition such as aws or aws-cn
 * @param region such as us-east-1
 * @param accountId twelve digits
 */
public record AccountRegion(String partition, String region, String accountId) {

  /**
   * The account and Region of an ARN.
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

  public String arnOf(WorkGroup workGroup) {
    return "arn:%s:athena:%s:%s:workgroup/%s"
        .formatted(partition, region, accountId, workGroup.name());
  }

  public String arnOf(WorkGroup workGroup, SessionId session) {
    return arnOf(workGroup) + "/session/" + session.value();
  }

  public String arnOf(Session session) {
    return arnOf(new WorkGroup(session.workGroup()), session.id());
  }

  /** A workgroup for Spark. Permissions, limits and costs are by workgroup. */
  public record WorkGroup(String name) {

    /** Whether an IAM pattern covers it: * is any text, ? is any character. */
    public boolean matches(String pattern) {
      return name.matches(Pattern.quote(pattern).replace("*", "\\E.*\\Q").replace("?", "\\E.\\Q"));
    }
  }
}
