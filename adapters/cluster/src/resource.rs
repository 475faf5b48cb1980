//! The kinds of object that we ask for, and the requests for them.
//!
//! Every path this crate requests is built here, from this closed list. Secrets are read by name, and listed only where
//! the user asks for that.

use pullmedic_model::object::WorkloadKind;

/// How many objects a page holds: kubectl's own chunk size.
pub(crate) const PAGE: usize = 500;

/// A kind of object, as requests write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Resource {
    /// `v1`, `apps/v1`.
    pub(crate) api_version: &'static str,
    /// `pods`.
    pub(crate) plural: &'static str,
}

pub(crate) const PODS: Resource = Resource { api_version: "v1", plural: "pods" };
pub(crate) const EVENTS: Resource = Resource { api_version: "v1", plural: "events" };
pub(crate) const NODES: Resource = Resource { api_version: "v1", plural: "nodes" };
pub(crate) const ACCOUNTS: Resource = Resource { api_version: "v1", plural: "serviceaccounts" };
pub(crate) const SECRETS: Resource = Resource { api_version: "v1", plural: "secrets" };

/// One kind of owner.
pub(crate) fn owner(kind: WorkloadKind) -> Resource {
    let row = WorkloadKind::ALL.into_iter().find(|row| row.0 == kind);
    let (_, _, api_version, plural) = row.expect("every kind has its row");
    Resource { api_version, plural }
}

/// Whatever makes pods.
pub(crate) fn owners() -> impl Iterator<Item = Resource> {
    WorkloadKind::ALL.into_iter().map(|(_, _, api_version, plural)| Resource { api_version, plural })
}

impl Resource {
    /// The API group; empty for the core one.
    pub(crate) fn group(self) -> &'static str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// The name that RBAC and `kubectl auth can-i` know it by: `pods`, `deployments.apps`.
    pub(crate) fn right(self) -> String {
        match self.api_version.split_once('/') {
            Some((group, _)) => format!("{}.{group}", self.plural),
            None => self.plural.to_owned(),
        }
    }

    /// The path of all of them, in a namespace or in all.
    pub(crate) fn path(self, namespace: Option<&str>) -> String {
        let root = if self.api_version.contains('/') { "apis" } else { "api" };
        match namespace {
            Some(namespace) => format!("/{root}/{}/namespaces/{namespace}/{}", self.api_version, self.plural),
            None => format!("/{root}/{}/{}", self.api_version, self.plural),
        }
    }

    /// The path of a cluster-wide one.
    pub(crate) fn named(self, name: &str) -> String {
        format!("{}/{name}", self.path(None))
    }

    /// The path of one in a namespace.
    pub(crate) fn one(self, namespace: &str, name: &str) -> String {
        format!("{}/{name}", self.path(Some(namespace)))
    }

    /// The request for one page of a list.
    pub(crate) fn page(self, namespace: Option<&str>, selector: Option<&str>, after: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(format!("limit={PAGE}"));
        if let Some(selector) = selector {
            query.append_pair("labelSelector", selector);
        }
        if !after.is_empty() {
            query.append_pair("continue", after);
        }
        format!("{}?{}", self.path(namespace), query.finish())
    }

    /// The request for all changes since `version`, for `seconds`.
    pub(crate) fn changes(
        self,
        namespace: Option<&str>,
        selector: Option<&str>,
        version: &str,
        seconds: u64,
    ) -> String {
        let mut query = form_urlencoded::Serializer::new(String::from("watch=1&allowWatchBookmarks=true"));
        query.append_pair("timeoutSeconds", &seconds.to_string()).append_pair("resourceVersion", version);
        if let Some(selector) = selector {
            query.append_pair("labelSelector", selector);
        }
        format!("{}?{}", self.path(namespace), query.finish())
    }

    /// As [`Resource::page`], of those objects whose fields are so.
    pub(crate) fn page_of_fields(self, namespace: Option<&str>, fields: Option<&str>, after: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(self.page(namespace, None, after));
        if let Some(fields) = fields {
            query.append_pair("fieldSelector", fields);
        }
        query.finish()
    }

    /// The request for all changes after a version; without one for all that there is, a bookmark that says so, and
    /// all changes after that (<https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists>).
    pub(crate) fn stream(
        self,
        namespace: Option<&str>,
        fields: Option<&str>,
        after: Option<&str>,
        seconds: u64,
    ) -> String {
        let mut query = form_urlencoded::Serializer::new(String::from("watch=1&allowWatchBookmarks=true"));
        query.append_pair("timeoutSeconds", &seconds.to_string());
        match after {
            Some(version) => query.append_pair("resourceVersion", version),
            None => query
                .append_pair("sendInitialEvents", "true")
                .append_pair("resourceVersionMatch", "NotOlderThan"),
        };
        if let Some(fields) = fields {
            query.append_pair("fieldSelector", fields);
        }
        format!("{}?{}", self.path(namespace), query.finish())
    }
}

/// Whether `name` is a DNS-1123 subdomain, and so safe in a path: no slash, no `..`, nothing to escape (threat 12).
pub(crate) fn is_name(name: &str) -> bool {
    let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    name.len() <= 253
        && name.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_api() {
        assert_eq!(PODS.path(None), "/api/v1/pods");
        assert_eq!(EVENTS.path(Some("shop")), "/api/v1/namespaces/shop/events");
        let paths: Vec<String> = owners().map(|kind| kind.path(Some("shop"))).collect();
        assert!(paths.contains(&"/apis/apps/v1/namespaces/shop/deployments".to_owned()), "{paths:?}");
        assert!(paths.contains(&"/api/v1/namespaces/shop/replicationcontrollers".to_owned()), "{paths:?}");
    }

    #[test]
    fn what_a_caller_or_server_gives_is_escaped_in_queries() {
        let page = PODS.page(None, Some("app in (a,b)&watch=1"), "a b/+=");
        assert_eq!(
            page,
            "/api/v1/pods?limit=500&labelSelector=app+in+%28a%2Cb%29%26watch%3D1&continue=a+b%2F%2B%3D"
        );
    }

    #[test]
    fn only_plain_names_go_into_paths() {
        for name in ["shop", "kube-system", "ip-10-0-0-1.eu.internal", "0"] {
            assert!(is_name(name), "{name}");
        }
        for name in
            ["", ".", "..", "a/b", "a..b", "%2e", "Shop", "-a", "a-", "a\n", "secrets?x", &"a".repeat(254)]
        {
            assert!(!is_name(name), "{name:?}");
        }
    }
}
