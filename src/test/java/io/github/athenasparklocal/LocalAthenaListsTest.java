package io.github.athenasparklocal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.athena.model.CalculationExecutionState;
import software.amazon.awssdk.services.athena.model.CalculationSummary;
import software.amazon.awssdk.services.athena.model.ExecutorState;
import software.amazon.awssdk.services.athena.model.ExecutorType;
import software.amazon.awssdk.services.athena.model.InvalidRequestException;
import software.amazon.awssdk.services.athena.model.SessionState;
import software.amazon.awssdk.services.athena.model.WorkGroupSummary;

/** Its lists, tags and workgroups. */
class LocalAthenaListsTest extends AthenaTest {

  @Test
  void listsSessionsNewestFirstAndByPages() {
    var model = athena.model();
    var expected = new ArrayList<String>();
    for (var i = 0; i < 105; i++) {
      expected.add(model.add(SessionSetup.in("spark").startedAt(NOON.minusSeconds(60 + i))));
      if (i % 5 == 0) {
        model.add(SessionSetup.in("spark").startedAt(NOON.minusSeconds(60 + i)).failedAt(NOON));
      }
    }
    assertThat(client.listSessions(request -> request.workGroup("spark")).sessions()).hasSize(100);
    var seen = new ArrayList<String>();
    var pages = 0;
    @Nullable String token = null;
    do {
      var next = token;
      var page =
          client.listSessions(request -> request.workGroup("spark").maxResults(35).nextToken(next));
      // One more, started while we page, moves nothing.
      model.add(SessionSetup.in("spark"));
      page.sessions().forEach(session -> seen.add(session.sessionId()));
      token = page.nextToken();
      pages++;
    } while (token != null);
    assertThat(seen).isEqualTo(expected);
    assertThat(pages).as("and no empty one at the end").isEqualTo(3);
    var first = client.listSessions(request -> request.workGroup("spark")).sessions().getFirst();
    assertThat(first.engineVersion().effectiveEngineVersion()).isEqualTo(SparkModel.PYSPARK_3);
    assertThat(first.status().state()).isEqualTo(SessionState.CREATING);
  }

  @Test
  void listsCalculationsOfOneSessionNewestFirstByPagesAndByState() {
    var session = session();
    var other = session();
    calculation(other, "");
    var done = calculation(session, "# local: runs 1s");
    pass(2);
    var running = calculation(session, "");
    pass(2);
    var queued = queued(session, "");
    pass(2);
    var all = client.listCalculationExecutions(request -> request.sessionId(session));
    assertThat(all.calculations().stream().map(CalculationSummary::calculationExecutionId))
        .containsExactly(queued, running, done);
    assertThat(all.nextToken()).isNull();
    var page =
        client.listCalculationExecutions(request -> request.sessionId(session).maxResults(2));
    assertThat(page.calculations()).hasSize(2);
    var rest =
        client.listCalculationExecutions(
            request -> request.sessionId(session).maxResults(2).nextToken(page.nextToken()));
    assertThat(rest.calculations().stream().map(CalculationSummary::calculationExecutionId))
        .containsExactly(done);
    assertThat(rest.nextToken()).isNull();
    assertThat(
            client
                .listCalculationExecutions(
                    request ->
                        request.sessionId(session).stateFilter(CalculationExecutionState.RUNNING))
                .calculations())
        .singleElement()
        .extracting(CalculationSummary::calculationExecutionId)
        .isEqualTo(running);
    assertThatThrownBy(
            () ->
                client.listCalculationExecutions(
                    request -> request.sessionId(other).nextToken(page.nextToken())))
        .as("a token of another list")
        .isInstanceOf(InvalidRequestException.class);
  }

  @Test
  void growsAndShrinksTheExecutors() {
    var session = session();
    calculation(session, "# local: runs 100s");
    clock.advance(Duration.ofMillis(700));
    pass(60);
    var busy = client.listExecutors(request -> request.sessionId(session));
    assertThat(busy.sessionId()).isEqualTo(session);
    assertThat(busy.executorsSummary()).hasSize(5);
    assertThat(busy.executorsSummary().getLast().executorType())
        .isEqualTo(ExecutorType.COORDINATOR);
    assertThat(busy.executorsSummary().getLast().startDateTime()).isEqualTo(NOON.toEpochMilli());
    assertThat(busy.executorsSummary())
        .allMatch(executor -> executor.executorState() == ExecutorState.REGISTERED)
        .allMatch(executor -> executor.executorSize() == 1)
        .allMatch(executor -> executor.terminationDateTime() == null);
    var page = client.listExecutors(request -> request.sessionId(session).maxResults(4));
    assertThat(page.executorsSummary()).hasSize(4);
    assertThat(
            client
                .listExecutors(request -> request.sessionId(session).nextToken(page.nextToken()))
                .executorsSummary())
        .hasSize(1);
    pass(60);
    assertThat(
            client
                .listExecutors(
                    request ->
                        request.sessionId(session).executorStateFilter(ExecutorState.TERMINATED))
                .executorsSummary())
        .hasSize(4)
        .allMatch(executor -> executor.terminationDateTime() != null);
  }

  @Test
  void tagsWorkGroupsAndSessions() {
    var session =
        client
            .startSession(
                request ->
                    request
                        .workGroup("spark")
                        .engineConfiguration(e -> {})
                        .copyWorkGroupTags(true)
                        .tags(tag("owner", "ada"), tag("team", "ours")))
            .sessionId();
    var arn = "arn:aws:athena:us-east-1:123456789012:workgroup/spark/session/" + session;
    assertThat(tags(arn)).containsExactly(tag("owner", "ada"), tag("team", "ours"));
    client.tagResource(request -> request.resourceARN(arn).tags(tag("owner", "eve"), tag("x", "")));
    client.untagResource(request -> request.resourceARN(arn).tagKeys("team", "absent"));
    assertThat(tags(arn)).containsExactly(tag("owner", "eve"), tag("x", ""));
    assertThat(tags("arn:aws:athena:us-east-1:123456789012:workgroup/spark"))
        .containsExactly(tag("team", "data"));
  }

  @Test
  void keepsWorkGroups() {
    client.createWorkGroup(
        request ->
            request
                .name("new")
                .description("made here")
                .configuration(
                    c -> c.engineVersion(e -> e.selectedEngineVersion("PySpark engine version 3")))
                .tags(tag("a", "b")));
    var described = client.getWorkGroup(request -> request.workGroup("new")).workGroup();
    assertThat(described.description()).isEqualTo("made here");
    assertThat(described.configuration().engineVersion().effectiveEngineVersion())
        .isEqualTo("PySpark engine version 3");
    var page = client.listWorkGroups(request -> request.maxResults(3));
    assertThat(page.workGroups().stream().map(WorkGroupSummary::name))
        .containsExactly("connect", "new", "queries");
    var rest = client.listWorkGroups(request -> request.nextToken(page.nextToken()));
    assertThat(rest.workGroups())
        .singleElement()
        .extracting(WorkGroupSummary::name)
        .isEqualTo("spark");
    assertThat(rest.workGroups().getFirst().engineVersion().effectiveEngineVersion())
        .isEqualTo("PySpark engine version 3");
    assertThat(tags("arn:aws:athena:us-east-1:123456789012:workgroup/new"))
        .containsExactly(tag("a", "b"));
  }
}
