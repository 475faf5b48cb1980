//! Corners of the rules, and every key against every image.

use serde_json::json;

use super::{CONFIG, Case, LEGACY};

/// Corners that chance would not find.
pub(crate) fn by_hand() -> Vec<Case> {
    let image = "ghcr.io/acme/app:1";
    let deep = |levels: usize| {
        format!("{{\"x\":{}{},\"auths\":{{\"ghcr.io\":{{}}}}}}", "[".repeat(levels), "]".repeat(levels))
    };
    let mut contents: Vec<Vec<u8>> = [
        "null",
        " {} \n",
        "{}x",
        "[]",
        "\"a\"",
        "7",
        "{\"auths\":null}",
        "{\"auths\":[]}",
        "{\"auths\":\"a\"}",
        "{\"auths\":{\"ghcr.io\":null}}",
        "{\"auths\":{\"ghcr.io\":[]}}",
        "{\"auths\":{\"ghcr.io\":\"a\"}}",
        "{\"auths\":{\"ghcr.io\":{\"email\":7}}}",
        "{\"auths\":{\"ghcr.io\":{\"other\":7,\"email\":null}}}",
        "{\"auths\":{\"ghcr.io\":{}},\"HttpHeaders\":{\"a\":null,\"b\":\"c\"}}",
        "{\"auths\":{\"ghcr.io\":{}},\"HttpHeaders\":{\"a\":7}}",
        "{\"auths\":{\"ghcr.io\":{}},\"httpheaders\":[]}",
        "{\"auths\":{\"ghcr.io\":{\"username\":\"a\"}},\"Auths\":{\"ghcr.io/acme\":{\"username\":\"b\"}}}",
        "{\"auths\":{\"ghcr.io\":{\"username\":\"a\"}},\"AUTHS\":null}",
        "{\"auths\":{\"ghcr.io\":{\"username\":\"a\"},\"ghcr.io\":{\"password\":\"b\"}}}",
        "{\"auth\u{17f}\":{\"ghcr.io\":{\"u\u{17f}ername\":\"a\",\"pa\u{17f}sword\":\"b\"}}}",
        "{\"auths\":{\"ghcr.io\":{\"username\":\"a\",\"username\":null,\"Password\":\"b\",\"password\":\"c\"}}}",
        "{\"auths\":{\"ghcr.io\":{\"auth\":\"bad\",\"AUTH\":\"\"}}}",
        "{\"auths\":{\"ghcr.io\":{\"auth\":\"YTpi\\nYw==\\n\"}}}",
        "{\"auths\":{\"ghcr.io\":{\"auth\":\"YTpiYw== \"}}}",
        "{\"auths\":{\"ghcr.io\":{\"auth\":\"YTpiYw==\u{85}\"}}}",
        "{\"auths\":{\"ghcr.io\":{\"auth\":\"/zo=\"}}}",
        "{\"auths\":{\"ghcr.io\":{\"auth\":\"/zo=\"},\"ghcr.io/acme\":{\"auth\":\"YTpi\"}}}",
        "{\"auths\":{\"ghcr.io\":{\"username\":\"\\ud83d\\ude00\\ud83d\\u0041\\udc00\"}}}",
        "{\"auths\":{\"ghcr.io\":{\"username\":\"\\u12\"}}}",
        "{\"auths\":{\"ghcr.io\":{\"username\":\"a\tb\"}}}",
        "{\"auths\":{\"ghcr.io\":{\"n\":-0.1e+7,\"m\":01}}}",
        "{\"auths\":{\"ghcr.io\":{\"n\":-0.1e+7,\"m\":[1,{\"k\":false}, \"]\"]}}}",
        "\u{feff}{}",
        "{\"auths\":{\"ghcr.io\":{}},}",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    contents.extend([1, 126, 9_998, 9_999, 10_000].map(|levels| deep(levels).into_bytes()));
    contents.push(b"{\"auths\":{\"ghcr.io\":{\"username\":\"\xff\xe2\x82x\xed\xa0\x80\"}}}".to_vec());
    let mut all = Vec::new();
    for content in &contents {
        all.push(Case::one(CONFIG, ".dockerconfigjson", content, image));
        all.push(Case::one(LEGACY, ".dockercfg", content, image));
    }
    for (kind, key) in
        [(CONFIG, ".dockercfg"), (LEGACY, ".dockerconfigjson"), ("Opaque", ".dockerconfigjson"), ("", "")]
    {
        all.push(Case::one(kind, key, b"{\"auths\":{\"ghcr.io\":{}}}", image));
        all.push(Case::one(kind, key, b"", image));
    }
    for image in IMAGES {
        for key in KEYS {
            let content = json!({ "auths": { *key: { "username": "u", "password": "p" } } }).to_string();
            all.push(Case::one(CONFIG, ".dockerconfigjson", content.as_bytes(), image));
        }
    }
    all
}

/// Images of every form; those past the twenty-seventh are odd, and the last no images at all.
pub(super) const IMAGES: &[&str] = &[
    "nginx",
    "nginx:1.27",
    "library/nginx",
    "acme/app:1",
    "docker.io/nginx",
    "index.docker.io/acme/app",
    "registry-1.docker.io/library/nginx",
    "ghcr.io/acme/app:1",
    "ghcr.io/acme/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "quay.io/foobar/x",
    "quay.io/foo",
    "reg",
    "reg/app",
    "reg:443/app",
    "reg:5000/team/app:2",
    "reg.example.com/team/app",
    "reg.example.com:5000/v1/team/app",
    "a.b.example.com/app",
    "example.com/app",
    "localhost/app",
    "localhost:5000/app",
    "127.0.0.1:5000/app",
    "[::1]/app",
    "[::1]:5000/app",
    "[fe80::1]:5000/v2/app",
    "[abc:]/app",
    "REG/app",
    "Reg.Example.com/app",
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app",
    "reg..com/app",
    "reg.com/App",
    "a b",
    "",
];

/// Keys of every form.
pub(super) const KEYS: &[&str] = &[
    "",
    "/",
    "https://",
    "https:///",
    "https://index.docker.io/v1/",
    "https://index.docker.io/v1",
    "https://index.docker.io/v2/",
    "https://index.docker.io//",
    "index.docker.io",
    "index.docker.io/",
    "index.docker.io/library",
    "docker.io",
    "https://docker.io/v1/",
    "docker.io/library",
    "docker.io/library/nginx:1.27",
    "registry-1.docker.io",
    "hub.docker.com",
    "*.docker.io",
    "*.io",
    "*.*",
    "*",
    "*.*.*",
    "*:5000",
    "*.*:*",
    "reg:*",
    "reg",
    "reg:443",
    "reg:",
    "reg:5000",
    "reg:5000/team/",
    "reg:5000/team/app",
    "reg:5000/team/app/",
    "http://reg:5000/v1/team",
    "reg:5000/v1/v1/team",
    "u:p@reg:5000",
    "u@x@reg:5000",
    "u/p@reg:5000",
    "u%zz@reg:5000",
    "reg:5000?a=b",
    "reg:5000/team?",
    "reg:5000#f",
    "reg:5000#%zz",
    "reg:5000/te%61m",
    "reg:5000/te%2561m",
    "reg:5000/te%2",
    "reg:5000/%3fx",
    "reg:5000/team%3fx",
    "reg:5000/team%23x",
    "reg:5000/team%00",
    "reg:5000%2fteam",
    "r%65g:5000",
    "reg%c3%a4:5000",
    "r*g:5000",
    "r?g:5000",
    "[q-s]eg:5000",
    "r[a-z]g:5000",
    "r\\eg:5000",
    "reg:5000 ",
    " reg:5000",
    "reg:5000\n",
    "HTTPS://reg:5000",
    "oci://reg:5000",
    "reg:5000:5000",
    "ghcr.io",
    "https://ghcr.io/",
    "ghcr.io/v2/",
    "https://ghcr.io/v2",
    "ghcr.io/acme/app:1",
    "GHCR.IO",
    "quay.io/foo",
    "quay.io/*",
    "*.example.com",
    "r*.exa*le.com",
    "*.*.example.com",
    "reg.example.com.",
    "reg.example.com:5000/v1/",
    "reg.example.com:5000/v1/v1/",
    "reg.example.com:5000/v1",
    "*.dkr.ecr.*.amazonaws.com",
    "localhost",
    "localhost:*",
    "[::1]",
    "[::1]:5000",
    "[::1%25eth0]:5000",
    "[0::1]:5000",
    "[fe80::1]:5000/v2/",
    "[fe80::1]:5000/v2/v2/",
    "[::ffff:1.2.3.4]:5000",
    "[:1]",
    "[::1",
    "::1",
    "[1.2.3.4]",
];
