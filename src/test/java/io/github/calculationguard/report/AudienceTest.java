package io.github.calculationguard.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.calculationguard.guard.Limits.InvalidTag;
import io.github.calculationguard.guard.News;
import io.github.calculationguard.guard.News.Addressee;
import io.github.calculationguard.spark.Severity;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AudienceTest {

  private static final String LONG = "x".repeat(250);

  private final LinkedHashMap<InvalidTag, Addressee> tags = new LinkedHashMap<>();

  private void add(int number, @Nullable String owner) {
    tags.put(
        new InvalidTag("arn-" + number, "key", "value", "a number"), new Addressee("etl", owner));
  }

  @Test
  void countsTheNamesThatDoNotFitAndAlwaysHasRoomForTheMissingOwner() {
    for (var number = 0; number < 70; number++) {
      add(number, number + LONG);
    }
    add(70, null);
    var audience = new Audience(new News(List.of(), tags, true));

    var owners = (List<?>) Objects.requireNonNull(audience.attributes(Severity.INFO).get("owner"));
    assertThat(owners).hasSizeBetween(60, 64);
    assertThat(owners).containsNull();
    assertThat(audience.leftOut()).isEqualTo(70 - (owners.size() - 1));
  }
}
