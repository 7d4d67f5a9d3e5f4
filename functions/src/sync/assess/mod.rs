//! `assess`: looks at both companies, and says what there is, whether it is
//! ready, and what a migration will take. Nothing is written to either side.

mod accounts;
mod books;
mod books_ready;
mod features;
mod forecast;
mod left_behind;
mod odoo_ready;
mod readiness;
mod target;

use std::sync::Arc;

use q2o_domain::{
    Failure, Result,
    assessment::{Assessment, Readiness, score},
    records::{Plan, QboConnection},
};
use q2o_durable::{Activity, Attempt};
use serde::{Deserialize, Serialize};

use crate::{
    app::Tools,
    store::{collection, document},
    sync::{
        company::{Company, Task},
        progress::Progress,
        sorted, unsorted,
    },
};
use accounts::mapped_accounts;
use books_ready::{first, last};
use odoo_ready::APPLICATIONS;
use readiness::Sides;

pub struct Assess(pub Arc<Tools>);

#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    pub task: Task,
    pub plan: Plan,
}

impl Activity for Assess {
    const NAME: &'static str = "assess";
    type Input = Input;
    type Output = Readiness;

    async fn run(
        &self,
        input: Input,
        attempt: &Attempt,
    ) -> Result<Readiness, q2o_durable::Failure> {
        assess(&self.0, input, attempt).await.map_err(sorted)
    }
}

async fn assess(tools: &Tools, input: Input, attempt: &Attempt) -> Result<Readiness> {
    let Input { task, plan } = input;
    let company = Company::open(tools, &task).await?;
    let (_, connection) = tools.connect.odoo(&company.tenant, &company.link.odoo).await?;
    let realm = company.realm().clone();
    let quickbooks = tools.connect.quickbooks(&company.tenant, &realm);
    let books = books::look(quickbooks.as_ref(), plan.cut).await?;
    attempt.checkpoint(&"books").await.map_err(unsorted)?;

    let features = features::features(&books);
    let left_behind = left_behind::left_behind(&books);
    let used = |feature: &str| features.iter().any(|f| f.id == feature);
    let about = target::About {
        codes: mapped_accounts(&books).into_iter().map(|account| account.code).collect(),
        currencies: features::foreign(&books),
        applications: APPLICATIONS.iter().filter(|a| used(a.0)).map(|a| a.1).collect(),
    };
    let odoo = match target::look(tools, &company, &connection, about).await {
        Ok(odoo) => Ok(odoo),
        // what the books hold is worth telling without Odoo
        Err(Failure::NeedsUser { why, .. }) => Err(why),
        Err(failure) => return Err(failure),
    };
    let sign_in = company
        .tenant
        .get::<QboConnection>(collection::QBO_CONNECTIONS, realm.as_str())
        .await?
        .map(|read| read.value);
    let now = tools.clock.now();
    let checks = readiness::checks(&Sides {
        books: &books,
        odoo: odoo.as_ref().map_err(String::as_str),
        link: &company.link,
        connection: sign_in.as_ref(),
        features: &features,
        left_behind: &left_behind,
        plan: plan.tier,
        cut: plan.cut,
        until: plan.until,
        now,
    });
    let forecast = forecast::forecast(&forecast::Asked {
        books: &books,
        odoo: &connection,
        quickbooks_pace: tools.connect.quickbooks.calls_per_second,
        plan: plan.tier,
        cut: plan.cut,
        until: plan.until,
    });
    let mut by_year = std::collections::BTreeMap::new();
    for (year, records) in books.counts.values().flat_map(|counted| &counted.by_year) {
        *by_year.entry(*year).or_default() += records;
    }
    let state = Readiness::of(&checks);
    let assessment = Assessment {
        at: now,
        realm,
        quickbooks_company: books.name().to_owned(),
        odoo_company: connection.company_name,
        odoo_version: odoo.ok().map(|odoo| odoo.version),
        state,
        score: score(&checks),
        first: first(&books),
        last: last(&books),
        by_year,
        features,
        not_moved: left_behind,
        checks,
        forecast,
        counts: books
            .counts
            .into_iter()
            .filter(|(_, counted)| counted.records > 0 || counted.not_answered.is_some())
            .collect(),
    };
    let kept = document(collection::ASSESSMENTS, task.job.as_str(), &assessment)?;
    company.tenant.put_all(vec![kept]).await?;
    let what = match state {
        Readiness::Blocked => "assessed: something blocks",
        Readiness::NeedsReview => "assessed: something is to be reviewed",
        Readiness::ReadyWithWarnings => "assessed: ready, with warnings",
        Readiness::Ready => "assessed: ready",
    };
    attempt.ride(
        Progress::new(&company.tenant, &tools.clock, &task.job, what)
            .calls(tools.connect.http.take_calls())
            .phase("assess"),
    );
    Ok(state)
}
