package io.github.calculationguard;

import static io.github.calculationguard.Template.list;
import static io.github.calculationguard.Template.map;
import static org.assertj.core.api.Assertions.assertThat;

import module java.base;

import com.fasterxml.jackson.jr.ob.JSON;
import org.junit.jupiter.api.Test;

/** What {@code docs/install.md} promises, and what {@code sam publish} needs. */
class InstallTest {

  private static final Map<String, String> SERVICES =
      Map.of(
          "AWS::Lambda", "lambda",
          "AWS::Serverless::Function", "lambda",
          "AWS::Serverless::HttpApi", "apigateway",
          "AWS::IAM", "iam",
          "AWS::Events", "events",
          "AWS::SNS", "sns",
          "AWS::SQS", "sqs",
          "AWS::Logs", "logs",
          "AWS::CloudWatch", "cloudwatch",
          "AWS::Chatbot", "chatbot");

  private final Template template = Template.read();

  private static List<Map<String, Object>> policy() throws IOException {
    var page = Files.readString(Path.of("docs", "install.md"));
    var block = page.substring(page.indexOf("```json\n") + 8);
    return list(JSON.std.anyFrom(block.substring(0, block.indexOf("```")))).stream()
        .map(Template::map)
        .toList();
  }

  private static Set<String> services(List<Map<String, Object>> policy) {
    return policy.stream()
        .flatMap(statement -> list(statement.get("Action")).stream())
        .map(action -> action.toString().replaceFirst(":.*", ""))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void namesThePermissionsThatEachResourceOfTheTemplateNeeds() throws IOException {
    var needed = new TreeSet<>(Set.of("cloudformation", "s3"));
    for (var resource : template.allResources().values()) {
      var type = String.valueOf(resource.get("Type"));
      assertThat(SERVICES.keySet()).as("a service for %s", type).anyMatch(type::startsWith);
      SERVICES.forEach(
          (prefix, service) -> {
            if (type.startsWith(prefix)) {
              needed.add(service);
            }
          });
    }
    if (template.functions().toString().contains("ScheduleV2")) {
      needed.add("scheduler");
    }

    assertThat(services(policy())).isEqualTo(needed);
  }

  @Test
  void limitsTheDeployerToTheStackWhereIamCan() throws IOException {
    for (var statement : policy()) {
      var actions = list(statement.get("Action"));
      assertThat(actions).noneMatch(action -> List.of("*", "iam:*", "athena:*").contains(action));
      for (var resource : list(statement.get("Resource"))) {
        if (resource.equals("*")) {
          // What is named after no stack: single actions, and none of them a wildcard.
          assertThat(actions).noneMatch(action -> action.toString().endsWith("*"));
        }
      }
      if (actions.contains("iam:PassRole")) {
        assertThat(statement).containsKey("Condition");
      }
    }
    assertThat(policy().toString())
        .contains("role" + template.properties("HubSenderRole").get("Path"));
  }

  @Test
  void canBePublishedToTheApplicationRepository() throws IOException {
    var application = map(template.metadata().get("AWS::ServerlessRepo::Application"));
    var version =
        Pattern.compile("<version>([^<]+)<").matcher(Files.readString(Path.of("pom.xml")));
    assertThat(version.find()).isTrue();

    assertThat(application).containsEntry("SemanticVersion", version.group(1));
    assertThat((String) application.get("Name")).matches("[a-zA-Z0-9-]{1,140}");
    assertThat((String) application.get("Description")).hasSizeBetween(1, 256);
    assertThat((String) application.get("Author")).matches("[a-zA-Z0-9 -]{1,127}");
    assertThat(list(application.get("Labels")))
        .hasSizeLessThanOrEqualTo(10)
        .allMatch(label -> label.toString().matches("[a-zA-Z0-9+_:/@-]{1,127}"));
    assertThat(application).containsEntry("SpdxLicenseId", "Apache-2.0");
    for (var file : List.of("LicenseUrl", "ReadmeUrl")) {
      assertThat(Path.of((String) application.get(file))).exists();
      assertThat(Files.size(Path.of((String) application.get(file)))).isLessThan(256 * 1024);
    }
  }
}
