//! The list of functions keeps its rules.

use std::{collections::BTreeSet, fs, path::Path};

use q2o_domain::{Kind, waves};
use q2o_functions::{all, entities::ENTITIES, function::Trigger};
use serde_json::{Map, Value};

#[test]
fn names_are_unique_and_such_as_the_host_takes() {
    let mut seen = BTreeSet::new();
    for function in all() {
        let name = function.name.to_lowercase();
        assert!(name.chars().next().is_some_and(|c| c.is_ascii_lowercase()), "{name}");
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)), "{name}");
        assert!(name.len() <= 63 && name != "host", "{name} is also a queue's name");
        assert!(seen.insert(name.clone()), "{name} is there twice");
    }
}

#[test]
fn no_route_overlaps_another_or_reaches_a_trigger() {
    let functions = all();
    let mut routes: std::collections::BTreeMap<String, matchit::Router<String>> =
        std::collections::BTreeMap::new();
    for function in &functions {
        if let Trigger::Http { method, route, .. } = &function.trigger {
            for kept in ["admin", "runtime", ".auth"] {
                assert!(!route.starts_with(kept), "{route}: the host keeps it for itself");
            }
            let table = routes.entry(method.to_string()).or_default();
            table.insert(function.path(), function.name.to_string()).unwrap();
        }
    }
    for function in functions.iter().filter(|f| !matches!(f.trigger, Trigger::Http { .. })) {
        for table in routes.values() {
            assert!(table.at(&function.path()).is_err(), "{} can be reached", function.name);
        }
    }
}

/// A file with a function that nobody listed would never be called.
#[test]
fn every_function_file_is_listed_under_its_own_name() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions/src");
    let names: BTreeSet<String> = all().iter().map(|f| f.name.to_string()).collect();
    for folder in fs::read_dir(&source).unwrap().flatten().filter(|e| e.path().is_dir()) {
        let files = fs::read_dir(folder.path()).unwrap().flatten().filter(|e| e.path().is_file());
        for file in files {
            let text = fs::read_to_string(file.path()).unwrap();
            if text.contains("pub const FUNCTION: Function") {
                let stem = file.path().file_stem().unwrap().to_string_lossy().replace('_', "-");
                let noun = folder.file_name().to_string_lossy().into_owned();
                let name = if noun == "sync" { stem } else { format!("{noun}-{stem}") };
                assert!(names.contains(&name), "{name} is not listed in functions/src/lib.rs");
            }
        }
    }
}

#[test]
fn the_function_json_files_are_what_they_were() {
    let files: Map<String, Value> = all().iter().map(|f| (f.name.to_string(), f.json())).collect();
    insta::assert_json_snapshot!(files);
}

#[test]
fn every_kind_has_an_entity_and_none_waits_in_a_circle() {
    let kinds: BTreeSet<Kind> = ENTITIES.iter().map(|entity| entity.kind()).collect();
    assert_eq!(kinds.len(), ENTITIES.len(), "a kind is listed twice");
    assert!(waves(ENTITIES, &kinds).is_some());
}
