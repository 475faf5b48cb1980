//! Questions about rights and names, which are answered and not kept; and tokens of ServiceAccounts.

use http::Response;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::access::{Asked, User, bound};
use crate::kinds::Kind;
use crate::object::text;
use crate::serve::Server;
use crate::serve::body::{self, Body};
use crate::serve::write;
use crate::status::Refusal;

/// How long a token lives where nobody says, in seconds.
const TOKEN_LIFE: i64 = 3600;

pub(crate) fn review(
    server: &Server,
    kind: &Kind,
    user: &User,
    bytes: &[u8],
) -> Result<Response<Body>, Refusal> {
    let mut value = write::read(kind, bytes)?;
    value["status"] = match kind.kind.as_str() {
        "SelfSubjectReview" => json!({"userInfo": {"username": user.name, "groups": user.groups}}),
        "SelfSubjectRulesReview" => {
            let store = server.store();
            let access = server.access();
            let given = access.rules.get(&user.name).cloned().unwrap_or_default();
            let rules: Vec<Value> = given
                .iter()
                .chain(&bound(&store, user))
                .map(|rule| {
                    json!({
                        "verbs": rule.verbs, "apiGroups": rule.groups, "resources": rule.resources,
                        "resourceNames": rule.names,
                    })
                })
                .collect();
            json!({"resourceRules": rules, "nonResourceRules": [], "incomplete": false})
        }
        _ => {
            let of = if kind.kind == "SubjectAccessReview" {
                let groups = value["spec"]["groups"].as_array().map(Vec::as_slice).unwrap_or_default();
                User {
                    name: text(&value, "/spec/user").to_owned(),
                    groups: groups.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                }
            } else {
                user.clone()
            };
            let word = |key: &str| text(&value, &format!("/spec/resourceAttributes/{key}"));
            let allowed = if value["spec"]["resourceAttributes"].is_object() {
                let asked = Asked {
                    verb: word("verb"),
                    group: word("group"),
                    resource: word("resource"),
                    subresource: word("subresource"),
                    namespace: word("namespace"),
                    name: word("name"),
                };
                let store = server.store();
                server.access().may(&store, &of, &asked)
            } else {
                crate::access::Access::may_path(&of, text(&value, "/spec/nonResourceAttributes/path"))
            };
            json!({"allowed": allowed})
        }
    };
    Ok(body::json(201, &value))
}

/// `POST …/serviceaccounts/NAME/token`: a token that this server knows from then on.
pub(crate) fn token(
    server: &Server,
    namespace: &str,
    name: &str,
    bytes: &[u8],
) -> Result<Response<Body>, Refusal> {
    let asked: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let seconds = asked["spec"]["expirationSeconds"].as_i64().unwrap_or(TOKEN_LIFE);
    let mut store = server.store();
    if let Some(accounts) = store.kind("", "v1", "serviceaccounts")
        && store.get(&accounts, namespace, name).is_none()
    {
        return Err(Refusal::not_found(&accounts, name));
    }
    let token = format!("testkit-{}", store.uid());
    drop(store);
    server.access().tokens.insert(token.clone(), User::service_account(namespace, name));
    let expires =
        Timestamp::now().saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
    Ok(body::json(
        201,
        &json!({
            "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1",
            "metadata": {"name": name, "namespace": namespace, "creationTimestamp": write::now()},
            "spec": {"audiences": ["https://kubernetes.default.svc"], "expirationSeconds": seconds},
            "status": {"token": token, "expirationTimestamp": expires.to_string()},
        }),
    ))
}
