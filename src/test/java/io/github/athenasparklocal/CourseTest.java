package io.github.athenasparklocal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class CourseTest {

  private static final Course.OnStop USUAL = Course.USUAL.onStop();

  @Test
  void isReadOutOfTheCode() {
    assertThat(Course.of("spark.range(10)")).isEqualTo(Course.SHORT);
    assertThat(Course.of("if x:\n  raise ValueError(x)").fails()).isFalse();
    assertThat(Course.of("x = 1\nraise ValueError('x')").fails()).isTrue();
    assertThat(Course.of("import time\ntime.sleep(60)"))
        .isEqualTo(new Course(Duration.ofSeconds(60), false, new Course.OnStop.Ignored()));
    assertThat(Course.of("# local: runs 90s"))
        .isEqualTo(new Course(Duration.ofSeconds(90), false, USUAL));
    assertThat(Course.of("x = 1  # local: fails 5s\n"))
        .isEqualTo(new Course(Duration.ofSeconds(5), true, USUAL));
    assertThat(Course.of("# local: cancels 20s"))
        .isEqualTo(Course.onStop(new Course.OnStop.Cancels(Duration.ofSeconds(20))));
    assertThat(Course.of("# local: finishes 1s\n# local: runs 7s"))
        .isEqualTo(
            new Course(
                Duration.ofSeconds(7), false, new Course.OnStop.Finishes(Duration.ofSeconds(1))));
    assertThat(Course.of("# local: stubborn"))
        .isEqualTo(Course.onStop(new Course.OnStop.Ignored()));
    assertThat(Course.of("time.sleep(60)  # local: cancels 2s"))
        .isEqualTo(new Course(Duration.ofSeconds(60), false, USUAL));
  }

  @Test
  void fastTimeRunsAsManyTimesAsFast() {
    var real = new HandClock(AthenaTest.NOON);
    var fast = new FastClock(real, 60);
    real.advance(Duration.ofSeconds(2));
    assertThat(List.of(fast.instant())).containsExactly(AthenaTest.NOON.plusSeconds(120));
  }
}
