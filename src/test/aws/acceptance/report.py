"""The report, for people and for programs."""

import json
import pathlib
import subprocess

from .claims import CLAIMS
from .template import ROOT


def revision():
    """The commit that is checked, with a plus where the tree has changes."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty=+"], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        )
        return done.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def count(results):
    """Such as "20 passed, 1 failed"."""
    kinds = [result.result for result in results]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))


def as_json(head, results, left):
    """Everything, as one object."""
    steps = [
        {
            "name": each.step.name,
            "title": each.step.title,
            "expected": each.step.expects,
            "claims": list(each.step.claims),
            "result": each.result,
            "reason": each.reason,
            "seconds": each.seconds,
            "facts": each.facts,
            "calls": each.calls,
        }
        for each in results
    ]
    settled = {
        claim: sorted({each.step.name for each in results if claim in each.step.claims and each.result == "passed"}) for claim in CLAIMS
    }
    return {**head, "summary": count(results), "steps": steps, "claims_settled_by": settled, "left_behind": left}


def fenced(text, language):
    """A block that no text inside it can end."""
    return f"~~~~~~{language}\n{text}\n~~~~~~\n"


def as_markdown(whole):
    """The same for people."""
    lines = [f"# Acceptance run of Athena Calculation Guard\n\n{whole['summary']}.\n"]
    lines += [
        f"* {name.replace('_', ' ')}: {value}" for name, value in whole.items() if isinstance(value, (str, float)) and name != "summary"
    ]
    lines.append("\n| Step | Result | Seconds | Why |\n|---|---|---|---|")
    for each in whole["steps"]:
        reason = each["reason"].replace("|", "\\|")
        lines.append(f"| `{each['name']}` | {each['result']} | {each['seconds']} | {reason} |")
    if whole["left_behind"]:
        lines.append("\n## Not deleted: delete these by hand\n")
        lines += [f"* {line}" for line in whole["left_behind"]]
    for each in whole["steps"]:
        if each["result"] == "not reached":
            continue
        lines.append(
            f"\n## {each['name']}: {each['title']}\n\nExpected: {each['expected']}\n\nResult: **{each['result']}**. {each['reason']}\n"
        )
        if each["claims"]:
            lines.append("About: " + ", ".join(f"`{claim}`" for claim in each["claims"]) + "\n")
        for name, value in each["facts"].items():
            lines.append(f"{name}:\n\n" + fenced(value if isinstance(value, str) else json.dumps(value, indent=2), "json"))
        if each["calls"]:
            lines.append(f"<details><summary>{len(each['calls'])} answers of AWS, verbatim</summary>\n")
            for call in each["calls"]:
                title = f"{call['call']} {json.dumps(call['parameters'])}\nstatus {call['status']}, {call['millis']} ms, {call['times']} times alike"
                lines.append(fenced(title + "\n" + call["answer"], "text"))
            lines.append("</details>\n")
    return "\n".join(lines) + "\n"


def write(folder, head, results, left, stem="acceptance-report"):
    """Writes both files. Gives the one in Markdown."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    whole = as_json(head, results, left)
    (folder / f"{stem}.json").write_text(json.dumps(whole, indent=2) + "\n")
    file = folder / f"{stem}.md"
    file.write_text(as_markdown(whole))
    return file
