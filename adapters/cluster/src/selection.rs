//! Which context, cluster and user of a kubeconfig are meant, made fit for kube-client.

use http::Uri;
use kube::config::{AuthInfo, Cluster, Context, Kubeconfig};
use secrecy::ExposeSecret;

use crate::access::Access;
use crate::connect_error::ConnectError;
use crate::near::near;

/// What the caller and the kubeconfig chose together.
pub(crate) struct Selection {
    /// The context's name; `None` when the caller named a cluster and there is no context.
    pub(crate) context: Option<String>,
    /// The namespace of the context; `default` when it names none.
    pub(crate) namespace: String,
    /// The cluster's name.
    pub(crate) cluster_name: String,
    /// The cluster.
    pub(crate) cluster: Cluster,
    /// The user's name; `None` when neither context nor caller names one.
    pub(crate) user_name: Option<String>,
    /// The user; empty when the kubeconfig does not have it, which kubectl takes for an anonymous one.
    pub(crate) user: AuthInfo,
}

impl Selection {
    /// Chooses as kubectl does.
    ///
    /// # Errors
    /// When a name does not exist, with the nearest that do.
    pub(crate) fn new(mut config: Kubeconfig, access: &Access) -> Result<Selection, ConnectError> {
        let (context_name, context) = context(&mut config, access)?;
        let cluster_name = access.cluster.clone().unwrap_or(context.cluster);
        let missing = |kind, name: &str, existing: Vec<String>| ConnectError::NoSuch {
            kind,
            name: name.to_owned(),
            near: near(name, existing),
        };
        let clusters = config.clusters.iter().map(|named| named.name.clone()).collect();
        let cluster = config
            .clusters
            .into_iter()
            .find(|named| named.name == cluster_name)
            .and_then(|named| named.cluster)
            .ok_or_else(|| missing("cluster", &cluster_name, clusters))?;
        let user_name = access.user.clone().or(context.user).filter(|name| !name.is_empty());
        let users: Vec<String> = config.auth_infos.iter().map(|named| named.name.clone()).collect();
        let user = config
            .auth_infos
            .into_iter()
            .find(|named| Some(&named.name) == user_name.as_ref())
            .and_then(|named| named.auth_info);
        if let (None, Some(asked)) = (&user, &access.user)
            && !users.contains(asked)
        {
            return Err(missing("user", asked, users));
        }
        Ok(Selection {
            context: context_name,
            namespace: context.namespace.filter(|name| !name.is_empty()).unwrap_or_else(|| "default".into()),
            cluster_name,
            cluster: tidy_cluster(cluster),
            user_name,
            user: tidy_user(user.unwrap_or_default()),
        })
    }

    /// The address of the API server.
    pub(crate) fn server(&self) -> Result<Uri, ConnectError> {
        let problem = |problem: &str| ConnectError::BadCluster {
            cluster: self.cluster_name.clone(),
            problem: problem.to_owned(),
        };
        let server = self.cluster.server.as_deref().ok_or_else(|| problem("it has no server"))?;
        let uri: Uri = server.trim().parse().map_err(|_| problem("its server is not an address"))?;
        match (uri.scheme_str(), uri.host()) {
            (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(uri),
            _ => Err(problem("its server does not begin with https:// or http://")),
        }
    }
}

fn context(config: &mut Kubeconfig, access: &Access) -> Result<(Option<String>, Context), ConnectError> {
    let existing =
        |config: &Kubeconfig| config.contexts.iter().map(|named| named.name.clone()).collect::<Vec<_>>();
    let current = config.current_context.take().filter(|name| !name.is_empty());
    let Some(name) = access.context.clone().or(current) else {
        if access.cluster.is_some() {
            return Ok((None, Context::default()));
        }
        return Err(ConnectError::NoCurrentContext { existing: near("", existing(config)) });
    };
    let found =
        config.contexts.iter_mut().find(|named| named.name == name).and_then(|named| named.context.take());
    match found {
        Some(context) => Ok((Some(name), context)),
        None => Err(ConnectError::NoSuch { kind: "context", near: near(&name, existing(config)), name }),
    }
}

/// In client-go an empty word is an absent one and base64 may be folded; kube-client would read a file without a name
/// and refuse the line ends.
fn tidy_cluster(mut cluster: Cluster) -> Cluster {
    for word in [
        &mut cluster.server,
        &mut cluster.certificate_authority,
        &mut cluster.certificate_authority_data,
        &mut cluster.proxy_url,
        &mut cluster.tls_server_name,
    ] {
        word.take_if(|word| word.is_empty());
    }
    if let Some(data) = &mut cluster.certificate_authority_data {
        data.retain(|c| !c.is_whitespace());
    }
    cluster
}

fn tidy_user(mut user: AuthInfo) -> AuthInfo {
    for word in [
        &mut user.username,
        &mut user.token_file,
        &mut user.client_certificate,
        &mut user.client_certificate_data,
        &mut user.client_key,
        &mut user.impersonate,
        &mut user.impersonate_uid,
    ] {
        word.take_if(|word| word.is_empty());
    }
    if let Some(data) = &mut user.client_certificate_data {
        data.retain(|c| !c.is_whitespace());
    }
    let key = user.client_key_data.take().map(|key| key.expose_secret().replace(char::is_whitespace, ""));
    user.client_key_data = key.filter(|key| !key.is_empty()).map(Into::into);
    user
}

/// An address without user information, query and final slash.
pub(crate) fn shown(uri: &Uri) -> String {
    let host = uri.host().unwrap_or_default();
    let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    let path = uri.path().trim_end_matches('/');
    format!("{}://{host}{port}{path}", uri.scheme_str().unwrap_or("https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "
current-context: dev
contexts:
- {name: dev, context: {cluster: one, user: ann, namespace: shop}}
- {name: prod-eu, context: {cluster: two, user: ''}}
clusters:
- {name: one, cluster: {server: 'https://one.test:6443/', certificate-authority: ''}}
- {name: two, cluster: {server: 'https://ann:canary@two.test/k8s/clusters/c-1?x=canary'}}
users:
- {name: ann, user: {token: canary}}
";

    fn select(yaml: &str, access: &Access) -> Result<Selection, ConnectError> {
        Selection::new(Kubeconfig::from_yaml(yaml).unwrap(), access)
    }

    fn said(yaml: &str, access: &Access) -> String {
        select(yaml, access).err().unwrap().to_string()
    }

    #[test]
    fn the_current_context_is_taken_and_flags_replace_its_parts() {
        let chosen = select(TWO, &Access::default()).ok().unwrap();
        assert_eq!((chosen.context.as_deref(), chosen.namespace.as_str()), (Some("dev"), "shop"));
        assert_eq!(chosen.cluster.certificate_authority, None);
        let access = Access { cluster: Some("two".into()), ..Access::default() };
        let chosen = select(TWO, &access).ok().unwrap();
        assert_eq!((chosen.cluster_name.as_str(), chosen.user_name.as_deref()), ("two", Some("ann")));
    }

    #[test]
    fn a_name_that_does_not_exist_offers_the_nearest() {
        let access = |context: &str| Access { context: Some(context.into()), ..Access::default() };
        assert_eq!(
            said(TWO, &access("prod-ue")),
            r#"find context "prod-ue" in the kubeconfig; there are "prod-eu", "dev""#
        );
        let user = Access { user: Some("bob".into()), ..Access::default() };
        assert_eq!(said(TWO, &user), r#"find user "bob" in the kubeconfig; there is "ann""#);
        let dangling = "current-context: a\ncontexts:\n- {name: a, context: {cluster: gone, user: x}}";
        assert_eq!(
            said(dangling, &Access::default()),
            r#"find cluster "gone" in the kubeconfig; it has none"#
        );
    }

    #[test]
    fn no_current_context_names_those_there_are_unless_a_cluster_is_named() {
        let none = TWO.replace("current-context: dev", "current-context: ''");
        assert!(
            said(&none, &Access::default())
                .starts_with("choose a context: the kubeconfig has no current one; there are")
        );
        let access = Access { cluster: Some("two".into()), user: Some("ann".into()), ..Access::default() };
        assert_eq!(select(&none, &access).ok().unwrap().context, None);
    }

    #[test]
    fn an_address_is_shown_without_user_information() {
        let access = Access { context: Some("prod-eu".into()), ..Access::default() };
        let server = select(TWO, &access).ok().unwrap().server().unwrap();
        assert_eq!(shown(&server), "https://two.test/k8s/clusters/c-1");
        for bad in ["one.test:6443", "ftp://one.test", "https://", "https:///x", "::", "https://one test"] {
            let yaml = TWO.replace("https://one.test:6443/", bad);
            assert!(select(&yaml, &Access::default()).ok().unwrap().server().is_err(), "{bad}");
        }
    }
}
