//! Cases for the differential test: written by hand, and made up from the parts that keys and secrets are made of.

mod by_hand;
mod made_up;

use std::fmt;

use data_encoding::BASE64;
use pullmedic_model::object::Secret;
use serde_json::{Value, json};

pub(crate) use by_hand::by_hand;
pub(crate) use made_up::made_up;

/// A secret: its type, and one key of its data with what stands under it, decoded.
struct Given {
    kind: String,
    data_key: String,
    content: Vec<u8>,
}

/// Secrets and the image that they are asked for.
pub(crate) struct Case {
    given: Vec<Given>,
    /// The image.
    pub(crate) image: String,
}

impl Case {
    /// The line for the Go program.
    pub(crate) fn line(&self) -> Value {
        json!({ "secrets": self.given.iter().enumerate().map(written).collect::<Vec<_>>(), "image": self.image })
    }

    /// The secrets, as the API writes them and we decode them.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let all = self.given.iter().enumerate().map(written);
        all.map(|mut secret| {
            secret["metadata"] = json!({ "name": secret["name"] });
            Secret::decode(&secret.to_string()).unwrap()
        })
        .collect()
    }

    fn one(kind: &str, data_key: &str, content: &[u8], image: &str) -> Case {
        let (kind, data_key) = (kind.to_owned(), data_key.to_owned());
        Case { given: vec![Given { kind, data_key, content: content.to_vec() }], image: image.to_owned() }
    }
}

fn written((at, given): (usize, &Given)) -> Value {
    let data = json!({ given.data_key.as_str(): BASE64.encode(&given.content) });
    json!({ "name": format!("secret-{at}"), "type": given.kind, "data": data })
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "image {}", self.image)?;
        for Given { kind, data_key, content } in &self.given {
            write!(f, "\n  {kind} {data_key} {}", content.escape_ascii())?;
        }
        Ok(())
    }
}

const CONFIG: &str = "kubernetes.io/dockerconfigjson";
const LEGACY: &str = "kubernetes.io/dockercfg";
