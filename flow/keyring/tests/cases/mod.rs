//! Cases for the differential test: written by hand, and made up from the parts that keys and secrets are made of.

use std::fmt;

use data_encoding::BASE64;
use pullmedic_model::object::Secret;
use serde_json::{Value, json};

/// A secret: its type, and one key of its data with what stands under it, decoded.
struct Given {
    kind: String,
    data_key: String,
    content: Vec<u8>,
}

/// Secrets and the image that they are asked for.
pub(crate) struct Case {
    given: Vec<Given>,
    /// The image.
    pub(crate) image: String,
}

impl Case {
    /// The line for the Go program.
    pub(crate) fn line(&self) -> Value {
        json!({ "secrets": self.given.iter().enumerate().map(written).collect::<Vec<_>>(), "image": self.image })
    }

    /// The secrets, as the API writes them and we decode them.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let all = self.given.iter().enumerate().map(written);
        all.map(|mut secret| {
            secret["metadata"] = json!({ "name": secret["name"] });
            Secret::decode(&secret.to_string()).unwrap()
        })
        .collect()
    }

    fn one(kind: &str, data_key: &str, content: &[u8], image: &str) -> Case {
        let (kind, data_key) = (kind.to_owned(), data_key.to_owned());
        Case { given: vec![Given { kind, data_key, content: content.to_vec() }], image: image.to_owned() }
    }
}

fn written((at, given): (usize, &Given)) -> Value {
    let data = json!({ given.data_key.as_str(): BASE64.encode(&given.content) });
    json!({ "name": format!("secret-{at}"), "type": given.kind, "data": data })
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "image {}", self.image)?;
        for Given { kind, data_key, content } in &self.given {
            write!(f, "\n  {kind} {data_key} {}", content.escape_ascii())?;
        }
        Ok(())
    }
}

const CONFIG: &str = "kubernetes.io/dockerconfigjson";
const LEGACY: &str = "kubernetes.io/dockercfg";

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

const IMAGES: &[&str] = &[
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

const KEYS: &[&str] = &[
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

/// Chance that is the same in every run: SplitMix64, <https://prng.di.unimi.it/splitmix64.c>.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }

    fn in_a_hundred(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

/// Cases made up from parts.
pub(crate) fn made_up(count: usize) -> Vec<Case> {
    let mut chance = Chance(20_261_122);
    (0..count).map(|_| case(&mut chance)).collect()
}

fn case(chance: &mut Chance) -> Case {
    let image = if chance.in_a_hundred(97) { chance.of(&IMAGES[..27]) } else { chance.of(IMAGES) };
    // One defect fails all, so most cases have none.
    let wild = if chance.in_a_hundred(25) { 12 } else { 0 };
    let secrets = 1 + chance.below(3);
    let given = (0..secrets).map(|_| secret(chance, image, wild)).collect();
    Case { given, image: image.to_owned() }
}

fn secret(chance: &mut Chance, image: &str, wild: usize) -> Given {
    let legacy = chance.in_a_hundred(15);
    let entries = (0..chance.below(5)).map(|_| {
        let key = if chance.in_a_hundred(10) { chance.of(KEYS).to_owned() } else { key(chance, image) };
        format!("{}:{}", json!(key), entry(chance, wild))
    });
    let mut content = format!("{{{}}}", entries.collect::<Vec<_>>().join(","));
    if !legacy {
        let auths =
            if chance.in_a_hundred(90) { "auths" } else { chance.of(&["Auths", "AUTHS", "auth", "autħs"]) };
        content = format!("{{\"{auths}\":{content}}}");
    }
    let mut content = content.into_bytes();
    if chance.in_a_hundred(wild) {
        damage(chance, &mut content);
    }
    let (kind, data_key) = if legacy { (LEGACY, ".dockercfg") } else { (CONFIG, ".dockerconfigjson") };
    let kind = if chance.in_a_hundred(4) { "Opaque" } else { kind };
    Given { kind: kind.to_owned(), data_key: data_key.to_owned(), content }
}

/// Bytes that mean something in JSON, and some that are no UTF-8.
const DAMAGE: &[u8] = b"\"\\{}[]:,0-.eE+n \t\x00\xff\xc3\xa4u";

fn damage(chance: &mut Chance, content: &mut Vec<u8>) {
    for _ in 0..=chance.below(2) {
        let at = chance.below(content.len());
        let byte = DAMAGE[chance.below(DAMAGE.len())];
        match chance.below(3) {
            0 => content[at] = byte,
            1 => content.insert(at, byte),
            _ if content.len() > 1 => {
                content.remove(at);
            }
            _ => {}
        }
    }
}

/// A key that has something to do with the image, written in some way.
fn key(chance: &mut Chance, image: &str) -> String {
    let name = image.split('@').next().unwrap_or_default();
    let (host, path) = match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" || host == "REG" => {
            (host, path)
        }
        _ => (chance.of(&["docker.io", "index.docker.io", "registry-1.docker.io"]), name),
    };
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, format!(":{port}")),
        _ => (host, String::new()),
    };
    let labels = host.split('.').map(|label| match chance.below(20) {
        0 => "*".to_owned(),
        1 => format!("{}*", label.get(..1).unwrap_or_default()),
        2 => format!("*{}", label.get(label.len().saturating_sub(1)..).unwrap_or_default()),
        3 if chance.in_a_hundred(30) => label.to_uppercase(),
        4 if chance.in_a_hundred(30) => format!("{label}.x"),
        5 if chance.in_a_hundred(30) => {
            chance.of(&["r?g", "[a-z]*", "%c3%a4", "\\a", "a%2eb", "a+b", ""]).to_owned()
        }
        _ => label.to_owned(),
    });
    let host = labels.collect::<Vec<_>>().join(".");
    let port = if chance.in_a_hundred(90) {
        port
    } else {
        chance.of(&["", ":443", ":5000", ":", ":*", ":x"]).into()
    };
    let cut = chance.below(path.len() + 1);
    let path = match chance.below(12) {
        0..=4 => String::new(),
        5 => chance.of(&["/v1", "/v2", "/v1/", "/v2/", "/v1/v2/", "//", "/%2f", "/v3/"]).to_owned(),
        6 => format!("{}{path}", chance.of(&["/v1/", "/v2/", "//", "/%"])),
        7 => "/library".to_owned(),
        8 => format!("/{path}/"),
        9 => format!("/{path}"),
        _ => format!("/{}", path.get(..cut).unwrap_or_default()),
    };
    let scheme = chance.of(&["", "", "", "https://", "https://", "http://"]);
    let scheme =
        if chance.in_a_hundred(96) { scheme } else { chance.of(&["HTTPS://", "oci://", "//", " ", "u:p@"]) };
    let tail =
        if chance.in_a_hundred(95) { "" } else { chance.of(&["?q", "#f", "/", " ", "\n", "%", "?", "/é"]) };
    format!("{scheme}{host}{port}{path}{tail}")
}

fn entry(chance: &mut Chance, wild: usize) -> String {
    let user = format!("user-{}", chance.below(1_000));
    let password = format!("password-{}{}", chance.below(1_000), chance.of(&["", "", ":x", "\n", "ä", "=="]));
    if chance.in_a_hundred(wild) {
        return chance
            .of(&[
                "null",
                "[]",
                "7",
                "\"a\"",
                "true",
                "{\"username\":7}",
                "{\"password\":{}}",
                "{\"email\":[]}",
                "{\"auth\":null}",
                "{\"auth\":7}",
                "{\"auth\":\"bad!\"}",
                "{\"auth\":\"YWJj\"}",
                "{\"auth\":\"YTpiYw=\"}",
                "{\"auth\":\"YTpiYw\\n\"}",
                "{\"auth\":\"YTpiYw==\\n\"}",
                "{\"auth\":\"YTpi Yw==\"}",
                "{\"auth\":\"YTpiYx\"}",
                "{\"auth\":\"a:b\"}",
                "{\"auth\":\"YTr/\"}",
                "{\"auth\":\"=\"}",
                "{\"username\":\"\\ud800\",\"password\":\"\\u0000\"}",
                "{\"AUTH\":\"YTpi\",\"auth\":\"Yzpk\"}",
                "{\"identitytoken\":\"t\",\"registrytoken\":[1]}",
            ])
            .to_owned();
    }
    let auth = BASE64.encode(format!("{user}:{password}").as_bytes());
    let unpadded = auth.trim_end_matches('=');
    match chance.below(8) {
        0 => json!({ "auth": auth }),
        1 => json!({ "auth": unpadded, "username": "unused" }),
        2 => json!({ "username": user, "password": password, "auth": "" }),
        3 => json!({ "Username": user, "PASSWORD": password, "email": "a@b" }),
        4 => json!({ "username": user }),
        5 => json!({}),
        6 => json!({ "username": user, "password": password, "auth": auth, "identitytoken": "t" }),
        _ => json!({ "username": user, "password": password }),
    }
    .to_string()
}
