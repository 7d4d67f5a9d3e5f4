//! The local Functions host keeps the real one's contract, with a handler of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use q2o_tests::host::{Host, MemoryQueues, Options, Running};
use serde_json::{Value, json};

struct App {
    host: Running,
    queues: Arc<MemoryQueues>,
    seen: PathBuf,
    _folder: tempfile::TempDir,
}

/// An app with one HTTP function and these queue functions.
async fn app(queues: &[&str]) -> Option<App> {
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        eprintln!("SKIPPED: the host's own tests need python3");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_owned();
    let handler = Path::new(env!("CARGO_MANIFEST_DIR")).join("world/host/fixtures/handler.py");
    let write = |name: &str, value: &Value| {
        let file = root.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, value.to_string()).unwrap();
    };
    write(
        "host.json",
        &json!({
            "version": "2.0",
            "functionTimeout": "00:00:02",
            "customHandler": {
                "description": { "defaultExecutablePath": "python3", "arguments": [handler] },
                "enableProxyingHttpRequest": true,
                "enableForwardingHttpRequest": true,
            },
            "extensions": {
                "http": { "routePrefix": "" },
                "queues": { "maxDequeueCount": 3, "visibilityTimeout": "00:00:00" },
            },
        }),
    );
    write(
        "api/function.json",
        &json!({ "bindings": [
            { "type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous",
              "methods": ["get", "post"], "route": "api/{*rest}" },
            { "type": "http", "direction": "out", "name": "res" },
        ] }),
    );
    for queue in queues {
        write(
            &format!("{queue}/function.json"),
            &json!({ "bindings": [
                { "type": "queueTrigger", "direction": "in", "name": "message", "queueName": queue,
                  "connection": "AzureWebJobsStorage", "dataType": "binary" },
            ] }),
        );
    }
    let (seen, memory) = (root.join("seen"), Arc::new(MemoryQueues::default()));
    let options = Options {
        env: vec![("SEEN".into(), seen.display().to_string())],
        queues: memory.clone(),
        ..Options::new(root)
    };
    let host = Host::start(options).await.unwrap();
    Some(App { host, queues: memory, seen, _folder: folder })
}

impl App {
    async fn get(&self, path: &str) -> (u16, String) {
        let http = q2o_tests::host::http_client();
        let answer = http.get(format!("{}{path}", self.host.url())).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Calls of a function so far.
    fn calls(&self, function: &str) -> usize {
        let text = fs::read_to_string(&self.seen).unwrap_or_default();
        text.lines().filter(|line| line.contains(&format!("\"/{function}\""))).count()
    }

    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        for _ in 0..200 {
            if holds(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{what} did not happen: {}", fs::read_to_string(&self.seen).unwrap_or_default());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_pass_as_they_are_and_are_marked() {
    let Some(app) = app(&["done"]).await else { return };
    let (status, body) = app.get("/api/a%2Fb%25?a=1&a=2").await;
    assert_eq!(status, 200);
    let seen: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(seen["path"], "/api/a%2Fb%25?a=1&a=2");
    for name in ["x-ms-invocation-id", "x-forwarded-host", "x-azure-functions-invocationid"] {
        assert!(seen["headers"][name].is_string(), "{name}: {seen:#}");
    }
    assert_eq!(app.get("/done").await.0, 404, "a queue's function has no route");
    assert_eq!(app.get("/elsewhere").await.0, 404);
    let (_, stream) = app.get("/api/slow").await;
    assert_eq!(stream, "data: 0\n\ndata: 1\n\ndata: 2\n\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_done_once_or_end_as_poison() {
    let Some(app) = app(&["done", "fails", "text"]).await else { return };
    // the message's own words must not be taken for the host's
    app.queues.put("done", br#"{"id":"mine","dequeueCount":"99"}"#);
    app.queues.put("fails", b"{}");
    app.queues.put("text", b"{}");
    app.until("poison", |app| {
        !app.queues.texts("fails-poison").is_empty() && !app.queues.texts("text-poison").is_empty()
    })
    .await;
    assert_eq!((app.calls("done"), app.calls("fails"), app.calls("text")), (1, 3, 3));
    for queue in ["done", "fails", "text"] {
        assert_eq!(app.queues.texts(queue), Vec::<String>::new(), "{queue}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_reply_hangs_until_the_handler_is_killed() {
    let Some(app) = app(&["empty"]).await else { return };
    let first = app.host.child_pid();
    app.queues.put("empty", b"{}");
    app.until("a new handler", |app| app.host.child_pid().is_some_and(|pid| Some(pid) != first))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_dies_comes_back_and_its_message_with_it() {
    let Some(app) = app(&["dies"]).await else { return };
    app.queues.put("dies", b"{}");
    app.until("a second call", |app| app.calls("dies") == 2).await;
    app.until("an empty queue", |app| app.queues.texts("dies").is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_leaves_with_zero_stays_down() {
    let Some(app) = app(&[]).await else { return };
    let left = app.get("/api/leave/0").await.0;
    assert!(left >= 500, "{left}");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(app.host.child_pid(), None);
    assert!(app.get("/api/anything").await.0 >= 500);
}
