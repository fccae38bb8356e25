package io.github.athenasparklocal;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.athenasparklocal.ApiModel.Member;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Random calls of every operation: each answer is as the API model says. */
class RandomCallsTest {

  private static final int CALLS = 12_000;

  private final Random random = new Random(17);
  private final HandClock clock = new HandClock(AthenaTest.NOON);
  private final SparkModel model = new SparkModel(clock, AthenaTest.REGION, Pace.USUAL);
  private final AthenaApi api =
      new AthenaApi(
          model,
          new Settings(
              20, () -> URI.create("http://127.0.0.1"), new ObjectStore((path, body) -> {})),
          Runner.NONE);

  /** Values of former answers, by the names of their members. */
  private final Map<String, List<Object>> seen = new TreeMap<>();

  @Test
  void answersAsModelled() {
    var outcomes = new TreeMap<String, Integer>();
    assertThat(api.names()).isEqualTo(ApiModel.operations().keySet());
    var operations = List.copyOf(ApiModel.operations().values());
    for (var call = 0; call < CALLS; call++) {
      clock.advance(Duration.ofMillis(random.nextInt(2000)));
      ensure("spark", SparkModel.PYSPARK_3);
      ensure("connect", SparkModel.SPARK_35);
      var operation = operations.get(random.nextInt(operations.size()));
      var request = structure(operation.input());
      try {
        var reply = api.run(operation.name(), Json.text(request));
        assertThat(Validator.violations(operation.output(), reply))
            .as("%s %s gave %s", operation.name(), request, reply)
            .isEmpty();
        remember(request);
        remember(reply);
        outcomes.merge(operation.name(), 1, Integer::sum);
      } catch (Refused refused) {
        assertThat(operation.errors()).as(operation.name()).contains(refused.type());
        assertThat(String.valueOf(refused.getMessage())).hasSizeLessThan(4000);
      }
    }
    assertThat(outcomes.keySet()).as("succeeded").isEqualTo(api.names());
  }

  private void ensure(String workGroup, String engine) {
    var group = model.group(workGroup);
    if (group == null || !group.enabled() || !group.engineVersion().equals(engine)) {
      model.addWorkGroup(workGroup, engine, Map.of());
    }
  }

  private void remember(Map<?, ?> members) {
    members.forEach(
        (name, value) -> {
          if (value instanceof Map<?, ?> map) {
            remember(map);
          } else if (value instanceof String) {
            var values = seen.computeIfAbsent(name.toString(), key -> new ArrayList<>());
            values.add(value);
            if (name.equals("SessionId")) {
              var arn = "arn:aws:athena:us-east-1:123456789012:workgroup/spark/session/" + value;
              seen.computeIfAbsent("ResourceARN", key -> new ArrayList<>()).add(arn);
            }
          }
        });
  }

  private Map<String, Object> structure(String name) {
    var members = new LinkedHashMap<String, Object>();
    ApiModel.structure(name)
        .forEach(
            (shortName, member) -> {
              if (member.required() ? random.nextInt(50) > 0 : random.nextInt(6) == 0) {
                members.put(shortName, value(member));
              }
            });
    return members;
  }

  private Object value(Member member) {
    return switch (member.type()) {
      case "string" -> text(member);
      case "boolean" -> random.nextBoolean();
      case "integer", "long" -> number(member);
      case "list" -> List.of(value(ApiModel.element(member, "[]")));
      case "map" -> Map.of("key" + random.nextInt(3), value(ApiModel.element(member, "{}")));
      default -> structure(member.type());
    };
  }

  private long number(Member member) {
    var min = member.range().min() == null ? 1 : member.range().min();
    var max = member.range().max() == null ? min + 100 : member.range().max();
    return random.nextInt(20) == 0 ? max + 1 : min + random.nextInt((int) (max - min + 1));
  }

  private String text(Member member) {
    var name = member.name().replaceAll(".*\\.", "");
    if (name.equals("WorkGroup")) {
      return random.nextInt(5) == 0 ? "connect" : "spark";
    }
    var before = seen.getOrDefault(name, List.of());
    if (!before.isEmpty() && !name.equals("ClientRequestToken") && random.nextInt(10) > 0) {
      return before.reversed().get(random.nextInt(Math.min(5, before.size()))).toString();
    }
    if (!member.values().isEmpty()) {
      return member.values().get(random.nextInt(member.values().size()));
    }
    return switch (name) {
      case "Name" -> "name" + random.nextInt(20);
      case "ExecutionRole" -> "arn:aws:iam::123456789012:role/spark";
      case "KmsKey" -> "alias/key";
      case "LogLocation" -> "s3://bucket/logs";
      case "ExpectedBucketOwner" -> "123456789012";
      case "NotebookS3LocationUri" -> "s3://bucket/notebook";
      case "SelectedEngineVersion" -> SparkModel.PYSPARK_3;
      case "ResourceARN" -> "arn:aws:athena:us-east-1:123456789012:workgroup/spark";
      case "CodeBlock" -> "# local: runs " + random.nextInt(9) + "s";
      case "ClientRequestToken" -> SparkModel.newId();
      default -> "x".repeat(random.nextInt(40));
    };
  }
}
