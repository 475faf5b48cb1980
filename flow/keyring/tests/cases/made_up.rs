//! Cases made up from the parts that keys and secrets are made of.

use data_encoding::BASE64;
use serde_json::json;

use super::by_hand::{IMAGES, KEYS};
use super::{CONFIG, Case, Given, LEGACY};

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
