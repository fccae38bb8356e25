package io.github.calculationguard.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.calculationguard.spark.AccountRegion;
import io.github.calculationguard.spark.SessionId;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class SparkUiPopupTest {

  private static final SessionId SESSION = new SessionId("s-1");
  private static final String SIGNED =
      "https://ui.example/s-1?X-Amz-Expires=300&X-Amz-Signature=0123abcd";

  @Test
  void keepsASignedUrlWholeInTheLinkAndOutOfTheRecord() {
    var popup = new SparkUiPopup(SESSION, SIGNED, null);

    assertThat(popup.html())
        .contains("href=\"" + SIGNED.replace("&", "&amp;").replace("=", "&#x3D;") + "\"")
        .contains("session s-1.");
    var record =
        popup.record(
            new AccountRegion("aws", "us-east-1", "123456789012"),
            new InvocationInfo("1.0.0", "request-1", false, 0.35),
            Instant.EPOCH);
    assertThat(record.fields().toString()).doesNotContain("ui.example").doesNotContain("0123abcd");
  }

  @Test
  void showsAProblemAsText() {
    assertThat(new SparkUiPopup(null, null, "no <b>https://evil.example</b>").html())
        .contains("cannot be opened. no ‹b›https[:]//evil[.]example‹/b›")
        .doesNotContain("href");
  }
}
