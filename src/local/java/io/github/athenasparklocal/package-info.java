/**
 * A local Amazon Athena for Apache Spark: sessions, calculations, workgroups and tags over HTTP, for
 * any AWS SDK. It is a program of its own and knows nothing of the calculation guard.
 */
@NullMarked
package io.github.athenasparklocal;

import org.jspecify.annotations.NullMarked;
