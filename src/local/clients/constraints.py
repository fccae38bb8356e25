"""Prints what Athena's service model demands of each member, for the operations of the local Athena.

The output is src/local/resources/io/github/athenasparklocal/athena-constraints.txt; drive.py compares the two.
"""
from botocore.session import Session

OPERATIONS = """StartSession GetSession GetSessionStatus ListSessions TerminateSession
    StartCalculationExecution StopCalculationExecution GetCalculationExecution GetCalculationExecutionStatus
    GetCalculationExecutionCode ListCalculationExecutions ListExecutors
    CreateWorkGroup ListWorkGroups GetWorkGroup ListTagsForResource TagResource UntagResource""".split()


def demands(shape, required):
    """What one member must be, in the words of the table."""
    words = ["required"] if required else []
    bounds = {k: v for k, v in shape.metadata.items() if k in ("min", "max")}
    if bounds:
        words.append("%s=%s..%s" % (
            "range" if shape.type_name in ("integer", "long") else "length",
            bounds.get("min", ""), bounds.get("max", "")))
    if getattr(shape, "enum", None):
        words.append("values=" + ",".join(shape.enum))
    if "pattern" in shape.metadata:
        words.append("pattern=" + shape.metadata["pattern"])  # the last word: it may hold spaces
    return words


def lines():
    model = Session().get_service_model("athena")
    seen, found = set(), []

    def member(name, shape, required):
        words = demands(shape, required)
        if words:
            found.append(" ".join([name] + words))
        if shape.type_name == "structure":
            structure(shape)
        elif shape.type_name == "list":
            member(name + "[]", shape.member, False)
        elif shape.type_name == "map":
            member(name + "{key}", shape.key, False)
            member(name + "{}", shape.value, False)

    def structure(shape):
        # AWS's Java SDK calls every request a Request, whatever the model calls it.
        owner = shape.name[:-5] + "Request" if shape.name.endswith("Input") else shape.name
        if owner in seen:
            return
        seen.add(owner)
        for name, inner in shape.members.items():
            member(owner + "." + name, inner, name in shape.required_members)

    for operation in OPERATIONS:
        structure(model.operation_model(operation).input_shape)
    return found


if __name__ == "__main__":
    print("\n".join(lines()))
