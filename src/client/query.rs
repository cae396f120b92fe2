//! The URLs that the client asks for: reads, searches, and the pages that follow.

use std::collections::{HashMap, HashSet};

use hyper::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode, utf8_percent_encode};

use super::error::ClientError;
use super::flaws::{Flaw, FlawSet};
use super::transport::Origin;

/// Everything but the unreserved characters of RFC 3986 §2.3.
pub(crate) const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Names keep the colon of their modifiers, which a query may hold as it is.
const NAME: &AsciiSet = &VALUE.remove(b':');

/// The code system of the regions that data come from, for `_tag`.
pub(crate) const REGION: &str = "https://mos.esante.gouv.fr/NOS/TRE_R30-RegionOM/FHIR/TRE-R30-RegionOM";

/// What `raw-plus-in-dates` encodes: all but the plus sign.
const VALUE_BUT_PLUS: &AsciiSet = &VALUE.remove(b'+');

/// The URL of one resource.
///
/// # Errors
/// `resource` is not the name of a type, or `base` is not a URL.
pub(crate) fn read_url(base: &str, resource: &str, id: &str) -> Result<Uri, ClientError> {
    parse(&format!(
        "{}/{}/{}",
        base.trim_end_matches('/'),
        type_name(resource)?,
        utf8_percent_encode(id, VALUE)
    ))
}

/// The URL of a search: its parameters in the order given, repeated as often as given.
///
/// # Errors
/// `resource` is not the name of a type, or `base` is not a URL.
pub(crate) fn search_url(
    base: &str,
    resource: &str,
    parameters: &[(String, String)],
    flaws: &FlawSet,
) -> Result<Uri, ClientError> {
    let pairs: Vec<String> = asked(parameters, flaws)
        .into_iter()
        .map(|(name, value)| format!("{}={}", utf8_percent_encode(&name, NAME), encoded(&value, flaws)))
        .collect();
    let separator = if pairs.is_empty() { "" } else { "?" };
    let base = base.trim_end_matches('/');
    parse(&format!("{base}/{}{separator}{}", type_name(resource)?, pairs.join("&")))
}

/// The URL of a `next` link found in the answer to `asked`, as it stands; relative ones are resolved.
///
/// # Errors
/// It leads to another server than `asked` (the token must not go there), or is not a URL.
pub(crate) fn next_url(asked: &Uri, link: &str, flaws: &FlawSet) -> Result<Uri, ClientError> {
    let url = resolve(asked, link)?;
    let found = Origin::of(&url);
    if found == Origin::of(asked) || flaws.has(Flaw::FollowsForeignLinks) {
        return Ok(url);
    }
    Err(ClientError::ForeignLink(
        found.map_or_else(|| "no http(s) URL".to_owned(), |found| found.to_string()),
    ))
}

/// The URL of a link found in the answer to `asked`, as it stands; relative ones are resolved.
///
/// # Errors
/// It is not a URL.
pub(crate) fn resolve(asked: &Uri, link: &str) -> Result<Uri, ClientError> {
    if link.starts_with("http://") || link.starts_with("https://") {
        parse(link)
    } else {
        let scheme = asked.scheme_str().unwrap_or("https");
        let authority = asked.authority().map_or("", |authority| authority.as_str());
        let root = format!("{scheme}://{authority}");
        if link.starts_with("//") {
            parse(&format!("{scheme}:{link}"))
        } else if link.starts_with('/') {
            parse(&format!("{root}{link}"))
        } else if link.starts_with('?') {
            parse(&format!("{root}{}{link}", asked.path()))
        } else {
            let folder = asked.path().rsplit_once('/').map_or("", |(folder, _)| folder);
            parse(&format!("{root}{folder}/{link}"))
        }
    }
}

/// The address that `rebuilds-next-url` makes up.
///
/// # Errors
/// The made-up address is not a URL.
pub(crate) fn rebuilt_next_url(first: &Uri, offset: usize) -> Result<Uri, ClientError> {
    let separator = if first.query().is_some() { '&' } else { '?' };
    parse(&format!("{first}{separator}_getpagesoffset={offset}"))
}

/// The parameters that are sent: those given, for the correct client.
fn asked(parameters: &[(String, String)], flaws: &FlawSet) -> Vec<(String, String)> {
    let mut asked: Vec<(String, String)> = parameters.to_vec();
    if flaws.has(Flaw::DropsFilter) {
        asked.retain(|(name, _)| name != "_filter");
    }
    if flaws.has(Flaw::DropsModifiers) {
        for (name, _) in &mut asked {
            *name = without_modifier(name);
        }
    }
    if flaws.has(Flaw::KeepsLastOfRepeated) {
        let last: HashMap<String, String> = asked.iter().cloned().collect();
        let mut known = HashSet::new();
        asked.retain_mut(|(name, value)| {
            value.clone_from(&last[name]);
            known.insert(name.clone())
        });
    }
    asked
}

/// `organization.identifier:above` without `:above`; the colons of `_has` are no modifiers.
fn without_modifier(name: &str) -> String {
    match name.split_once(':') {
        Some((bare, _)) if bare != "_has" => bare.to_owned(),
        _ => name.to_owned(),
    }
}

fn encoded(value: &str, flaws: &FlawSet) -> String {
    let value = if flaws.has(Flaw::DropsCodeSystem) { without_systems(value) } else { value.to_owned() };
    if flaws.has(Flaw::Latin1Accents) && value.chars().all(|c| u32::from(c) <= 0xFF) {
        let bytes: Vec<u8> = value.chars().map(|c| c as u8).collect();
        percent_encode(&bytes, VALUE).to_string()
    } else if flaws.has(Flaw::RawPlusInDates) {
        utf8_percent_encode(&value, VALUE_BUT_PLUS).to_string()
    } else {
        utf8_percent_encode(&value, VALUE).to_string()
    }
}

/// `system|code` without the system; `lat|lon|distance|unit` is left alone.
fn without_systems(value: &str) -> String {
    let code = |one: &str| match one.split_once('|') {
        Some((system, code)) if system.contains(':') => code.to_owned(),
        _ => one.to_owned(),
    };
    value.split(',').map(code).collect::<Vec<_>>().join(",")
}

fn type_name(resource: &str) -> Result<&str, ClientError> {
    if !resource.is_empty() && resource.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        Ok(resource)
    } else {
        Err(ClientError::Settings(format!("{resource:?} is not the name of a resource type")))
    }
}

fn parse(url: &str) -> Result<Uri, ClientError> {
    url.parse().map_err(|error| ClientError::Settings(format!("not a URL that can be sent ({error})")))
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    const BASE: &str = "https://ror.example:8443/ws-diffusion-fhir";

    fn query(name: &str, value: &str, flaws: &FlawSet) -> String {
        let url = search_url(BASE, "Location", &[(name.to_owned(), value.to_owned())], flaws).unwrap();
        url.query().unwrap().to_owned()
    }

    #[test]
    fn names_and_values_are_encoded_so_that_they_arrive_as_meant() {
        let none = FlawSet::none();
        assert_eq!(query("name", "Hôpital d'été", &none), "name=H%C3%B4pital%20d%27%C3%A9t%C3%A9");
        assert_eq!(
            query("_lastUpdated", "ge2026-01-01T00:00:00+01:00", &none),
            "_lastUpdated=ge2026-01-01T00%3A00%3A00%2B01%3A00"
        );
        assert_eq!(
            query("organization.identifier:above", "a|b,c", &none),
            "organization.identifier:above=a%7Cb%2Cc"
        );
        assert_eq!(query("a&b=c", "&=#%?", &none), "a%26b%3Dc=%26%3D%23%25%3F");
    }

    #[test]
    fn parameters_keep_their_order_and_their_repeats() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let parameters = [pair("b", "1"), pair("a", "2"), pair("b", "3")];
        let url = search_url(BASE, "Location", &parameters, &FlawSet::none()).unwrap();
        assert_eq!(url.query(), Some("b=1&a=2&b=3"));
        assert_eq!(search_url(BASE, "Location", &[], &FlawSet::none()).unwrap().query(), None);
        assert!(search_url(BASE, "../Location", &[], &FlawSet::none()).is_err());
        assert_eq!(
            read_url(BASE, "Location", "a/../b").unwrap().path(),
            "/ws-diffusion-fhir/Location/a%2F..%2Fb"
        );
    }

    #[test]
    fn flaws_of_encoding_deviate_where_they_say() {
        assert_eq!(query("name", "été", &Flaw::Latin1Accents.into()), "name=%E9t%E9");
        assert_eq!(query("d", "T00:00+01:00", &Flaw::RawPlusInDates.into()), "d=T00%3A00+01%3A00");
        assert_eq!(
            query("specialty", "https://sys|022,https://sys|023", &Flaw::DropsCodeSystem.into()),
            "specialty=022%2C023"
        );
        assert_eq!(
            query("near", "47.8|1.9|10|km", &Flaw::DropsCodeSystem.into()),
            "near=47.8%7C1.9%7C10%7Ckm"
        );
    }

    #[test]
    fn flaws_of_parameters_lose_what_they_say() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let given = [
            pair("_filter", "(name eq a)"),
            pair("organization.identifier:above", "1"),
            pair("_has:PractitionerRole:service:_id", "2"),
            pair("_include", "a"),
            pair("_include:iterate", "b"),
            pair("_include", "c"),
        ];
        let query = |flaw: Flaw| {
            let url = search_url(BASE, "Location", &given, &flaw.into()).unwrap();
            url.query().unwrap().to_owned()
        };
        let has = "_has:PractitionerRole:service:_id=2";
        assert_eq!(
            query(Flaw::DropsFilter),
            format!("organization.identifier:above=1&{has}&_include=a&_include:iterate=b&_include=c")
        );
        assert_eq!(
            query(Flaw::DropsModifiers),
            format!(
                "_filter=%28name%20eq%20a%29&organization.identifier=1&{has}&_include=a&_include=b&_include=c"
            )
        );
        assert_eq!(
            query(Flaw::KeepsLastOfRepeated),
            format!(
                "_filter=%28name%20eq%20a%29&organization.identifier:above=1&{has}&_include=c&_include:iterate=b"
            )
        );
    }

    #[test]
    fn a_next_link_is_taken_verbatim() {
        let asked: Uri = format!("{BASE}/Location?name=a").parse().unwrap();
        let link = format!("{BASE}?_getpages=u%7e-1&_getpagesoffset=200&x=a+b|c");
        assert_eq!(next_url(&asked, &link, &FlawSet::none()).unwrap().to_string(), link);
        let resolved = |link: &str| next_url(&asked, link, &FlawSet::none()).map(|url| url.to_string());
        assert_eq!(resolved("?_getpages=1").unwrap(), format!("{BASE}/Location?_getpages=1"));
        assert_eq!(resolved("Location?p=2").unwrap(), format!("{BASE}/Location?p=2"));
        assert_eq!(resolved("/x?p=2").unwrap(), "https://ror.example:8443/x?p=2");
    }

    #[test]
    fn a_next_link_to_another_server_is_not_followed() {
        let asked: Uri = format!("{BASE}/Location").parse().unwrap();
        let foreign = [
            "https://evil.example/x",
            "https://ror.example/x",
            "http://ror.example:8443/x",
            "//evil.example/x",
            "https://ror.example:8443@evil.example/x",
        ];
        for link in foreign {
            let refused = next_url(&asked, link, &FlawSet::none());
            assert!(matches!(refused, Err(ClientError::ForeignLink(_))), "{link}: {refused:?}");
        }
        assert!(next_url(&asked, "https://ror.example:8443/ with space", &FlawSet::none()).is_err());
    }
}
