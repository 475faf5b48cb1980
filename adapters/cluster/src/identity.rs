//! As whom requests are sent, made fit for kube-client.

use std::path::Path;

use http::HeaderValue;
use kube::config::AuthInfo;
use secrecy::ExposeSecret;

use crate::access::Access;
use crate::connect_error::ConnectError;
use crate::login::Names;
use crate::token::TokenFile;

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

/// The token in use, and its file where it comes from one, made sendable: kube-client panics on one with a line end. A
/// file's is taken from it: we read the file anew ourselves.
pub(crate) fn usable_token(
    user: &mut AuthInfo,
    names: &Names,
) -> Result<(Option<String>, Option<TokenFile>), ConnectError> {
    let unsendable = || names.user("its token has characters that no HTTP header can carry");
    let take = |token: &str| {
        let trimmed = token.trim();
        if HeaderValue::from_str(trimmed).is_err() {
            return Err(unsendable());
        }
        Ok((!trimmed.is_empty()).then(|| trimmed.to_owned()))
    };
    if let Some(token) = &user.token {
        let token = take(token.expose_secret())?;
        user.token = token.clone().map(Into::into);
        if token.is_some() {
            return Ok((token, None));
        }
    }
    let Some(path) = user.token_file.take() else {
        return Ok((None, None));
    };
    let text = std::fs::read_to_string(&path).map_err(|source| ConnectError::BadFile {
        what: format!("token of user {:?}", names.user),
        path: path.clone().into(),
        source,
    })?;
    let Some(token) = take(&text)? else { return Ok((None, None)) };
    // kube-client ranks a file's token before a plugin, and after what it is given to log in with by itself.
    if user.auth_provider.is_none() && (user.username.is_none() || user.password.is_none()) {
        user.exec = None;
        let file = TokenFile::new(Path::new(&path), &token).ok_or_else(unsendable)?;
        return Ok((Some(token), Some(file)));
    }
    Ok((Some(token), None))
}
