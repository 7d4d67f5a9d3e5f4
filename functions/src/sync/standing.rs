//! What Odoo says of the records that a rollback is to take: whether somebody
//! changed them, reconciled them or closed their period since.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp, civil::Date};
use q2o_domain::{
    Kind, Money, OdooId, Result,
    records::{Job, Scope},
};
use serde_json::{Value, json};

use super::{
    company::{Company, id_of, many2one},
    documents::{self, KEY},
    rollback::{MOVE, Record, Unit},
    settle::money,
    weigh::{Scales, Why},
};
use crate::{app::Tools, entities::ENTITIES};

/// Records a call.
const PAGE: usize = 1000;

/// Clocks differ, and a cancelled job ends its last call.
const SLACK: SignedDuration = SignedDuration::from_mins(5);

/// What Odoo itself does, it does as its first user.
const ODOO_ITSELF: OdooId = OdooId(1);

/// Tells our own writes from those of people.
pub struct Editors {
    us: OdooId,
    /// When a job of ours last wrote. Later writes are a person's, be it under our name.
    quiet: Option<Timestamp>,
}

impl Editors {
    /// `jobs` are all others that write to this company.
    pub async fn of(company: &Company, jobs: &[Job]) -> Result<Self> {
        let domain = json!([["login", "=", company.odoo_login]]);
        let rows = company.odoo.search_read("res.users", domain, &["login"], "id", 0, 1).await?;
        let us = rows.first().and_then(id_of).unwrap_or(OdooId(0));
        let ended: Option<Vec<Timestamp>> = jobs.iter().map(|job| job.ended).collect();
        let quiet = ended.and_then(|ended| ended.into_iter().max());
        Ok(Self { us, quiet: quiet.and_then(|at| at.checked_add(SLACK).ok()) })
    }

    /// Who changed a record since it was written, and when; `None` if nobody did.
    pub fn edited(&self, row: &Value) -> Option<String> {
        let at = row["write_date"].as_str().unwrap_or_default();
        let by = many2one(&row["write_uid"])?;
        if by == ODOO_ITSELF {
            return None;
        }
        let who = row["write_uid"][1].as_str().unwrap_or_default();
        let ours = by == self.us || Some(by) == many2one(&row["create_uid"]);
        let told = |what: &str| Some(format!("{who} {what} on {at}."));
        if !ours {
            return told("changed it in Odoo");
        }
        let later = self.quiet.zip(moment(at)).is_some_and(|(quiet, at)| at > quiet);
        if later { told("(the migration's own user) changed it in Odoo") } else { None }
    }

    /// While a job is under way, it touches what it takes from: only others can be
    /// told then.
    pub fn under_way(self) -> Self {
        Self { quiet: None, ..self }
    }

    fn made_by_others(&self, row: &Value) -> Option<String> {
        let made = json!({ "write_uid": row["create_uid"], "write_date": row["create_date"] });
        let by = many2one(&row["create_uid"])?;
        let who = row["create_uid"][1].as_str().unwrap_or_default();
        let at = row["create_date"].as_str().unwrap_or_default();
        let others = by != self.us && by != ODOO_ITSELF;
        (others || self.edited(&made).is_some()).then(|| format!("{who} on {at}"))
    }
}

/// An instant as Odoo writes it.
fn moment(text: &str) -> Option<Timestamp> {
    let text = text.get(..19)?.replace(' ', "T");
    format!("{text}Z").parse().ok()
}

/// Documents that Odoo made and whose links were never written down, because the
/// job ended in between, or Odoo booked them on another day than theirs.
pub async fn left_over(
    company: &Company,
    scope: &Scope,
    jobs: &[Job],
    scales: &mut Scales,
) -> Result<()> {
    let all = company.key("", &"".into(), "");
    let prefix = all.trim_end_matches('_');
    let domain =
        json!([[KEY, "=like", format!("{prefix}%")], ["company_id", "=", company.odoo_company.0]]);
    let fields = [KEY, "create_date"];
    for page in 0.. {
        let most = u32::try_from(PAGE * 5).unwrap_or(u32::MAX);
        let rows = company
            .odoo
            .search_read(MOVE, domain.clone(), &fields, "id", page * most, most)
            .await?;
        for row in &rows {
            let (Some(id), Some(key)) = (id_of(row), row[KEY].as_str()) else { continue };
            if scales.of.contains_key(&(MOVE.to_owned(), id.0)) {
                continue;
            }
            let Some((word, rest)) = key.strip_prefix(prefix).and_then(|k| k.split_once('_'))
            else {
                continue;
            };
            let kind = ENTITIES.iter().map(|e| e.kind()).find(|kind| kind.word() == word);
            let made = row["create_date"].as_str().and_then(moment);
            let by_job = scope.job.as_ref().is_none_or(|job| {
                let job = jobs.iter().find(|one| one.id == *job);
                job.zip(made).is_some_and(|(job, made)| {
                    job.started - SLACK <= made
                        && job.ended.is_none_or(|ended| made <= ended + SLACK)
                })
            });
            let of_kind = scope
                .kinds
                .as_ref()
                .is_none_or(|kinds| kind.is_some_and(|kind: Kind| kinds.contains(&kind)));
            let what = kind.map_or_else(|| "Ledger completion".to_owned(), |kind| kind.to_string());
            let mut unit = Unit::new(what, kind, rest.split('.').next().unwrap_or(rest));
            unit.records.push(Record { model: MOVE.to_owned(), id, sent: None });
            scales.push(unit, by_job && of_kind);
        }
        if rows.len() < PAGE * 5 {
            return Ok(());
        }
    }
    Ok(())
}

/// Periods that are closed, and what else forbids that documents go.
#[derive(Default)]
struct Locks {
    all: Option<Date>,
    sales: Option<Date>,
    purchases: Option<Date>,
    taxes: Option<Date>,
    /// The company keeps what was posted once.
    audit_trail: bool,
    hashes: bool,
}

impl Locks {
    async fn of(tools: &Tools, company: &Company) -> Result<Self> {
        let odoo = company.odoo.as_ref();
        let fields = tools.connect.fields(&company.link.odoo, odoo, "res.company").await?;
        // a user may be excepted from a lock: Odoo says what holds for us
        let names = ["fiscalyear", "hard", "sale", "purchase", "tax"].map(|of| {
            let (own, plain) = (format!("user_{of}_lock_date"), format!("{of}_lock_date"));
            [own, plain].into_iter().find(|name| fields.contains_key(name))
        });
        let trails = ["check_account_audit_trail", "restrictive_audit_trail"]
            .into_iter()
            .filter(|name| fields.contains_key(*name));
        let mut asked: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
        asked.extend(trails.clone());
        let domain = json!([["id", "=", company.odoo_company.0]]);
        let rows = odoo.search_read("res.company", domain, &asked, "id", 0, 1).await?;
        let row = rows.first().cloned().unwrap_or_default();
        let day = |at: usize| -> Option<Date> { row[names[at].as_ref()?].as_str()?.parse().ok() };
        let moves = tools.connect.fields(&company.link.odoo, odoo, MOVE).await?;
        Ok(Self {
            all: day(0).max(day(1)),
            sales: day(2),
            purchases: day(3),
            taxes: day(4),
            audit_trail: trails.into_iter().any(|name| row[name] == true),
            hashes: moves.contains_key("inalterable_hash"),
        })
    }

    fn forbid(&self, row: &Value, taxed: bool) -> Option<String> {
        let day: Option<Date> = row["date"].as_str().and_then(|day| day.parse().ok());
        let of = row["move_type"].as_str().unwrap_or_default();
        let closed = [
            (self.all, true, "period"),
            (self.sales, of.starts_with("out"), "period for sales"),
            (self.purchases, of.starts_with("in"), "period for purchases"),
            (self.taxes, taxed, "tax period"),
        ];
        for (lock, concerned, what) in closed {
            if concerned && lock.zip(day).is_some_and(|(lock, day)| day <= lock) {
                let lock = lock.unwrap_or_default();
                return Some(format!("Its {what} is closed: the lock date is {lock}."));
            }
        }
        if self.audit_trail {
            return Some(
                "The company keeps an audit trail: Odoo deletes nothing that was posted."
                    .to_owned(),
            );
        }
        row["inalterable_hash"]
            .as_str()
            .filter(|hash| !hash.is_empty())
            .map(|_| "It is sealed by a hash: Odoo lets nobody take it back.".to_owned())
    }
}

/// A line of a move.
struct Line {
    account: OdooId,
    balance: Money,
    taxed: bool,
}

/// Looks at the documents that are asked for: what is not there any more is taken
/// off its unit; what was changed or is closed stays.
pub async fn documents(
    tools: &Tools,
    company: &Company,
    editors: &Editors,
    scales: &mut Scales,
) -> Result<()> {
    let locks = Locks::of(tools, company).await?;
    let asked: Vec<usize> = (0..scales.units.len())
        .filter(|at| scales.asked[*at] && scales.units[*at].is_document())
        .collect();
    for some in asked.chunks(PAGE) {
        let units: Vec<&Unit> = some.iter().map(|at| &scales.units[*at]).collect();
        let (rows, mut lines) = read(company, &units, &locks).await?;
        for &at in some {
            scales.units[at].records.retain(|record| rows.contains_key(&record.id));
            let unit = scales.units[at].clone();
            for record in unit.moves() {
                let row = &rows[&record.id];
                let day = row["date"].as_str().unwrap_or_default().to_owned();
                scales.days.entry(at).or_insert(day);
                let lines = lines.remove(&record.id).unwrap_or_default();
                if let Some(why) = changed(editors, &unit, record, row, &lines) {
                    scales.stay(at, "edited", why);
                }
                let taxed = lines.iter().any(|line| line.taxed);
                if let Some(why) = locks.forbid(row, taxed) {
                    scales.stay(at, "locked", why);
                }
            }
        }
    }
    Ok(())
}

/// Whether somebody changed any of these units since they were weighed.
pub async fn changed_since(
    tools: &Tools,
    company: &Company,
    editors: &Editors,
    units: &[&Unit],
) -> Result<Vec<Option<String>>> {
    let locks = Locks::of(tools, company).await?;
    let (rows, lines) = read(company, units, &locks).await?;
    let of_lines = line_owners(company, rows.keys().copied()).await?;
    let mut since: HashMap<OdooId, String> = HashMap::new();
    for row in partials(company, of_lines.keys().copied()).await? {
        for side in ["debit_move_id", "credit_move_id"] {
            let of = many2one(&row[side]).and_then(|line| of_lines.get(&line));
            if let Some((of, id)) = of.copied().zip(id_of(&row)) {
                let unit = units.iter().find(|unit| unit.moves().any(|record| record.id == of));
                if unit.is_some_and(|unit| !unit.partials.contains(&id)) {
                    since.insert(of, "It was reconciled in Odoo just now.".to_owned());
                }
            }
        }
    }
    Ok(units
        .iter()
        .map(|unit| {
            unit.moves().filter(|record| rows.contains_key(&record.id)).find_map(|record| {
                let lines = lines.get(&record.id).map_or(&[][..], Vec::as_slice);
                changed(editors, unit, record, &rows[&record.id], lines)
                    .or_else(|| since.get(&record.id).cloned())
            })
        })
        .collect())
}

type Rows = BTreeMap<OdooId, Value>;

async fn read(
    company: &Company,
    units: &[&Unit],
    locks: &Locks,
) -> Result<(Rows, HashMap<OdooId, Vec<Line>>)> {
    let ids: Vec<i64> = units.iter().flat_map(|unit| unit.moves()).map(|r| r.id.0).collect();
    let mut fields =
        vec!["name", "state", "date", "move_type", "create_uid", "write_uid", "write_date"];
    if locks.hashes {
        fields.push("inalterable_hash");
    }
    let (mut rows, mut lines) = (Rows::new(), HashMap::new());
    for some in ids.chunks(PAGE) {
        let domain = json!([["id", "in", some]]);
        for row in company.odoo.search_read(MOVE, domain, &fields, "id", 0, 0).await? {
            rows.extend(id_of(&row).map(|id| (id, row)));
        }
        let domain = json!([["move_id", "in", some]]);
        let of_line = ["move_id", "account_id", "balance", "tax_ids", "tax_repartition_line_id"];
        for row in
            company.odoo.search_read("account.move.line", domain, &of_line, "id", 0, 0).await?
        {
            let (Some(of), Some(account)) =
                (many2one(&row["move_id"]), many2one(&row["account_id"]))
            else {
                continue;
            };
            let taxed = row["tax_ids"].as_array().is_some_and(|taxes| !taxes.is_empty())
                || many2one(&row["tax_repartition_line_id"]).is_some();
            let balance = money(&row["balance"]).unwrap_or_default();
            lines.entry(of).or_insert_with(Vec::new).push(Line { account, balance, taxed });
        }
    }
    Ok((rows, lines))
}

fn changed(
    editors: &Editors,
    unit: &Unit,
    record: &Record,
    row: &Value,
    lines: &[Line],
) -> Option<String> {
    // what we began to take out looks changed, and it was us
    if unit.leaving {
        return None;
    }
    if let Some(why) = editors.edited(row) {
        return Some(why);
    }
    // left over from a job that ended in between: nobody posted it yet
    let sent = record.sent.as_ref()?;
    let state = row["state"].as_str().unwrap_or_default();
    if state == "draft" {
        return Some("It was taken back to a draft in Odoo.".to_owned());
    }
    let day = row["date"].as_str().unwrap_or_default();
    let now = documents::print(state, day, lines.iter().map(|line| (line.account, line.balance)));
    (now != *sent)
        .then(|| "Its state, its date or its lines in Odoo are not what was sent.".to_owned())
}

/// The moves that lines belong to.
async fn line_owners(
    company: &Company,
    moves: impl Iterator<Item = OdooId>,
) -> Result<BTreeMap<OdooId, OdooId>> {
    let moves: Vec<i64> = moves.map(|id| id.0).collect();
    let mut owners = BTreeMap::new();
    for some in moves.chunks(PAGE) {
        let domain = json!([["move_id", "in", some]]);
        let rows =
            company.odoo.search_read("account.move.line", domain, &["move_id"], "id", 0, 0).await?;
        owners
            .extend(rows.iter().filter_map(|row| Some((id_of(row)?, many2one(&row["move_id"])?))));
    }
    Ok(owners)
}

async fn partials(company: &Company, lines: impl Iterator<Item = OdooId>) -> Result<Vec<Value>> {
    let lines: Vec<i64> = lines.map(|id| id.0).collect();
    let fields = ["debit_move_id", "credit_move_id", "create_uid", "create_date"];
    let mut partials: BTreeMap<OdooId, Value> = BTreeMap::new();
    for some in lines.chunks(PAGE * 5) {
        for side in ["debit_move_id", "credit_move_id"] {
            let domain = json!([[side, "in", some]]);
            let model = "account.partial.reconcile";
            let rows = company.odoo.search_read(model, domain, &fields, "id", 0, 0).await?;
            partials.extend(rows.into_iter().filter_map(|row| Some((id_of(&row)?, row))));
        }
    }
    Ok(partials.into_values().collect())
}

/// What the documents are reconciled with. What is not ours keeps them; what is
/// says which of them cannot go without which: a reconciliation belongs to the
/// record that asked for it, a payment as a rule, and goes with that.
pub async fn reconciled(
    company: &Company,
    editors: &Editors,
    scales: &mut Scales,
) -> Result<Vec<(usize, usize)>> {
    let moves: Vec<OdooId> = (0..scales.units.len())
        .filter(|at| scales.goes(*at))
        .flat_map(|at| scales.units[at].moves())
        .map(|record| record.id)
        .collect();
    let mut owners = line_owners(company, moves.into_iter()).await?;
    let partials = partials(company, owners.keys().copied()).await?;
    let sides = |row: &Value| {
        ["debit_move_id", "credit_move_id"].map(|side| many2one(&row[side]).unwrap_or(OdooId(0)))
    };
    let other: BTreeSet<i64> = partials
        .iter()
        .flat_map(sides)
        .filter(|line| !owners.contains_key(line))
        .map(|line| line.0)
        .collect();
    let mut names: HashMap<OdooId, String> = HashMap::new();
    for some in other.into_iter().collect::<Vec<_>>().chunks(PAGE) {
        let domain = json!([["id", "in", some]]);
        let fields = ["move_id"];
        for row in
            company.odoo.search_read("account.move.line", domain, &fields, "id", 0, 0).await?
        {
            if let Some((line, of)) = id_of(&row).zip(many2one(&row["move_id"])) {
                owners.insert(line, of);
                names.insert(of, row["move_id"][1].as_str().unwrap_or_default().to_owned());
            }
        }
    }
    let asked_by: HashMap<OdooId, usize> = (0..scales.units.len())
        .flat_map(|at| scales.units[at].settled.iter().map(move |partial| (*partial, at)))
        .collect();
    let mut edges = Vec::new();
    for row in &partials {
        let Some(id) = id_of(row) else { continue };
        let of = sides(row).map(|line| owners.get(&line).copied());
        let units = of.map(|of| scales.of.get(&(MOVE.to_owned(), of?.0)).copied());
        for (at, other) in [(units[0], 1), (units[1], 0)] {
            let Some(at) = at else { continue };
            scales.units[at].partials.insert(id);
            if units[other].is_none() {
                let name = of[other].and_then(|of| names.get(&of)).cloned().unwrap_or_default();
                let why = format!("It is reconciled with {name}, which is not the migration's.");
                scales.stay(at, "reconciled", why);
            } else if let Some(who) = editors.made_by_others(row) {
                scales.stay(at, "reconciled", format!("It was reconciled by {who}."));
            }
        }
        let (Some(one), Some(two)) = (units[0], units[1]) else { continue };
        match asked_by.get(&id) {
            Some(&owner) => edges.extend([(owner, one), (owner, two)]),
            None => edges.extend([(one, two), (two, one)]),
        }
    }
    Ok(edges.into_iter().filter(|(first, second)| first != second).collect())
}

/// Notes what the units are reconciled by; says which of them are reconciled with
/// what is not the migration's, or by somebody else.
pub async fn reconciled_by_others(
    company: &Company,
    editors: &Editors,
    units: &mut [Unit],
) -> Result<BTreeMap<usize, Why>> {
    let moves: Vec<OdooId> = units.iter().flat_map(Unit::moves).map(|r| r.id).collect();
    let own = line_owners(company, moves.into_iter()).await?;
    let partials = partials(company, own.keys().copied()).await?;
    let strangers = strangers(company, &own, &partials).await?;
    let mut stay = BTreeMap::new();
    for row in &partials {
        let sides = ["debit_move_id", "credit_move_id"].map(|side| many2one(&row[side]));
        let who = editors.made_by_others(row).map(|who| format!("It was reconciled by {who}."));
        let with = sides.iter().flatten().find_map(|line| strangers.get(line));
        let with =
            with.map(|name| format!("It is reconciled with {name}, which is not the migration's."));
        for of in sides.iter().flatten().filter_map(|line| own.get(line)) {
            let at = units.iter().position(|unit| unit.moves().any(|record| record.id == *of));
            let (Some(at), Some(id)) = (at, id_of(row)) else { continue };
            units[at].partials.insert(id);
            if let Some(why) = with.clone().or_else(|| who.clone()) {
                stay.entry(at).or_insert(("reconciled", why));
            }
        }
    }
    Ok(stay)
}

/// Lines on the other side of these reconciliations that no document of ours has,
/// with the name of their move.
async fn strangers(
    company: &Company,
    own: &BTreeMap<OdooId, OdooId>,
    partials: &[Value],
) -> Result<BTreeMap<OdooId, String>> {
    let sides = |row: &Value| {
        ["debit_move_id", "credit_move_id"]
            .into_iter()
            .filter_map(|side| many2one(&row[side]))
            .collect::<Vec<_>>()
    };
    let others: BTreeSet<i64> = partials
        .iter()
        .flat_map(sides)
        .filter(|line| !own.contains_key(line))
        .map(|line| line.0)
        .collect();
    let mut strangers = BTreeMap::new();
    for some in others.into_iter().collect::<Vec<_>>().chunks(PAGE) {
        let domain = json!([["id", "in", some]]);
        let of_line = ["move_id"];
        let lines =
            company.odoo.search_read("account.move.line", domain, &of_line, "id", 0, 0).await?;
        let moves: Vec<i64> =
            lines.iter().filter_map(|row| Some(many2one(&row["move_id"])?.0)).collect();
        let domain = json!([["id", "in", moves]]);
        let rows = company.odoo.search_read(MOVE, domain, &[KEY, "name"], "id", 0, 0).await?;
        let ours = |row: &&Value| {
            row[KEY].as_str().is_some_and(|key| key.starts_with(&company.key_prefix()))
        };
        let ours: BTreeSet<OdooId> = rows.iter().filter(ours).filter_map(id_of).collect();
        strangers.extend(lines.iter().filter_map(|row| {
            let (line, of) = (id_of(row)?, many2one(&row["move_id"])?);
            let name = row["move_id"][1].as_str().unwrap_or_default();
            (!ours.contains(&of)).then(|| (line, name.to_owned()))
        }));
    }
    Ok(strangers)
}

/// Looks at the master records that are asked for.
pub async fn masters(
    tools: &Tools,
    company: &Company,
    editors: &Editors,
    scales: &mut Scales,
) -> Result<()> {
    let mut by_model: BTreeMap<String, Vec<(i64, usize)>> = BTreeMap::new();
    for at in 0..scales.units.len() {
        if scales.asked[at] && !scales.units[at].is_document() {
            for record in &scales.units[at].records {
                by_model.entry(record.model.clone()).or_default().push((record.id.0, at));
            }
        }
    }
    for (model, records) in by_model {
        let known = tools.connect.fields(&company.link.odoo, company.odoo.as_ref(), &model).await?;
        let mut fields = vec!["create_uid", "write_uid", "write_date"];
        let template = known.contains_key("product_tmpl_id");
        if template {
            fields.push("product_tmpl_id");
        }
        for some in records.chunks(PAGE) {
            let ids: Vec<i64> = some.iter().map(|(id, _)| *id).collect();
            let mut domain = vec![json!(["id", "in", ids])];
            if known.contains_key("active") {
                domain.push(json!(["active", "in", [true, false]]));
            }
            let rows = company.odoo.search_read(&model, json!(domain), &fields, "id", 0, 0).await?;
            let rows: HashMap<i64, Value> =
                rows.into_iter().filter_map(|row| Some((id_of(&row)?.0, row))).collect();
            for &(id, at) in some {
                let Some(row) = rows.get(&id) else {
                    let gone = |r: &Record| !(r.model == model && r.id.0 == id);
                    scales.units[at].records.retain(gone);
                    continue;
                };
                if let Some(why) = editors.edited(row).filter(|_| !scales.units[at].leaving) {
                    scales.stay(at, "edited", why);
                }
                if let Some(of) = many2one(&row["product_tmpl_id"]).filter(|_| template) {
                    scales.of.insert(("product.template".to_owned(), of.0), at);
                }
            }
        }
    }
    Ok(())
}
