//! Odoo's side of a mapping, read live: the accounts and taxes of the company.

use std::collections::{BTreeMap, BTreeSet};

use q2o_domain::{OdooId, Result, ports::Odoo};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{
    connect::{Connect, OdooFields},
    entities::document::Journal,
    sync::company::{id_of, many2one},
};

/// What there is to map to.
#[derive(Debug, Default)]
pub struct Chart {
    pub accounts: BTreeMap<OdooId, Account>,
    pub taxes: BTreeMap<OdooId, Tax>,
    /// What Odoo calls its account types, as in `Current Assets`.
    pub type_labels: BTreeMap<String, String>,
    /// Where the company's own customers and vendors stand.
    pub receivable: Option<OdooId>,
    pub payable: Option<OdooId>,
    /// Where its sales and its purchases go, if nothing else is said.
    pub sales: Option<OdooId>,
    pub purchases: Option<OdooId>,
}

#[derive(Debug, Clone)]
pub struct Account {
    pub code: String,
    pub name: String,
    /// As in `asset_cash`.
    pub of: String,
    pub reconcile: bool,
    /// The only currency it takes, where it takes only one.
    pub currency: Option<String>,
    pub closed: bool,
    /// A journal that books to it.
    pub journal: Option<OdooId>,
}

impl Account {
    pub fn shown(&self) -> String {
        format!("{} {}", self.code, self.name)
    }
}

#[derive(Debug, Clone)]
pub struct Tax {
    pub name: String,
    pub percent: Decimal,
    /// As in `percent` or `group`.
    pub of: String,
    /// As in `sale`.
    pub used_on: String,
    /// Whether prices include it.
    pub included: bool,
    /// Whether it is due only when paid.
    pub on_payment: bool,
    /// Its one tax line, for invoices and for refunds, where it has one of each.
    pub lines: Option<[OdooId; 2]>,
}

/// One company of one Odoo.
pub struct Reader<'a> {
    pub connect: &'a Connect,
    pub odoo: &'a dyn Odoo,
    /// Id of the connection.
    pub connection: &'a str,
    pub company: OdooId,
}

impl Reader<'_> {
    pub async fn chart(&self) -> Result<Chart> {
        let mut chart = Chart { type_labels: self.type_labels().await?, ..Chart::default() };
        self.accounts(&mut chart).await?;
        self.journals(&mut chart).await?;
        self.partners(&mut chart).await?;
        chart.taxes = self.taxes().await?;
        Ok(chart)
    }

    async fn fields(&self, model: &str) -> Result<std::sync::Arc<OdooFields>> {
        self.connect.fields(self.connection, self.odoo, model).await
    }

    async fn type_labels(&self) -> Result<BTreeMap<String, String>> {
        let kwargs = json!({ "attributes": ["selection"] });
        let args = json!([["account_type"]]);
        let answer = self.odoo.call("account.account", "fields_get", args, kwargs).await?;
        let pairs = answer["account_type"]["selection"].as_array();
        let pairs = pairs.into_iter().flatten();
        Ok(pairs.filter_map(|pair| Some((text(&pair[0])?, text(&pair[1])?))).collect())
    }

    async fn accounts(&self, chart: &mut Chart) -> Result<()> {
        let has = self.fields("account.account").await?;
        // versions differ in how accounts belong to companies, and in how they are closed
        let of = if has.contains_key("company_ids") { "company_ids" } else { "company_id" };
        let mut fields = vec!["code", "name", "account_type", "reconcile", "currency_id"];
        fields.extend(["deprecated", "active"].into_iter().filter(|name| has.contains_key(*name)));
        let domain = json!([[of, "in", [self.company.0]]]);
        let rows = self.odoo.search_read("account.account", domain, &fields, "id", 0, 0).await?;
        for row in &rows {
            let (Some(id), Some(code)) = (id_of(row), text(&row["code"])) else { continue };
            chart.accounts.insert(
                id,
                Account {
                    code,
                    name: text(&row["name"]).unwrap_or_default(),
                    of: text(&row["account_type"]).unwrap_or_default(),
                    reconcile: row["reconcile"] == true,
                    currency: text(&row["currency_id"][1]),
                    closed: row["deprecated"] == true || row["active"] == false,
                    journal: None,
                },
            );
        }
        Ok(())
    }

    async fn journals(&self, chart: &mut Chart) -> Result<()> {
        let domain = json!([["company_id", "=", self.company.0]]);
        let fields = ["code", "type", "default_account_id"];
        let rows = self.odoo.search_read("account.journal", domain, &fields, "id", 0, 0).await?;
        let own: BTreeSet<&str> = Journal::ALL.iter().map(|journal| journal.code()).collect();
        for row in &rows {
            let Some(account) = many2one(&row["default_account_id"]) else { continue };
            match row["type"].as_str() {
                _ if row["code"].as_str().is_some_and(|code| own.contains(code)) => {}
                Some("sale") => chart.sales = chart.sales.or(Some(account)),
                Some("purchase") => chart.purchases = chart.purchases.or(Some(account)),
                Some("bank" | "cash" | "credit") => {
                    if let Some(known) = chart.accounts.get_mut(&account) {
                        known.journal = known.journal.or(id_of(row));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A chart may have several receivable accounts; the company itself, as a
    /// partner, has the one that every partner gets.
    async fn partners(&self, chart: &mut Chart) -> Result<()> {
        let domain = json!([["id", "=", self.company.0]]);
        let rows =
            self.odoo.search_read("res.company", domain, &["partner_id"], "id", 0, 1).await?;
        let Some(partner) = rows.first().and_then(|row| many2one(&row["partner_id"])) else {
            return Ok(());
        };
        let fields = ["property_account_receivable_id", "property_account_payable_id"];
        let domain = json!([["id", "=", partner.0]]);
        let rows = self.odoo.search_read("res.partner", domain, &fields, "id", 0, 1).await?;
        if let Some(row) = rows.first() {
            chart.receivable = many2one(&row[fields[0]]);
            chart.payable = many2one(&row[fields[1]]);
        }
        Ok(())
    }

    async fn taxes(&self) -> Result<BTreeMap<OdooId, Tax>> {
        let has = self.fields("account.tax").await?;
        let mut fields = vec!["name", "amount", "amount_type", "type_tax_use"];
        let more = ["price_include", "tax_exigibility"];
        fields.extend(more.into_iter().filter(|name| has.contains_key(*name)));
        let domain = json!([["company_id", "=", self.company.0]]);
        let rows = self.odoo.search_read("account.tax", domain, &fields, "id", 0, 0).await?;
        let ids: Vec<i64> = rows.iter().filter_map(id_of).map(|id| id.0).collect();
        let mut lines = self.tax_lines(&ids).await?;
        let mut taxes = BTreeMap::new();
        for row in &rows {
            let Some(id) = id_of(row) else { continue };
            taxes.insert(
                id,
                Tax {
                    name: text(&row["name"]).unwrap_or_default(),
                    percent: number(&row["amount"]).unwrap_or_default(),
                    of: text(&row["amount_type"]).unwrap_or_default(),
                    used_on: text(&row["type_tax_use"]).unwrap_or_default(),
                    included: row["price_include"] == true,
                    on_payment: row["tax_exigibility"] == "on_payment",
                    lines: lines.remove(&id),
                },
            );
        }
        Ok(taxes)
    }

    /// The one line that takes all of a tax, for invoices and for refunds.
    pub async fn tax_lines(&self, taxes: &[i64]) -> Result<BTreeMap<OdooId, [OdooId; 2]>> {
        const MODEL: &str = "account.tax.repartition.line";
        let domain = json!([["tax_id", "in", taxes], ["repartition_type", "=", "tax"]]);
        let fields = ["tax_id", "document_type", "factor_percent"];
        let rows = self.odoo.search_read(MODEL, domain, &fields, "id", 0, 0).await?;
        let mut found: BTreeMap<OdooId, [Vec<OdooId>; 2]> = BTreeMap::new();
        for row in &rows {
            let (Some(id), Some(tax)) = (id_of(row), many2one(&row["tax_id"])) else { continue };
            // a line that takes a part of it only makes it one that is split up
            let whole = number(&row["factor_percent"]) == Some(Decimal::ONE_HUNDRED);
            let of = usize::from(row["document_type"] == "refund");
            let lines = &mut found.entry(tax).or_default()[of];
            lines.extend(std::iter::repeat_n(id, if whole { 1 } else { 2 }));
        }
        let single = found.into_iter().filter_map(|(tax, lines)| match lines {
            [invoice, refund] if invoice.len() == 1 && refund.len() == 1 => {
                Some((tax, [invoice[0], refund[0]]))
            }
            _ => None,
        });
        Ok(single.collect())
    }
}

/// Odoo says `false` where there is nothing.
fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn number(value: &Value) -> Option<Decimal> {
    let text = value.as_number()?.to_string();
    let decimal = text.parse().or_else(|_| Decimal::from_scientific(&text)).ok()?;
    Some(Decimal::normalize(&decimal))
}
