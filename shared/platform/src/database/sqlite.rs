//! Documents in one SQLite file, shared by any number of processes on a machine.

use std::{fs::File, io, path::Path, time::Duration};

use async_trait::async_trait;
use q2o_domain::{
    Failure, Result,
    ports::{Address, Body, Change, CommitError, Database, Query, Scope, Select, Stored},
};
use sqlx::{
    QueryBuilder, Row as _, Sqlite as Lite, SqliteConnection, SqlitePool,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};

use super::rows::{self, Row, Write};
use crate::private;

/// Waiting for another process's commit.
const BUSY: Duration = Duration::from_secs(30);
const READERS: u32 = 4;

/// Schema changes, oldest first. Never edit one that has shipped: add another.
const MIGRATIONS: &[&[&str]] = &[&[
    "CREATE TABLE documents (
        partition TEXT NOT NULL, collection TEXT NOT NULL, id TEXT NOT NULL,
        version INTEGER NOT NULL, body TEXT NOT NULL,
        key TEXT, sort TEXT NOT NULL, due INTEGER, expires INTEGER,
        PRIMARY KEY (partition, collection, id))",
    "CREATE INDEX documents_key ON documents (partition, collection, key, sort, id)
        WHERE key IS NOT NULL",
    "CREATE INDEX documents_due ON documents (collection, due, id) WHERE due IS NOT NULL",
    "CREATE INDEX documents_due_of ON documents (partition, collection, due, id)
        WHERE due IS NOT NULL",
    "CREATE INDEX documents_expires ON documents (collection, expires, id)
        WHERE expires IS NOT NULL",
    // One number for the whole file, so that a version is never used twice,
    // not even by a document that was deleted and came back.
    "CREATE TABLE commits (number INTEGER NOT NULL)",
    "INSERT INTO commits VALUES (0)",
]];

/// One SQLite file in WAL mode.
pub struct Sqlite {
    /// One connection: SQLite has one writer, and waiting here is fairer than
    /// waiting for its lock.
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Sqlite {
    /// Opens the file, creating it and its folder if need be, and brings it to
    /// the current schema.
    pub async fn open(path: &Path) -> Result<Self> {
        let at = path.to_owned();
        let alone = tokio::task::spawn_blocking(move || alone(&at))
            .await
            .map_err(io::Error::other)
            .flatten()
            .map_err(|e| Failure::bug(e.to_string()))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY)
            .pragma("cache_size", "-32000")
            .pragma("temp_store", "memory");
        let pool = |most| SqlitePoolOptions::new().max_connections(most).acquire_timeout(BUSY);
        let writer = pool(1).connect_with(options.clone()).await.map_err(failure)?;
        migrate(&writer).await.map_err(failure)?;
        drop(alone);
        let readers = options.pragma("query_only", "on");
        Ok(Self { writer, readers: pool(READERS).connect_lazy_with(readers) })
    }
}

/// Creates the file if need be, and keeps other processes from opening it until
/// the lock is dropped: two that switch a new file to WAL at once do not wait
/// for each other, one fails.
fn alone(path: &Path) -> io::Result<File> {
    private::folder_of(path)?;
    let mut name = path.as_os_str().to_owned();
    name.push("-open");
    let lock = private::file(Path::new(&name))?;
    lock.lock()?;
    // Only while nobody has it open: closing any handle of a file takes the
    // locks away that SQLite holds on it. SQLite's other files get its rights.
    if !path.exists() {
        private::file(path)?;
    }
    Ok(lock)
}

async fn migrate(writer: &SqlitePool) -> sqlx::Result<()> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query("CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY)")
        .execute(&mut *transaction)
        .await?;
    let done: i64 =
        sqlx::query_scalar("SELECT count(*) FROM migrations").fetch_one(&mut *transaction).await?;
    for (number, statements) in (0_i64..).zip(MIGRATIONS) {
        if number < done {
            continue;
        }
        for statement in *statements {
            sqlx::query(*statement).execute(&mut *transaction).await?;
        }
        sqlx::query("INSERT INTO migrations VALUES ($1)")
            .bind(number)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}

const WHOLE: &str = "SELECT partition, id, version, body, key, sort, due FROM documents WHERE ";
const HEADS: &str =
    "SELECT partition, id, version, 'null' AS body, key, sort, due FROM documents WHERE ";

#[async_trait]
impl Database for Sqlite {
    async fn get(&self, at: &Address) -> Result<Option<Stored>> {
        let mut sql = QueryBuilder::<Lite>::new(WHOLE);
        sql.push("partition = ").push_bind(at.partition.clone());
        sql.push(" AND collection = ").push_bind(at.collection);
        sql.push(" AND id = ").push_bind(at.id.clone());
        let row = sql.build().fetch_optional(&self.readers).await.map_err(failure)?;
        row.as_ref().map(stored).transpose()
    }

    async fn list(&self, query: &Query) -> Result<Vec<Stored>> {
        rows::check(query)?;
        let rows = select(query)?.build().fetch_all(&self.readers).await.map_err(failure)?;
        rows.iter().map(stored).collect()
    }

    async fn commit(&self, partition: &str, changes: Vec<Change>) -> Result<(), CommitError> {
        let writes = rows::writes(changes)?;
        if writes.is_empty() {
            return Ok(());
        }
        // Immediate, because a transaction that reads first and wants to write
        // later fails as "locked" however long it waits.
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failure)?;
        let version: i64 =
            sqlx::query_scalar("UPDATE commits SET number = number + 1 RETURNING number")
                .fetch_one(&mut *transaction)
                .await
                .map_err(failure)?;
        let alike = |a: &Write, b: &Write| std::mem::discriminant(a) == std::mem::discriminant(b);
        for run in writes.chunk_by(alike) {
            if !write(&mut transaction, partition, version, run).await.map_err(failure)? {
                transaction.rollback().await.map_err(failure)?;
                return Err(CommitError::Conflict);
            }
        }
        transaction.commit().await.map_err(failure)?;
        Ok(())
    }
}

fn select(query: &Query) -> Result<QueryBuilder<Lite>> {
    let mut sql = QueryBuilder::new(if query.heads { HEADS } else { WHOLE });
    if let Scope::Partition(partition) = &query.scope {
        sql.push("partition = ").push_bind(partition.clone()).push(" AND ");
    }
    sql.push("collection = ").push_bind(query.collection);
    let order: &[&str] = match &query.select {
        Select::All => &["id"],
        Select::Prefix(prefix) => {
            sql.push(" AND id >= ").push_bind(prefix.clone());
            if let Some(beyond) = rows::beyond(prefix) {
                sql.push(" AND id < ").push_bind(beyond);
            }
            &["id"]
        }
        Select::Ids(ids) => {
            // One parameter for any number of ids, so one prepared statement.
            let ids = serde_json::to_string(ids).map_err(|e| Failure::bug(e.to_string()))?;
            sql.push(" AND id IN (SELECT value FROM json_each(").push_bind(ids).push("))");
            &["id"]
        }
        Select::Key(key) => {
            sql.push(" AND key = ").push_bind(key.clone());
            &["sort", "id"]
        }
        Select::Due(at) => {
            sql.push(" AND due <= ").push_bind(at.as_millisecond());
            &["due", "id"]
        }
        Select::Expired(at) => {
            sql.push(" AND expires <= ").push_bind(at.as_millisecond());
            &["expires", "id"]
        }
    };
    let (than, way) = if query.descending { (" < (", " DESC") } else { (" > (", "") };
    if let Some((sort, id)) = &query.after {
        sql.push(format!(" AND ({})", order.join(", "))).push(than);
        if order.len() > 1 {
            sql.push_bind(sort.clone()).push(", ");
        }
        sql.push_bind(id.clone()).push(")");
    }
    sql.push(" ORDER BY ").push(order.join(&format!("{way}, "))).push(way);
    sql.push(" LIMIT ").push_bind(query.most);
    Ok(sql)
}

/// Writes changes of one sort; `false` when one of them met something else than it expected.
async fn write(
    connection: &mut SqliteConnection,
    partition: &str,
    version: i64,
    run: &[Write],
) -> sqlx::Result<bool> {
    let mut sql = match &run[0] {
        Write::Insert(_) | Write::Put(_) => QueryBuilder::new(
            "INSERT INTO documents \
             (partition, version, collection, id, body, key, sort, due, expires) ",
        ),
        Write::Replace(..) => {
            let mut sql = QueryBuilder::new("UPDATE documents SET version = ");
            sql.push_bind(version).push(
                ", body = new.column3, key = new.column4, sort = new.column5, \
                 due = new.column6, expires = new.column7 FROM (",
            );
            sql
        }
        Write::Delete { .. } => {
            let mut sql = QueryBuilder::new("DELETE FROM documents WHERE partition = ");
            sql.push_bind(partition.to_owned()).push(" AND (collection, id) IN (");
            sql
        }
    };
    sql.push_values(run, |mut values, write| match write {
        Write::Insert(row) | Write::Put(row) => {
            values.push_bind(partition.to_owned()).push_bind(version);
            columns(&mut values, row);
        }
        Write::Replace(row, wanted) => {
            columns(&mut values, row);
            // What is no number was never given out: it matches nothing.
            values.push_bind(wanted.parse::<i64>().ok());
        }
        Write::Delete { collection, id } => {
            values.push_bind(collection.to_string()).push_bind(id.clone());
        }
    });
    let exact = match &run[0] {
        Write::Insert(_) => {
            sql.push(" ON CONFLICT DO NOTHING");
            true
        }
        Write::Put(_) => {
            sql.push(
                " ON CONFLICT DO UPDATE SET version = excluded.version, body = excluded.body, \
                 key = excluded.key, sort = excluded.sort, due = excluded.due, \
                 expires = excluded.expires",
            );
            false
        }
        Write::Replace(..) => {
            sql.push(") AS new WHERE documents.partition = ").push_bind(partition.to_owned()).push(
                " AND documents.collection = new.column1 AND documents.id = new.column2 \
                 AND documents.version = new.column8",
            );
            true
        }
        Write::Delete { .. } => {
            sql.push(")");
            false
        }
    };
    let touched = sql.build().execute(connection).await?.rows_affected();
    Ok(!exact || usize::try_from(touched).is_ok_and(|touched| touched == run.len()))
}

fn columns(values: &mut sqlx::query_builder::Separated<'_, Lite, &'static str>, row: &Row) {
    values
        .push_bind(row.collection.to_string())
        .push_bind(row.id.clone())
        .push_bind(row.body.text().to_owned());
    values.push_bind(row.key.clone()).push_bind(row.sort.clone());
    values.push_bind(row.due).push_bind(row.expires);
}

fn stored(row: &SqliteRow) -> Result<Stored> {
    let text = |column: &str| row.try_get::<String, _>(column).map_err(failure);
    let id = text("id")?;
    let unreadable = |e: Failure| Failure::bug(format!("stored document {id} is unreadable: {e}"));
    let body = Body::kept(text("body")?).map_err(unreadable)?;
    let due = rows::due(&id, row.try_get("due").map_err(failure)?)?;
    Ok(Stored {
        partition: text("partition")?,
        id,
        version: row.try_get::<i64, _>("version").map_err(failure)?.to_string(),
        body,
        key: row.try_get("key").map_err(failure)?,
        sort: rows::sort(text("sort")?),
        due,
    })
}

/// A locked or full disk passes; a statement SQLite does not understand does not.
fn failure(error: sqlx::Error) -> Failure {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Failure::retry(format!("SQLite: {error}")),
        sqlx::Error::Database(error) => {
            // The low byte is the primary result code; SQLITE_ERROR, _CONSTRAINT,
            // _MISMATCH, _MISUSE and _RANGE are about what we asked.
            let code = error.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or_default();
            match code & 0xff {
                1 | 19 | 20 | 21 | 25 => Failure::bug(format!("SQLite: {error}")),
                _ => Failure::retry(format!("SQLite: {error}")),
            }
        }
        error => Failure::bug(format!("SQLite: {error}")),
    }
}
