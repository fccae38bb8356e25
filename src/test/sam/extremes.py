#!/usr/bin/env python3
"""Translates template.yaml with SAM's own translator, once for each relevant value of each parameter.

Each translation, with its values inserted, must pass cfn-lint. If a value changes the configuration of a function that
has versions, the translation must have a new version, and only then. AWS services must invoke only the alias "live" of
the stop function, and the alias "direct" must have the same version.
"""
import json
import logging
import multiprocessing
import os
import pathlib
import re
import sys

from cfnlint.api import ManualArgs, lint
from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

REGION = "us-east-1"
logging.getLogger("samtranslator").setLevel(logging.ERROR)  # It warns about metrics that are not needed.
os.environ["AWS_DEFAULT_REGION"] = REGION  # SAM requires one.
TEMPLATE = pathlib.Path("template.yaml").read_text()
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/guard/1",
    "AWS::StackName": "guard",
    "AWS::URLSuffix": "amazonaws.com",
}
CONDITIONS = yaml_parse(TEMPLATE)["Conditions"]
# Values for parameters that only a pattern bounds: shortest, longest and unusual ones.
SAMPLES = {
    "WorkGroupPattern": ["*", "team-?_.*", "w" * 128],
    "NotificationEmail": ["", "a@b.c", "first.last+" + "x" * 60 + "@example.com"],
    "OwnerTag": ["o", "Cost Centre", "o" * 128],
    "UsdPerDpuHour": ["0", "99.9999", "100"],
    "AlarmTopicArn": ["", "arn:aws:sns:us-east-1:123456789012:alarms", "arn:aws-us-gov:sns:us-gov-east-1:123456789012:" + "a" * 256],
    "ScheduleExpression": ["rate(1 minute)", "cron(0/10 7-19 ? * MON-FRI *)"],
    "ScheduleTimezone": ["UTC", "America/Argentina/ComodRivadavia"],
}


class NoManagedPolicies:
    def load(self):
        return {}


def values_of(name, declared):
    values = SAMPLES.get(name) or declared.get("AllowedValues") or [declared["MinValue"], declared["MaxValue"]]
    if declared["Type"] == "Number":
        values = [values[0], values[-1]]
    if "AllowedPattern" in declared:
        for value in values:
            assert re.search(declared["AllowedPattern"], value), f"{name} does not take {value!r}"
            assert len(value) <= declared.get("MaxLength", 4096), f"{name} does not take {value!r}"
    return [str(value) for value in values]


def translate(values):
    template = yaml_parse(TEMPLATE)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": "bucket", "Key": "package"}
    translated = transform(template, dict(values), NoManagedPolicies())
    conditions = {name: holds(rule, values) for name, rule in translated.pop("Conditions").items()}
    for section in ("Resources", "Outputs"):
        translated[section] = {
            key: value
            for key, value in translated[section].items()
            if conditions.get(value.pop("Condition", None), True)
        }
    known = {**PSEUDO, **values}
    for section in ("Resources", "Outputs"):
        translated[section] = put_in(translated[section], known, conditions)
    del translated["Parameters"], translated["Metadata"]
    return json.loads(json.dumps(translated))


def holds(rule, values):
    (kind, of), = rule.items()
    if kind == "Condition":
        return holds(CONDITIONS[of], values)
    if kind == "Fn::Not":
        return not holds(of[0], values)
    if kind == "Fn::And":
        return all(holds(each, values) for each in of)
    if kind == "Fn::Or":
        return any(holds(each, values) for each in of)
    assert kind == "Fn::Equals", kind
    return len({put_in(side, values, {}) for side in of}) == 1


NOTHING = object()


def put_in(node, known, conditions):
    if isinstance(node, list):
        items = [put_in(item, known, conditions) for item in node]
        return [item for item in items if item is not NOTHING]
    if not isinstance(node, dict):
        return node
    if set(node) == {"Ref"}:
        return NOTHING if node["Ref"] == "AWS::NoValue" else known.get(node["Ref"], node)
    if set(node) == {"Fn::If"}:
        condition, then, otherwise = node["Fn::If"]
        return put_in(then if conditions[condition] else otherwise, known, conditions)
    if set(node) == {"Fn::Sub"}:
        text, own = node["Fn::Sub"] if isinstance(node["Fn::Sub"], list) else (node["Fn::Sub"], {})
        text = re.sub(r"\$\{([^!}]+)}", lambda found: str(known.get(found[1], found[0])), text)
        own = put_in(own, known, conditions)
        if "${" not in text:
            return text
        return {"Fn::Sub": [text, own] if own else text}
    pairs = {key: put_in(value, known, conditions) for key, value in node.items()}
    return {key: value for key, value in pairs.items() if value is not NOTHING}


def configurations(translated):
    """What each function runs with: all of it, since a version holds all of it."""
    return {
        name: {key: value for key, value in resource["Properties"].items() if key not in ("Role", "Tags")}
        for name, resource in translated["Resources"].items()
        if resource["Type"] == "AWS::Lambda::Function"
    }


def versions(translated):
    return {
        resource["Properties"]["FunctionName"]["Ref"]: resource["Properties"]["Description"]
        for resource in translated["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Version"
    }


def channels(translated):
    """What is wrong with the aliases of the stop function and with who invokes which."""
    resources = translated["Resources"]
    aliases = {name: of["Properties"] for name, of in resources.items() if of["Type"] == "AWS::Lambda::Alias"}
    if {of["Name"] for of in aliases.values()} != {"live", "direct"}:
        yield f"the aliases are {aliases}"
    if len({json.dumps(of["FunctionVersion"]) for of in aliases.values()}) != 1:
        yield "the aliases have different versions"
    live, = (name for name, of in aliases.items() if of["Name"] == "live")
    services = ("AWS::Events::Rule", "AWS::Scheduler::Schedule", "AWS::Lambda::Permission", "AWS::ApiGatewayV2::Api")
    invoking = {name: json.dumps(of) for name, of in resources.items() if of["Type"] in services}
    stopping = {name for name, of in invoking.items() if "StopFunction" in name or of.count("StopFunction")}
    for name in sorted(stopping):
        if f'"{live}"' not in invoking[name] and f"${{{live}}}" not in invoking[name]:
            yield f"{name} does not invoke the alias live"
        if re.search(r'"(StopFunction|DirectAlias)"|\$\{(StopFunction|DirectAlias)[.}]', invoking[name]):
            yield f"{name} invokes another alias than live"
    # The API with a permission for each of its four routes, three rules with one each, and the schedule, which has a role.
    if len(stopping) != 12:
        yield f"these invoke the stop function: {sorted(stopping)}"


def wrong_with(title, values, usual):
    translated = translate(values)
    wrong = [f"{title}: {problem}" for problem in channels(translated)]
    wrong += [
        f"{title}: {found.rule.id} {found.message}"
        for found in lint(json.dumps(translated), config=ManualArgs(regions=[REGION]))
    ]
    for function, description in versions(translated).items():
        if len(description) > 256:
            wrong.append(f"{title}: the version of {function} has a description of {len(description)} characters")
        changed = configurations(translated)[function] != configurations(usual)[function]
        if changed and description == versions(usual)[function]:
            wrong.append(f"{title}: {function} changes without a new version")
        if not changed and description != versions(usual)[function]:
            wrong.append(f"{title}: {function} has a new version without a change")
    return wrong


def main():
    declared = yaml_parse(TEMPLATE)["Parameters"]
    defaults = {name: str(of.get("Default", SAMPLES.get(name, [""])[0])) for name, of in declared.items()}
    usual = translate(defaults)
    longest = {name: max(values_of(name, of), key=len) for name, of in declared.items()}
    trials = [("defaults", defaults), ("the longest of all", longest)]
    trials += [
        (f"{name}={value}", {**defaults, name: value}) for name, of in declared.items() for value in values_of(name, of)
    ]
    with multiprocessing.Pool() as pool:
        wrong = sum(pool.starmap(wrong_with, [(title, values, usual) for title, values in trials]), [])
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"{len(declared)} parameters, {len(trials)} translations, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
