//! Where a token may be fetched: the realm of a challenge is the registry's word, and may be an attacker's.
//!
//! Credentials were stolen this way from containerd (CVE-2020-15157), distribution (CVE-2026-33540) and oras-go
//! (CVE-2026-48978). Security row 1 is the rule.

use url::Url;

use crate::settings::AllowedRealm;
use crate::target::Target;

/// What may be sent to a realm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Judged {
    /// A login too.
    Allowed(Target, Url),
    /// No login, and only if all its addresses are of the public network.
    AnonymousIfGlobal(Target, Url),
    /// Nothing.
    Refused,
}

/// Registries whose token service is on another host: registry, realm. Others (GHCR, Quay, ECR Public, ACR, Artifact
/// Registry, NGC) serve tokens themselves. Sources: <https://distribution.github.io/distribution/spec/auth/token/>,
/// <https://docs.gitlab.com/administration/packages/container_registry/>, and for Red Hat
/// <https://access.redhat.com/RegistryAuthentication> (since 2026 on the registry's own host, too).
const PAIRS: [(&str, &str); 5] = [
    ("docker.io", "auth.docker.io"),
    ("index.docker.io", "auth.docker.io"),
    ("registry-1.docker.io", "auth.docker.io"),
    ("registry.gitlab.com", "gitlab.com"),
    ("registry.redhat.io", "sso.redhat.com"),
];

/// Judges the realm of a challenge that `registry` sent.
pub(crate) fn judge(registry: &Target, realm: &str, allowed: &[AllowedRealm]) -> Judged {
    let Ok(url) = Url::parse(realm) else { return Judged::Refused };
    let Some(target) = Target::of_url(&url) else { return Judged::Refused };
    // `Url` drops empty user information; the text shows whether there was any.
    let has_userinfo = !url.username().is_empty() || url.password().is_some();
    if has_userinfo || authority_of(realm).contains('@') || (registry.https && !target.https) {
        return Judged::Refused;
    }
    let is_pair = registry.port == 443
        && target.port == 443
        && PAIRS.contains(&(registry.host.as_str(), target.host.as_str()));
    let is_allowed =
        |allowed: &AllowedRealm| allowed.registry == registry.endpoint && allowed.realm == target.endpoint;
    if target.is_same_place(registry) || is_pair || allowed.iter().any(is_allowed) {
        Judged::Allowed(target, url)
    } else {
        Judged::AnonymousIfGlobal(target, url)
    }
}

fn authority_of(url: &str) -> &str {
    let rest = url.split_once("//").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest)
}

/// The realm without query, fragment and user information, for a report.
pub(crate) fn shown(realm: &str) -> String {
    let capped: String = realm.chars().take(300).collect();
    match Url::parse(&capped) {
        Ok(mut url) => {
            url.set_query(None);
            url.set_fragment(None);
            // A URL that cannot have user information (`file:///x`) has none to drop.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            pullmedic_model::Captured::new(url.as_str()).to_string()
        }
        Err(_) => pullmedic_model::Captured::new(&capped).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use pullmedic_model::Endpoint;

    use super::*;

    fn target(url: &str) -> Target {
        Target::of_url(&Url::parse(url).expect("a URL")).expect("a target")
    }

    fn word(registry: &str, realm: &str, allowed: &[AllowedRealm]) -> &'static str {
        match judge(&target(registry), realm, allowed) {
            Judged::Allowed(..) => "allowed",
            Judged::AnonymousIfGlobal(..) => "anonymous",
            Judged::Refused => "refused",
        }
    }

    #[test]
    fn a_login_goes_to_the_registry_itself_a_known_pair_or_what_the_user_allows() {
        let allowed = [AllowedRealm::parse("r.test:5000=https://sso.test/token").expect("an allowed realm")];
        for (registry, realm, expected) in [
            ("https://r.test:5000", "https://r.test:5000/token", "allowed"),
            ("https://r.test:5000", "https://R.TEST:5000/token", "allowed"),
            ("https://r.test:5000", "https://r.test/token", "anonymous"),
            ("https://r.test:5000", "https://sso.test/token", "allowed"),
            ("https://r.test:5000", "https://sso.test:444/token", "anonymous"),
            ("https://r.test", "https://sso.test/token", "anonymous"),
            ("https://registry-1.docker.io", "https://auth.docker.io/token", "allowed"),
            ("https://registry-1.docker.io", "https://auth.docker.io:8443/token", "anonymous"),
            ("https://ghcr.io", "https://ghcr.io/token", "allowed"),
            ("https://registry.gitlab.com", "https://gitlab.com/jwt/auth", "allowed"),
            ("https://r.test", "https://evil.test/token", "anonymous"),
            ("https://r.test", "http://r.test/token", "refused"),
            ("https://r.test", "http://169.254.169.254/latest", "refused"),
            ("https://r.test", "https://user@r.test/token", "refused"),
            ("https://r.test", "https://u:p@r.test/token", "refused"),
            ("https://r.test", "https://@r.test/token", "refused"),
            ("https://r.test", "file:///etc/passwd", "refused"),
            ("https://r.test", "gopher://r.test/", "refused"),
            ("https://r.test", "/token", "refused"),
            ("https://r.test", "", "refused"),
            ("http://r.test:5000", "http://r.test:5000/token", "allowed"),
            ("http://127.0.0.1:5000", "http://127.0.0.1:5001/token", "anonymous"),
        ] {
            assert_eq!(word(registry, realm, &allowed), expected, "{registry} {realm}");
        }
        assert_eq!(allowed[0].registry, Endpoint::parse("r.test:5000").expect("an endpoint"));
    }

    #[test]
    fn a_realm_is_shown_without_what_it_may_hide() {
        assert_eq!(shown("https://u:CANARY@r.test/t?sig=CANARY#CANARY"), "https://r.test/t");
        assert_eq!(shown("file:///etc/passwd"), "file:///etc/passwd");
    }
}
