//! What is checked of the Odoo company.

use jiff::{Timestamp, civil::Date};
use q2o_domain::assessment::{
    Fix,
    FixBy::{Automatic, Chart, Configuration, Connect, Manual},
    Severity::{self, Block, Review, Warn},
};

use super::{
    books_ready::first,
    features::foreign,
    readiness::{Checks, SOON, Sides},
    target::{LOCKS, OdooSeen},
};
use crate::sync::load::opening;

/// Applications that features of QuickBooks have their counterpart in: the
/// feature, a model of the application, its name.
pub const APPLICATIONS: [(&str, &str, &str); 5] = [
    ("estimates", "sale.order", "Sales"),
    ("purchase_orders", "purchase.order", "Purchase"),
    ("inventory", "stock.quant", "Inventory"),
    ("projects", "project.project", "Project"),
    ("time", "timesheets.analysis.report", "Timesheets"),
];

/// Digits that QuickBooks' prices can have.
const PRICE_DIGITS: i64 = 6;

pub fn check(sides: &Sides<'_>, odoo: &OdooSeen, checks: &mut Checks) {
    version(odoo, checks);
    same_companies(sides, odoo, checks);
    currency(sides, odoo, checks);
    currencies(sides, odoo, checks);
    rights(odoo, checks);
    user(sides, odoo, checks);
    applications(sides, odoo, checks);
    locks(sides, odoo, checks);
    chart(odoo, checks);
    country(sides, odoo, checks);
    precision(odoo, checks);
    entries(odoo, checks);
}

fn version(odoo: &OdooSeen, checks: &mut Checks) {
    let id = "odoo-version";
    let version = &odoo.version;
    match odoo.major {
        0..17 => {
            let says = format!("Odoo {version} is too old.");
            checks.found(id, Block, says, Connect, "Connect an Odoo 17, 18 or 19.");
        }
        17..=19 => checks.ok(id, format!("Odoo {version}.")),
        _ => {
            let says = format!("Odoo {version} is newer than any this was proved with.");
            checks.found(id, Review, says, Manual, "Migrate into a copy of the database first.");
        }
    }
}

fn same_companies(sides: &Sides<'_>, odoo: &OdooSeen, checks: &mut Checks) {
    let id = "same-companies";
    let Some(known) = &sides.link.fingerprint else {
        checks.ok(id, "Nothing was moved between these two companies yet.");
        return;
    };
    let created = sides.books.info["MetaData"]["CreateTime"].as_str().unwrap_or_default();
    let same = known.realm == sides.link.realm
        && known.company_created == created
        && known.odoo_company.0 == odoo.company["id"].as_i64().unwrap_or_default()
        && known.odoo_uuid == odoo.company["create_date"].as_str().unwrap_or_default();
    if same {
        checks.ok(id, "These are the two companies that the migration began with.");
    } else {
        let says = "One of the two companies is not the one that the migration began with.";
        checks.found(id, Block, says, Connect, "Connect the right one again.");
    }
}

fn currency(sides: &Sides<'_>, odoo: &OdooSeen, checks: &mut Checks) {
    let id = "currency";
    let home = sides.books.home();
    let other = odoo.company["currency_id"][1].as_str().unwrap_or_default();
    if other == home {
        checks.ok(id, format!("Both companies keep their books in {home}."));
        return;
    }
    let says = format!("The books are in {home}, and the Odoo company is in {other}.");
    if odoo.entries > 0 {
        let what = format!(
            "Odoo cannot change it once there are journal entries: choose an Odoo company in {home}."
        );
        checks.found(id, Block, says, Connect, what);
    } else if odoo.may_set_currency {
        let what = format!("The migration sets it to {home}: the company has no entries yet.");
        checks.found(id, Warn, says, Automatic, what);
    } else {
        let what = format!("Set the company's currency to {home} in Odoo's settings.");
        checks.found(id, Block, says, Configuration, what);
    }
}

fn currencies(sides: &Sides<'_>, odoo: &OdooSeen, checks: &mut Checks) {
    if foreign(sides.books).is_empty() {
        return;
    }
    let id = "foreign-currencies";
    if odoo.switched_off.is_empty() {
        checks.ok(id, "The foreign currencies are switched on in Odoo.");
        return;
    }
    let off = odoo.switched_off.join(", ");
    let says = format!("Switched off in Odoo: {off}.");
    if odoo.may_switch_currencies {
        let what = "The migration switches those on that documents use.";
        checks.add(id, Severity::Ok, says, Some(Fix { by: Automatic, what: what.to_owned() }));
    } else {
        let what = format!("Switch {off} on in Odoo, or let the user do so.");
        checks.found(id, Block, says, Configuration, what);
    }
}

fn rights(odoo: &OdooSeen, checks: &mut Checks) {
    let id = "odoo-rights";
    if odoo.forbidden.is_empty() {
        checks.ok(id, "The Odoo user may create all that the migration creates.");
        return;
    }
    let says = format!("The Odoo user may not {}.", odoo.forbidden.join(", nor "));
    let what = "Make the user an Accounting (or Invoicing) administrator with contact creation and \
                analytic accounting; for products, an administrator of Sales.";
    checks.found(id, Block, says, Configuration, what);
}

fn user(sides: &Sides<'_>, odoo: &OdooSeen, checks: &mut Checks) {
    let id = "odoo-user-email";
    match &odoo.user {
        Some(user) if user["email"].as_str().is_none_or(str::is_empty) => {
            let says = "The Odoo user has no e-mail address; Odoo then refuses to write messages.";
            checks.found(id, Review, says, Configuration, "Give the user an e-mail address.");
        }
        Some(_) => checks.ok(id, "The Odoo user has an e-mail address."),
        None => checks.ok(id, "The Odoo user's own record cannot be seen."),
    }
    let id = "odoo-key";
    let now = sides.now.strftime("%Y-%m-%d %H:%M:%S").to_string();
    let soon = sides.now.saturating_add(SOON).unwrap_or(Timestamp::MAX);
    let soon = soon.strftime("%Y-%m-%d %H:%M:%S").to_string();
    // dates so written sort as they follow each other; a key that is over is not ours
    let ends = odoo.keys.iter().flatten().flatten().filter(|ends| **ends > now).min();
    match ends {
        Some(ends) if *ends < soon => {
            let says = format!("A key of the Odoo user expires at {ends} (UTC).");
            checks.found(id, Warn, says, Connect, "Make a new key in Odoo and connect again.");
        }
        Some(ends) => {
            checks.ok(id, format!("No key of the Odoo user expires before {ends} (UTC)."));
        }
        None => checks.ok(id, "The key of the Odoo user does not expire, as far as can be seen."),
    }
}

fn applications(sides: &Sides<'_>, odoo: &OdooSeen, checks: &mut Checks) {
    let used = |feature: &str| sides.features.iter().any(|f| f.id == feature);
    let missing: Vec<String> = APPLICATIONS
        .iter()
        .filter(|(feature, model, _)| used(feature) && odoo.applications.get(model) == Some(&false))
        .map(|(feature, _, name)| format!("{name} (for {})", feature.replace('_', " ")))
        .collect();
    let id = "odoo-applications";
    if missing.is_empty() {
        checks.ok(id, "Odoo has the applications for what the company uses.");
        return;
    }
    let says = format!("Odoo lacks applications: {}.", missing.join(", "));
    let what = "The ledger does not need them. Install them before if you want to work with them.";
    checks.found(id, Warn, says, Configuration, what);
}

/// Odoo moves what is posted into a locked period to the day after, in silence.
fn locks(sides: &Sides<'_>, odoo: &OdooSeen, checks: &mut Checks) {
    let id = "lock-dates";
    let Some(first) = first(sides.books) else {
        checks.ok(id, "There are no transactions to be locked out.");
        return;
    };
    // opening balances stand on the day before history
    let first = if first < sides.cut { opening::day(sides.cut) } else { first };
    let day = |lock: &str| odoo.company[lock].as_str().and_then(|day| day.parse::<Date>().ok());
    let inside: Vec<(&str, Date)> = LOCKS
        .iter()
        .filter_map(|lock| Some((*lock, day(lock)?)))
        .filter(|(_, day)| *day >= first)
        .collect();
    if inside.is_empty() {
        checks.ok(id, format!("Nothing is locked in Odoo from {first} on."));
        return;
    }
    let named: Vec<String> = inside
        .iter()
        .map(|(lock, day)| format!("{} {day}", lock.replace('_', " ").replace(" date", "")))
        .collect();
    let says =
        format!("Odoo is locked inside the history, which begins {first}: {}.", named.join(", "));
    let what = if inside.iter().any(|(lock, _)| *lock == "hard_lock_date") {
        "A hard lock cannot be taken back: choose another Odoo company."
    } else {
        "Take the lock dates back in Odoo (Accounting, Lock Dates) until the proof stands."
    };
    checks.found(id, Block, says, Configuration, what);
}

fn chart(odoo: &OdooSeen, checks: &mut Checks) {
    let id = "chart";
    if odoo.accounts > 0 {
        checks.ok(id, format!("The Odoo company has a chart of {} accounts.", odoo.accounts));
    } else {
        let says = "The Odoo company has no chart of accounts; the books bring their own.";
        let what = "If you want Odoo's default accounts beside them, choose a fiscal localization \
                    in Odoo's Invoicing settings before anything is moved.";
        checks.found(id, Review, says, Chart, what);
    }
}

/// Odoo makes no tax for a company whose country it does not know.
fn country(sides: &Sides<'_>, odoo: &OdooSeen, checks: &mut Checks) {
    let id = "odoo-country";
    if let Some(name) = odoo.company["account_fiscal_country_id"][1].as_str() {
        checks.ok(id, format!("The Odoo company is taxed in {name}."));
    } else if sides.books.count("TaxRate") > 0 {
        let says = "The Odoo company has no country; Odoo then makes no taxes.";
        let what = "Set the company's country (Settings, Companies) or its fiscal country.";
        checks.found(id, Block, says, Configuration, what);
    } else {
        checks.ok(id, "The Odoo company has no country, and the books have no taxes.");
    }
}

fn precision(odoo: &OdooSeen, checks: &mut Checks) {
    let id = "price-digits";
    match odoo.price_digits {
        Some(digits) if digits < PRICE_DIGITS => {
            let says = format!("Odoo keeps prices with {digits} digits; QuickBooks has up to 6.");
            let what = "Amounts are exact all the same. For exact unit prices, set 'Product Price' \
                        to 6 digits (Settings, Technical, Decimal Accuracy).";
            checks.found(id, Warn, says, Configuration, what);
        }
        Some(digits) => checks.ok(id, format!("Odoo keeps prices with {digits} digits.")),
        None => checks.ok(id, "How many digits Odoo keeps of prices cannot be seen."),
    }
}

fn entries(odoo: &OdooSeen, checks: &mut Checks) {
    let id = "odoo-entries";
    if odoo.of_others > 0 {
        let says = "The Odoo company holds the history of another QuickBooks company.";
        checks.found(id, Block, says, Connect, "Choose an Odoo company of its own.");
        return;
    }
    let others = odoo.entries.saturating_sub(odoo.ours);
    if others == 0 {
        checks.ok(id, "The Odoo company has no entries of its own.");
        return;
    }
    let says =
        format!("The Odoo company has {others} journal entries that did not come from here.");
    let what = "History is added to them. If they are only trials, begin with a fresh company.";
    checks.found(id, Review, says, Manual, what);
}
