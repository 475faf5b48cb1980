//! What a request asks for.

use http::Method;
use http::request::Parts;
use percent_encoding::percent_decode_str;

use crate::access::Asked;

/// A request, taken apart.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pairs: Vec<(String, String)>,
    pub(crate) accept: String,
    pub(crate) media: String,
    pub(crate) agent: String,
    /// `None` for a path that is no resource.
    pub(crate) target: Option<Target>,
    pub(crate) verb: &'static str,
}

/// The resource, or object, that a path names; words that do not apply are empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Target {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) subresource: String,
}

impl Ask {
    pub(crate) fn of(parts: &Parts) -> Ask {
        let header = |name| {
            let value = parts.headers.get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let mut ask = Ask {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            query,
            pairs,
            accept: header(http::header::ACCEPT),
            media: header(http::header::CONTENT_TYPE),
            agent: header(http::header::USER_AGENT),
            target: Target::of(parts.uri.path()),
            verb: "",
        };
        ask.verb = ask.verb_of();
        ask
    }

    /// A parameter of the query; empty for none.
    pub(crate) fn parameter(&self, key: &str) -> &str {
        self.pairs.iter().find(|(known, _)| known == key).map_or("", |(_, value)| value)
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        matches!(self.parameter(key), "1" | "true" | "True" | "TRUE" | "t" | "T")
    }

    /// Whether the client wants objects' metadata only.
    pub(crate) fn wants_partial(&self) -> bool {
        // The first form that it accepts counts, as long as we know it.
        let first = self.accept.split(',').next().unwrap_or_default();
        first.contains("as=PartialObjectMetadata")
    }

    /// The manager of the fields it writes: as it says, or the first word of its name.
    pub(crate) fn manager(&self) -> String {
        let said = self.parameter("fieldManager");
        let named = if said.is_empty() { self.agent.split('/').next().unwrap_or_default() } else { said };
        if named.is_empty() { "unknown".to_owned() } else { named.to_owned() }
    }

    pub(crate) fn asked(&self) -> Option<Asked<'_>> {
        let target = self.target.as_ref()?;
        Some(Asked {
            verb: self.verb,
            group: &target.group,
            resource: &target.plural,
            subresource: &target.subresource,
            namespace: &target.namespace,
            name: &target.name,
        })
    }

    fn verb_of(&self) -> &'static str {
        let named = self.target.as_ref().map(|target| !target.name.is_empty());
        match (self.method.as_str(), named) {
            ("GET" | "HEAD", Some(_)) if self.flag("watch") => "watch",
            ("GET" | "HEAD", Some(false)) => "list",
            ("GET" | "HEAD", _) => "get",
            ("POST", Some(_)) => "create",
            ("PUT", Some(_)) => "update",
            ("PATCH", Some(_)) => "patch",
            ("DELETE", Some(true)) => "delete",
            ("DELETE", Some(false)) => "deletecollection",
            ("POST", None) => "post",
            ("PUT", None) => "put",
            ("PATCH", None) => "patch",
            ("DELETE", None) => "delete",
            _ => "options",
        }
    }
}

impl Target {
    /// Reads a path; `None` for one that names no resource.
    pub(crate) fn of(path: &str) -> Option<Target> {
        let words: Vec<String> = path
            .trim_matches('/')
            .split('/')
            .map(|word| percent_decode_str(word).decode_utf8_lossy().into_owned())
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (group, version, rest) = match words.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            // A namespace itself, and its own subresources.
            ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => ("", rest),
            ["namespaces", namespace, rest @ ..] => (*namespace, rest),
            rest => ("", rest),
        };
        let (plural, name, subresource) = match rest {
            [plural] => (*plural, "", ""),
            [plural, name] => (*plural, *name, ""),
            [plural, name, subresource] => (*plural, *name, *subresource),
            _ => return None,
        };
        if plural.is_empty() {
            return None;
        }
        let owned = str::to_owned;
        Some(Target {
            group: owned(group),
            version: owned(version),
            plural: owned(plural),
            namespace: owned(namespace),
            name: owned(name),
            subresource: owned(subresource),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_what_the_real_server_takes_it_for() {
        let target = |path: &str| {
            Target::of(path)
                .map(|t| [t.group, t.version, t.plural, t.namespace, t.name, t.subresource].join("|"))
        };
        for (path, expected) in [
            ("/api/v1/pods", Some("|v1|pods|||")),
            ("/api/v1/namespaces", Some("|v1|namespaces|||")),
            ("/api/v1/namespaces/shop", Some("|v1|namespaces||shop|")),
            ("/api/v1/namespaces/shop/status", Some("|v1|namespaces||shop|status")),
            ("/api/v1/namespaces/shop/pods/a/status", Some("|v1|pods|shop|a|status")),
            ("/apis/apps/v1/namespaces/shop/deployments/web", Some("apps|v1|deployments|shop|web|")),
            ("/api/v1", None),
            ("/apis/apps/v1", None),
            ("/version", None),
            ("/", None),
        ] {
            assert_eq!(target(path).as_deref(), expected, "{path}");
        }
    }
}
