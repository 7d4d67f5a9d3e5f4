//! QuickBooks' reports, computed from the ledger and, where documents matter, from those.

mod aged;
mod balances;
mod chart;
mod columns;
mod detail;
mod general_ledger;
mod inventory;
mod journal;
mod open;
mod period;
mod shape;
mod statements;
mod trial_balance;

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::clock::stamp;
use super::faults::{Fault, reply};
use super::http::{Noted, Params};
use super::store::Store;
use super::{World, held};
use chart::Chart;
use period::Period;
use shape::Report;

/// What every report is made of.
pub struct Source<'s> {
    world: &'s World,
    store: &'s Store,
    params: &'s Params,
    chart: Chart,
}

pub async fn report(
    State(world): State<Arc<World>>,
    Path((_realm, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let params = Params::of(query.as_deref());
    match run(&world, &name, &params) {
        Ok((body, rows)) => {
            let mut response = reply(StatusCode::OK, "application/json;charset=utf-8", body);
            response.extensions_mut().insert(Noted { items: 1, rows, ..Noted::default() });
            response
        }
        Err(fault) => fault.answer(world.now()),
    }
}

fn run(world: &World, name: &str, params: &Params) -> Result<(Vec<u8>, usize), Fault> {
    let now = world.now();
    let store = world.store();
    let source = Source { world, store: &store, params, chart: Chart::of(&store) };
    let mut report = match name.to_lowercase().as_str() {
        "generalledger" => general_ledger::report(&source),
        "journalreport" => journal::report(&source),
        "trialbalance" => trial_balance::report(&source),
        "balancesheet" => statements::balance_sheet(&source),
        "profitandloss" => statements::profit_and_loss(&source),
        "agedreceivables" => aged::summary(&source, &open::RECEIVABLE),
        "agedpayables" => aged::summary(&source, &open::PAYABLE),
        "agedreceivabledetail" => aged::detail(&source, &open::RECEIVABLE),
        "agedpayabledetail" => aged::detail(&source, &open::PAYABLE),
        "customerbalance" => balances::report(&source, &open::RECEIVABLE),
        "vendorbalance" => balances::report(&source, &open::PAYABLE),
        "inventoryvaluationsummary" => inventory::report(&source),
        _ => return Err(Fault::unsupported(&format!("report {name}"))),
    }?;
    let rows = report.data_rows();
    if held(&world.knobs).report_row_limit.is_some_and(|most| rows > most) {
        return Err(Fault::report_too_large());
    }
    if held(&world.knobs).accounts_by_name {
        report.forget_account_ids();
    }
    report.header.time = stamp(now);
    report.header.currency.clone_from(&world.company.home);
    let body = serde_json::to_vec(&report).map_err(|_| Fault::system())?;
    Ok((body, rows))
}

impl Source<'_> {
    fn period(&self) -> Result<Period, Fault> {
        Period::of(self.params, self.world)
    }
}

/// A report of a stretch of days; the books know the accrual basis only, and say so.
fn blank(name: &'static str, period: &Period) -> Report {
    let mut report = Report::new(name);
    report.header.basis = Some("Accrual");
    report.header.start = Some(period.start.to_string());
    report.header.end = Some(period.end.to_string());
    report.header.date_macro.clone_from(&period.date_macro);
    report.option("AccountingStandard", "GAAP");
    report
}
