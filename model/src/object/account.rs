//! ServiceAccounts.

use serde::{Deserialize, Serialize};

use super::lenient;
use super::meta::Meta;
use super::pod::LocalReference;

/// A ServiceAccount, as far as image pulls concern it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccount {
    /// Name and namespace.
    #[serde(default, deserialize_with = "lenient::null")]
    pub metadata: Meta,
    /// The pull secrets that admission copies into pods that name none of their own.
    #[serde(default, deserialize_with = "lenient::null")]
    pub image_pull_secrets: Vec<LocalReference>,
}
