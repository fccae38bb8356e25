package io.github.athenasparklocal;

/**
 * One Region of one AWS account.
 *
 * @param partition such as {@code aws}
 * @param name such as {@code us-east-1}
 * @param accountId 12 digits
 */
public record AwsRegion(String partition, String name, String accountId) {}
