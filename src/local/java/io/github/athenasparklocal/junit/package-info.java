/** The local Athena as an extension of JUnit 5. It needs JUnit and the AWS SDK for Java. */
@NullMarked
package io.github.athenasparklocal.junit;

import org.jspecify.annotations.NullMarked;
