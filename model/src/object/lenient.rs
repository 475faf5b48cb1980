//! Deserialisers that forgive what the API server's own encoders, exporters and editors leave behind.

use jiff::Timestamp;
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
