//! Where calls may go. Pure.

use std::net::IpAddr;
use std::str::FromStr;

use crate::address::is_public;

/// A network in CIDR notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// Whether the address lies in it. An IPv4 address that is written as a mapped IPv6 one counts as itself.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - self.bits).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - self.bits).unwrap_or(0);
                network.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = &'static str;

    /// Reads `10.0.0.0/8`, `fd00::/8`, or a single address.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "must be a network such as 10.0.0.0/8 or fd00::/8";
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().map_err(|_| WRONG)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| WRONG)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most {
            return Err(WRONG);
        }
        Ok(Self { address, bits })
    }
}

/// Where calls may go: to public addresses by https, and to the networks that are allowed by http, too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Networks that may be called although they are not public.
    pub allow: Vec<Network>,
}

impl Policy {
    /// Whether the installation has allowed this address itself.
    pub(crate) fn is_allowed(&self, address: IpAddr) -> bool {
        self.allow.iter().any(|network| network.contains(address))
    }

    /// Whether a call may go to this address.
    pub fn permits(&self, address: IpAddr, encrypted: bool) -> bool {
        self.is_allowed(address) || (encrypted && is_public(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(networks: &[&str]) -> Policy {
        Policy {
            allow: networks.iter().map(|network| network.parse().expect(network)).collect(),
        }
    }

    #[test]
    fn networks_are_read_strictly() {
        for wrong in [
            "",
            "10",
            "10.0.0.0/33",
            "fd00::/129",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
            "hooks.example.org",
            "10.0.0.0/ 8",
        ] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
        let one: Network = "192.168.1.7".parse().expect("a single address");
        assert!(one.contains("192.168.1.7".parse().expect("valid")));
        assert!(!one.contains("192.168.1.8".parse().expect("valid")));
        let all: Network = "0.0.0.0/0".parse().expect("everything");
        assert!(all.contains("255.255.255.255".parse().expect("valid")));
        assert!(!all.contains("::1".parse().expect("valid")));
    }

    #[test]
    fn what_is_allowed_may_be_called_in_the_clear_and_what_is_public_may_not() {
        let policy = policy(&["10.0.0.0/8", "fd00::/8"]);
        for (address, encrypted, plain) in [
            ("8.8.8.8", true, false),
            ("10.9.8.7", true, true),
            ("::ffff:10.9.8.7", true, true),
            ("fd00::1", true, true),
            ("fc00::1", false, false),
            ("192.168.0.1", false, false),
            ("127.0.0.1", false, false),
            ("169.254.169.254", false, false),
        ] {
            let ip = address.parse().expect(address);
            assert_eq!(
                (policy.permits(ip, true), policy.permits(ip, false)),
                (encrypted, plain),
                "{address}"
            );
        }
        assert!(!Policy::default().permits("10.0.0.1".parse().expect("valid"), true));
    }
}
