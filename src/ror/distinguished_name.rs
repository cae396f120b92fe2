//! Distinguished names as the whitelist compares them: by structure (RFC 4514, RFC 5280 §7.1), never as raw strings.

use std::str::FromStr;

use x509_cert::der::Encode;
use x509_cert::name::Name;

/// Whether two distinguished names are the same: attribute by attribute, in order, whatever the string type,
/// case and repeated spaces (the caseIgnoreMatch of RFC 5280 §7.1).
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    match (comparable(one), comparable(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

fn comparable(name: &str) -> Option<Vec<Vec<(String, String)>>> {
    let name = Name::from_str(&tidy(name)).ok()?;
    name.iter_rdn()
        .map(|rdn| {
            let mut attributes = rdn
                .iter()
                .map(|attribute| {
                    let value = attribute.value.value();
                    let text = std::str::from_utf8(value).ok().map_or_else(
                        || format!("{:02x?}", attribute.value.to_der().unwrap_or_default()),
                        |text| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase(),
                    );
                    (attribute.oid.to_string(), text)
                })
                .collect::<Vec<_>>();
            attributes.sort();
            Some(attributes)
        })
        .collect()
}

/// As people write names: `cn = X, ou = Y`. RFC 4514 has attribute types in capitals and no spaces around separators.
fn tidy(name: &str) -> String {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for character in name.chars() {
        match (character, escaped) {
            (',', false) => parts.push(String::new()),
            _ => parts.last_mut().into_iter().for_each(|part| part.push(character)),
        }
        escaped = character == '\\' && !escaped;
    }
    let parts = parts.iter().map(|part| match part.split_once('=') {
        Some((attribute, value)) => format!("{}={}", attribute.trim().to_uppercase(), value.trim()),
        None => part.trim().to_owned(),
    });
    parts.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_by_structure() {
        let declared = "CN=CLIENT_TEST_RORN,OU=33333333333,O=GIP - TEST3012,ST=Paris (75),C=FR";
        assert!(same(declared, declared));
        assert!(same(
            declared,
            "cn=client_test_rorn, ou=33333333333, o=GIP  -  TEST3012, st=Paris (75), c=fr"
        ));
        assert!(!same(declared, "CN=CLIENT_TEST_RORN,O=GIP - TEST3012,OU=33333333333,ST=Paris (75),C=FR"));
        assert!(!same(declared, "CN=CLIENT_TEST_RORN\\,OU=33333333333,O=GIP - TEST3012,ST=Paris (75),C=FR"));
        assert!(!same("", declared) && !same("not a name", "not a name"));
    }
}
