package io.github.athenasparklocal.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.athenasparklocal.Fault;
import io.github.athenasparklocal.Faults;
import io.github.athenasparklocal.SessionSetup;
import java.time.Duration;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.services.athena.model.AthenaException;

class AthenaSparkLocalTest {

  @RegisterExtension static final AthenaSparkLocal athena = new AthenaSparkLocal();

  @RepeatedTest(2)
  void isAsNewForEachTest() {
    assertThat(athena.client().listSessions(r -> r.workGroup("spark")).sessions()).isEmpty();
    var id = athena.model().add(SessionSetup.in("spark"));
    athena.clock().advance(Duration.ofSeconds(10));
    assertThat(athena.client().getSessionStatus(r -> r.sessionId(id)).status().stateAsString())
        .isEqualTo("IDLE");
    athena.faults(Faults.always("GetSession", Fault.Refusal.DENIED));
    assertThatThrownBy(() -> athena.client().getSession(r -> r.sessionId(id)))
        .isInstanceOf(AthenaException.class);
    assertThat(athena.endpoint().getHost()).isEqualTo("127.0.0.1");
  }
}
