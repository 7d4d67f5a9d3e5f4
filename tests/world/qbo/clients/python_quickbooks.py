"""Reads a company with python-quickbooks and compares the number of records."""

import importlib
import inspect
import json
import os
import pkgutil
import sys

import quickbooks.objects
from intuitlib.client import AuthClient
from quickbooks import QuickBooks
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import QuickbooksException
from quickbooks.mixins import ListMixin
from quickbooks.objects.company_info import CompanyInfo
from quickbooks.objects.preferences import Preferences

BASE = os.environ["BASE_URL"]
PAGE = 20  # small, so that pages are crossed
HIDES_INACTIVE = {
    "Account", "Budget", "Class", "Customer", "Department", "Employee", "Item",
    "PaymentMethod", "TaxCode", "TaxRate", "Term", "Vendor",
}


class Pointed(QuickBooks):
    """The client, pointed at the given server."""

    api_url_v3 = BASE + "/v3"
    sandbox_api_url_v3 = BASE + "/v3"


def classes():
    """Every class of the library that can be listed, by its QuickBooks name."""
    found = {}
    for module in pkgutil.iter_modules(quickbooks.objects.__path__):
        module = importlib.import_module("quickbooks.objects." + module.name)
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if issubclass(kind, ListMixin) and getattr(kind, "qbo_object_name", ""):
                found[kind.qbo_object_name] = kind
    return found


def read_all(kind, client):
    """All records, page by page, ordered by id, inactive ones too."""
    where = "Active IN (true, false)" if kind.qbo_object_name in HIDES_INACTIVE else ""
    records = []
    while True:
        page = kind.where(
            where, order_by="Id", start_position=len(records) + 1, max_results=PAGE, qb=client
        )
        records += page
        if len(page) < PAGE:
            return records


def id_of(record):
    """A template has its id on the transaction that it makes."""
    if hasattr(record, "Id"):
        return record.Id
    made = (getattr(record, name, None) for name in record.class_dict)
    return next(one.Id for one in made if one is not None)


def main():
    """Exits with 1 when anything differs."""
    auth = AuthClient(
        os.environ["CLIENT_ID"],
        os.environ["CLIENT_SECRET"],
        "http://localhost/callback",
        BASE + "/.well-known/openid_configuration",
        refresh_token=os.environ["REFRESH_TOKEN"],
    )
    client = Pointed(
        auth_client=auth,
        refresh_token=os.environ["REFRESH_TOKEN"],
        company_id=os.environ["REALM"],
        minorversion=75,
    )
    wrong = []

    def check(what, found, expected):
        if found != expected:
            wrong.append(f"{what}: {found}, expected {expected}")

    known = classes()
    compared = 0
    for entity, expected in sorted(json.loads(os.environ["COUNTS"]).items()):
        if entity not in known:
            continue
        kind = known[entity]
        records = read_all(kind, client)
        check(entity, len(records), expected)
        check(entity + " ids", len({id_of(record) for record in records}), expected)
        if records and hasattr(kind, "get"):
            again = kind.get(id_of(records[0]), qb=client)
            check(entity + " by id", id_of(again), id_of(records[0]))
        compared += 1
    check("entities compared at least", min(compared, 15), 15)
    check("company", len(CompanyInfo.all(qb=client)), 1)
    check("home currency", bool(Preferences.get(qb=client).CurrencyPrefs.HomeCurrency), True)
    report = client.get_report("TrialBalance", {"end_date": "2099-12-31"})
    total = report["Rows"]["Row"][-1]["Summary"]["ColData"]
    check("trial balance", total[1]["value"], total[2]["value"])
    change_data_capture([known["Customer"], known["Invoice"]], "2000-01-01", qb=client)
    try:
        known["Invoice"].get("999999999", qb=client)
        check("a missing invoice", "found", "an error")
    except QuickbooksException as error:
        check("a missing invoice", error.error_code, 610)

    for line in wrong:
        print("python-quickbooks:", line, file=sys.stderr)
    print(f"python-quickbooks: {compared} entities compared, {len(wrong)} differences")
    sys.exit(1 if wrong else 0)


main()
