"""Prints what Athena's API model says of the Spark operations, as the local Athena's table has it.

The table is src/local/resources/io/github/athenasparklocal/athena-model.txt. With --check it compares the two.
"""
import pathlib
import sys

from botocore.session import Session

OPERATIONS = """StartSession GetSession GetSessionStatus GetSessionEndpoint ListSessions TerminateSession
    StartCalculationExecution StopCalculationExecution GetCalculationExecution GetCalculationExecutionStatus
    GetCalculationExecutionCode ListCalculationExecutions ListExecutors
    CreateNotebook ListNotebookMetadata GetNotebookMetadata UpdateNotebook UpdateNotebookMetadata DeleteNotebook
    ExportNotebook ImportNotebook CreatePresignedNotebookUrl ListNotebookSessions
    CreateWorkGroup ListWorkGroups GetWorkGroup UpdateWorkGroup DeleteWorkGroup
    ListTagsForResource TagResource UntagResource
    ListEngineVersions ListApplicationDPUSizes GetResourceDashboard""".split()
TABLE = pathlib.Path(__file__).parents[1] / "resources/io/github/athenasparklocal/athena-model.txt"


def words(shape, required):
    """What a member is, and what it must be."""
    found = [shape.name if shape.type_name == "structure" else shape.type_name]
    if required:
        found.append("required")
    if "min" in shape.metadata or "max" in shape.metadata:
        kind = "range" if shape.type_name in ("integer", "long") else "length"
        found.append("%s=%s..%s" % (kind, shape.metadata.get("min", ""), shape.metadata.get("max", "")))
    if getattr(shape, "enum", None):
        found.append("values=" + ",".join(shape.enum))
    if "pattern" in shape.metadata:
        found.append("pattern=" + shape.metadata["pattern"])  # the last word: it may hold spaces
    return found


def lines():
    model = Session().get_service_model("athena")
    seen, found = set(), []

    def member(name, shape, required):
        found.append(" ".join([name] + words(shape, required)))
        if shape.type_name == "structure":
            structure(shape)
        elif shape.type_name == "list":
            member(name + "[]", shape.member, False)
        elif shape.type_name == "map":
            member(name + "{key}", shape.key, False)
            member(name + "{}", shape.value, False)

    def structure(shape):
        if shape.name not in seen:
            seen.add(shape.name)
            for name, inner in shape.members.items():
                member(shape.name + "." + name, inner, name in shape.required_members)

    for name in OPERATIONS:
        operation = model.operation_model(name)
        errors = ",".join(error.name for error in operation.error_shapes)
        found.append(" ".join(["operation", name, operation.input_shape.name, operation.output_shape.name, errors]))
        structure(operation.input_shape)
        structure(operation.output_shape)
    return found


if __name__ == "__main__":
    if "--check" not in sys.argv:
        print("\n".join(lines()))
    else:
        drift = sorted(set(TABLE.read_text().splitlines()) ^ set(lines()))
        print(*(drift or ["The table agrees with this botocore's API model."]), sep="\n")
        sys.exit(1 if drift else 0)
