package io.github.athenasparklocal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Makes {@code docs/local-athena-operations.md} from what it tries, and fails if the file differs.
 * It writes the file with {@code -Dupdate.docs=true}.
 */
class OperationsTableTest {

  private static final Path FILE = Path.of("docs", "local-athena-operations.md");

  private static final String HEAD =
      """
      # Operations of the local Athena

      `OperationsTableTest` makes this table. It sends each operation requests that violate each modelled constraint of a top-level member, and a request that succeeds, and checks the reply by the API model.
      `src/local/clients/model.py --check` compares the table of members with the API model of the installed botocore.

      * **Known**: whether the local Athena has the operation. It has the Spark, notebook, workgroup and tag operations of the API model.
      * **In**: how many constraints (required, length, range, pattern, enum) of the request were violated, one at a time, and refused.
      * **Out**: how many members the checked reply has, of those that the API model has.
      * **States**: in which states of the session, calculation or workgroup the operation is refused.
      * **Source**: `model` means that the API model or its documentation says what is answered; `clients` that the source of a client relies on it; `choice` that AWS documents no answer and this is ours.

      | Operation | Known | In | Out | States | Declared errors | Source | Notes |
      |---|---|---|---|---|---|---|---|
      """;

  /** Where an answer comes from, and what a reader should know. */
  private static final Map<String, String> NOTES = new LinkedHashMap<>();

  static {
    NOTES.put(
        "StartSession",
        "model | one active session for a notebook; an unknown notebook is refused (choice)");
    NOTES.put("GetSession", "model | an unknown session is InvalidRequestException");
    NOTES.put("GetSessionStatus", "model | as GetSession");
    NOTES.put(
        "GetSessionEndpoint",
        "choice | Spark 3.5 sessions only; a server listens with `--execute` and PySpark 4");
    NOTES.put(
        "ListSessions", "model | without a filter: CREATING, CREATED, IDLE, BUSY; newest first");
    NOTES.put(
        "TerminateSession", "model | what runs becomes FAILED; harmless on a session that is over");
    NOTES.put(
        "StartCalculationExecution",
        "clients | a session that is not IDLE refuses code in the words that dbt-athena waits for; BUSY from the submission on (choice)");
    NOTES.put(
        "StopCalculationExecution",
        "model | no effect on a calculation that is over; an unknown one is ResourceNotFoundException (choice)");
    NOTES.put(
        "GetCalculationExecution",
        "clients | Statistics in every state (PyAthena); stderr of a FAILED one; Progress as a percentage (choice)");
    NOTES.put("GetCalculationExecutionStatus", "clients | Statistics in every state (PyAthena)");
    NOTES.put("GetCalculationExecutionCode", "model | ");
    NOTES.put(
        "ListCalculationExecutions",
        "model | newest first; refused on Spark 3.5 (error is a choice)");
    NOTES.put(
        "ListExecutors",
        "model | a coordinator, and workers that join while a calculation runs (pace is a choice)");
    NOTES.put("CreateNotebook", "choice | names are unique in a workgroup");
    NOTES.put("ListNotebookMetadata", "choice | the filter matches a part of the name");
    NOTES.put(
        "UpdateNotebook", "model | SessionId is required while the notebook has an active session");
    NOTES.put("ImportNotebook", "model | from the payload, or from an object of the local S3");
    NOTES.put("CreatePresignedNotebookUrl", "choice | leads to the local page");
    NOTES.put("GetResourceDashboard", "choice | leads to the local page");
    NOTES.put(
        "DeleteWorkGroup",
        "choice | refused for `primary`, and for one that has sessions or notebooks unless recursive");
    NOTES.put("ListApplicationDPUSizes", "choice | one runtime, of 1 DPU");
  }

  /** What is refused in which states; the other tests of this package try it. */
  private static final Map<String, String> STATES =
      Map.of(
          "StartSession", "workgroup DISABLED",
          "StartCalculationExecution", "session not IDLE",
          "GetSessionEndpoint", "session not active",
          "CreatePresignedNotebookUrl", "session over");

  private final HandClock clock = new HandClock(AthenaTest.NOON);
  private final SparkModel model = new SparkModel(clock, AthenaTest.REGION, Pace.USUAL);
  private final AthenaApi api =
      new AthenaApi(
          model,
          new Settings(
              100, () -> URI.create("http://127.0.0.1"), new ObjectStore((path, body) -> {})),
          Runner.NONE);

  @Test
  void isWhatTheDocumentationSays() throws IOException {
    var rows = new ArrayList<String>();
    for (var operation : ApiModel.operations().values()) {
      rows.add(row(operation));
    }
    var expected = HEAD + String.join("\n", rows) + "\n";
    if (Boolean.getBoolean("update.docs")) {
      Files.writeString(FILE, expected);
    }
    assertThat(Files.readString(FILE)).isEqualTo(expected);
  }

  private String row(ApiModel.Operation operation) {
    var refused = violations(operation);
    var reply = succeed(operation.name());
    assertThat(Validator.violations(operation.output(), reply)).as(operation.name()).isEmpty();
    var note = NOTES.getOrDefault(operation.name(), "model | ");
    return "| %s | %s | %d | %d of %d | %s | %s | %s |"
        .formatted(
            operation.name(),
            api.names().contains(operation.name()) ? "yes" : "no",
            refused,
            reply.size(),
            ApiModel.structure(operation.output()).size(),
            STATES.getOrDefault(operation.name(), "none"),
            String.join(", ", operation.errors()).replace("Exception", ""),
            note.strip())
        .replace("|  |", "| |");
  }

  /** Violates each constraint alone, and counts those that are refused; all must be. */
  private int violations(ApiModel.Operation operation) {
    var valid = request(operation.name());
    var count = 0;
    for (var member : ApiModel.structure(operation.input()).values()) {
      for (var bad : bad(member)) {
        var request = new LinkedHashMap<>(valid);
        request.remove(member.shortName());
        if (!bad.equals("absent")) {
          request.put(member.shortName(), bad);
        }
        var violation = "%s with %s = %s".formatted(operation.name(), member.name(), bad);
        assertThat(refusal(operation.name(), request)).as(violation).contains("validation error");
        count++;
      }
    }
    return count;
  }

  private String refusal(String operation, Map<String, Object> request) {
    try {
      return "accepted: " + api.run(operation, Json.text(request));
    } catch (Refused refused) {
      assertThat(refused.type()).isEqualTo("InvalidRequestException");
      return String.valueOf(refused.getMessage());
    }
  }

  private static List<Object> bad(ApiModel.Member member) {
    var bad = new ArrayList<Object>();
    if (member.required()) {
      bad.add("absent");
    }
    var length = member.length();
    if (member.type().equals("string")) {
      if (length.max() != null && length.max() < 100_000) {
        bad.add("a".repeat(length.max().intValue() + 1));
      }
      if (length.min() != null && length.min() > 0) {
        bad.add("");
      }
      if (!member.values().isEmpty() || (member.pattern() != null && !matches(member, "a /:b"))) {
        bad.add("a /:b");
      }
    }
    var range = member.range();
    if (range.max() != null) {
      bad.add(range.max() + 1);
    }
    if (range.min() != null) {
      bad.add(range.min() - 1);
    }
    return bad;
  }

  private static boolean matches(ApiModel.Member member, String text) {
    return member.violated(text) == null;
  }

  private Map<String, Object> succeed(String operation) {
    try {
      return api.run(operation, Json.text(request(operation)));
    } catch (Refused refused) {
      throw new AssertionError(operation, refused);
    }
  }

  /** A request that succeeds, in a world that has what it names. */
  private Map<String, Object> request(String operation) {
    api.reset();
    model.addWorkGroup("spark", SparkModel.PYSPARK_3, Map.of());
    model.addWorkGroup("connect", SparkModel.SPARK_35, Map.of());
    var start = AthenaTest.NOON.minusSeconds(600);
    var session = model.add(SessionSetup.in("spark").startedAt(start));
    var calculation =
        model.add(
            CalculationSetup.in(session)
                .description("sum")
                .course(Course.SHORT)
                .submittedAt(start));
    var connect = model.add(SessionSetup.in("connect").startedAt(start));
    var notebook = new Notebook(SparkModel.newId(), "n", "spark", "{}", start, start);
    model.notebooks().put(notebook.id(), notebook);
    var arn = "arn:aws:athena:us-east-1:123456789012:workgroup/spark/session/" + session;
    return switch (operation) {
      case "StartSession" -> Members.of("WorkGroup", "spark", "EngineConfiguration", Map.of());
      case "GetSessionEndpoint" -> Members.of("SessionId", connect);
      case "StartCalculationExecution" -> Members.of("SessionId", session, "CodeBlock", "1");
      case "GetCalculationExecution",
          "GetCalculationExecutionStatus",
          "GetCalculationExecutionCode",
          "StopCalculationExecution" ->
          Members.of("CalculationExecutionId", calculation);
      case "ListSessions", "GetWorkGroup", "UpdateWorkGroup" -> Members.of("WorkGroup", "spark");
      case "DeleteWorkGroup" -> Members.of("WorkGroup", "spark", "RecursiveDeleteOption", true);
      case "CreateWorkGroup" -> Members.of("Name", "new");
      case "ListWorkGroups", "ListEngineVersions", "ListApplicationDPUSizes" -> Map.of();
      case "CreateNotebook", "ListNotebookMetadata" ->
          Members.of("WorkGroup", "spark", "Name", operation.startsWith("C") ? "new" : null);
      case "ImportNotebook" ->
          Members.of("WorkGroup", "spark", "Name", "new", "Payload", "{}", "Type", "IPYNB");
      case "UpdateNotebook" ->
          Members.of("NotebookId", notebook.id(), "Payload", "{}", "Type", "IPYNB");
      case "UpdateNotebookMetadata" -> Members.of("NotebookId", notebook.id(), "Name", "new");
      case "GetNotebookMetadata", "DeleteNotebook", "ExportNotebook", "ListNotebookSessions" ->
          Members.of("NotebookId", notebook.id());
      case "TagResource" ->
          Members.of("ResourceARN", arn, "Tags", List.of(Map.of("Key", "a", "Value", "b")));
      case "UntagResource" -> Members.of("ResourceARN", arn, "TagKeys", List.of("a"));
      case "ListTagsForResource", "GetResourceDashboard" -> Members.of("ResourceARN", arn);
      default -> Members.of("SessionId", session);
    };
  }
}
