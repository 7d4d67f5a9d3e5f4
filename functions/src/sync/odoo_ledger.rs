//! Odoo's ledger, read back through its API.

use std::collections::BTreeMap;

use jiff::civil::Date;
use q2o_domain::{
    Currency, Failure, Kind, Money, OdooId, Partner, QboId, Result, Txn, ledger::Months,
    ports::Select, records::IdLink,
};
use q2o_durable::Attempt;
use serde_json::{Value, json};

use super::{
    company::{Company, id_of, many2one},
    settle::{is_control, money},
};
use crate::store::{collection, kind_key};

/// What Odoo holds on the accounts of the migration.
#[derive(Default)]
pub struct OdooLedger {
    pub by_txn: BTreeMap<(Txn, QboId), Money>,
    pub months: Months,
    pub moves: BTreeMap<OdooId, Move>,
    /// By control account and partner.
    pub owed: BTreeMap<(QboId, Partner), Money>,
}

/// One posted move.
#[derive(Debug, Clone)]
pub struct Move {
    pub is_invoice: bool,
    pub total: Money,
    pub tax: Money,
    pub currency: Currency,
    /// What is left on its control accounts, in its currency.
    pub open: Money,
}

/// Rows a call.
const PAGE: u32 = 5000;

/// Reads moves and lines one by one, and months from Odoo's own sums.
pub async fn read(
    company: &Company,
    accounts: &BTreeMap<OdooId, QboId>,
    moves: &BTreeMap<OdooId, Txn>,
    attempt: &Attempt,
) -> Result<OdooLedger> {
    let mut odoo = OdooLedger { moves: read_moves(company).await?, ..OdooLedger::default() };
    let partners = partner_links(company).await?;
    let account_ids: Vec<i64> = accounts.keys().map(|id| id.0).collect();
    let lines = json!([
        ["parent_state", "=", "posted"],
        ["company_id", "=", company.odoo_company.0],
        ["account_id", "in", account_ids]
    ]);
    let fields = [
        "move_id",
        "account_id",
        "partner_id",
        "balance",
        "amount_residual_currency",
        "account_type",
    ];
    for page in 0.. {
        attempt.checkpoint(&page).await.map_err(super::unsorted)?;
        let rows = company
            .odoo
            .search_read("account.move.line", lines.clone(), &fields, "id", page * PAGE, PAGE)
            .await?;
        let full = rows.len() == PAGE as usize;
        for row in &rows {
            odoo.line(row, accounts, moves, &partners)?;
        }
        if !full {
            break;
        }
    }
    odoo.owed.retain(|_, amount| !amount.is_zero());
    let groups = company
        .odoo
        .read_group("account.move.line", lines, &["balance:sum"], &["account_id", "date:month"])
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
    Ok(odoo)
}

async fn read_moves(company: &Company) -> Result<BTreeMap<OdooId, Move>> {
    let domain = json!([["state", "=", "posted"], ["company_id", "=", company.odoo_company.0]]);
    let fields = ["move_type", "amount_total", "amount_tax", "currency_id"];
    let mut moves = BTreeMap::new();
    for page in 0.. {
        let rows = company
            .odoo
            .search_read("account.move", domain.clone(), &fields, "id", page * PAGE, PAGE)
            .await?;
        let full = rows.len() == PAGE as usize;
        for row in &rows {
            let Some(id) = id_of(row) else { continue };
            moves.insert(
                id,
                Move {
                    is_invoice: row["move_type"] != "entry",
                    total: money(&row["amount_total"]).unwrap_or_default().abs(),
                    tax: money(&row["amount_tax"]).unwrap_or_default().abs(),
                    currency: row["currency_id"][1].as_str().unwrap_or_default().into(),
                    open: Money::ZERO,
                },
            );
        }
        if !full {
            break;
        }
    }
    Ok(moves)
}

impl OdooLedger {
    fn line(
        &mut self,
        row: &Value,
        accounts: &BTreeMap<OdooId, QboId>,
        moves: &BTreeMap<OdooId, Txn>,
        partners: &BTreeMap<OdooId, Partner>,
    ) -> Result<()> {
        let of = many2one(&row["move_id"]);
        let account = many2one(&row["account_id"]).and_then(|id| accounts.get(&id));
        let (Some(of), Some(account), Some(balance)) = (of, account, money(&row["balance"])) else {
            return Err(Failure::bug(format!("Odoo's ledger has a line like {row}")));
        };
        // what nobody of us wrote is told under Odoo's own id
        let txn = moves.get(&of).cloned().unwrap_or_else(|| Txn {
            txn_type: "Odoo entry".to_owned(),
            id: of.to_string().into(),
        });
        *self.by_txn.entry((txn, account.clone())).or_default() += balance;
        if is_control(&row["account_type"]) {
            if let Some(own) = self.moves.get_mut(&of) {
                own.open += money(&row["amount_residual_currency"]).unwrap_or_default();
            }
            if let Some(partner) = many2one(&row["partner_id"]).and_then(|id| partners.get(&id)) {
                let cell = (account.clone(), partner.clone());
                *self.owed.entry(cell).or_default() += balance;
            }
        }
        Ok(())
    }
}

/// Odoo's partner to whom it stands for.
async fn partner_links(company: &Company) -> Result<BTreeMap<OdooId, Partner>> {
    let mut partners = BTreeMap::new();
    for kind in [Kind::Customer, Kind::Vendor, Kind::Employee] {
        let key = Select::Key(kind_key(&company.link.id, kind));
        for read in company.tenant.list_all::<IdLink>(collection::ID_LINKS, key).await? {
            let id = read.id.rsplit('/').next().unwrap_or_default().into();
            if let Some(odoo) = read.value.odoo.get("") {
                partners.insert(*odoo, Partner { kind, id });
            }
        }
    }
    Ok(partners)
}

/// The month of a group: the first day of its range.
fn month(group: &Value) -> Option<Date> {
    group["__range"]["date:month"]["from"].as_str()?.parse().ok()
}
