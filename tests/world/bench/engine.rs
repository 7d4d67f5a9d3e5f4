//! The engine beside a bare loop over the same kind of database.

use std::{path::Path, sync::Arc, time::Instant};

use q2o_durable::{
    Activity, Attempt, Context, Engine, Failure, InstanceId, Orchestration, Registry, Turn,
};
use q2o_platform::{
    clock::SystemClock,
    database::{self, DatabaseJournals, EngineClock},
};
use sqlx::Connection;

use crate::demo::Failed;

struct Nothing;

impl Activity for Nothing {
    const NAME: &'static str = "nothing";
    type Input = u32;
    type Output = u32;
    async fn run(&self, input: u32, _: &Attempt) -> Result<u32, Failure> {
        Ok(input)
    }
}

/// One hundred steps, one after the other.
struct Steps;

impl Orchestration for Steps {
    const NAME: &'static str = "steps";
    type Input = ();
    type Output = ();
    fn run(cx: &mut Context<'_>, (): ()) -> Turn<()> {
        for step in 0..100 {
            cx.call::<Nothing>(&step)?;
        }
        Ok(())
    }
}

/// Activities a second on SQLite, beside a bare loop that claims a row and
/// completes it, with the same pragmas on the same kind of file.
pub async fn engine() -> Result<(), Failed> {
    let home = tempfile::tempdir()?;
    let database =
        database::open(&format!("sqlite://{}", home.path().join("e.db").display())).await?;
    let clock = Arc::new(SystemClock);
    let hints = Arc::new(q2o_durable::MemoryQueue::new(Arc::new(EngineClock(clock.clone()))));
    let engine = Engine::new(
        Registry::default().orchestration::<Steps>().activity(Nothing),
        Arc::new(DatabaseJournals::new(database)),
        hints.clone(),
        Arc::new(EngineClock(clock)),
    );
    let (instances, steps) = (20, 100);
    let started = Instant::now();
    for at in 0..instances {
        engine.start::<Steps>(&InstanceId::new("bench", format!("i{at}")), &(), Vec::new()).await?;
    }
    while let Some(message) = hints.take(0) {
        engine.handle(&message).await?;
    }
    let ours = f64::from(instances * steps) / started.elapsed().as_secs_f64();
    let bare = bare(&home.path().join("bare.db"), instances * steps).await?;
    println!("engine, sequential      {ours:>8.0} activities/s");
    println!("bare claim and complete {bare:>8.0} rows/s");
    println!("ratio                   {:>8.2}", ours / bare);
    Ok(())
}

async fn bare(file: &Path, rows: u32) -> Result<f64, Failed> {
    let url = format!("sqlite://{}?mode=rwc", file.display());
    let mut db = sqlx::SqliteConnection::connect(&url).await?;
    for statement in [
        "pragma journal_mode = wal",
        "pragma synchronous = normal",
        "create table work (id integer primary key, state int not null, body text not null)",
    ] {
        sqlx::query(statement).execute(&mut db).await?;
    }
    for id in 0..rows {
        sqlx::query("insert into work values ($1, 0, '{}')").bind(id).execute(&mut db).await?;
    }
    let started = Instant::now();
    for id in 0..rows {
        for (from, to) in [(0, 1), (1, 2)] {
            sqlx::query("begin immediate").execute(&mut db).await?;
            sqlx::query("update work set state = $1 where id = $2 and state = $3")
                .bind(to)
                .bind(id)
                .bind(from)
                .execute(&mut db)
                .await?;
            sqlx::query("commit").execute(&mut db).await?;
        }
    }
    Ok(f64::from(rows) / started.elapsed().as_secs_f64())
}
