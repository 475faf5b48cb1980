//! Addresses that are never dialled, and those that a foreign token service must have.
//!
//! A registry's spec may name any host, and a name may resolve to anything (security rows 1 to 3): what serves machine
//! credentials, and what is no unicast address, is never dialled in whatever form it is written.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether the address is never dialled: link-local (cloud metadata lives there), unspecified, multicast, broadcast, or an
/// IPv6 form that leads to such an IPv4 address.
pub(crate) fn is_never_dialled(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_never_dialled_v4(v4),
        IpAddr::V6(v6) => {
            v6.is_unspecified()
                || v6.is_multicast()
                // fe80::/10, and the long withdrawn fec0::/10.
                || v6.segments()[0] & 0xffc0 == 0xfe80
                || v6.segments()[0] & 0xffc0 == 0xfec0
                || METADATA_V6.contains(&v6)
                || embedded(v6).is_some_and(is_never_dialled_v4)
        }
    }
}

/// Metadata services outside of the link-local ranges:
/// [AWS](https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html),
/// [Google](https://cloud.google.com/compute/docs/metadata/querying-metadata) and Oracle.
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
];

/// Metadata services outside of 169.254.0.0/16:
/// [Alibaba](https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata), Azure's wire server.
const METADATA_V4: [Ipv4Addr; 2] = [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16)];

fn is_never_dialled_v4(v4: Ipv4Addr) -> bool {
    // All of 0.0.0.0/8: Linux takes 0.0.0.0 for itself.
    v4.octets()[0] == 0
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_broadcast()
        || METADATA_V4.contains(&v4)
}

/// The IPv4 address within an IPv6 form: mapped, compatible, NAT64 (RFC 6052, and 64:ff9b:1::/48 of RFC 8215), 6to4.
fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = v6.segments();
    let last = || {
        let [a, b] = segments[6].to_be_bytes();
        let [c, d] = segments[7].to_be_bytes();
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0xffff, _, _] => last(),
        // ::ffff:0:a.b.c.d, the "translated" form of RFC 2765.
        [0, 0, 0, 0, 0xffff, 0, _, _] => last(),
        [0, 0, 0, 0, 0, 0, high, low] if (high, low) != (0, 1) => last(),
        [0x64, 0xff9b, ..] => last(),
        [0x2002, high, low, ..] => {
            let [a, b] = high.to_be_bytes();
            let [c, d] = low.to_be_bytes();
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    }
}

/// Whether the address is of the public network: what an anonymous call may go to without being allowed by name.
pub(crate) fn is_global(address: IpAddr) -> bool {
    if is_never_dialled(address) {
        return false;
    }
    match address {
        IpAddr::V4(v4) => is_global_v4(v4),
        IpAddr::V6(v6) => match embedded(v6) {
            Some(v4) => is_global_v4(v4),
            None => {
                let first = v6.segments()[0];
                // Of 2000::/3, without documentation (2001:db8::/32) and Teredo (2001::/32), whose end is hidden.
                first & 0xe000 == 0x2000
                    && !(first == 0x2001 && matches!(v6.segments()[1], 0x0db8 | 0))
                    && first != 0x3fff
            }
        },
    }
}

fn is_global_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !(v4.is_private()
        || v4.is_loopback()
        || v4.is_documentation()
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b))
        || a >= 240)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_never_dialled_however_it_is_written() {
        for text in [
            "169.254.169.254",
            "169.254.0.1",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::169.254.169.254",
            "2002:a9fe:a9fe::1",
            "fd00:ec2::254",
            "fe80::1",
            "febf::1",
            "0.0.0.0",
            "0.1.2.3",
            "::",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
            "100.100.100.200",
            "168.63.129.16",
            "::ffff:0.0.0.0",
        ] {
            assert!(is_never_dialled(text.parse().expect("an address")), "{text}");
            assert!(!is_global(text.parse().expect("an address")), "{text}");
        }
    }

    #[test]
    fn on_premises_addresses_are_dialled_and_are_not_global() {
        for text in [
            "127.0.0.1",
            "::1",
            "10.1.2.3",
            "192.168.0.1",
            "172.16.0.1",
            "fd12::1",
            "100.64.0.1",
            "::ffff:10.0.0.1",
        ] {
            assert!(!is_never_dialled(text.parse().expect("an address")), "{text}");
            assert!(!is_global(text.parse().expect("an address")), "{text}");
        }
        for text in ["1.1.1.1", "2606:4700::1111", "64:ff9b::1.1.1.1"] {
            assert!(is_global(text.parse().expect("an address")), "{text}");
        }
    }
}
