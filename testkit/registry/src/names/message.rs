//! The few bytes of DNS that are needed (RFC 1035, section 4).

use std::net::IpAddr;

use crate::configuration::NameAnswer;

const A: u16 = 1;
const CNAME: u16 = 5;
const SOA: u16 = 6;
const AAAA: u16 = 28;
const ANY: u16 = 255;
/// Answers are not to be kept: the next question may be answered otherwise.
const TTL: [u8; 4] = [0; 4];

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    id: [u8; 2],
    recursion: u8,
    /// Without the last dot, in the case that it came in.
    pub(super) name: String,
    pub(super) kind: u16,
    /// Name, type and class as they came.
    question: Vec<u8>,
}

pub(super) fn read(bytes: &[u8]) -> Option<Asked> {
    let header = bytes.get(..12)?;
    let mut at = 12;
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        // A pointer has no business in a question.
        if length > 63 {
            return None;
        }
        labels.push(String::from_utf8_lossy(bytes.get(at..at + length)?).into_owned());
        at += length;
    }
    let kind = u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?);
    let question = bytes.get(12..at + 4)?.to_vec();
    Some(Asked {
        id: [header[0], header[1]],
        recursion: header[2] & 1,
        name: labels.join("."),
        kind,
        question,
    })
}

struct Message {
    answers: Vec<Vec<u8>>,
    authority: Vec<Vec<u8>>,
    code: u8,
    truncated: bool,
}

/// The answer's bytes; `None` for silence.
pub(super) fn write(
    asked: &Asked,
    answer: &NameAnswer,
    tcp: bool,
    resolve: &dyn Fn(&str) -> Vec<IpAddr>,
) -> Option<Vec<u8>> {
    let mut message = Message { answers: vec![], authority: vec![], code: 0, truncated: false };
    match answer {
        NameAnswer::Addresses(addresses) => message.addresses(&asked.name, asked.kind, addresses),
        NameAnswer::Alias(target) => {
            message.answers.push(record(&asked.name, CNAME, &name(target)));
            message.addresses(target, asked.kind, &resolve(target));
        }
        NameAnswer::Chain(length) => {
            let mut from = asked.name.clone();
            for at in 1..=*length {
                let to = format!("link{at}.chain.invalid");
                message.answers.push(record(&from, CNAME, &name(&to)));
                from = to;
            }
        }
        NameAnswer::Nxdomain => {
            message.code = 3;
            message.authority.push(soa(&asked.name));
        }
        NameAnswer::Servfail => message.code = 2,
        NameAnswer::Refused => message.code = 5,
        NameAnswer::NoData => message.authority.push(soa(&asked.name)),
        NameAnswer::Silent => return None,
        NameAnswer::OverTcp(addresses) if tcp => message.addresses(&asked.name, asked.kind, addresses),
        NameAnswer::OverTcp(_) => message.truncated = true,
        NameAnswer::Garbage => return Some(b"\xff\xfe no message".to_vec()),
    }
    // A UDP answer over 512 bytes may not arrive (RFC 1035, 4.2.1): say so instead.
    let bytes = message.bytes(asked);
    if !tcp && bytes.len() > 512 {
        let cut = Message { answers: vec![], authority: vec![], code: message.code, truncated: true };
        return Some(cut.bytes(asked));
    }
    Some(bytes)
}

impl Message {
    fn addresses(&mut self, of: &str, kind: u16, addresses: &[IpAddr]) {
        let before = self.answers.len();
        for address in addresses {
            match address {
                IpAddr::V4(v4) if matches!(kind, A | ANY) => self.answers.push(record(of, A, &v4.octets())),
                IpAddr::V6(v6) if matches!(kind, AAAA | ANY) => {
                    self.answers.push(record(of, AAAA, &v6.octets()))
                }
                IpAddr::V4(_) | IpAddr::V6(_) => {}
            }
        }
        if self.answers.len() == before {
            self.authority.push(soa(of));
        }
    }

    fn bytes(&self, asked: &Asked) -> Vec<u8> {
        let count = |records: &[Vec<u8>]| u16::try_from(records.len()).unwrap_or(u16::MAX).to_be_bytes();
        let mut bytes = asked.id.to_vec();
        // An answer (0x80) with authority (4), cut or not (2), with the question's wish for recursion, which is had.
        bytes.push(0x84 | (u8::from(self.truncated) << 1) | asked.recursion);
        bytes.push(0x80 | self.code);
        bytes.extend_from_slice(&[0, 1]);
        bytes.extend_from_slice(&count(&self.answers));
        bytes.extend_from_slice(&count(&self.authority));
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(&asked.question);
        for record in self.answers.iter().chain(&self.authority) {
            bytes.extend_from_slice(record);
        }
        bytes
    }
}

fn name(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in text.split('.').filter(|label| !label.is_empty()) {
        let label = &label.as_bytes()[..label.len().min(63)];
        bytes.push(u8::try_from(label.len()).unwrap_or(63));
        bytes.extend_from_slice(label);
    }
    bytes.push(0);
    bytes
}

fn record(of: &str, kind: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = name(of);
    bytes.extend_from_slice(&kind.to_be_bytes());
    bytes.extend_from_slice(&[0, 1]);
    bytes.extend_from_slice(&TTL);
    bytes.extend_from_slice(&u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes());
    bytes.extend_from_slice(data);
    bytes
}

fn soa(of: &str) -> Vec<u8> {
    let mut data = name("ns.testkit.invalid");
    data.extend_from_slice(&name("nobody.testkit.invalid"));
    // Serial 1; refresh, retry, expire 1 s; and nothing of an absence is to be kept (RFC 2308).
    for number in [1_u32, 1, 1, 1, 0] {
        data.extend_from_slice(&number.to_be_bytes());
    }
    record(of, SOA, &data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(of: &str, kind: u16) -> Vec<u8> {
        let mut bytes = vec![7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        bytes.extend_from_slice(&name(of));
        bytes.extend_from_slice(&kind.to_be_bytes());
        bytes.extend_from_slice(&[0, 1]);
        bytes
    }

    #[test]
    fn a_question_is_read_back_and_rubbish_is_not() {
        let asked = read(&question("Registry.Test", A)).unwrap();
        assert_eq!((asked.name.as_str(), asked.kind), ("Registry.Test", A));
        assert_eq!(read(b"short"), None);
        assert_eq!(read(&[0xff; 40]), None);
    }

    #[test]
    fn a_long_answer_over_udp_sends_the_client_to_tcp() {
        let asked = read(&question("a.test", A)).unwrap();
        let cut = write(&asked, &NameAnswer::Chain(40), false, &|_| vec![]).unwrap();
        assert_eq!(cut[2] & 2, 2, "{cut:?}");
        let whole = write(&asked, &NameAnswer::Chain(40), true, &|_| vec![]).unwrap();
        assert_eq!(u16::from_be_bytes([whole[6], whole[7]]), 40);
    }
}
