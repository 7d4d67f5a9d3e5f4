//! QuickBooks' own samples of every entity, and records of other companies:
//! each is mapped, or refused with a reason that says what is wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use q2o_domain::{Books, Facts, Kind, MapError, Write};
use q2o_functions::entities::entity;
use q2o_tests::app::TestApp;
use serde_json::Value;

use crate::data::{real_odoo, samples};

/// Entity and object of every line in a folder of samples.
fn objects(folder: &Path) -> Vec<(String, Value)> {
    let mut objects = Vec::new();
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "jsonl")) {
        let entity = file.file_stem().unwrap().to_str().unwrap();
        for line in fs::read_to_string(file).unwrap().lines().filter(|l| !l.trim().is_empty()) {
            let line: Value = serde_json::from_str(line).unwrap();
            objects.push((entity.to_owned(), line["object"].clone()));
        }
    }
    objects
}

/// What came of each: how many of an entity were mapped, and why the others not.
fn outcomes(
    objects: &[(String, Value)],
    lists: &[(String, Value)],
) -> (BTreeMap<String, usize>, Vec<(String, MapError)>) {
    let mut facts = Facts::default();
    let read = |name: &str, object: &Value| Some(entity(Kind::named(name)?)?.read_value(object));
    for (name, object) in objects.iter().chain(lists) {
        if let Some(Ok(record)) = read(name, object) {
            record.inform(&mut facts);
        }
    }
    let books = Books { facts: &facts, ledger: &[] };
    let (mut mapped, mut refused) = (BTreeMap::new(), Vec::new());
    for (name, object) in objects {
        let outcome = match read(name, object) {
            None => continue,
            Some(Err(error)) => Err(error),
            Some(Ok(record)) => {
                let posted = record.post(&books);
                record.map(&books).and_then(|mapped| posted.map(|_| mapped))
            }
        };
        match outcome {
            Ok(_) => *mapped.entry(name.clone()).or_insert(0) += 1,
            Err(error) => refused.push((format!("{name} {}", object["Id"]), error)),
        }
    }
    (mapped, refused)
}

/// An unreadable record says which field it is.
fn names_the_field(error: &MapError) -> bool {
    !matches!(error, MapError::Unreadable(why) if !why.contains('`'))
}

/// The samples point into the sample company, whose lists give them their accounts.
#[test]
fn every_sample_of_the_documentation_is_mapped_or_refused_with_a_reason() {
    let (Some(folder), Some(craig)) = (samples("doc-samples"), samples("craig")) else { return };
    let objects = objects(&folder);
    let (mapped, refused) = outcomes(&objects, &lists(&craig));
    for (what, error) in &refused {
        assert!(names_the_field(error), "{what}: {error}");
        assert!(error.to_string().len() > 20, "{what} is refused with {error}");
    }
    let names: BTreeSet<&String> = objects.iter().map(|(name, _)| name).collect();
    for name in names {
        let Some(entity) = Kind::named(name).and_then(entity) else { continue };
        let own = refused.iter().filter(|(what, _)| what.starts_with(name));
        // what an inventory adjustment is worth, only the ledger says
        let wrong: Vec<_> = own.filter(|(_, e)| !matches!(e, MapError::NotMoved(_))).collect();
        let posts = entity.write() == Write::Document;
        let mapped = mapped.contains_key(name) || wrong.is_empty();
        assert!(!posts || mapped, "no {name} is mapped: {wrong:#?}");
    }
}

/// A company's lists, as they were recorded.
fn lists(folder: &Path) -> Vec<(String, Value)> {
    ["Account", "Item", "TaxAgency", "TaxRate", "TaxCode"]
        .into_iter()
        .flat_map(|name| {
            let text = fs::read_to_string(folder.join(format!("{name}.jsonl"))).unwrap();
            let lines: Vec<Value> =
                text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            lines.into_iter().map(|object| (name.to_owned(), object))
        })
        .collect()
}

#[test]
fn records_of_other_companies_are_mapped_or_refused_with_a_reason() {
    let Some(folder) = samples("fyle") else { return };
    for set in ["sandbox-2019", "qbo-api"] {
        let (mapped, refused) = outcomes(&objects(&folder.join(set)), &[]);
        assert!(mapped.values().sum::<usize>() > 50, "{set}: {mapped:?}");
        for (what, error) in refused {
            assert!(names_the_field(&error), "{what}: {error}");
        }
    }
}

/// What stands alone of those records goes all the way into the simulator, lists and
/// documents alike. The sets are cut out of their companies: only what points at
/// records that are not among them waits, and says for which.
#[tokio::test(flavor = "multi_thread")]
async fn what_stands_alone_of_other_companies_is_loaded() {
    let Some(folder) = samples("fyle") else { return };
    for set in ["sandbox-2019", "qbo-api"] {
        let company = tempfile::tempdir().unwrap();
        let mut files: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
        for (at, (name, object)) in objects(&folder.join(set)).into_iter().enumerate() {
            let id = object["Id"].as_str().map_or_else(|| at.to_string(), str::to_owned);
            // the same record came more than once; QuickBooks has one of an id
            files.entry(name).or_default().insert(id, object);
        }
        for (name, records) in &files {
            let lines: Vec<String> = records.values().map(Value::to_string).collect();
            fs::write(company.path().join(format!("{name}.jsonl")), lines.join("\n")).unwrap();
        }
        let app = TestApp::with(company.path()).await;
        let link = app.connect().await;
        alone(&app, &link, &files).await;
        if let Some(odoo) = real_odoo().await {
            let app = TestApp::with(company.path()).await;
            let link = app.connect_to(odoo).await;
            alone(&app, &link, &files).await;
        }
    }
}

/// Migrates: all records come, but for those that wait for what is not there.
async fn alone(app: &TestApp, link: &str, files: &BTreeMap<String, BTreeMap<String, Value>>) {
    let job = app.start(link).await;
    let shown = crate::rollback::done(app, &job).await;
    let errors = crate::failures::errors(app, link).await;
    let (mut loaded, mut documents) = (0, 0);
    for (name, records) in files {
        let counts = &shown["counts"][name];
        let of = |what: &str| counts[what].as_u64().unwrap();
        let came = of("loaded") + of("errors") + of("not_moved") + of("before");
        assert_eq!(came, records.len() as u64, "{name}: {counts:#}\n{errors:#?}");
        loaded += of("loaded");
        if entity(Kind::named(name).unwrap()).unwrap().write() == Write::Document {
            documents += of("loaded");
        }
    }
    assert!(loaded > 60, "{shown:#}");
    assert!(documents >= 20 || !files.contains_key("JournalEntry"), "{shown:#}");
    let here = |what: &str| {
        let (kind, id) = what.split_once(' ').unwrap();
        files.get(kind).is_some_and(|records| records.contains_key(id))
    };
    let waits = |what: &str| {
        let named =
            |error: &&Value| what == format!("{} {}", text(&error["kind"]), text(&error["id"]));
        errors.iter().any(|error| named(&error))
    };
    for error in errors.iter().filter(|error| error["class"] != "not_moved") {
        assert_eq!(error["class"], "parked", "{error:#}");
        let missing: Vec<&str> = error["waits_for"].as_array().unwrap().iter().map(text).collect();
        assert!(!missing.is_empty(), "{error:#}");
        let all = missing.iter().all(|what| !here(what) || waits(what));
        assert!(all, "it waits for what is there: {error:#}");
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
