//! The name server, asked over UDP and TCP.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute only, not its helpers")]

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use testkit_registry::{Configuration, NameAnswer, Names, Record, Registry, Running};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

const A: u16 = 1;
const AAAA: u16 = 28;

/// Code, count of answers, cut or not, and the addresses of the A records.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    code: u8,
    answers: u16,
    cut: bool,
    last: Vec<u8>,
}

fn question(name: &str, kind: u16) -> Vec<u8> {
    let mut bytes = vec![1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    bytes.extend_from_slice(&kind.to_be_bytes());
    bytes.extend_from_slice(&[0, 1]);
    bytes
}

fn read(bytes: &[u8]) -> Said {
    assert_eq!(&bytes[..2], [1, 2], "it answers this question");
    let answers = u16::from_be_bytes([bytes[6], bytes[7]]);
    let last = if answers == 0 { vec![] } else { bytes[bytes.len() - 4..].to_vec() };
    Said { code: bytes[3] & 15, answers, cut: bytes[2] & 2 == 2, last }
}

async fn over_udp(server: SocketAddr, name: &str, kind: u16) -> Option<Said> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(&question(name, kind), server).await.unwrap();
    let mut bytes = [0; 4096];
    let came = tokio::time::timeout(Duration::from_millis(200), socket.recv(&mut bytes)).await;
    came.ok().map(|length| read(&bytes[..length.unwrap()]))
}

async fn over_tcp(server: SocketAddr, name: &str, kind: u16) -> Said {
    let mut tcp = TcpStream::connect(server).await.unwrap();
    let question = question(name, kind);
    tcp.write_u16(u16::try_from(question.len()).unwrap()).await.unwrap();
    tcp.write_all(&question).await.unwrap();
    let mut bytes = vec![0; usize::from(tcp.read_u16().await.unwrap())];
    tcp.read_exact(&mut bytes).await.unwrap();
    read(&bytes)
}

async fn serve(records: Vec<Record>) -> Running {
    let names = Some(Names { records, ..Names::default() });
    Registry::start(Configuration { endpoints: vec![], names }).await.unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[tokio::test]
async fn each_answer_is_told_apart() {
    let running = serve(vec![
        Record::addresses("well.test", &[ip("127.0.0.9"), ip("::1")]),
        Record::always("servfail.test", NameAnswer::Servfail),
        Record::always("refused.test", NameAnswer::Refused),
        Record::always("nodata.test", NameAnswer::NoData),
        Record::always("silent.test", NameAnswer::Silent),
        Record::always("alias.test", NameAnswer::Alias("well.test".to_owned())),
        Record::always("*.wild.test", NameAnswer::Addresses(vec![ip("10.0.0.1")])),
    ])
    .await;
    let server = running.dns();
    for (name, kind, expected) in [
        ("well.test", A, Some((0, 1))),
        ("WELL.Test", AAAA, Some((0, 1))),
        ("a.b.wild.test", A, Some((0, 1))),
        ("a.b.wild.test", AAAA, Some((0, 0))),
        ("alias.test", A, Some((0, 2))),
        ("servfail.test", A, Some((2, 0))),
        ("absent.test", A, Some((3, 0))),
        ("refused.test", A, Some((5, 0))),
        ("nodata.test", A, Some((0, 0))),
        ("silent.test", A, None),
    ] {
        let said = over_udp(server, name, kind).await;
        assert_eq!(said.as_ref().map(|said| (said.code, said.answers)), expected, "{name} {kind}: {said:?}");
    }
    assert_eq!(over_udp(server, "well.test", A).await.unwrap().last, [127, 0, 0, 9]);
    assert_eq!(over_tcp(server, "well.test", A).await.last, [127, 0, 0, 9]);
    let asked = running.questions();
    assert_eq!(
        asked.last().map(|question| (question.tcp, question.answer.as_str())),
        Some((true, "addresses"))
    );
    assert!(asked.iter().any(|question| question.name == "silent.test" && question.answer == "silent"));
}

#[tokio::test]
async fn a_name_rebinds_from_a_public_address_to_a_link_local_one() {
    let answers = ["93.184.215.14", "169.254.169.254"].map(|text| NameAnswer::Addresses(vec![ip(text)]));
    let running = serve(vec![Record { name: "rebinds.test".to_owned(), answers: answers.to_vec() }]).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(over_udp(running.dns(), "rebinds.test", A).await.unwrap().last);
        // A question of the other type has a count of its own.
        over_udp(running.dns(), "rebinds.test", AAAA).await.unwrap();
    }
    assert_eq!(seen, [[93, 184, 215, 14], [169, 254, 169, 254], [169, 254, 169, 254]]);
}

#[tokio::test]
async fn long_chains_and_tcp_only_answers_are_cut_over_udp() {
    let running = serve(vec![
        Record::always("chain.test", NameAnswer::Chain(40)),
        Record::always("tcp.test", NameAnswer::OverTcp(vec![ip("127.0.0.1")])),
    ])
    .await;
    let server = running.dns();
    assert!(over_udp(server, "chain.test", A).await.unwrap().cut);
    assert_eq!(over_tcp(server, "chain.test", A).await.answers, 40);
    assert!(over_udp(server, "tcp.test", A).await.unwrap().cut);
    assert_eq!(over_tcp(server, "tcp.test", A).await.last, [127, 0, 0, 1]);
}

#[tokio::test]
async fn records_change_while_it_runs() {
    let running = serve(vec![Record::always("r.test", NameAnswer::Servfail)]).await;
    assert_eq!(over_udp(running.dns(), "r.test", A).await.unwrap().code, 2);
    running.set_records(vec![Record::addresses("r.test", &[ip("127.0.0.1")])]);
    assert_eq!(over_udp(running.dns(), "r.test", A).await.unwrap().answers, 1);
}
