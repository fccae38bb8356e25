"""Steps: the dashboard's page and its Stop button."""

import html
import json
import re

from .errors import expect
from .steps import step
from .template import ROOT

ACTION = re.compile(r"<cwdb-action\b([^>]*)>(.*?)</cwdb-action>", re.DOTALL)
ENDPOINT = re.compile(r'endpoint="([^"]*)"')


def widget_event(run):
    """The event that CloudWatch sends for the page."""
    event = json.loads((ROOT / "events/widget.json").read_text())
    event["widgetContext"]["accountId"] = run.aws.account
    return event


def endpoint_of_dashboard(run):
    """The function that the dashboard calls for its page."""
    kinds = {kind: physical_id for kind, physical_id in run.stack.resources().values()}
    expect("AWS::CloudWatch::Dashboard" in kinds, "the stack has no dashboard")
    body = json.loads(run.aws.client("cloudwatch").get_dashboard(DashboardName=kinds["AWS::CloudWatch::Dashboard"])["DashboardBody"])
    custom = [widget["properties"]["endpoint"] for widget in body["widgets"] if widget["type"] == "custom"]
    expect(len(custom) == 1, f"the dashboard has {len(custom)} custom widgets")
    return custom[0]


@step(
    "page",
    "The dashboard's page shows what runs, and its Stop button stops it",
    "The page names the calculation that runs; its Stop button calls the stop function's alias for people, and calling that as CloudWatch does cancels the calculation.",
    ["page-in-dashboard", "stop-button"],
)
def page(run):
    work = run.spark.start("spark", description="acceptance: the Stop button")
    try:
        text = run.invoke(endpoint_of_dashboard(run), widget_event(run), "the page")
        expect(isinstance(text, str) and work.calculation_id in text, "the page does not name the calculation that runs")
        actions = [(ENDPOINT.search(head), json.loads(html.unescape(body))) for head, body in ACTION.findall(text)]
        buttons = [(endpoint, body) for endpoint, body in actions if work.calculation_id in json.dumps(body)]
        expect(buttons and buttons[0][0], "the page has no Stop button for the calculation")
        endpoint, body = html.unescape(buttons[0][0][1]), buttons[0][1]
        run.note("endpoint of the Stop button", endpoint)
        run.note("payload of the Stop button", body)
        expect(endpoint == run.stack.output("StopFunctionArn"), "the Stop button does not call the alias of the output StopFunctionArn")
        since = run.since()
        run.invoke(endpoint, {**body, "widgetContext": widget_event(run)["widgetContext"]}, "what the viewer sees after a click")
        line = run.logs.line(run.stack.log_group("StopHandler"), since, event="stop", calculation_id=work.calculation_id)
        run.note("log line", line)
        expect(line["outcome"] in ("CANCELED", "CANCELING"), f"the outcome is {line['outcome']}")
        looks = run.spark.watch(work)
        run.note("looks after the click", looks)
        expect(looks[-1]["state"] in ("CANCELED", "STOPPED"), f"Athena says {looks[-1]['state']}")
    finally:
        run.spark.free(work)
