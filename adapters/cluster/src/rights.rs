//! Which rights we have, asked before they are used, so that no request is refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Method;
use serde::Deserialize;
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::counts::Verb;
use crate::failure::{Cause, Failure};
use crate::read_error::ReadError;
use crate::request::{Ask, JSON};

const PATH: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// How long an answer holds. A right that is given is used a minute later at most; one that is taken away costs at most the
/// requests of a minute.
const HOLDS: Duration = Duration::from_secs(60);

/// How many answers are kept before those that no longer hold are dropped.
const KEPT: usize = 4096;

/// Verb, group, resource, namespace.
type Key = (String, String, String, Option<String>);

/// An answer, and when it was given; locked while it is being asked for, so that many who ask at once ask once.
type Answer = Arc<tokio::sync::Mutex<Option<(bool, Instant)>>>;

/// The answers so far.
#[derive(Default)]
pub(crate) struct Rights {
    answers: Mutex<HashMap<Key, Answer>>,
}

impl Rights {
    fn answer(&self, key: Key) -> Answer {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= KEPT {
            // One that is locked is being asked for right now.
            answers.retain(|_, answer| answer.try_lock().map_or(true, |held| holds(*held).is_some()));
        }
        Arc::clone(answers.entry(key).or_default())
    }
}

fn holds(answer: Option<(bool, Instant)>) -> Option<bool> {
    answer.filter(|(_, since)| since.elapsed() < HOLDS).map(|(allowed, _)| allowed)
}

#[derive(Deserialize)]
struct Review {
    status: Status,
}

#[derive(Deserialize)]
struct Status {
    allowed: bool,
}

impl Cluster {
    /// Whether we have a right, by a SelfSubjectAccessReview; `group` is empty for the core one, `namespace` is `None` for all
    /// of them. Both answers hold for a minute. An error means that it is not known: whoever wants no refused request does
    /// not send it then.
    ///
    /// # Errors
    /// When the API server does not say.
    pub async fn may(
        &self,
        verb: &str,
        group: &str,
        resource: &str,
        namespace: Option<&str>,
    ) -> Result<bool, ReadError> {
        let key = (verb.to_owned(), group.to_owned(), resource.to_owned(), namespace.map(str::to_owned));
        let answer = self.rights.answer(key);
        let mut held = answer.lock().await;
        if let Some(allowed) = holds(*held) {
            return Ok(allowed);
        }
        let error = |failure| ReadError::new(format!("the right to {verb} {resource}"), &self.flags, failure);
        let attributes = serde_json::json!({
            "verb": verb, "group": group, "resource": resource, "namespace": namespace.unwrap_or_default(),
        });
        let review = serde_json::json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": attributes },
        });
        let body = Some((JSON, review.to_string().into_bytes()));
        let ask = Ask { method: Method::POST, body, ..Ask::get(Verb::Review, PATH) };
        let text = self.api.text(&ask).await.map_err(error)?;
        let review: Review = serde_json::from_str(&text)
            .map_err(|_| error(Failure::Undecodable { cause: Cause("it is no review of a right".into()) }))?;
        *held = Some((review.status.allowed, Instant::now()));
        Ok(review.status.allowed)
    }
}
