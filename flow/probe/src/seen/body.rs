//! A registry's own words for its refusal. Rule 6 takes a body that names the reason for a control, so the words must
//! be plain; a body that says "or it may not exist" names no reason.

use pullmedic_model::Stage;
use pullmedic_model::probe::Record;

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
pub(super) fn reason(record: &Record) -> Option<(Kind, String)> {
    record.refused()?;
    let errors = record
        .steps
        .iter()
        .rev()
        .filter_map(|step| step.answer.as_ref())
        .find(|answer| !answer.errors.is_empty())?;
    for error in &errors.errors {
        let said = error.message.as_str();
        let words = format!("{} {said}", error.code).to_ascii_lowercase();
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
            return Some((kind, said.to_owned()));
        }
    }
    None
}

/// Whether the body has one of the specification's codes for a wanting right or login, with the words that go with it:
/// scanners and firewalls before a registry use the code as well.
pub(super) fn is_denied(record: &Record) -> bool {
    let codes = record.answer().map(|answer| answer.errors.as_slice()).unwrap_or_default();
    // Policies are about images: a token service knows of none.
    let at_token = matches!(record.refused(), Some((Stage::Token, _, _)));
    codes.iter().any(|error| {
        let words = error.message.as_str().to_ascii_lowercase();
        let has = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
        ["DENIED", "UNAUTHORIZED"].iter().any(|code| error.code.eq_ignore_ascii_case(code))
            && (at_token || has(ACCESS) || BARE.contains(&words.trim().trim_end_matches('.')))
            && !has(BLOCKED)
            && !has(MENTIONS)
    })
}

/// Whether the body mentions a policy without naming it as the reason.
pub(super) fn mentions_policy(record: &Record) -> bool {
    let errors = record.answer().map(|answer| answer.errors.as_slice()).unwrap_or_default();
    errors.iter().any(|error| {
        let words = error.message.as_str().to_ascii_lowercase();
        MENTIONS.iter().any(|part| words.contains(part))
    })
}

/// What a policy said of a `403`, as the runtime passed it on; `None` when its words name none. The image's own name, which
/// stands before the status, is not looked at.
pub(super) fn blocked_in_words(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let at = lower.find("403 forbidden")? + "403 forbidden".len();
    let said = lower.get(at..)?;
    BLOCKED.iter().any(|part| said.contains(part)).then(|| {
        text.get(at..).unwrap_or_default().trim_matches(|c: char| c == ':' || c.is_whitespace()).to_owned()
    })
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
