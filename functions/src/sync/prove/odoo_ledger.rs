//! Odoo's ledger, read back through its API.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use q2o_domain::{
    Currency, Facts, Failure, Money, OdooId, Partner, QboId, Result, Txn, ledger::Months,
    ports::OdooError, records::Foreign,
};
use q2o_durable::Attempt;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::{compare::Taxes, groups::Groups, strangers::Strangers};
use crate::sync::{
    company::{Company, id_of, many2one},
    load::{
        documents::KEY,
        settle::{is_control, money},
    },
};

/// What Odoo holds on the accounts of the migration.
#[derive(Default)]
pub struct OdooLedger {
    pub by_txn: BTreeMap<(Txn, QboId), Money>,
    pub months: Months,
    pub moves: BTreeMap<OdooId, Move>,
    /// By control account and partner.
    pub owed: BTreeMap<(QboId, Partner), Money>,
    /// The same of what is foreign, in its currency.
    pub owed_foreign: BTreeMap<(QboId, Partner, Currency), Money>,
    /// Of documents' tax lines.
    pub taxes: Taxes,
    /// How much there is of each item; `None` where Odoo keeps no stock.
    pub in_stock: Option<BTreeMap<QboId, Decimal>>,
    /// What others booked on accounts that were there before us.
    foreign: BTreeMap<OdooId, Foreign>,
    currencies: BTreeMap<OdooId, Currency>,
}

/// What Odoo's records stand for.
pub struct What<'a> {
    pub facts: &'a Facts,
    pub accounts: &'a BTreeMap<OdooId, QboId>,
    pub partners: &'a BTreeMap<OdooId, Partner>,
    pub moves: &'a BTreeMap<OdooId, Txn>,
    /// Taxes.
    pub rates: &'a BTreeMap<OdooId, QboId>,
    /// Products.
    pub items: &'a BTreeMap<OdooId, QboId>,
    pub adopted: &'a Adopted,
}

/// What was there before us: others may book on it, too.
#[derive(Debug, Default)]
pub struct Adopted {
    pub accounts: BTreeSet<OdooId>,
    pub taxes: BTreeSet<OdooId>,
}

/// One posted move.
#[derive(Debug, Clone)]
pub struct Move {
    pub is_invoice: bool,
    pub date: Date,
    /// Of an entry, the sum of its debits in its currency.
    pub total: Money,
    pub tax: Money,
    pub currency: Currency,
    /// What is left on its control accounts, in its currency.
    pub open: Money,
    /// The last day that any of that is due.
    pub due: Option<Date>,
    /// As documents are found by.
    pub key: Option<String>,
    /// The move whose tax it makes due.
    pub because_of: Option<OdooId>,
}

/// What a move that nobody of us wrote is told as, with Odoo's own id.
const STRANGER: &str = "Odoo entry";

/// Reads moves and lines one by one, and months from Odoo's own sums.
pub async fn read(company: &Company, what: &What<'_>, attempt: &Attempt) -> Result<OdooLedger> {
    let accounts = what.accounts;
    let currencies = company.currencies().await?;
    let moves = read_moves(company, &currencies, attempt).await?;
    let mut odoo = OdooLedger { moves, currencies, ..OdooLedger::default() };
    let strangers = Strangers::read(company, what, &odoo.moves).await?;
    let account_ids: Vec<i64> = accounts.keys().map(|id| id.0).collect();
    let lines = [
        json!(["parent_state", "=", "posted"]),
        json!(["company_id", "=", company.odoo_company.0]),
        json!(["account_id", "in", account_ids]),
    ];
    let mut fields = vec![
        "move_id",
        "account_id",
        "partner_id",
        "date",
        "balance",
        "amount_residual_currency",
        "account_type",
        "date_maturity",
    ];
    if what.facts.multi_currency {
        fields.extend(["amount_currency", "currency_id"]);
    }
    let see = |row: &Value| odoo.line(row, what, &strangers);
    company.each("account.move.line", &lines, &fields, attempt, see).await?;
    odoo.name_foreign(company).await?;
    odoo.owed.retain(|_, amount| !amount.is_zero());
    odoo.owed_foreign.retain(|_, amount| !amount.is_zero());
    let groups = company
        .odoo
        .read_group(
            "account.move.line",
            json!(lines),
            &["balance:sum"],
            &["account_id", "date:month"],
        )
        .await?;
    for group in &groups {
        let account = many2one(&group["account_id"]).and_then(|id| accounts.get(&id));
        let (Some(account), Some(month), Some(amount)) =
            (account, month(group), money(&group["balance"]))
        else {
            return Err(Failure::bug(format!("Odoo's monthly sums have a row like {group}")));
        };
        odoo.months.book(account, month, amount);
    }
    odoo.taxes = taxes(company, what.rates).await?;
    for (cell, amount) in strangers.taxes(company, what, &odoo.currencies, attempt).await? {
        *odoo.taxes.entry(cell).or_default() -= amount;
    }
    odoo.in_stock = in_stock(company, what.items).await?;
    Ok(odoo)
}

/// What stands on tax lines, by rate and month.
async fn taxes(company: &Company, rates: &BTreeMap<OdooId, QboId>) -> Result<Taxes> {
    let ids: Vec<i64> = rates.keys().map(|id| id.0).collect();
    let domain = json!([
        ["parent_state", "=", "posted"],
        ["company_id", "=", company.odoo_company.0],
        ["tax_line_id", "in", ids]
    ]);
    let by = ["tax_line_id", "date:month", "currency_id"];
    let mut taxes = Taxes::new();
    if ids.is_empty() {
        return Ok(taxes);
    }
    let sums = ["amount_currency:sum"];
    for group in company.odoo.read_group("account.move.line", domain, &sums, &by).await? {
        let rate = many2one(&group["tax_line_id"]).and_then(|id| rates.get(&id));
        let currency = group["currency_id"][1].as_str().map(Currency::from);
        let (Some(rate), Some(month), Some(currency), Some(amount)) =
            (rate, month(&group), currency, money(&group["amount_currency"]))
        else {
            return Err(Failure::bug(format!("Odoo's sums of taxes have a row like {group}")));
        };
        let cell = (rate.clone(), month.last_of_month(), currency);
        *taxes.entry(cell).or_default() += amount;
    }
    Ok(taxes)
}

/// How much of each item there is in the company's own places.
async fn in_stock(
    company: &Company,
    items: &BTreeMap<OdooId, QboId>,
) -> Result<Option<BTreeMap<QboId, Decimal>>> {
    let ids: Vec<i64> = items.keys().map(|id| id.0).collect();
    let domain = json!([
        ["company_id", "=", company.odoo_company.0],
        ["location_id.usage", "=", "internal"],
        ["product_id", "in", ids]
    ]);
    let sums = ["quantity:sum"];
    let groups = match company.odoo.read_group("stock.quant", domain, &sums, &["product_id"]).await
    {
        // the application is not installed, or its user may not see it
        Err(OdooError::NotInstalled { .. } | OdooError::Forbidden { .. }) => return Ok(None),
        other => other?,
    };
    let mut quantities = BTreeMap::new();
    for group in &groups {
        let item = many2one(&group["product_id"]).and_then(|id| items.get(&id));
        if let (Some(item), Some(quantity)) = (item, money(&group["quantity"])) {
            quantities.insert(item.clone(), quantity.0);
        }
    }
    Ok((!quantities.is_empty()).then_some(quantities))
}

async fn read_moves(
    company: &Company,
    currencies: &BTreeMap<OdooId, Currency>,
    attempt: &Attempt,
) -> Result<BTreeMap<OdooId, Move>> {
    let posted =
        [json!(["state", "=", "posted"]), json!(["company_id", "=", company.odoo_company.0])];
    let fields = [
        "move_type",
        "date",
        "amount_total",
        "amount_tax",
        "currency_id",
        KEY,
        "tax_cash_basis_origin_move_id",
    ];
    let mut moves = BTreeMap::new();
    let see = |row: &Value| {
        let date = row["date"].as_str().and_then(|day| day.parse().ok());
        let currency = many2one(&row["currency_id"]).and_then(|id| currencies.get(&id));
        let (Some(id), Some(date), Some(currency)) = (id_of(row), date, currency) else {
            return Err(Failure::bug(format!("Odoo has a move like {row}")));
        };
        moves.insert(
            id,
            Move {
                is_invoice: row["move_type"] != "entry",
                date,
                total: money(&row["amount_total"]).unwrap_or_default().abs(),
                tax: money(&row["amount_tax"]).unwrap_or_default().abs(),
                currency: currency.clone(),
                open: Money::ZERO,
                due: None,
                key: row[KEY].as_str().map(str::to_owned),
                because_of: many2one(&row["tax_cash_basis_origin_move_id"]),
            },
        );
        Ok(())
    };
    company.each("account.move", &posted, &fields, attempt, see).await?;
    Ok(moves)
}

impl OdooLedger {
    /// Puts what is one in Odoo under the first of it.
    pub fn group(&mut self, groups: &Groups) {
        for ((txn, account), amount) in std::mem::take(&mut self.by_txn) {
            *self.by_txn.entry((txn, groups.account(account))).or_default() += amount;
        }
        for ((account, partner), amount) in std::mem::take(&mut self.owed) {
            let cell = (groups.account(account), groups.partner(partner));
            *self.owed.entry(cell).or_default() += amount;
        }
        for ((account, partner, currency), amount) in std::mem::take(&mut self.owed_foreign) {
            let cell = (groups.account(account), groups.partner(partner), currency);
            *self.owed_foreign.entry(cell).or_default() += amount;
        }
        let months = std::mem::take(&mut self.months);
        for ((account, month), amount) in months.moved() {
            self.months.book(&groups.account(account.clone()), *month, *amount);
        }
        self.taxes = groups.taxes(std::mem::take(&mut self.taxes));
    }

    /// Accounts of others' lines are told by code and name.
    async fn name_foreign(&mut self, company: &Company) -> Result<()> {
        let ids: Vec<i64> = self.foreign.keys().map(|id| id.0).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let domain = json!([["id", "in", ids]]);
        let fields = ["display_name"];
        let rows = company.odoo.search_read("account.account", domain, &fields, "id", 0, 0).await?;
        for row in &rows {
            if let Some(foreign) = id_of(row).and_then(|id| self.foreign.get_mut(&id)) {
                row["display_name"].as_str().unwrap_or_default().clone_into(&mut foreign.account);
            }
        }
        Ok(())
    }

    /// What others booked on accounts that were there before us.
    pub fn foreign(&self) -> Vec<Foreign> {
        self.foreign.values().cloned().collect()
    }

    fn line(&mut self, row: &Value, what: &What<'_>, strangers: &Strangers) -> Result<()> {
        let (of, at) = (many2one(&row["move_id"]), many2one(&row["account_id"]));
        let account = at.and_then(|id| what.accounts.get(&id));
        let date: Option<Date> = row["date"].as_str().and_then(|day| day.parse().ok());
        let (Some(of), Some(at), Some(account), Some(balance), Some(date)) =
            (of, at, account, money(&row["balance"]), date)
        else {
            return Err(Failure::bug(format!("Odoo's ledger has a line like {row}")));
        };
        if what.adopted.accounts.contains(&at) && strangers.wrote(of) {
            // Odoo's own monthly sums hold it, too
            self.months.book(account, date, -balance);
            let foreign = self.foreign.entry(at).or_default();
            foreign.lines += 1;
            foreign.amount += balance;
            return Ok(());
        }
        // what nobody of us wrote is told under Odoo's own id
        let txn = what
            .moves
            .get(&of)
            .cloned()
            .unwrap_or_else(|| Txn { txn_type: STRANGER.into(), id: of.to_string().into() });
        *self.by_txn.entry((txn, account.clone())).or_default() += balance;
        if is_control(&row["account_type"]) {
            if let Some(own) = self.moves.get_mut(&of) {
                own.open += money(&row["amount_residual_currency"]).unwrap_or_default();
                own.due =
                    own.due.max(row["date_maturity"].as_str().and_then(|day| day.parse().ok()));
            }
            if let Some(partner) =
                many2one(&row["partner_id"]).and_then(|id| what.partners.get(&id))
            {
                let cell = (account.clone(), partner.clone());
                *self.owed.entry(cell).or_default() += balance;
                let currency = many2one(&row["currency_id"]);
                let currency = currency.and_then(|id| self.currencies.get(&id));
                let amount = money(&row["amount_currency"]);
                if let (Some(currency), Some(amount)) = (currency, amount)
                    && !what.facts.is_home(Some(currency))
                {
                    let cell = (account.clone(), partner.clone(), currency.clone());
                    *self.owed_foreign.entry(cell).or_default() += amount;
                }
            }
        }
        Ok(())
    }

    /// The move that is told as this transaction, where nobody of us wrote it.
    pub fn stranger(&self, txn: &Txn) -> Option<&Move> {
        let id = txn.id.as_str().parse().ok().filter(|_| txn.txn_type == STRANGER)?;
        self.moves.get(&OdooId(id))
    }
}

/// The month of a group: the first day of its range.
fn month(group: &Value) -> Option<Date> {
    group["__range"]["date:month"]["from"].as_str()?.parse().ok()
}
