//! As whom requests are sent, made fit for kube-client.

use http::HeaderValue;
use kube::config::AuthInfo;
use secrecy::ExposeSecret;

use crate::access::Access;
use crate::connect_error::ConnectError;
use crate::login::Names;

/// `--as` and `--as-group`, over what the kubeconfig says.
pub(crate) fn impersonate(user: &mut AuthInfo, access: &Access) -> Result<(), ConnectError> {
    if let Some(name) = &access.impersonate {
        user.impersonate = Some(name.clone());
    }
    if !access.impersonate_groups.is_empty() {
        user.impersonate_groups = Some(access.impersonate_groups.clone());
    }
    let bad = |problem| Err(ConnectError::BadImpersonation { problem });
    let groups = user.impersonate_groups.as_deref().unwrap_or_default();
    match &user.impersonate {
        None if !groups.is_empty() => return bad("a group needs a user to go with it (--as)"),
        Some(name) if name.is_empty() => return bad("the name is empty"),
        _ => {}
    }
    let sendable = |word: &String| HeaderValue::from_str(word).is_ok();
    if !user.impersonate.iter().chain(groups).all(sendable) {
        return bad("no HTTP header can carry that name");
    }
    Ok(())
}

/// The static token in use, made sendable: kube-client panics on one with a line end, and does not trim a file's as
/// client-go does.
pub(crate) fn usable_token(user: &mut AuthInfo, names: &Names) -> Result<Option<String>, ConnectError> {
    let take = |token: &str| {
        let trimmed = token.trim();
        if HeaderValue::from_str(trimmed).is_err() {
            return Err(names.user("its token has characters that no HTTP header can carry"));
        }
        Ok((!trimmed.is_empty()).then(|| trimmed.to_owned()))
    };
    if let Some(token) = &user.token {
        let token = take(token.expose_secret())?;
        user.token = token.clone().map(Into::into);
        if token.is_some() {
            return Ok(token);
        }
    }
    let Some(path) = &user.token_file else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(path).map_err(|source| ConnectError::BadFile {
        what: format!("token of user {:?}", names.user),
        path: path.into(),
        source,
    })?;
    let token = take(&text)?;
    // Left as a file, which is read again when it changes, wherever kube-client can use it untrimmed.
    if token.as_deref() != Some(text.as_str()) {
        user.token = token.clone().map(Into::into);
        user.token_file = None;
    }
    Ok(token)
}
