//! Queries, reads, batches, changes, faults and sign-in.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::Client;
use crate::qbo::{CallKind, Limits, PlannedFault};

#[tokio::test]
async fn every_record_comes_through_pages_batches_and_reads() {
    let Some((client, _)) = Client::golden() else { return };
    let mut all = 0;
    for (entity, count) in client.control.record_counts() {
        let (_, body) = client.query(&format!("select count(*) from {entity}")).await;
        assert_eq!(body["QueryResponse"]["totalCount"], count, "{entity}");
        all += count;
    }
    assert_eq!(all, 314);
    let (_, first) =
        client.query("select * from invoice orderby Id startposition 1 maxresults 20").await;
    let (_, second) =
        client.query("select * from invoice orderby Id startposition 21 maxresults 20").await;
    assert_eq!(first["QueryResponse"]["maxResults"], 20);
    assert_eq!(second["QueryResponse"]["maxResults"], 11);
    assert_eq!(second["QueryResponse"]["totalCount"], 31);
    let (_, nothing) = client.query("select * from VendorCredit").await;
    assert_eq!(nothing["QueryResponse"], json!({}));
    let invoice = client.json("invoice/42").await;
    assert_eq!(invoice["Invoice"]["TotalAmt"].to_string(), "81.00");
    let (status, missing) = client.get("invoice/4242").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(missing.contains(r#""code":"610""#), "{missing}");
    let preferences = client.json("preferences").await;
    assert_eq!(preferences["Preferences"]["CurrencyPrefs"]["HomeCurrency"]["value"], "USD");

    let items: Vec<_> =
        (0..31).map(|at| json!({"bId": at.to_string(), "Query": "select * from Bill"})).collect();
    let batch = |items: &[Value]| {
        Request::post(format!("/v3/company/{}/batch", client.control.realm()))
            .header(header::AUTHORIZATION, format!("Bearer {}", client.token))
            .body(Body::from(json!({"BatchItemRequest": items}).to_string()))
            .unwrap()
    };
    let (status, body) = client.send(batch(&items)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains(r#""code":"1040""#), "{body}");
    let (_, body) = client.send(batch(&items[..30])).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    let answers = body["BatchItemResponse"].as_array().unwrap();
    assert_eq!(answers.len(), 30);
    assert_eq!(answers[29]["bId"], "29");
    assert_eq!(answers[29]["QueryResponse"]["Bill"].as_array().unwrap().len(), 15);
    assert_eq!(client.control.count(CallKind::Batch), 2);
    assert_eq!(client.control.calls().last().unwrap().rows, 450);
}

#[tokio::test]
async fn changes_are_told_by_cdc_and_deletions_too() {
    let Some((mut client, _)) = Client::golden() else { return };
    let mut customer = client.control.record("Customer", "1").unwrap();
    customer["DisplayName"] = "Birds".into();
    client.control.put("Customer", customer).unwrap();
    assert!(client.control.delete("Invoice", "9"));
    let path = "cdc?entities=Customer,Vendor,Invoice&changedSince=2026-06-01T12:00:00Z";
    let cdc = client.json(path).await;
    let answers = &cdc["CDCResponse"][0]["QueryResponse"];
    assert_eq!(answers[0]["Customer"][0]["DisplayName"], "Birds");
    assert_eq!(answers[0]["Customer"][0]["SyncToken"], "6");
    assert_eq!(answers[1], json!({}));
    assert_eq!(answers[2]["Invoice"][0]["status"], "Deleted");
    // What is more than 30 days ago is left out without a word: everything is from before May 6th.
    client.control.advance(SignedDuration::from_hours(24 * 24));
    client.token = client.control.tokens().access;
    let cdc = client.json("cdc?entities=Bill,Customer&changedSince=2026-01-01").await;
    let answers = &cdc["CDCResponse"][0]["QueryResponse"];
    assert_eq!((&answers[0], &answers[1]["maxResults"]), (&json!({}), &json!(1)));
}

#[tokio::test]
async fn it_fails_on_demand_and_only_as_often_as_planned() {
    let Some((client, _)) = Client::golden() else { return };
    let control = &client.control;
    for (fault, status, sign) in [
        (PlannedFault::Throttled, 429, "ThrottleExceeded"),
        (PlannedFault::ThrottledXml, 429, "<?xml"),
        (PlannedFault::Unauthorized, 401, r#""fault":{"#),
        (PlannedFault::Forbidden, 403, "003100"),
        (PlannedFault::BadGateway, 502, "nginx"),
        (PlannedFault::WrongRealm, 401, "SRV-110"),
        (PlannedFault::Truncated, 200, "Preferences"),
        (PlannedFault::Empty, 200, ""),
    ] {
        control.plan_for(CallKind::Read, fault, 1);
        let (answered, body) = client.get("preferences").await;
        assert_eq!(answered.as_u16(), status, "{fault:?}");
        assert!(body.contains(sign), "{fault:?}: {body}");
        assert!(serde_json::from_str::<Value>(&body).is_err() || status != 200, "{fault:?}");
        client.json("preferences").await;
    }
    assert_eq!(control.planned(), 0);
    control.poison("Customer", "5");
    let (status, body) = client.query("select * from Customer").await;
    assert_eq!(
        (status, &body["Fault"]["Error"][0]["code"]),
        (StatusCode::BAD_REQUEST, &json!("4002"))
    );
    assert_eq!(control.calls().last().unwrap().fault_code, "4002");
    control.limit_report_rows(Some(50));
    let (_, body) =
        client.get("reports/JournalReport?start_date=2025-01-01&end_date=2026-12-31").await;
    assert!(body.contains("10100"), "{body}");
    client.json("reports/JournalReport?start_date=2026-01-01&end_date=2026-01-31").await;
    control.throttle(Some(Limits { per_second: 1, ..Limits::DOCUMENTED }));
    client.json("preferences").await;
    assert_eq!(client.get("preferences").await.0, StatusCode::TOO_MANY_REQUESTS);
    control.advance(SignedDuration::from_secs(2));
    client.json("preferences").await;
}

#[tokio::test]
async fn sign_in_goes_from_consent_to_tokens_and_ends_with_them() {
    let Some((mut client, _)) = Client::golden() else { return };
    let consent = "/connect/oauth2?client_id=client-id&response_type=code&state=s1\
        &scope=com.intuit.quickbooks.accounting&redirect_uri=https%3A%2F%2Fapp.test%2Fcallback";
    let request = Request::get(consent).body(Body::empty()).unwrap();
    let response = client.router.clone().oneshot(request).await.unwrap();
    assert!(response.status().is_redirection());
    let target = url::Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    let said: std::collections::HashMap<_, _> = target.query_pairs().into_owned().collect();
    assert_eq!((said["state"].as_str(), said["realmId"].as_str()), ("s1", client.control.realm()));
    let form = format!(
        "grant_type=authorization_code&redirect_uri=https://app.test/callback&code={}",
        said["code"]
    );
    let (status, tokens) = client.token_call(&form).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    assert_eq!(tokens["x_refresh_token_hard_expires_in"], 157_680_000);
    client.token = tokens["access_token"].as_str().unwrap().to_owned();
    client.json("preferences").await;
    client.control.advance(SignedDuration::from_mins(61));
    let (status, body) = client.get("preferences").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(body.contains("003200"), "{body}");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let (_, renewed) =
        client.token_call(&format!("grant_type=refresh_token&refresh_token={refresh}")).await;
    client.token = renewed["access_token"].as_str().unwrap().to_owned();
    client.json("preferences").await;
    let request = Request::get("/v3/company/1/preferences")
        .header(header::AUTHORIZATION, format!("Bearer {}", client.token));
    let (status, body) = client.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(body.contains("SRV-110"), "{body}");
    client.control.disconnect();
    let (status, body) =
        client.token_call(&format!("grant_type=refresh_token&refresh_token={refresh}")).await;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));
}
