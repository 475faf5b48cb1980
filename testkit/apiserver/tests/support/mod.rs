//! A client that shows what it was told, and waits that end.
#![expect(dead_code, reason = "each test binary uses its own part")]
#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

use std::time::Duration;

use http_body_util::BodyExt as _;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::Value;

pub(crate) struct Client {
    client: kube::Client,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) value: Value,
}

impl Client {
    pub(crate) async fn of(kubeconfig: &str) -> Client {
        let kubeconfig = Kubeconfig::from_yaml(kubeconfig).unwrap();
        let mut config =
            kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        // What a server says once is what is to be seen.
        config.default_retry = false;
        Client { client: kube::Client::try_from(config).unwrap() }
    }

    /// The same cluster, as who holds a token.
    pub(crate) async fn with_token(kubeconfig: &str, token: &str) -> Client {
        let mut kubeconfig = Kubeconfig::from_yaml(kubeconfig).unwrap();
        for user in &mut kubeconfig.auth_infos {
            user.auth_info = Some(serde_json::from_value(serde_json::json!({"token": token})).unwrap());
        }
        let mut config =
            kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        // What a server says once is what is to be seen.
        config.default_retry = false;
        Client { client: kube::Client::try_from(config).unwrap() }
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        self.try_send(method, path, headers, body).await.unwrap()
    }

    pub(crate) async fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, kube::Error> {
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.as_bytes().to_vec())).unwrap();
        let response = self.client.send(request).await?;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.map_err(|error| kube::Error::Service(error.into()))?.to_bytes();
        let value = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Ok(Answer { code: parts.status.as_u16(), headers: parts.headers, value })
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[("content-type", "application/json")], &body.to_string()).await
    }

    pub(crate) async fn apply(&self, path: &str, manager: &str, body: &Value) -> Answer {
        let media = [("content-type", "application/apply-patch+yaml")];
        let and = if path.contains('?') { '&' } else { '?' };
        self.send("PATCH", &format!("{path}{and}fieldManager={manager}"), &media, &body.to_string()).await
    }

    pub(crate) async fn watch(&self, path: &str) -> Lines {
        let request = http::Request::get(path).body(Body::empty()).unwrap();
        let response = self.client.send(request).await.unwrap();
        assert_eq!(response.status(), 200);
        Lines { body: response.into_body(), text: Vec::new() }
    }
}

/// The lines of a watch.
pub(crate) struct Lines {
    body: Body,
    text: Vec<u8>,
}

/// How a line did not come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoLine {
    /// The watch ended well; this much of a line was left over.
    End(String),
    /// The connection broke; this much of a line was left over.
    Broken(String),
    /// Nothing came in time.
    Silent,
}

impl Lines {
    pub(crate) async fn next(&mut self) -> Result<Value, NoLine> {
        self.within(Duration::from_secs(5)).await
    }

    pub(crate) async fn within(&mut self, time: Duration) -> Result<Value, NoLine> {
        loop {
            if let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
                let rest = self.text.split_off(end + 1);
                let line = std::mem::replace(&mut self.text, rest);
                let shown = String::from_utf8_lossy(&line).trim().to_owned();
                return Ok(serde_json::from_slice(&line).unwrap_or(Value::String(shown)));
            }
            let left = || String::from_utf8_lossy(&self.text).into_owned();
            match tokio::time::timeout(time, self.body.frame()).await {
                Err(_) => return Err(NoLine::Silent),
                Ok(None) => return Err(NoLine::End(left())),
                Ok(Some(Err(_))) => return Err(NoLine::Broken(left())),
                Ok(Some(Ok(frame))) => self.text.extend(frame.into_data().unwrap_or_default()),
            }
        }
    }

    /// The next line, as `TYPE name`.
    pub(crate) async fn word(&mut self) -> String {
        let line = self.next().await.unwrap();
        let name = &line["object"]["metadata"]["name"];
        [line["type"].as_str().unwrap_or("?"), name.as_str().unwrap_or_default()].join(" ").trim().to_owned()
    }
}

/// Waits for something to become so.
pub(crate) async fn until(what: &str, is: impl Fn() -> bool) {
    for _ in 0..500 {
        if is() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not so in 5 s: {what}");
}
