//! What an incident is called, and what makes it one.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The letters of an id: lower case, none that is read as another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// How many of them.
const LENGTH: usize = 6;

/// The name of an incident, as `pi-k7m2qx`: opaque, fit for the name of a Kubernetes object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct IncidentId(String);

/// A text that is no id of an incident.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is no incident's name: they read pi-k7m2qx")]
pub struct NotAnId(String);

impl IncidentId {
    /// The id with these letters: equal seeds give equal ids, so that a replay names what the first run named.
    pub fn from_seed(seed: u64) -> IncidentId {
        let letters = (0..LENGTH).map(|place| char::from(LETTERS[(seed >> (place * 5)) as usize & 31]));
        IncidentId("pi-".chars().chain(letters).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IncidentId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<IncidentId, NotAnId> {
        let letters = text.strip_prefix("pi-").map(str::as_bytes);
        match letters {
            Some(letters) if letters.len() == LENGTH && letters.iter().all(|l| LETTERS.contains(l)) => {
                Ok(IncidentId(text.to_owned()))
            }
            _ => Err(NotAnId(text.chars().take(64).collect())),
        }
    }
}

impl TryFrom<String> for IncidentId {
    type Error = NotAnId;

    fn try_from(text: String) -> Result<IncidentId, NotAnId> {
        text.parse()
    }
}

impl From<IncidentId> for String {
    fn from(id: IncidentId) -> String {
        id.0
    }
}

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What makes sightings one incident, as 16 hexadecimal digits: nothing of it can be read back, so it may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of these parts, in this order.
    pub fn of(parts: &[&str]) -> Fingerprint {
        // FNV-1a, of which nothing but spread is asked. The length keeps ("ab", "c") from ("a", "bc").
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut take = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        for part in parts {
            part.len().to_le_bytes().into_iter().for_each(&mut take);
            part.bytes().for_each(&mut take);
        }
        Fingerprint(hash)
    }

    /// The number behind it, to make an id from.
    pub const fn seed(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Fingerprint, Self::Err> {
        u64::from_str_radix(text, 16).map(Fingerprint)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Fingerprint, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written_and_nothing_else_is_one() {
        let id = IncidentId::from_seed(0x1234_5678_9abc_def0);
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        for text in ["", "pi-", "pi-abc", "pi-ABCDEF", "pi-abcde/", "pi-abcdefg", "../pi-abcdef", "pi-abcdel"]
        {
            assert!(text.parse::<IncidentId>().is_err(), "{text}");
        }
    }

    #[test]
    fn parts_are_kept_apart() {
        assert_ne!(Fingerprint::of(&["ab", "c"]), Fingerprint::of(&["a", "bc"]));
        let one = Fingerprint::of(&["dns", "registry.acme.test"]);
        assert_eq!(one.to_string().parse(), Ok(one));
    }
}
