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

use crate::data::samples;

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

/// What stands alone of those records goes all the way into the simulator.
#[tokio::test(flavor = "multi_thread")]
async fn lists_of_other_companies_are_loaded() {
    let Some(folder) = samples("fyle") else { return };
    for set in ["sandbox-2019", "qbo-api"] {
        let company = tempfile::tempdir().unwrap();
        let mut files: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
        for (name, object) in objects(&folder.join(set)) {
            let alone =
                ["Account", "Class", "Department", "Employee", "Customer", "Vendor", "Item"];
            let id = object["Id"].as_str().unwrap_or_default().to_owned();
            if alone.contains(&name.as_str()) {
                // the same record came more than once; QuickBooks has one of an id
                files.entry(name).or_default().insert(id, object);
            }
        }
        let mut expected = 0;
        for (name, records) in &files {
            let lines: Vec<String> = records.values().map(Value::to_string).collect();
            fs::write(company.path().join(format!("{name}.jsonl")), lines.join("\n")).unwrap();
            expected += records.len();
        }
        let app = TestApp::with(company.path()).await;
        let link = app.connect().await;
        let job = app.start(&link).await;
        let shown = crate::failures::until_settled(&app, &job).await;
        assert_eq!(shown["state"], "done", "{shown:#}");
        let errors = crate::failures::errors(&app, &link).await;
        let counts = shown["counts"].as_object().unwrap();
        let of = |what: &str| -> u64 {
            counts
                .iter()
                .filter(|(k, _)| files.contains_key(*k))
                .map(|(_, c)| c[what].as_u64().unwrap())
                .sum()
        };
        assert_eq!(of("loaded") + of("errors") + of("not_moved"), expected as u64, "{shown:#}");
        // the sets are cut out of their companies: what is missing is named
        for error in &errors {
            assert_eq!(error["class"], "parked", "{error:#}");
            assert!(!error["waits_for"].as_array().unwrap().is_empty(), "{error:#}");
        }
    }
}
