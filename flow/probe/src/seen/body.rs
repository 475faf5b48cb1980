//! A registry's own words for its refusal. Rule 6 takes a body that names the reason for a control, so the words must
//! be plain; a body that says "or it may not exist" names no reason. The image's own name never votes: it is blanked before
//! anything is looked for.

use pullmedic_model::Stage;
use pullmedic_model::probe::Record;

use crate::inquiry::Inquiry;
use crate::table::Kind;

const EXPIRED: &[&str] = &[
    "token has expired",
    "token is expired",
    "token expired",
    "credentials have expired",
    "credential has expired",
    "credentials expired",
    "password has expired",
    "password expired",
    "login has expired",
    "token_expired",
    "expiredtoken",
    "jwt expired",
    "verification: expired",
];

const BAD_LOGIN: &[&str] = &[
    "incorrect username or password",
    "invalid username or password",
    "invalid username/password",
    "invalid credentials",
    "credentials are invalid",
    "bad credentials",
    "wrong password",
    "incorrect password",
    "authorization token is invalid",
];

const NO_RIGHT: &[&str] = &[
    "permission_denied",
    "is not authorized to perform",
    "does not have permission",
    "insufficient permission",
    "insufficient_permissions",
    "lacks permission",
    "missing permission",
    "is not permitted to perform",
];

const BLOCKED: &[&str] = &[
    "projectpolicyviolation",
    "blocked by policy",
    "is blocked",
    "has been blocked",
    "current image with",
    "firewall rules",
    "is not allowed access",
    "not signed",
    "unsigned",
    "vulnerab",
    "quarantin",
    "not scanned",
    "not been scanned",
    "blocked",
];

/// Who may be blocked instead of an image: then it is a login that is refused, and another one may pass.
const SOMEBODY: &[&str] =
    &["user", "account", "robot", "member", "you are", "your login", "signed in", "service principal"];

/// What else than a login is blocked, where the word stands alone.
const SOMETHING: &[&str] = &[
    "image",
    "artifact",
    "repository",
    "manifest",
    "package",
    "component",
    "item",
    "policy",
    "client with ip",
    "address",
];

/// Words for a policy that may as well be one of rights: they name no reason, and leave a policy open.
const MENTIONS: &[&str] = &["policy", "policies", "compliance", "firewall"];

/// Words for a right that is wanting, in the specification's own manner: not for a policy.
const ACCESS: &[&str] = &[
    "requested access",
    "authentication required",
    "authorization",
    "unauthorized to",
    "to access repository",
    "access to the requested resource",
    "access forbidden",
    "permission",
    "access forbidden",
    "access denied",
    "permission",
];

/// Whole messages that say no more than the code does.
const BARE: &[&str] = &["denied", "forbidden", "unauthorized"];

const QUOTA: &[&str] = &[
    "quota exceeded",
    "quota has been exceeded",
    "storage quota",
    "traffic quota",
    "billing",
    "payment required",
];

/// Words that take the reason back.
const EITHER: &[&str] = &["may not exist", "does not exist or", "or it does not exist", "per minute"];

/// What the bodies of a refusal name; `None` when they name no reason.
///
/// A block of which the words do not tell that it is of the image or the client is [`Kind::SaysSomebodyBlocked`].
pub(super) fn reason(inquiry: &Inquiry<'_>, record: &Record) -> Option<(Kind, String)> {
    record.refused()?;
    let errors = record
        .steps
        .iter()
        .rev()
        .filter_map(|step| step.answer.as_ref())
        .find(|answer| !answer.errors.is_empty())?;
    for error in &errors.errors {
        let said = error.message.as_str();
        let words = without_name(inquiry, &format!("{} {said}", error.code));
        let has = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
        if has(EITHER) {
            continue;
        }
        let kind = [
            (Kind::SaysExpired, EXPIRED),
            (Kind::SaysBadLogin, BAD_LOGIN),
            (Kind::SaysBlocked, BLOCKED),
            (Kind::SaysQuota, QUOTA),
            (Kind::SaysNoRight, NO_RIGHT),
        ]
        .into_iter()
        .find(|(_, parts)| has(parts))
        .map(|(kind, _)| kind);
        if let Some(kind) = kind {
            let of_somebody = kind == Kind::SaysBlocked && !is_of_the_image(&words);
            return Some((if of_somebody { Kind::SaysSomebodyBlocked } else { kind }, said.to_owned()));
        }
    }
    None
}

/// Whether the body has one of the specification's codes for a wanting right or login, with the words that go with it:
/// scanners and firewalls before a registry use the code as well.
pub(super) fn is_denied(inquiry: &Inquiry<'_>, record: &Record) -> bool {
    let codes = record.answer().map(|answer| answer.errors.as_slice()).unwrap_or_default();
    // Policies are about images: a token service knows of none.
    let at_token = matches!(record.refused(), Some((Stage::Token, _, _)));
    codes.iter().any(|error| {
        let words = without_name(inquiry, error.message.as_str());
        let has = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
        ["DENIED", "UNAUTHORIZED"].iter().any(|code| error.code.eq_ignore_ascii_case(code))
            && (at_token || has(ACCESS) || BARE.contains(&words.trim().trim_end_matches('.')))
            && !has(BLOCKED)
            && !has(MENTIONS)
    })
}

/// Whether the body mentions a policy without naming it as the reason.
pub(super) fn mentions_policy(inquiry: &Inquiry<'_>, record: &Record) -> bool {
    let errors = record.answer().map(|answer| answer.errors.as_slice()).unwrap_or_default();
    errors.iter().any(|error| {
        let words = without_name(inquiry, error.message.as_str());
        MENTIONS.iter().any(|part| words.contains(part))
    })
}

/// What a policy said of a `403`, as the runtime passed it on; `None` when its words name none.
pub(super) fn blocked_in_words(inquiry: &Inquiry<'_>, text: &str) -> Option<(Kind, String)> {
    let at = text.to_ascii_lowercase().find("403 forbidden")? + "403 forbidden".len();
    let said = text.get(at..)?;
    let words = without_name(inquiry, said);
    let kind = if is_of_the_image(&words) { Kind::SaysBlocked } else { Kind::SaysSomebodyBlocked };
    BLOCKED
        .iter()
        .any(|part| words.contains(part))
        .then(|| (kind, said.trim_matches(|c: char| c == ':' || c.is_whitespace()).to_owned()))
}

/// Whether words for a block are of the image or the client, and of no login.
fn is_of_the_image(words: &str) -> bool {
    let has = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    let alone = BLOCKED.iter().all(|part| !words.contains(part) || part.ends_with("blocked"));
    !has(SOMEBODY) && (!alone || has(SOMETHING))
}

/// A text in lower case without the image's own name: host, repository and its parts, tag and digest.
fn without_name(inquiry: &Inquiry<'_>, text: &str) -> String {
    let text = text.to_ascii_lowercase();
    let Some(image) = &inquiry.reference else { return text };
    let host = image.host.as_str();
    let mut names = vec![host, host.split(':').next().unwrap_or(host), image.repository.as_str()];
    names.extend(image.repository.split('/'));
    names.extend(image.tag.as_deref());
    names.extend(image.digest.as_deref());
    let mut names: Vec<String> =
        names.into_iter().filter(|name| !name.is_empty()).map(str::to_ascii_lowercase).collect();
    // The whole before its parts.
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.iter().fold(text, |text, name| blanked(&text, name))
}

/// The text without a name, where it stands as a word of its own.
fn blanked(text: &str, name: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, from) = rest.split_at(at);
        let after = from.get(name.len()..).unwrap_or_default();
        out.push_str(before);
        let inside =
            out.ends_with(|c: char| c.is_alphanumeric()) || after.starts_with(|c: char| c.is_alphanumeric());
        out.push_str(if inside { name } else { " " });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_plain_or_none() {
        let named = |words: &str| {
            let lists = [
                (Kind::SaysExpired, EXPIRED),
                (Kind::SaysBadLogin, BAD_LOGIN),
                (Kind::SaysNoRight, NO_RIGHT),
            ];
            let words = words.to_ascii_lowercase();
            let either = EITHER.iter().any(|part| words.contains(part));
            let first = lists.into_iter().find(|(_, parts)| parts.iter().any(|part| words.contains(part)));
            first.filter(|_| !either).map(|(kind, _)| kind)
        };
        for (words, kind) in [
            ("Your authorization token has expired. Reauthenticate and try again.", Some(Kind::SaysExpired)),
            ("personal access token is expired", Some(Kind::SaysExpired)),
            ("incorrect username or password", Some(Kind::SaysBadLogin)),
            ("Specified credentials are invalid", Some(Kind::SaysBadLogin)),
            ("User: arn:x is not authorized to perform: ecr:BatchGetImage", Some(Kind::SaysNoRight)),
            ("permission_denied: read_package", Some(Kind::SaysNoRight)),
            // Absent and private alike.
            ("Permission \"x\" denied on resource \"r\" (or it may not exist)", None),
            ("requested access to the resource is denied", None),
            ("denied", None),
            ("tag expired", None),
        ] {
            assert_eq!(named(words), kind, "{words}");
        }
    }
}
