//! Image names and URLs as they stand in a message.

use std::ops::Range;

use crate::rule::Request;

/// No image reference is longer: 255 bytes of name, 128 of tag, a digest, a host with a port. Looking no
/// further also keeps the grammar linear.
const LONGEST: usize = 640;

/// The name that starts at `from`, without quotes around it: up to white space or `end`, without the
/// punctuation of the sentence.
pub(crate) fn token(text: &[u8], from: usize, closing: Option<u8>) -> Range<usize> {
    let window = &text[from..text.len().min(from + LONGEST)];
    let stop = |&byte: &u8| byte == b' ' || byte == b'"' || byte == b'\'' || Some(byte) == closing;
    let mut end = from + window.iter().position(stop).unwrap_or(window.len());
    // A name ends where a sentence goes on: `REF: not found`, `X, repository`, `'X')`.
    while end > from
        && matches!(text[end - 1], b':' | b',' | b';' | b'.' | b')' | b']' | b'>')
        && !opens(&text[from..end])
    {
        end -= 1;
    }
    from..end
}

/// Whether a bracket at the end was opened inside, as in documentation's `<repository:tag>`.
fn opens(name: &[u8]) -> bool {
    let open = match name.last() {
        Some(b')') => b'(',
        Some(b']') => b'[',
        Some(b'>') => b'<',
        Some(_) | None => return false,
    };
    name.contains(&open)
}

/// Whether bytes without quotes can be an image name rather than an ordinary word.
pub(crate) fn looks_like_image(name: &[u8]) -> bool {
    name.iter().any(|byte| matches!(byte, b'/' | b':' | b'@'))
}

/// Whether a byte can stand inside a reference, also percent-encoded.
pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/' | b':' | b'@' | b'%' | b'+')
}

/// The host that an image is pulled from by its name, `docker.io` when it names none.
pub(crate) fn host(image: &[u8]) -> &[u8] {
    match memchr::memchr(b'/', image) {
        Some(slash) if is_host(&image[..slash]) => &image[..slash],
        Some(_) | None => b"docker.io",
    }
}

/// The reference grammar's rule: the first component is a host if it has a dot or a port, or is `localhost`.
fn is_host(component: &[u8]) -> bool {
    component.iter().any(|byte| matches!(byte, b'.' | b':')) || component == b"localhost"
}

/// The part of an image name to look for elsewhere in the text: the repository without host, tag and digest,
/// where that is more than one word; else whatever makes it more than one word. `None` when the whole name is
/// a single word, which may be anybody's.
pub(crate) fn telling_part(image: &[u8]) -> Option<&[u8]> {
    let named = &image[..memchr::memchr(b'@', image).unwrap_or(image.len())];
    let repository = match memchr::memrchr(b':', named) {
        Some(colon) if !named[colon..].contains(&b'/') => &named[..colon],
        Some(_) | None => named,
    };
    let path = match memchr::memchr(b'/', repository) {
        Some(slash) if is_host(&repository[..slash]) => &repository[slash + 1..],
        Some(_) | None => repository,
    };
    [path, repository, named]
        .into_iter()
        .find(|part| part.len() > 2 && part.iter().any(|byte| matches!(byte, b'/' | b':')))
}

/// Whether the reference asks for a digest.
pub(crate) fn by_digest(image: &[u8]) -> bool {
    memchr::memmem::find(image, b"@sha").is_some() || image.starts_with(b"sha256:")
}

/// A URL in a message.
pub(crate) struct Url {
    /// From the scheme to its last byte.
    pub(crate) span: Range<usize>,
    /// The authority, without user information.
    pub(crate) host: Range<usize>,
    /// Whether the scheme is one of images: `docker://`, `oci://`.
    pub(crate) is_image: bool,
    /// The request it was used for; `None` for a link to read.
    pub(crate) request: Option<Request>,
    /// Whether containerd marks it as sent to a mirror.
    pub(crate) mirror: bool,
}

/// The URL whose `://` stands at `colon..authority`, not looking before `floor`.
pub(crate) fn url(text: &[u8], floor: usize, colon: usize, authority: usize) -> Url {
    let scheme = text[floor..colon]
        .iter()
        .rposition(|byte| !byte.is_ascii_alphanumeric())
        .map_or(floor, |at| floor + at + 1);
    let quoted = scheme > floor && text[scheme - 1] == b'"';
    let window = &text[authority..text.len().min(authority + 4 * LONGEST)];
    let length = window
        .iter()
        .position(|&byte| byte == b'"' || (!quoted && matches!(byte, b' ' | b'\'')))
        .unwrap_or(window.len());
    let mut end = authority + length;
    if !quoted {
        while end > authority && matches!(text[end - 1], b':' | b',' | b';' | b'.' | b')' | b']' | b'>') {
            end -= 1;
        }
    }
    let rest = &text[authority..end];
    let host_end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let host_start = memchr::memrchr(b'@', &rest[..host_end]).map_or(0, |at| at + 1);
    let scheme_name = &text[scheme..colon];
    let path = &rest[host_end..];
    let web = scheme_name.eq_ignore_ascii_case(b"https") || scheme_name.eq_ignore_ascii_case(b"http");
    let kind = kind(path);
    Url {
        span: scheme..end,
        host: authority + host_start..authority + host_end,
        is_image: !web
            && !scheme_name.eq_ignore_ascii_case(b"unix")
            && !scheme_name.eq_ignore_ascii_case(b"npipe"),
        request: (web && (kind != Request::Other || is_requested(&text[floor..scheme]))).then_some(kind),
        mirror: memchr::memmem::find(path, b"ns=")
            .is_some_and(|at| at > 0 && matches!(path[at - 1], b'?' | b'&')),
    }
}

/// What a path asks for. Token services have no path in common; their query names a scope or a service.
fn kind(path: &[u8]) -> Request {
    let has = |needle: &[u8]| memchr::memmem::find(path, needle).is_some();
    if matches!(path, b"/v2/" | b"/v2" | b"/v1/" | b"/v1/_ping") {
        Request::Ping
    } else if path.is_empty() || path == b"/" {
        Request::Other
    } else if has(b"/manifests/") {
        Request::Manifest
    } else if has(b"/blobs/") || has(b"/images/sha256:") {
        Request::Blob
    } else if has(b"scope=") || has(b"service=") || has(b"/token") || has(b"/jwt/auth") || has(b"/v2/auth") {
        Request::Token
    } else if has(b"/v1/repositories/") || has(b"/tags/list") {
        Request::Manifest
    } else {
        Request::Other
    }
}

/// Whether the words before a URL say that it was asked for, and not that one may read there.
fn is_requested(before: &[u8]) -> bool {
    const VERBS: [&[u8]; 10] = [
        b"get",
        b"head",
        b"post",
        b"put",
        b"request to",
        b"status code",
        b"content at",
        b"url:",
        b"endpoint:",
        b"ping",
    ];
    let before = before.strip_suffix(b"\"").unwrap_or(before);
    let before = before.strip_suffix(b" ").unwrap_or(before);
    VERBS.iter().any(|verb| {
        before.len() >= verb.len() && before[before.len() - verb.len()..].eq_ignore_ascii_case(verb)
    })
}
