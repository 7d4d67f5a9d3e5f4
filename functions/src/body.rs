//! A request's JSON body, or a problem that says what is wrong with it.

use axum::{
    Json,
    extract::{FromRequest, Request, rejection::JsonRejection},
};
use serde::de::DeserializeOwned;

use crate::{app::App, problem::Problem};

/// What was asked for.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let read = Json::<T>::from_request(request, app).await;
        read.map(|Json(body)| Self(body))
            .map_err(|rejection: JsonRejection| Problem::bad_request(rejection.body_text()))
    }
}
