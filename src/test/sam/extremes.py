#!/usr/bin/env python3
"""Translates template.yaml and the templates of hub/ with SAM's own translator, once for each relevant value of each parameter.

Each translation, with its values inserted, must pass cfn-lint. If a value changes the configuration of a function that
has versions, the translation must have a new version, and only then. AWS services must invoke only the alias "live" of
the stop function, and the alias "direct" must have the same version. Nothing in the hub may be able to stop anything.
"""
import json
import logging
import multiprocessing
import os
import pathlib
import re
import sys

from cfnlint.api import ManualArgs, lint
from samcli.vendor.serverlessrepo.parser import get_app_metadata
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
HUB = sorted(pathlib.Path("hub").glob("*.yaml"))
# Values for parameters that only a pattern bounds: shortest, longest and unusual ones.
SAMPLES = {
    "WorkGroupPattern": ["*", "team-?_.*", "w" * 128],
    "NotificationEmail": ["", "a@b.c", "first.last+" + "x" * 60 + "@example.com"],
    "OwnerTag": ["o", "Cost Centre", "o" * 128],
    "UsdPerDpuHour": ["0", "99.9999", "100"],
    "AlarmTopicArn": ["", "arn:aws:sns:us-east-1:123456789012:alarms", "arn:aws-us-gov:sns:us-gov-east-1:123456789012:" + "a" * 256],
    "HubBusArn": ["", "arn:aws:events:eu-west-1:210987654321:event-bus/hub", "arn:aws-us-gov:events:us-gov-east-1:123456789012:event-bus/" + "b" * 256],
    "OrganizationId": ["o-a1b2c3d4e5", "o-" + "z" * 32],
    "GuardRegions": ["us-east-1", "us-east-1,eu-west-1,ap-southeast-2,us-gov-west-1"],
    "SinkArn": ["arn:aws:oam:us-east-1:210987654321:sink/" + "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"],
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
            for each in value.split(",") if declared["Type"] == "CommaDelimitedList" else [value]:
                assert re.search(declared["AllowedPattern"], each), f"{name} does not take {value!r}"
            assert len(value) <= declared.get("MaxLength", 4096), f"{name} does not take {value!r}"
    return [str(value) for value in values]


def translate(values, text=None):
    template = yaml_parse(text or TEMPLATE)
    declared, rules = template["Parameters"], template.get("Conditions", {})
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": "bucket", "Key": "package"}
    translated = transform(template, dict(values), NoManagedPolicies())
    conditions = {name: holds(rule, values, rules) for name, rule in translated.pop("Conditions", {}).items()}
    translated.setdefault("Outputs", {})
    for section in ("Resources", "Outputs"):
        translated[section] = {
            key: value
            for key, value in translated[section].items()
            if conditions.get(value.pop("Condition", None), True)
        }
    lists = {name: values[name].split(",") for name, of in declared.items() if of["Type"] == "CommaDelimitedList"}
    known = {**PSEUDO, **values, **lists}
    for section in ("Resources", "Outputs"):
        translated[section] = put_in(translated[section], known, conditions)
    for section in ("Parameters", "Metadata", *([] if translated["Outputs"] else ["Outputs"])):
        translated.pop(section, None)
    return json.loads(json.dumps(translated))


def holds(rule, values, rules):
    (kind, of), = rule.items()
    if kind == "Condition":
        return holds(rules[of], values, rules)
    if kind == "Fn::Not":
        return not holds(of[0], values, rules)
    if kind == "Fn::And":
        return all(holds(each, values, rules) for each in of)
    if kind == "Fn::Or":
        return any(holds(each, values, rules) for each in of)
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


def wrong_with_hub(title, values, text):
    translated = translate(values, text)
    for found in lint(json.dumps(translated), config=ManualArgs(regions=[REGION])):
        yield f"{title}: {found.rule.id} {found.message}"
    dashboards = [of["Properties"]["DashboardBody"] for of in translated["Resources"].values() if of["Type"] == "AWS::CloudWatch::Dashboard"]
    for body in dashboards:
        text, own = body["Fn::Sub"]
        for key, joined in own.items():
            text = text.replace("${%s}" % key, joined["Fn::Join"][0].join(joined["Fn::Join"][1]))
        regions = json.loads(text.replace("${!", "${"))["variables"][0]["values"]
        if [of["value"] for of in regions] != values["GuardRegions"].split(","):
            yield f"{title}: the dashboard has the Regions {regions}"
    # What stops: the stop function, Athena, and an event on a guard's bus. The hub's only PutEvents are those that its bus admits.
    text = json.dumps({name: of for name, of in translated["Resources"].items() if of["Type"] != "AWS::Events::EventBus"})
    for power in ("AWS::Lambda", "lambda:", "athena:", "events:PutEvents", "AWS::IAM::Role", "RoleArn"):
        if power in text:
            yield f"{title}: the hub has {power}"


def wrong_with_all(title, values, usual, text):
    return wrong_with(title, values, usual) if text is None else list(wrong_with_hub(title, values, text))


def main():
    # What "sam publish" requires, by its own reader.
    get_app_metadata(yaml_parse(TEMPLATE)).validate(["author", "description", "name"])
    wrong = 0
    with multiprocessing.Pool() as pool:
        # Those that are named, or all.
        for file in [None if name == "template.yaml" else pathlib.Path(name) for name in sys.argv[1:]] or [None, *HUB]:
            text = file.read_text() if file else None
            declared = yaml_parse(text or TEMPLATE)["Parameters"]
            defaults = {name: str(of.get("Default", SAMPLES.get(name, [""])[0])) for name, of in declared.items()}
            usual = translate(defaults, text)
            longest = {name: max(values_of(name, of), key=len) for name, of in declared.items()}
            trials = [("defaults", defaults), ("the longest of all", longest)]
            trials += [(f"{name}={value}", {**defaults, name: value}) for name, of in declared.items() for value in values_of(name, of)]
            found = sum(pool.starmap(wrong_with_all, [(title, values, usual, text) for title, values in trials]), [])
            print(*found, sep="\n", end="\n" if found else "")
            print(f"{file or 'template.yaml'}: {len(declared)} parameters, {len(trials)} translations, {len(found)} wrong")
            wrong += len(found)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
