use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

/// A name server over UDP and TCP.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    /// Address and port; a free one on 127.0.0.1 by default.
    #[serde(default = "loopback")]
    pub listen: SocketAddr,
    /// The first record whose name fits answers.
    #[serde(default)]
    pub records: Vec<Record>,
    /// For every other name.
    #[serde(default)]
    pub otherwise: NameAnswer,
}

impl Default for Names {
    fn default() -> Self {
        Self { listen: loopback(), records: Vec::new(), otherwise: NameAnswer::default() }
    }
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// What one name is answered with.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The name without its last dot, in any case; a glob.
    pub name: String,
    /// One per question of the same type, in turn; the last one stays. Two of them rebind a name.
    pub answers: Vec<NameAnswer>,
}

impl Record {
    /// A name that always has these addresses.
    #[must_use]
    pub fn addresses(name: &str, addresses: &[IpAddr]) -> Self {
        Self { name: name.to_owned(), answers: vec![NameAnswer::Addresses(addresses.to_vec())] }
    }

    /// A name that is always answered like this.
    #[must_use]
    pub fn always(name: &str, answer: NameAnswer) -> Self {
        Self { name: name.to_owned(), answers: vec![answer] }
    }
}

/// One answer to one question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameAnswer {
    /// A and AAAA records; a question for a type that is not among them is answered without data.
    Addresses(Vec<IpAddr>),
    /// An alias, followed by the answer for its target if this server knows that name.
    Alias(String),
    /// So many aliases one after another, the last without an address.
    Chain(u16),
    /// The name does not exist; with an SOA record.
    #[default]
    Nxdomain,
    /// The server failed.
    Servfail,
    /// The server does not want to.
    Refused,
    /// The name exists, but has no record of this type; with an SOA record.
    NoData,
    /// No answer at all.
    Silent,
    /// Over UDP only the sign that TCP should be asked; over TCP these addresses.
    OverTcp(Vec<IpAddr>),
    /// Bytes that are no DNS message.
    Garbage,
}
