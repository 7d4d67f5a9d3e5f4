"""Syncs a company with the Singer tap and compares the number of records."""

import contextlib
import datetime
import io
import json
import os
import sys
import tempfile

import tap_quickbooks
import tap_quickbooks.client
from tap_quickbooks.streams import BATCH_STREAMS

BASE = os.environ["BASE_URL"]
tap_quickbooks.client.PROD_ENDPOINT_BASE = BASE
tap_quickbooks.client.SANDBOX_ENDPOINT_BASE = BASE
tap_quickbooks.client.TOKEN_REFRESH_URL = BASE + "/oauth2/v1/tokens/bearer"


def tap(folder, start, *more):
    """Runs the tap and gives back its output, message by message."""
    config = os.path.join(folder, "config.json")
    if not os.path.exists(config):
        with open(config, "w", encoding="utf-8") as file:
            json.dump(
                {
                    "user_agent": "conformance check",
                    "realm_id": os.environ["REALM"],
                    "client_id": os.environ["CLIENT_ID"],
                    "client_secret": os.environ["CLIENT_SECRET"],
                    "refresh_token": os.environ["REFRESH_TOKEN"],
                    "start_date": start,
                    "sandbox": False,
                },
                file,
            )
    else:  # the tap has written new tokens into it
        with open(config, encoding="utf-8") as file:
            settings = json.load(file)
        with open(config, "w", encoding="utf-8") as file:
            json.dump({**settings, "start_date": start}, file)
    sys.argv = ["tap-quickbooks", "--config", config, *more]
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        tap_quickbooks.main()
    return output.getvalue()


def selected(catalog, wanted):
    """The catalog with exactly these streams chosen."""
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if entry["breadcrumb"] == []:
                entry["metadata"]["selected"] = wanted(stream["tap_stream_id"])
    return catalog


def main():
    """Exits with 1 when anything differs."""
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        early = "2000-01-01T00:00:00Z"
        catalog = json.loads(tap(folder, early, "--discover"))
        path = os.path.join(folder, "catalog.json")

        def sync(start, wanted):
            with open(path, "w", encoding="utf-8") as file:
                json.dump(selected(catalog, wanted), file)
            lines = tap(folder, start, "--catalog", path).splitlines()
            return [json.loads(line) for line in lines if line.startswith("{")]

        messages = sync(early, lambda stream: stream != "profit_loss_report")
        found = {}
        for message in messages:
            if message["type"] == "RECORD":
                ids = found.setdefault(message["stream"], set())
                ids.add(message["record"]["Id"])
        expected = json.loads(os.environ["COUNTS"])
        compared = 0
        for name, stream in BATCH_STREAMS.items():
            count = expected.get(stream.table_name, 0)
            compared += count > 0
            if len(found.get(name, ())) != count:
                wrong.append(f"{name}: {len(found.get(name, ()))}, expected {count}")
        if compared < 15:
            wrong.append(f"only {compared} entities to compare")

        recent = datetime.datetime.now() - datetime.timedelta(days=40)
        start = os.environ.get("REPORT_START") or recent.strftime("%Y-%m-%d")
        start += "" if "T" in start else "T00:00:00Z"
        days = [
            message["record"]
            for message in sync(start, lambda stream: stream == "profit_loss_report")
            if message["type"] == "RECORD"
        ]
        if len(days) < 40 or any("Net Income" not in json.dumps(day) for day in days):
            wrong.append(f"profit and loss by day: {len(days)} days")

    for line in wrong:
        print("tap-quickbooks:", line, file=sys.stderr)
    print(f"tap-quickbooks: {compared} entities compared, {len(wrong)} differences")
    sys.exit(1 if wrong else 0)


main()
