"""Deploys the template on this machine.

SAM's translator expands it. moto's CloudFormation makes the types that it knows, with every reference put in, since it
resolves few of them. Versions, aliases and the dashboard are made by hand, as CloudFormation would. The rest is named in
the report and not made.
"""

import importlib.util
import io
import json
import os
import re
import time
import uuid
import zipfile

import boto3

from ..stack import Stack
from ..template import ROOT
from .gateway import ACCOUNT, REGION

# Each type with its property for a name, in the order in which moto makes them: a function needs its role, a rule its bus.
BY_CLOUDFORMATION = {
    "AWS::IAM::Role": "RoleName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Events::EventBus": "Name",
    "AWS::Events::Rule": "Name",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::Lambda::Function": "FunctionName",
}
BY_HAND = {"AWS::Lambda::Version", "AWS::Lambda::Alias", "AWS::CloudWatch::Dashboard"}
REFERENCE = re.compile(r"\$\{([^!}]+)}")


def translator():
    """The module that expands the template and puts in parameters and conditions."""
    spec = importlib.util.spec_from_file_location("extremes", ROOT / "src/test/sam/extremes.py")
    module = importlib.util.module_from_spec(spec)
    before = os.getcwd()
    os.chdir(ROOT)
    try:
        spec.loader.exec_module(module)
    finally:
        os.chdir(before)
    return module


class Resources:
    """The resources of a translated template, with their names in this account."""

    def __init__(self, translated, stack_name, generation, moto):
        self.all, self._stack, self._generation, self._moto = translated, stack_name, generation, moto

    def name(self, logical_id):
        """The name of a resource: the template's, or a generated one."""
        kind, properties = self.all[logical_id]["Type"], self.all[logical_id].get("Properties", {})
        given = properties.get(BY_CLOUDFORMATION.get(kind))
        return self.resolve(given) if given else f"{self._stack}-{logical_id}-{self._generation}"

    def ref(self, logical_id):
        """What Ref gives, which is the physical ID."""
        kind, name = self.all[logical_id]["Type"], self.name(logical_id)
        if kind == "AWS::SQS::Queue":
            return f"{self._moto}/{ACCOUNT}/{name}"
        if kind in ("AWS::SNS::Topic", "AWS::Lambda::Alias"):
            return self.arn(logical_id)
        return name

    def arn(self, logical_id):
        """The ARN of a resource."""
        each = self.all[logical_id]
        kind, name, properties = each["Type"], self.name(logical_id), each.get("Properties", {})
        if kind == "AWS::Lambda::Alias":
            return f"{self.arn(properties['FunctionName']['Ref'])}:{properties['Name']}"
        service = kind.split("::")[1].lower()
        if kind == "AWS::IAM::Role":
            return f"arn:aws:iam::{ACCOUNT}:role/{name}"
        if kind == "AWS::Events::Rule":
            name = f"{self.resolve(properties['EventBusName'])}/{name}"
        prefix = {
            "AWS::Events::EventBus": "event-bus/",
            "AWS::Events::Rule": "rule/",
            "AWS::Logs::LogGroup": "log-group:",
            "AWS::Lambda::Function": "function:",
        }.get(kind, "")
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{prefix}{name}"

    def attribute(self, logical_id, key):
        """What Fn::GetAtt gives."""
        return self.arn(logical_id) if key == "Arn" else self.name(logical_id)

    def resolve(self, node):
        """A node with every reference put in."""
        if isinstance(node, list):
            return [self.resolve(item) for item in node]
        if not isinstance(node, dict):
            return node
        if len(node) != 1 or not (next(iter(node)) == "Ref" or next(iter(node)).startswith("Fn::")):
            return {key: self.resolve(value) for key, value in node.items()}
        ((kind, of),) = node.items()
        if kind == "Ref":
            return self.ref(of)
        if kind == "Fn::GetAtt":
            return self.attribute(*(of if isinstance(of, list) else of.split(".", 1)))
        if kind == "Fn::Sub":
            text, own = of if isinstance(of, list) else (of, {})
            own = self.resolve(own)
            return REFERENCE.sub(lambda found: str(own[found[1]]) if found[1] in own else self._substituted(found[1]), text)
        if kind == "Fn::Select":
            return self.resolve(of[1])[int(of[0])]
        if kind == "Fn::Split":
            return self.resolve(of[1]).split(of[0])
        if kind == "Fn::Join":
            return of[0].join(map(str, self.resolve(of[1])))
        raise NotImplementedError(kind)

    def _substituted(self, name):
        logical_id, _, key = name.partition(".")
        return self.attribute(logical_id, key) if key else self.ref(logical_id)


class LocalStack(Stack):
    """A stack whose functions run on this machine."""

    # Set once the world is there.
    moto = runtime = extremes = None
    # A fault: a changed description makes no version.
    ignores_descriptions = False

    def __init__(self, aws, ledger, pace, name, bucket, packaged=None):
        super().__init__(aws, ledger, pace, name, bucket, packaged)
        self._made, self._generation = None, ""
        # Function to (logical ID, description) and to number of its newest version.
        self._described, self._versions = {}, {}

    def deploy(self, parameters):
        """What is no parameter of the template, but a variable of the functions, is set here nevertheless: nobody wants to wait."""
        for name in set(parameters) - set(self.template.parameters):
            self.runtime.variables[re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()] = str(parameters[name])
        super().deploy(parameters)

    def _client(self, service):
        return boto3.client(service, endpoint_url=self.moto, region_name=REGION, aws_access_key_id="moto", aws_secret_access_key="local")

    def _deploy(self):
        exists = self.status()
        if not exists:
            self._generation = uuid.uuid4().hex[:6]
        self.extremes.PSEUDO.update(
            {"AWS::StackName": self.name, "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{self.name}/{self._generation}"}
        )
        defaults = {name: str(each.get("Default", "")) for name, each in self.template.parameters.items()}
        translated = self.extremes.translate({**defaults, **self._parameters})
        self._made = made = Resources(translated["Resources"], self.name, self._generation, self.moto)
        body = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {}, "Outputs": made.resolve(translated["Outputs"])}
        for kind in BY_CLOUDFORMATION:
            for name in (name for name, each in made.all.items() if each["Type"] == kind):
                properties = {**made.resolve(made.all[name].get("Properties", {})), BY_CLOUDFORMATION[kind]: made.name(name)}
                body["Resources"][name] = {"Type": kind, "Properties": properties}
                if "Retain" in str(made.all[name].get("DeletionPolicy")):
                    body["Resources"][name]["DeletionPolicy"] = "Retain"
        self._put_package()
        client = self._client("cloudformation")
        (client.update_stack if exists else client.create_stack)(
            StackName=self.name, TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_IAM"]
        )
        self._configure()
        self._publish()
        self._point()

    def _of_type(self, kind):
        return [(name, self._made.resolve(each["Properties"])) for name, each in self._made.all.items() if each["Type"] == kind]

    def _put_package(self):
        """moto wants a package; the functions run out of target/classes."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("README", "The functions run out of target/classes.")
        s3 = self._client("s3")
        if "bucket" not in {each["Name"] for each in s3.list_buckets()["Buckets"]}:
            s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="package", Body=packed.getvalue())

    def _configure(self):
        for name, properties in self._of_type("AWS::Lambda::Function"):
            # moto's CloudFormation updates no function.
            self._client("lambda").update_function_configuration(FunctionName=self._made.name(name), Environment=properties["Environment"])
            self.runtime.know(self._made.name(name), properties)
        for name, properties in self._of_type("AWS::CloudWatch::Dashboard"):
            self._client("cloudwatch").put_dashboard(DashboardName=self._made.name(name), DashboardBody=properties["DashboardBody"])

    def _publish(self):
        """A new version for each AWS::Lambda::Version whose logical ID or description is new, as CloudFormation would."""
        before, self._described = self._described, {}
        for name, properties in self._of_type("AWS::Lambda::Version"):
            function, description = properties["FunctionName"], properties.get("Description", "")
            self._described[function] = (name, description)
            if self.ignores_descriptions and function in before:
                self._described[function] = before[function]
            elif before.get(function) != (name, description):
                self._versions[function] = self._client("lambda").publish_version(FunctionName=function, Description=description)["Version"]
                self.runtime.start(function, self._versions[function])

    def _point(self):
        client = self._client("lambda")
        for _, properties in self._of_type("AWS::Lambda::Alias"):
            function, alias = properties["FunctionName"], properties["Name"]
            known = {found["Name"] for found in client.list_aliases(FunctionName=function)["Aliases"]}
            (client.update_alias if alias in known else client.create_alias)(
                FunctionName=function, Name=alias, FunctionVersion=self._versions[function]
            )

    def _list_resources(self):
        """All of the template's: moto's CloudFormation does not know what is made by hand or not at all."""
        super()._list_resources()
        return {name: (each["Type"], self._made.ref(name)) for name, each in self._made.all.items()}

    def not_made(self):
        """The types that are not made on this machine."""
        return sorted({each["Type"] for each in self._made.all.values()} - BY_HAND - set(BY_CLOUDFORMATION))

    def enabled_rules(self, bus):
        """The rules of a bus that are enabled, with their targets."""
        events = self._client("events")
        rules = events.list_rules(EventBusName=bus)["Rules"]
        return [
            (rule, events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"])
            for rule in rules
            if rule["State"] == "ENABLED"
        ]

    def is_braked(self, function):
        """Whether a function, by its name or ARN, has a reserved concurrency of 0."""
        name = function.split(":")[6] if function.startswith("arn:") else function.split(":")[0]
        return self._client("lambda").get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions") == 0

    def park(self, event):
        """Queues an event that the stop function did not run, in Lambda's record."""
        record = {
            "version": "1.0",
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
            "requestContext": {"condition": "ZeroReservedConcurrency", "approximateInvokeCount": 0},
            "requestPayload": event,
        }
        self._client("sqs").send_message(QueueUrl=self.physical_id("FailedOrders"), MessageBody=json.dumps(record))

    def routes(self):
        """The routes of the HTTP API: method, path and the ARN that they invoke."""
        found = []
        for name, properties in self.template.functions().items():
            for event in properties.get("Events", {}).values():
                if event["Type"] == "HttpApi":
                    arn = f"{self._made.arn(name)}:{properties['AutoPublishAlias']}"
                    found.append((event["Properties"]["Method"].upper(), event["Properties"]["Path"], arn))
        return found

    def delete(self):
        super().delete()
        self._described, self._versions = {}, {}
