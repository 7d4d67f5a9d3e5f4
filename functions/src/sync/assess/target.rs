//! What Odoo is asked for an assessment: the company, its locks and entries, the
//! user's rights, the applications. Only questions, nothing that writes.

use std::collections::BTreeMap;

use q2o_domain::{Failure, Result, ports::OdooError, records::OdooConnection};
use serde_json::{Value, json};

use crate::{
    app::Tools,
    sync::{company::Company, load::documents::KEY},
};

/// An Odoo company as an assessment sees it.
pub struct OdooSeen {
    pub major: u32,
    pub version: String,
    /// Its `res.company`, as far as this Odoo has the fields.
    pub company: Value,
    /// The user we are; `None` where that cannot be seen.
    pub user: Option<Value>,
    /// When each of the user's keys expires; `None` where that cannot be seen.
    pub keys: Option<Vec<Option<String>>>,
    /// What the user may not do.
    pub forbidden: Vec<&'static str>,
    /// Whether the user may set the company's currency.
    pub may_set_currency: bool,
    /// Whether the user may switch currencies on.
    pub may_switch_currencies: bool,
    /// Whether an application is there, by a model of its own.
    pub applications: BTreeMap<&'static str, bool>,
    /// Digits of prices.
    pub price_digits: Option<i64>,
    /// Journal entries of this company, and those of them that we brought.
    pub entries: u64,
    pub ours: u64,
    /// Those that another QuickBooks company's migration brought.
    pub of_others: u64,
    pub accounts: u64,
    /// Of the codes that were asked about: those that are taken, and by what type.
    pub codes: BTreeMap<String, String>,
    /// Of the currencies that were asked about: those that are switched off.
    pub switched_off: Vec<String>,
}

/// What is asked about beside the company itself.
pub struct About {
    pub codes: Vec<String>,
    pub currencies: Vec<String>,
    /// Models of applications.
    pub applications: Vec<&'static str>,
}

/// What the migration does in Odoo.
const DOES: [(&str, &str); 11] = [
    ("account.move", "create journal entries"),
    ("account.partial.reconcile", "reconcile payments"),
    ("account.account", "create accounts"),
    ("account.journal", "create journals"),
    ("account.tax", "create taxes"),
    ("account.payment.term", "create payment terms"),
    ("account.analytic.plan", "create analytic plans"),
    ("account.analytic.account", "create analytic accounts"),
    ("res.partner", "create contacts"),
    ("product.product", "create products"),
    ("product.category", "create product categories"),
];

/// Lock dates, by what Odoo calls them; versions differ.
pub const LOCKS: [&str; 6] = [
    "fiscalyear_lock_date",
    "hard_lock_date",
    "period_lock_date",
    "purchase_lock_date",
    "sale_lock_date",
    "tax_lock_date",
];

pub async fn look(
    tools: &Tools,
    company: &Company,
    connection: &OdooConnection,
    about: About,
) -> Result<OdooSeen> {
    let odoo = company.odoo.as_ref();
    let (major, version) = odoo.version().await?;
    let target = Target { company, major };
    let has = tools.connect.fields(&company.link.odoo, odoo, "res.company").await?;
    let fields: Vec<&str> = ["name", "currency_id", "create_date", "account_fiscal_country_id"]
        .into_iter()
        .chain(LOCKS)
        .filter(|field| has.contains_key(*field))
        .collect();
    let own = json!([["id", "=", company.odoo_company.0]]);
    let found = odoo.search_read("res.company", own, &fields, "id", 0, 1).await?;
    let own = found.into_iter().next().ok_or_else(|| {
        Failure::needs(
            q2o_domain::Remedy::CheckOdoo,
            format!("Odoo has no company {} that this user may see.", company.odoo_company),
        )
    })?;

    let mut forbidden = Vec::new();
    for (model, what) in DOES {
        if target.may(model, "create").await? != Some(true) {
            forbidden.push(what);
        }
    }
    let mut applications = BTreeMap::new();
    for model in about.applications {
        applications.insert(model, target.may(model, "read").await?.is_some());
    }
    let in_company = json!(["company_id", "=", company.odoo_company.0]);
    // every document that we bring carries its key
    let our_keys = json!([KEY, "=like", format!("{}%", company.key_prefix())]);
    let any_keys = json!([KEY, "=like", "q2o_%"]);
    let accounts = tools.connect.fields(&company.link.odoo, odoo, "account.account").await?;
    let of_company = if accounts.contains_key("company_ids") {
        json!(["company_ids", "in", [company.odoo_company.0]])
    } else {
        json!(["company_id", "=", company.odoo_company.0])
    };
    Ok(OdooSeen {
        major,
        version,
        user: target.user(&connection.login).await?,
        keys: target.keys(&connection.login).await?,
        forbidden,
        may_set_currency: target.may("res.company", "write").await? == Some(true),
        may_switch_currencies: target.may("res.currency", "write").await? == Some(true),
        applications,
        price_digits: target.price_digits().await?,
        entries: target.count("account.move", json!([in_company])).await?,
        ours: target.count("account.move", json!([in_company, our_keys])).await?,
        of_others: target
            .count("account.move", json!([in_company, any_keys, "!", our_keys]))
            .await?,
        accounts: target.count("account.account", json!([of_company])).await?,
        codes: target.codes(&about.codes, &of_company).await?,
        switched_off: target.switched_off(&about.currencies).await?,
        company: own,
    })
}

struct Target<'a> {
    company: &'a Company,
    major: u32,
}

impl Target<'_> {
    /// Whether the user may; `None` where Odoo has no such model.
    async fn may(&self, model: &str, operation: &str) -> Result<Option<bool>> {
        let odoo = &self.company.odoo;
        let answer = if self.major >= 18 {
            odoo.call(model, "has_access", json!([[], operation]), json!({})).await
        } else {
            let quietly = json!({ "raise_exception": false });
            odoo.call(model, "check_access_rights", json!([operation]), quietly).await
        };
        match answer {
            Ok(answer) => Ok(Some(answer == true)),
            Err(OdooError::NotInstalled { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn count(&self, model: &str, domain: Value) -> Result<u64> {
        let odoo = &self.company.odoo;
        let count = odoo.call(model, "search_count", json!([domain]), json!({})).await?;
        count.as_u64().ok_or_else(|| Failure::bug(format!("Odoo counts {count} of {model}")))
    }

    async fn read(&self, model: &str, domain: Value, fields: &[&str]) -> Result<Vec<Value>> {
        Ok(self.company.odoo.search_read(model, domain, fields, "id", 0, 0).await?)
    }

    async fn user(&self, login: &str) -> Result<Option<Value>> {
        let own = self.read("res.users", json!([["login", "=", login]]), &["login", "email"]).await;
        Ok(visible(own)?.and_then(|rows| rows.into_iter().next()))
    }

    /// A user sees their own keys. Which of them is ours, Odoo does not say.
    async fn keys(&self, login: &str) -> Result<Option<Vec<Option<String>>>> {
        // keys last forever before 18
        if self.major < 18 {
            return Ok(None);
        }
        let own = json!([["user_id.login", "=", login]]);
        let keys = self.read("res.users.apikeys", own, &["expiration_date"]).await;
        let expiry = |key: &Value| key["expiration_date"].as_str().map(str::to_owned);
        Ok(visible(keys)?.map(|keys| keys.iter().map(expiry).collect()))
    }

    async fn price_digits(&self) -> Result<Option<i64>> {
        let domain = json!([["name", "=", "Product Price"]]);
        let rows = visible(self.read("decimal.precision", domain, &["digits"]).await)?;
        Ok(rows.and_then(|rows| rows.first()?["digits"].as_i64()))
    }

    async fn codes(
        &self,
        codes: &[String],
        of_company: &Value,
    ) -> Result<BTreeMap<String, String>> {
        let domain = json!([["code", "in", codes], of_company]);
        let rows = self.read("account.account", domain, &["code", "account_type"]).await?;
        let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
        Ok(rows.iter().map(|row| (text(row, "code"), text(row, "account_type"))).collect())
    }

    async fn switched_off(&self, currencies: &[String]) -> Result<Vec<String>> {
        if currencies.is_empty() {
            return Ok(Vec::new());
        }
        let domain = json!([["name", "in", currencies], ["active", "=", false]]);
        let rows = self.read("res.currency", domain, &["name"]).await?;
        Ok(rows.iter().filter_map(|row| Some(row["name"].as_str()?.to_owned())).collect())
    }
}

/// What the user may not see is not known, and nothing worse.
fn visible<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(seen) => Ok(Some(seen)),
        Err(Failure::NeedsUser { .. }) => Ok(None),
        Err(failure) => Err(failure),
    }
}
