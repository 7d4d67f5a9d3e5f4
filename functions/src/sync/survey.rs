//! `survey`: looks at both sides before anything is moved, refuses what cannot
//! end well, and prepares Odoo: journals, analytic plans, the currency.

use std::{collections::BTreeMap, sync::Arc};

use q2o_domain::{
    Currency, Failure, Kind, RealmId, Remedy, Result,
    mapping::Mode,
    records::{CompanyLink, Counts, Fingerprint, IdLink, SetUp},
};
use q2o_durable::{Activity, Attempt};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::to_raw_value};

use crate::{
    app::Tools,
    entities::{PLANS, document::Journal, entity, orders, time_activity},
    mappings::{self, check::Sides},
    store::{collection, document, failed, kind_key},
    sync::{
        company::{Company, OWN_CURRENCY, Task},
        fetch::extract::staged_document,
        load::documents::KEY,
        progress::{Found, Progress},
        sorted,
    },
};
use q2o_domain::ports::{Change, Select, Unavailable};

/// Kinds that the survey reads itself: one of each, and no records.
pub const SETTINGS: [Kind; 2] = [Kind::CompanyInfo, Kind::Preferences];

pub struct Survey(pub Arc<Tools>);

#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    pub kinds: Vec<Kind>,
    /// Write nothing.
    #[serde(default)]
    pub only_look: bool,
}

/// What the survey found out.
#[derive(Debug, Serialize, Deserialize)]
pub struct Surveyed {
    pub realm: RealmId,
    /// Kinds that are still to be fetched: the company has records of them.
    pub to_fetch: Vec<Kind>,
    /// The version of the mapping that counts from here on.
    #[serde(default)]
    pub mapping: Option<u32>,
}

impl Activity for Survey {
    const NAME: &'static str = "survey";
    type Input = Input;
    type Output = Surveyed;

    async fn run(&self, input: Input, attempt: &Attempt) -> Result<Surveyed, q2o_durable::Failure> {
        survey(&self.0, input, attempt).await.map_err(sorted)
    }
}

async fn survey(tools: &Tools, input: Input, attempt: &Attempt) -> Result<Surveyed> {
    let Input { task, kinds, only_look } = input;
    let mut company = Company::open(tools, &task).await?;
    let realm = company.realm().clone();
    let quickbooks = tools.connect.quickbooks(&company.tenant, &realm);
    let (info, preferences) = (quickbooks.company().await?, quickbooks.preferences().await?);
    let home = home_currency(&preferences);
    let fingerprint = fingerprint(&mut company, &info, home, only_look).await?;
    match &company.link.fingerprint {
        Some(known) if *known == fingerprint => {
            // a bigger plan reaches further back
            if !only_look && company.link.cut.is_none_or(|begun| task.cut < begun) {
                company.link.cut = Some(task.cut);
                save(&company.link, &company).await?;
            }
        }
        Some(_) => {
            return Err(Failure::needs(
                Remedy::CheckCompany,
                "One of the two companies is not the one that this migration began with. Nothing \
                 was written. Connect the right one again.",
            ));
        }
        None if only_look => alone(&company).await?,
        None => {
            alone(&company).await?;
            company.link.fingerprint = Some(fingerprint);
            company.link.cut = Some(task.cut);
            save(&company.link, &company).await?;
        }
    }
    let mapping = mapping(tools, &company).await?;
    let mut unavailable = switched_off(&preferences);
    let known = [(Kind::CompanyInfo, info), (Kind::Preferences, preferences)];
    let asked: Vec<(Kind, Option<&str>)> = kinds
        .iter()
        .filter(|kind| known.iter().all(|(known, _)| known != *kind))
        .filter(|kind| !unavailable.contains_key(kind))
        .map(|kind| (*kind, entity(*kind).and_then(q2o_domain::AnyEntity::only)))
        .collect();
    let mut counts: BTreeMap<Kind, Counts> = BTreeMap::new();
    for ((kind, _), number) in asked.iter().zip(quickbooks.counts(&asked).await?) {
        match number {
            Ok(source) => {
                counts.insert(*kind, Counts { source, ..Counts::default() });
            }
            Err(Unavailable(why)) => {
                unavailable.insert(*kind, why);
            }
        }
    }
    let mut to_fetch = Vec::new();
    for (kind, counts) in &counts {
        // what was there before and is not any more has to be looked for as well
        if counts.source > 0 || moved_before(&company, *kind).await? {
            to_fetch.push(*kind);
        }
    }
    if !only_look {
        prepare(tools, &company, &to_fetch).await?;
    }
    let mut staged = Vec::new();
    for (kind, record) in known {
        let record = to_raw_value(&record).map_err(|error| Failure::bug(error.to_string()))?;
        staged.push(staged_document(&task, kind, record, "", tools.clock.now())?);
        counts.insert(kind, Counts { source: 1, fetched: 1, ..Counts::default() });
    }
    company.tenant.put_all(staged).await?;
    attempt.ride(
        Progress::new(&company.tenant, &tools.clock, &task.job, "surveyed")
            .found(Found { counts, unavailable, mapping })
            .calls(tools.connect.http.take_calls())
            .phase("survey"),
    );
    Ok(Surveyed { realm, to_fetch, mapping })
}

/// Whether anything of this kind is in Odoo by us.
async fn moved_before(company: &Company, kind: Kind) -> Result<bool> {
    let key = Select::Key(kind_key(&company.link.id, kind));
    let any = company.tenant.list::<IdLink>(collection::ID_LINKS, key, None, 1).await?;
    Ok(!any.is_empty())
}

/// Kinds that a company without the feature has none of.
pub fn switched_off(preferences: &Value) -> BTreeMap<Kind, String> {
    let currencies = preferences["CurrencyPrefs"]["MultiCurrencyEnabled"] == true;
    let off = [Kind::CompanyCurrency, Kind::ExchangeRate].into_iter().filter(|_| !currencies);
    off.map(|kind| (kind, "Multicurrency is switched off.".to_owned())).collect()
}

/// Refuses an Odoo company that holds another QuickBooks company's history: the two
/// would share accounts, and neither could be proved.
async fn alone(company: &Company) -> Result<()> {
    let own = format!("{}%", company.key_prefix());
    let domain = json!([
        [KEY, "=like", "q2o_%"],
        "!",
        [KEY, "=like", own],
        ["company_id", "=", company.odoo_company.0]
    ]);
    let others = company.odoo.search_read("account.move", domain, &[KEY], "id", 0, 1).await?;
    let Some(other) = others.first() else { return Ok(()) };
    Err(Failure::needs(
        Remedy::CheckCompany,
        format!(
            "This Odoo company already holds the history of another QuickBooks company ({}). \
             Nothing was written. Choose an Odoo company of its own.",
            other[KEY].as_str().unwrap_or_default()
        ),
    ))
}

/// The version of the mapping that counts, held against both companies as they
/// are now.
async fn mapping(tools: &Tools, company: &Company) -> Result<Option<u32>> {
    let Some(mapping) = mappings::current(&company.tenant, &company.link.id).await? else {
        return Ok(None);
    };
    let (odoo, id) = (company.odoo.as_ref(), company.odoo_company);
    let (source, chart) = mappings::read(tools, &company.tenant, &company.link, odoo, id).await?;
    let sides = Sides { source: &source, chart: &chart };
    let mut broken = sides.recheck(&mapping.decisions);
    if mapping.mode == Mode::Map {
        broken.extend(sides.undecided(&mapping.decisions).map(|id| {
            let why = format!("Nothing was decided on account {}.", source.shown(id));
            (Kind::Account, id.clone(), why)
        }));
    }
    let count = broken.len();
    let Some((kind, id, why)) = broken.into_iter().next() else {
        return Ok(Some(mapping.version));
    };
    let more = if count > 1 { format!(" ({} more.)", count - 1) } else { String::new() };
    Err(Failure::needs(
        Remedy::Map { kind, id },
        format!("The mapping does not hold: {why}{more} Nothing was written. Save it anew."),
    ))
}

async fn save(link: &CompanyLink, company: &Company) -> Result<()> {
    let document = document(collection::LINKS, link.id.as_str(), link)?.key("links");
    company.tenant.commit(vec![Change::Put(document)]).await.map_err(failed)
}

fn home_currency(preferences: &Value) -> Currency {
    preferences["CurrencyPrefs"]["HomeCurrency"]["value"].as_str().unwrap_or("USD").into()
}

/// Both companies as they are now; refused where their currencies differ.
async fn fingerprint(
    company: &mut Company,
    info: &Value,
    home: Currency,
    only_look: bool,
) -> Result<Fingerprint> {
    let (uuid, currency) = company.odoo_fingerprint().await?;
    if currency != home {
        adopt_currency(company, &currency, &home, only_look).await?;
    }
    Ok(Fingerprint {
        realm: company.realm().clone(),
        company_created: info["MetaData"]["CreateTime"].as_str().unwrap_or_default().to_owned(),
        odoo_database: company.odoo_database.clone(),
        odoo_uuid: uuid,
        odoo_company: company.odoo_company,
        currency: home,
    })
}

/// An Odoo company without journal items can still take another currency.
async fn adopt_currency(
    company: &mut Company,
    odoo: &Currency,
    home: &Currency,
    only_look: bool,
) -> Result<()> {
    let mismatch = || {
        Failure::needs(
            Remedy::CheckCurrency,
            format!(
                "The books are in {home}, and the Odoo company is in {odoo}. Nothing was written. \
                 Choose an Odoo company in {home}."
            ),
        )
    };
    let domain = json!([["company_id", "=", company.odoo_company.0]]);
    let items = company.odoo.search_read("account.move.line", domain, &["id"], "id", 0, 1).await?;
    if !items.is_empty() {
        return Err(mismatch());
    }
    if only_look {
        return Ok(());
    }
    let wanted = [home.0.clone()];
    let currency =
        *company.find("res.currency", "name", &wanted).await?.get(&home.0).ok_or_else(mismatch)?;
    company.link.set_up.insert(own_currency(odoo));
    save(&company.link, company).await?;
    company.odoo.write("res.currency", &[currency], json!({"active": true})).await?;
    let fields = json!({ "currency_id": currency.0 });
    company.odoo.write("res.company", &[company.odoo_company], fields).await.map_err(|_| mismatch())
}

/// The currency that an Odoo company had before it took QuickBooks' own.
fn own_currency(before: &Currency) -> SetUp {
    let [model, by] = OWN_CURRENCY.map(str::to_owned);
    SetUp { model, by, value: before.to_string() }
}

/// Makes what many records share in Odoo, as far as it is not there.
async fn prepare(tools: &Tools, company: &Company, kinds: &[Kind]) -> Result<()> {
    let journal = |journal: &Journal| {
        let (name, of) = journal.made_as();
        let fields = json!({
            "name": name,
            "code": journal.code(),
            "type": of,
            // history is not for the dashboard
            "show_on_dashboard": false,
        });
        (journal.code(), fields)
    };
    let journals = Journal::ALL.iter().map(journal).collect();
    make(tools, company, "account.journal", "code", journals).await?;
    let plans = PLANS.iter().map(|name| (*name, json!({ "name": name }))).collect();
    make(tools, company, "account.analytic.plan", "name", plans).await?;
    if kinds.contains(&Kind::Estimate) || kinds.contains(&Kind::PurchaseOrder) {
        let (code, name) = orders::LINE;
        let none = json!([[6, 0, []]]);
        let product = json!({
            "name": name, "default_code": code, "type": "service",
            "taxes_id": none, "supplier_taxes_id": none,
        });
        make(tools, company, "product.product", "default_code", vec![(code, product)]).await?;
    }
    if kinds.contains(&Kind::TimeActivity) {
        let name = time_activity::PROJECT;
        let fields = json!({
            "name": name, "allow_timesheets": true, "privacy_visibility": "employees",
        });
        make(tools, company, "project.project", "name", vec![(name, fields)]).await?;
    }
    Ok(())
}

/// Makes records of one model, each told by a field, as far as they are not there;
/// none where Odoo does not have the model, and without fields that it does not have.
async fn make(
    tools: &Tools,
    company: &Company,
    model: &str,
    by: &str,
    records: Vec<(&str, Value)>,
) -> Result<()> {
    let odoo = company.odoo.as_ref();
    let fields = tools.connect.fields(&company.link.odoo, odoo, model).await?;
    if fields.is_empty() {
        return Ok(());
    }
    let values: Vec<String> = records.iter().map(|(value, _)| (*value).to_owned()).collect();
    let there = company.find(model, by, &values).await?;
    let missing = records.into_iter().filter(|(value, _)| !there.contains_key(*value));
    let missing: Vec<Value> = missing
        .map(|(_, mut record)| {
            record["company_id"] = company.odoo_company.0.into();
            if let Value::Object(record) = &mut record {
                record.retain(|name, _| fields.contains_key(name));
            }
            record
        })
        .collect();
    if !missing.is_empty() {
        company.will_set_up(set_up(model, by, &missing)).await?;
        odoo.create(model, missing, json!({})).await?;
    }
    Ok(())
}

fn set_up(model: &str, by: &str, records: &[Value]) -> Vec<SetUp> {
    let told = records.iter().filter_map(|record| record[by].as_str());
    told.map(|value| SetUp { model: model.into(), by: by.into(), value: value.into() }).collect()
}
