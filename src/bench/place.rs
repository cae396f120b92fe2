//! Where the mock of one scenario listens, and by what its URLs call it.

use crate::journal::NotPlayable;
use crate::scenario::{CalledBy, Given};
use crate::server::{Place, Tls};

/// The place of a scenario, given that of the run.
///
/// # Errors
/// When it is to be called by its address, and not both sides are on this machine: elsewhere a client may know the host
/// by another address, or have to go through a name.
pub(super) fn of(given: &Given, run: &Place, tls: &Tls) -> Result<Place, NotPlayable> {
    if given.called_by == CalledBy::Name {
        return Ok(run.clone());
    }
    by_address(run, &tls.server_certificate().names).ok_or(NotPlayable::NotOnLoopback)
}

/// The same place, called by its address; none when that is not the loopback, or the certificate does not name it.
fn by_address(run: &Place, certified: &[String]) -> Option<Place> {
    let address = run.address.to_string();
    let on_loopback = run.address.is_loopback() && run.names.first().is_none_or(|name| is_loopback(name));
    if !on_loopback || !certified.contains(&address) {
        return None;
    }
    let mut names = vec![address.clone()];
    names.extend(run.names.iter().filter(|name| **name != address).cloned());
    Some(Place { names, ..run.clone() })
}

/// Names of the machine itself, RFC 6761 §6.3.
fn is_loopback(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_loopback_is_called_by_its_address() {
        let certified = ["localhost", "127.0.0.1", "::1", "192.0.2.7"].map(str::to_owned);
        let called = |address: &str, name: &str| {
            let names = vec![name.to_owned(), "localhost".to_owned()];
            let address = address.parse().unwrap_or(std::net::Ipv4Addr::UNSPECIFIED.into());
            let place = by_address(&Place { address, port: None, names }, &certified)?;
            Some(place.names)
        };
        let expected = Some(["127.0.0.1", "localhost", "localhost"].map(str::to_owned).to_vec());
        assert_eq!(called("127.0.0.1", "localhost"), expected);
        assert!(called("::1", "ror.localhost").is_some_and(|names| names[0] == "::1"));
        // Another machine, all addresses, a name that may be elsewhere, an address that the certificate lacks.
        for (address, name) in [
            ("192.0.2.7", "localhost"),
            ("0.0.0.0", "localhost"),
            ("127.0.0.1", "ror.example"),
            ("127.0.0.2", "localhost"),
        ] {
            assert_eq!(called(address, name), None, "{address} {name}");
        }
    }
}
