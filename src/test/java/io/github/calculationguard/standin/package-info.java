/**
 * Stand-ins of SNS, EventBridge and the Lambda runtime for tests and plays. They know the AWS SDK,
 * the local Athena and {@code spark}, and nothing of the guard's decisions.
 */
@NullMarked
package io.github.calculationguard.standin;

import org.jspecify.annotations.NullMarked;
