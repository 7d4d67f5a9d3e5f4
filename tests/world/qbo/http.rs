//! The routes of Intuit's API, and what they all answer with.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use url::form_urlencoded;

use super::clock::stamp_millis;
use super::faults::{Fault, reply};
use super::query::parse;
use super::select;
use super::{World, batch, cdc, files, held, reads, reports, sign_in, wire};

/// What the log should know about an answer.
#[derive(Debug, Clone, Default)]
pub struct Noted {
    pub statement: String,
    pub items: usize,
    pub rows: usize,
    /// Empty when all went well.
    pub fault_code: &'static str,
}

/// A body before its envelope is closed, or a fault.
pub type Answer = Result<(Bytes, Noted), Fault>;

pub fn router(world: Arc<World>) -> Router {
    let company = Router::new()
        .route("/query", get(query_by_get).post(query_by_post))
        .route("/batch", post(batch::batch))
        .route("/cdc", get(cdc::cdc))
        .route("/reports/{name}", get(reports::report))
        .route("/companyinfo/{id}", get(reads::company_info))
        .route("/preferences", get(reads::preferences))
        .route("/exchangerate", get(reads::exchange_rate))
        .route("/download/{id}", get(files::address))
        .route("/{entity}/{id}", get(reads::by_id))
        .route("/{entity}", post(reads::refuse_write));
    Router::new()
        .nest("/v3/company/{realm}", company)
        .route("/files/{id}", get(files::bytes))
        .route("/.well-known/openid_configuration", get(sign_in::discovery))
        .route("/.well-known/openid_sandbox_configuration", get(sign_in::discovery))
        .route("/op/v1/jwks", get(sign_in::jwks))
        .route("/connect/oauth2", get(sign_in::authorize))
        .route("/oauth2/v1/tokens/bearer", post(sign_in::token))
        .route("/v2/oauth2/tokens/revoke", post(sign_in::revoke))
        .route("/v1/openid_connect/userinfo", get(sign_in::userinfo))
        .layer(middleware::from_fn_with_state(Arc::clone(&world), wire::gate))
        .with_state(world)
}

async fn query_by_get(State(world): State<Arc<World>>, RawQuery(query): RawQuery) -> Response {
    match Params::of(query.as_deref()).get("query") {
        Some(statement) => run(&world, statement),
        None => answered(&world, Err(Fault::required("query"))),
    }
}

async fn query_by_post(State(world): State<Arc<World>>, body: String) -> Response {
    run(&world, &body)
}

fn run(world: &World, statement: &str) -> Response {
    let answer = query_response(world, statement).map(|(found, rows)| {
        let body = [b"{\"QueryResponse\":".as_slice(), &found].concat();
        (body.into(), Noted { items: 1, rows, ..Noted::default() })
    });
    let mut response = answered(world, answer);
    if let Some(noted) = response.extensions_mut().get_mut::<Noted>() {
        statement.clone_into(&mut noted.statement);
    }
    response
}

/// The inside of a `QueryResponse` and its number of rows.
pub fn query_response(world: &World, statement: &str) -> Result<(Bytes, usize), Fault> {
    let query = parse(statement)?;
    if held(&world.knobs).withheld.iter().any(|of| of.eq_ignore_ascii_case(&query.entity)) {
        return Err(Fault::not_in_plan(&query.entity));
    }
    let now = world.now();
    let odd = held(&world.knobs).odd.clone();
    let found = select::run(&world.store(), &query, now, &odd)?;
    Ok((found.body, found.rows))
}

/// Closes the envelope with the time, which every answer of the API carries.
pub fn answered(world: &World, answer: Answer) -> Response {
    let now = world.now();
    match answer {
        Ok((body, noted)) => {
            let time = format!(",\"time\":\"{}\"}}", stamp_millis(now));
            let body = [&body, time.as_bytes()].concat();
            let mut response = reply(StatusCode::OK, "application/json;charset=utf-8", body);
            response.extensions_mut().insert(noted);
            response
        }
        Err(fault) => fault.answer(now),
    }
}

/// The parameters of an address, in order.
pub struct Params(Vec<(String, String)>);

impl Params {
    pub fn of(query: Option<&str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// The first non-empty value of a name, in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        let hit = self
            .0
            .iter()
            .find(|(known, value)| known.eq_ignore_ascii_case(name) && !value.is_empty());
        hit.map(|(_, value)| value.as_str())
    }
}
