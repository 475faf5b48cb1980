//! Deserialisers that forgive what the API server's own encoders, exporters and editors leave behind.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// `null` is the default value, as in the API's own Go decoder.
pub(super) fn null<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// A time that is `null`, empty or not RFC 3339 is no time.
pub(super) fn time<'de, D>(deserializer: D) -> Result<Option<Timestamp>, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(Option::<String>::deserialize(deserializer)?.and_then(|text| text.parse().ok()))
}

/// `managedFields`, of which only the newest time of entries about the object itself is kept: its status, and the
/// ephemeral containers that `kubectl debug` adds, are subresources and change nothing of what was there before.
pub(super) mod changed {
    use super::{Deserialize, Deserializer, Timestamp, null, time};
    use serde::{Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Managed {
        #[serde(default, deserialize_with = "null")]
        subresource: String,
        #[serde(default, deserialize_with = "time")]
        time: Option<Timestamp>,
    }

    pub(in crate::object) fn deserialize<'de, D>(deserializer: D) -> Result<Option<Timestamp>, D::Error>
    where
        D: Deserializer<'de>,
    {
        let entries = Option::<Vec<Managed>>::deserialize(deserializer)?.unwrap_or_default();
        let own = entries.into_iter().filter(|entry| entry.subresource.is_empty());
        Ok(own.filter_map(|entry| entry.time).max())
    }

    pub(in crate::object) fn serialize<S: Serializer>(
        changed: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let entry = changed.map(|time| Managed { subresource: String::new(), time: Some(time) });
        serializer.collect_seq(entry)
    }
}

/// The longest annotation value that is kept: the names that we read from annotations are far shorter.
const LONGEST_VALUE: usize = 256;

/// Annotations: every key, and the values that are short. `kubectl apply` keeps a whole copy of the object in one, which
/// nobody here reads and which would be most of what a pod costs.
pub(super) fn annotations<'de, D>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error>
where
    D: Deserializer<'de>,
{
    struct Annotations;

    impl<'de> Visitor<'de> for Annotations {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("annotations")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(BTreeMap::new())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut kept = BTreeMap::new();
            while let Some(key) = map.next_key::<String>()? {
                if key == "kubectl.kubernetes.io/last-applied-configuration" {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                let value: String = map.next_value()?;
                kept.insert(key, if value.len() > LONGEST_VALUE { String::new() } else { value });
            }
            Ok(kept)
        }
    }

    deserializer.deserialize_any(Annotations)
}

/// A number; whatever is none is 0. A CronJob's `status.active` is a list where a Job's is a number.
pub(super) fn number<'de, D>(deserializer: D) -> Result<i64, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(serde_json::Value::deserialize(deserializer)?.as_i64().unwrap_or(0))
}
