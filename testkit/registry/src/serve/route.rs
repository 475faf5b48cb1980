//! What a target is for.

use std::borrow::Cow;

use crate::configuration::Route;
use crate::dialect::{Dialect, Scheme};

/// A target taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) route: Route,
    pub(crate) path: String,
    pub(crate) repository: Option<String>,
    pub(crate) reference: Option<String>,
    pub(crate) query: Vec<(String, String)>,
}

impl Target {
    pub(crate) fn read(target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = form(query);
        let decoded = percent_decoded(path);
        let (route, repository, reference) = route(&decoded);
        Self {
            route,
            path: path.to_owned(),
            repository: repository.map(str::to_owned),
            reference: reference.map(str::to_owned),
            query,
        }
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

pub(crate) fn form(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn route(path: &str) -> (Route, Option<&str>, Option<&str>) {
    if is_token_path(path) {
        return (Route::Token, None, None);
    }
    if matches!(path, "/v2" | "/v2/") {
        return (Route::Ping, None, None);
    }
    if path == "/v2/_catalog" {
        return (Route::Catalog, None, None);
    }
    let Some(rest) = path.strip_prefix("/v2/") else { return (Route::Other, None, None) };
    if let Some(name) = rest.strip_suffix("/tags/list") {
        return (Route::Tags, Some(name), None);
    }
    for (middle, route) in
        [("/manifests/", Route::Manifest), ("/blobs/", Route::Blob), ("/referrers/", Route::Referrers)]
    {
        // Split at the first: a reference such as `sha256:../../x` has slashes of its own.
        if let Some((name, reference)) = rest.split_once(middle)
            && !name.is_empty()
        {
            return (route, Some(name), Some(reference));
        }
    }
    (Route::Other, None, None)
}

fn is_token_path(path: &str) -> bool {
    path == "/token"
        || Dialect::ALL.iter().any(|dialect| match dialect.row().scheme {
            Scheme::Bearer { path: known, .. } => known == path,
            Scheme::Basic { .. } => false,
        })
}

fn percent_decoded(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.filter(|_| first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_tells_route_repository_and_reference() {
        for (target, route, repository, reference) in [
            ("/v2/", Route::Ping, "", ""),
            ("/v2/a/b/manifests/1.0", Route::Manifest, "a/b", "1.0"),
            ("/v2/a/blobs/sha256:../../x", Route::Blob, "a", "sha256:../../x"),
            ("/v2/a/blobs/sha256%3Aab", Route::Blob, "a", "sha256:ab"),
            ("/v2/a/tags/list?n=2", Route::Tags, "a", ""),
            ("/v2/_catalog", Route::Catalog, "", ""),
            ("/v2/a/referrers/sha256:ab", Route::Referrers, "a", "sha256:ab"),
            ("/service/token?scope=x", Route::Token, "", ""),
            ("/elsewhere", Route::Other, "", ""),
        ] {
            let read = Target::read(target);
            assert_eq!(read.route, route, "{target}");
            assert_eq!(read.repository.as_deref().unwrap_or_default(), repository, "{target}");
            assert_eq!(read.reference.as_deref().unwrap_or_default(), reference, "{target}");
        }
    }
}
