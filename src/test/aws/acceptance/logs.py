"""The guard's log, as CloudWatch Logs has it."""

import json
import time

from .errors import Unexpected


class Logs:
    """Reads log groups; each line of the guard's is a JSON object."""

    def __init__(self, aws, pace):
        self.client, self.pace = aws.client("logs"), pace

    def lines(self, group, since):
        """Every JSON line since an instant in seconds, oldest first."""
        found, more = [], {}
        while True:
            page = self.client.filter_log_events(logGroupName=group, startTime=int(since * 1000), **more)
            for event in page["events"]:
                try:
                    line = json.loads(event["message"])
                except ValueError:
                    continue
                if isinstance(line, dict):
                    found.append(line)
            if not page.get("nextToken"):
                return found
            more = {"nextToken": page["nextToken"]}

    def find(self, group, since, wanted, seconds=None, **keys):
        """Waits for lines with these keys and gives as many as wanted; fails when they do not come."""
        seconds = self.pace.log_seconds if seconds is None else seconds
        end = time.monotonic() + seconds
        while True:
            found = [line for line in self.lines(group, since) if all(line.get(key) == value for key, value in keys.items())]
            if len(found) >= wanted:
                return found
            if time.monotonic() > end:
                raise Unexpected(
                    f"log group {group} has {len(found)} and not {wanted} lines with {json.dumps(keys)} after {seconds} seconds"
                )
            time.sleep(self.pace.poll)

    def line(self, group, since, seconds=None, **keys):
        """Waits for one line with these keys."""
        return self.find(group, since, 1, seconds, **keys)[0]
