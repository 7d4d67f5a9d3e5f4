//! The contract of the database port.

use std::sync::Arc;

use jiff::Timestamp;
use q2o_domain::{
    Failure,
    ports::{
        Address, Body, Change, CommitError, Database, Document, MOST_BYTES, Query, Scope, Select,
        Stored,
    },
};
use q2o_platform::database::{commit_all, open};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Store, on_every_store};

const C: &str = "things";

on_every_store!(
    insert_needs_a_gap,
    replace_needs_the_version,
    versions_are_never_used_twice,
    a_failing_commit_changes_nothing,
    changes_apply_in_order,
    put_and_delete_do_not_ask,
    lists_by_id,
    lists_by_key,
    due_is_read_across_partitions,
    expired_is_read_across_partitions,
    limits_hold,
    partitions_and_collections_are_apart,
    bodies_come_back_as_they_were,
    concurrent_increments_are_not_lost,
);

fn doc(id: &str, body: impl Serialize) -> Document {
    Document::new(C, id, Body::of(&body).unwrap())
}

fn said(stored: &Stored) -> Value {
    stored.body.read().unwrap()
}

fn at(id: &str) -> Address {
    Address { partition: "t1".into(), collection: C, id: id.into() }
}

fn second(n: i64) -> Timestamp {
    Timestamp::from_second(n).unwrap()
}

async fn commit(store: &Store, changes: Vec<Change>) {
    store.database.commit("t1", changes).await.unwrap();
}

async fn get(store: &Store, id: &str) -> Option<Stored> {
    store.other.get(&at(id)).await.unwrap()
}

async fn ids(store: &Store, query: Query) -> Vec<String> {
    store.database.list(&query).await.unwrap().into_iter().map(|found| found.id).collect()
}

async fn conflicts(store: &Store, changes: Vec<Change>) {
    let result = store.database.commit("t1", changes).await;
    assert!(matches!(result, Err(CommitError::Conflict)), "{result:?}");
}

async fn insert_needs_a_gap(store: Store) {
    let document = doc("a", json!({"n": 1})).key("k").sort("s").due(Some(second(5)));
    commit(&store, vec![Change::Insert(document)]).await;
    let found = get(&store, "a").await.unwrap();
    assert_eq!((found.partition.as_str(), found.id.as_str()), ("t1", "a"));
    assert_eq!((found.key.as_deref(), found.sort.as_deref()), (Some("k"), Some("s")));
    assert_eq!((said(&found), found.due), (json!({"n": 1}), Some(second(5))));
    conflicts(&store, vec![Change::Insert(doc("a", json!(2)))]).await;
    assert_eq!(said(&get(&store, "a").await.unwrap()), json!({"n": 1}));
    assert!(get(&store, "b").await.is_none());
}

async fn replace_needs_the_version(store: Store) {
    conflicts(&store, vec![Change::Replace(doc("a", json!(1)), "1".into())]).await;
    commit(&store, vec![Change::Insert(doc("a", json!(1)).key("k").due(Some(second(1))))]).await;
    let first = get(&store, "a").await.unwrap().version;
    commit(&store, vec![Change::Replace(doc("a", json!(2)), first.clone())]).await;
    let second = get(&store, "a").await.unwrap();
    assert_eq!((said(&second), second.key, second.due), (json!(2), None, None));
    assert_ne!(second.version, first);
    conflicts(&store, vec![Change::Replace(doc("a", json!(3)), first)]).await;
    conflicts(&store, vec![Change::Replace(doc("a", json!(3)), "nonsense".into())]).await;
    assert_eq!(said(&get(&store, "a").await.unwrap()), json!(2));
}

async fn versions_are_never_used_twice(store: Store) {
    let mut seen = std::collections::HashSet::new();
    for _ in 0..3 {
        commit(&store, vec![Change::Insert(doc("a", json!(1)))]).await;
        assert!(seen.insert(get(&store, "a").await.unwrap().version));
        commit(&store, vec![Change::Put(doc("a", json!(1)))]).await;
        assert!(seen.insert(get(&store, "a").await.unwrap().version));
        commit(&store, vec![Change::Delete { collection: C.into(), id: "a".into() }]).await;
    }
}

async fn a_failing_commit_changes_nothing(store: Store) {
    commit(&store, vec![Change::Put(doc("old", json!(1))), Change::Put(doc("gone", json!(1)))])
        .await;
    let before = get(&store, "old").await.unwrap();
    let fatal = [
        Change::Insert(doc("old", json!(9))),
        Change::Replace(doc("old", json!(9)), "0".into()),
        Change::Replace(doc("missing", json!(9)), before.version.clone()),
    ];
    for last in fatal {
        let changes = vec![
            Change::Insert(doc("new", json!(9))),
            Change::Put(doc("put", json!(9))),
            Change::Delete { collection: C.into(), id: "gone".into() },
            Change::Insert(doc("newer", json!(9))),
            last,
        ];
        conflicts(&store, changes).await;
        assert_eq!(ids(&store, Query::new("t1", C, Select::All)).await, ["gone", "old"]);
        assert_eq!(get(&store, "old").await.unwrap(), before);
    }
}

async fn changes_apply_in_order(store: Store) {
    let gone = || Change::Delete { collection: C.into(), id: "a".into() };
    commit(&store, vec![Change::Put(doc("a", json!(1))), Change::Put(doc("a", json!(2)))]).await;
    let two = get(&store, "a").await.unwrap();
    assert_eq!(said(&two), json!(2));
    commit(&store, vec![Change::Replace(doc("a", json!(3)), two.version), gone()]).await;
    assert!(get(&store, "a").await.is_none());
    commit(&store, vec![gone(), Change::Insert(doc("a", json!(4)))]).await;
    assert_eq!(said(&get(&store, "a").await.unwrap()), json!(4));
    conflicts(&store, vec![Change::Insert(doc("b", json!(1))), Change::Insert(doc("b", json!(1)))])
        .await;
}

async fn put_and_delete_do_not_ask(store: Store) {
    commit(&store, vec![Change::Delete { collection: C.into(), id: "a".into() }]).await;
    commit(&store, vec![Change::Put(doc("a", json!(1)).key("k"))]).await;
    commit(&store, vec![Change::Put(doc("a", json!(2)))]).await;
    let found = get(&store, "a").await.unwrap();
    assert_eq!((said(&found), found.key), (json!(2), None));
    commit(&store, vec![Change::Delete { collection: C.into(), id: "a".into() }]).await;
    assert!(get(&store, "a").await.is_none());
    commit(&store, vec![]).await;
}

async fn lists_by_id(store: Store) {
    let all = ["a", "a/1", "a/2", "a0", "b", "Ä", "ä"];
    commit(&store, all.map(|id| Change::Put(doc(id, json!(id)))).into()).await;
    let query = |select| Query::new("t1", C, select);
    let behind = |id: &str| Some((String::new(), id.to_owned()));
    // By bytes, so that upper case stands before lower case and umlauts last.
    assert_eq!(ids(&store, query(Select::All)).await, all);
    assert_eq!(ids(&store, query(Select::All).most(2)).await, ["a", "a/1"]);
    assert_eq!(ids(&store, query(Select::All).after(behind("a/1")).most(2)).await, ["a/2", "a0"]);
    assert_eq!(
        ids(&store, query(Select::All).descending().after(behind("a0"))).await,
        ["a/2", "a/1", "a"]
    );
    assert_eq!(ids(&store, query(Select::Prefix("a/".into()))).await, ["a/1", "a/2"]);
    assert_eq!(
        ids(&store, query(Select::Prefix("a".into())).after(behind("a/1"))).await,
        ["a/2", "a0"]
    );
    assert_eq!(ids(&store, query(Select::Prefix(String::new()))).await, all);
    let some = ["b", "none", "a", "ä", "b"].map(String::from).to_vec();
    assert_eq!(ids(&store, query(Select::Ids(some))).await, ["a", "b", "ä"]);
    let most = (0..1000).map(|n| format!("a/{n}")).collect();
    assert_eq!(ids(&store, query(Select::Ids(most))).await, ["a/1", "a/2"]);
    assert!(ids(&store, query(Select::Ids(vec![]))).await.is_empty());
}

async fn lists_by_key(store: Store) {
    let row = |id: &str, key: &str, sort: &str| Change::Put(doc(id, json!(1)).key(key).sort(sort));
    let changes = vec![
        row("z", "k", "2024-01"),
        row("b", "k", "2024-02"),
        row("a", "k", "2024-02"),
        Change::Put(doc("n", json!(1)).key("k")),
        row("x", "kk", "2024-01"),
        Change::Put(doc("none", json!(1))),
    ];
    commit(&store, changes).await;
    let query = || Query::new("t1", C, Select::Key("k".into()));
    let behind = |sort: &str, id: &str| Some((sort.to_owned(), id.to_owned()));
    assert_eq!(ids(&store, query()).await, ["n", "z", "a", "b"]);
    assert_eq!(ids(&store, query().descending()).await, ["b", "a", "z", "n"]);
    assert_eq!(ids(&store, query().after(behind("", "n")).most(2)).await, ["z", "a"]);
    assert_eq!(ids(&store, query().after(behind("2024-02", "a"))).await, ["b"]);
    assert_eq!(ids(&store, query().descending().after(behind("2024-02", "a"))).await, ["z", "n"]);
    assert!(ids(&store, Query::new("t1", C, Select::Key("none".into()))).await.is_empty());
}

/// Documents of two partitions with times; the times of one have changed since.
async fn timed(store: &Store, with: fn(Document, Timestamp) -> Document) {
    let put = |id: &str, n: i64| Change::Put(with(doc(id, json!(n)), second(n)));
    commit(store, vec![put("c", 30), put("b", 10), put("a", 10), put("later", 10)]).await;
    commit(store, vec![put("later", 50)]).await;
    let others = vec![put("o", 20), Change::Put(doc("never", json!(1)))];
    store.database.commit("t2", others).await.unwrap();
    let elsewhere = Document::new("elsewhere", "e", Body::of(&1).unwrap()).due(Some(second(1)));
    store.database.commit("t2", vec![Change::Put(elsewhere.expires(second(1)))]).await.unwrap();
}

async fn by_time(store: &Store, select: fn(Timestamp) -> Select) {
    let everywhere = |n| Query { scope: Scope::Everywhere, ..Query::new("", C, select(second(n))) };
    assert_eq!(ids(store, everywhere(30)).await, ["a", "b", "o", "c"]);
    assert_eq!(ids(store, everywhere(30).most(3)).await, ["a", "b", "o"]);
    assert_eq!(ids(store, everywhere(30).descending()).await, ["c", "o", "b", "a"]);
    assert!(ids(store, everywhere(9)).await.is_empty());
    assert_eq!(ids(store, Query::new("t1", C, select(second(40)))).await, ["a", "b", "c"]);
    let found = store.database.list(&everywhere(30)).await.unwrap();
    assert_eq!(found[2].partition, "t2");
}

async fn due_is_read_across_partitions(store: Store) {
    timed(&store, |document, at| document.due(Some(at))).await;
    by_time(&store, Select::Due).await;
    // Not a moment early, although times are kept in milliseconds.
    let odd = Timestamp::new(100, 1_000_001).unwrap();
    commit(&store, vec![Change::Put(doc("odd", json!(1)).due(Some(odd)))]).await;
    let query = |at| Query::new("t1", C, Select::Due(at)).descending().most(1);
    assert_eq!(ids(&store, query(Timestamp::new(100, 1_000_000).unwrap())).await, ["later"]);
    assert_eq!(ids(&store, query(Timestamp::new(100, 2_000_000).unwrap())).await, ["odd"]);
}

async fn expired_is_read_across_partitions(store: Store) {
    timed(&store, Document::expires).await;
    by_time(&store, Select::Expired).await;
}

async fn limits_hold(store: Store) {
    let bug = |result: Result<(), CommitError>| {
        assert!(
            matches!(result, Err(CommitError::Failed(Failure::Bug { .. }))),
            "must be refused: {result:?}"
        );
    };
    let many = |n| (0..n).map(|i| Change::Put(doc(&format!("{i:03}"), json!(i)))).collect();
    bug(store.database.commit("t1", many(101)).await);
    let big = |n| vec![Change::Put(doc("big", json!("x".repeat(n))))];
    bug(store.database.commit("t1", big(MOST_BYTES)).await);
    assert!(ids(&store, Query::new("t1", C, Select::All)).await.is_empty());
    store.database.commit("t1", many(100)).await.unwrap();
    store.database.commit("t1", big(MOST_BYTES - 100)).await.unwrap();

    let refused = [
        Query { scope: Scope::Everywhere, ..Query::new("", C, Select::All) },
        Query::new("t1", C, Select::Due(second(1))).after(Some((String::new(), "a".into()))),
        Query::new("t1", C, Select::Ids(vec![String::new(); 1001])),
    ];
    for query in refused {
        assert!(matches!(store.database.list(&query).await, Err(Failure::Bug { .. })));
    }

    commit_all(&*store.database, "t2", many(250)).await.unwrap();
    let large = (0..5).map(|n| Change::Put(doc(&format!("l{n}"), json!("x".repeat(900_000)))));
    commit_all(&*store.database, "t2", large.collect()).await.unwrap();
    assert_eq!(ids(&store, Query::new("t2", C, Select::All)).await.len(), 255);
}

async fn partitions_and_collections_are_apart(store: Store) {
    commit(&store, vec![Change::Insert(doc("a", json!(1)).key("k"))]).await;
    let other = vec![
        Change::Insert(doc("a", json!(2)).key("k")),
        Change::Insert(Document::new("others", "a", Body::of(&3).unwrap()).key("k")),
    ];
    store.database.commit("t2", other).await.unwrap();
    let gone = Change::Delete { collection: C.into(), id: "a".into() };
    store.database.commit("t3", vec![gone]).await.unwrap();
    assert_eq!(said(&get(&store, "a").await.unwrap()), json!(1));
    for select in [Select::All, Select::Key("k".into()), Select::Ids(vec!["a".into()])] {
        let found = store.database.list(&Query::new("t1", C, select)).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].partition.as_str(), said(&found[0])), ("t1", json!(1)));
    }
}

async fn bodies_come_back_as_they_were(store: Store) {
    let text = r#"{"big":1234567890123456.78,"cents":275.10,"e":1e3,"long":0.10000000000000000001,"text":"\"ä\u0000\n😀"}"#;
    let body: Value = serde_json::from_str(text).unwrap();
    commit(&store, vec![Change::Put(doc("a", body.clone()))]).await;
    let found = said(&get(&store, "a").await.unwrap());
    assert_eq!(found, body);
    for exact in ["1234567890123456.78", "275.10", "0.10000000000000000001"] {
        assert!(found.to_string().contains(exact), "{exact} is not in {found}");
    }
    assert_eq!(found.to_string(), body.to_string());
    assert!(found["e"].to_string().starts_with("1e"), "{found}");
}

async fn concurrent_increments_are_not_lost(store: Store) {
    commit(&store, vec![Change::Insert(doc("n", json!(0)))]).await;
    let add = |database: Arc<dyn Database>| async move {
        for _ in 0..25 {
            loop {
                let now = database.get(&at("n")).await.unwrap().unwrap();
                let next = doc("n", json!(said(&now).as_i64().unwrap() + 1));
                match database.commit("t1", vec![Change::Replace(next, now.version)]).await {
                    Ok(()) => break,
                    Err(CommitError::Conflict) => {}
                    Err(CommitError::Failed(failure)) => panic!("{failure}"),
                }
            }
        }
    };
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..8 {
        let way_in = if n % 2 == 0 { &store.database } else { &store.other };
        tasks.spawn(add(Arc::clone(way_in)));
    }
    tasks.join_all().await;
    assert_eq!(said(&get(&store, "n").await.unwrap()), json!(200));
}

#[tokio::test]
async fn a_file_keeps_what_was_committed() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("q2o.db").display());
    let first = open(&url).await.unwrap();
    #[cfg(unix)]
    for file in ["q2o.db", "q2o.db-wal"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "others can read {file}");
    }
    first.commit("t1", vec![Change::Put(doc("a", json!(1)))]).await.unwrap();
    let version = first.get(&at("a")).await.unwrap().unwrap().version;
    drop(first);
    let again = open(&url).await.unwrap();
    again.commit("t1", vec![Change::Replace(doc("a", json!(2)), version)]).await.unwrap();
    assert_eq!(said(&again.get(&at("a")).await.unwrap().unwrap()), json!(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_file_can_be_opened_by_many_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for file in 0..20 {
        let url = format!("sqlite://{}", folder.path().join(file.to_string()).display());
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let url = url.clone();
            tasks.spawn(async move {
                let change = Change::Insert(doc(&n.to_string(), json!(n)));
                open(&url).await.unwrap().commit("t1", vec![change]).await.unwrap();
            });
        }
        tasks.join_all().await;
        let all = Query::new("t1", C, Select::All);
        assert_eq!(open(&url).await.unwrap().list(&all).await.unwrap().len(), 8);
    }
}

#[tokio::test]
async fn what_cannot_be_opened_is_said_without_passwords() {
    for url in ["postgres://u:hush@h/d", "cosmos://hush", "mysql://u:hush@h", "hush", "sqlite://"] {
        let error = open(url).await.err().unwrap();
        assert_eq!(error.name, "DATABASE_URL");
        assert!(!error.to_string().contains("hush"), "{error}");
    }
}
