//! Geographic criteria: `near` and `near-insee-code`, and the distances that a Bundle tells.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::value::split_unescaped;

const COMMUNES: &str = include_str!("../../../scenarios/reference/communes.yaml");

static STANDARD: LazyLock<BTreeMap<String, Commune>> = LazyLock::new(|| {
    // The file travels inside the binary and a test reads it: a failure here is a broken build.
    communes(COMMUNES).expect("scenarios/reference/communes.yaml is well-formed")
});

/// A place on the earth in WGS84, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    latitude: f64,
    longitude: f64,
}

/// A criterion of distance: within one of these circles.
#[derive(Debug)]
pub(super) struct NearTest(Vec<Circle>);

#[derive(Debug)]
struct Circle {
    centre: Point,
    kilometres: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: String,
    communes: BTreeMap<String, Commune>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Commune {
    name: String,
    at: [f64; 2],
}

impl Point {
    fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let possible = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        possible.then_some(Self { latitude, longitude })
    }

    /// `Location.position`.
    pub(crate) fn of(position: &Value) -> Option<Self> {
        Self::new(position.get("latitude")?.as_f64()?, position.get("longitude")?.as_f64()?)
    }

    /// Along the great circle of a sphere of mean radius: within 0.5 % of the ellipsoid.
    fn kilometres_to(self, other: Self) -> f64 {
        const MEAN_RADIUS: f64 = 6_371.008_8;
        let (one, two) = (self.latitude.to_radians(), other.latitude.to_radians());
        let latitude = (two - one) / 2.0;
        let longitude = (other.longitude - self.longitude).to_radians() / 2.0;
        let haversine = latitude.sin().powi(2) + one.cos() * two.cos() * longitude.sin().powi(2);
        2.0 * MEAN_RADIUS * haversine.sqrt().min(1.0).asin()
    }

    /// To the nearest of `centres`, in kilometres, rounded to ten metres.
    pub(crate) fn distance_told(self, centres: &[Self]) -> Option<f64> {
        let nearest = centres.iter().map(|centre| self.kilometres_to(*centre)).min_by(f64::total_cmp)?;
        Some((nearest * 100.0).round() / 100.0)
    }
}

impl NearTest {
    /// `lat|lon|distance|unit`; `Err` says what is wrong with the value.
    pub(super) fn parse(value: &str) -> Result<Self, String> {
        Self::circles(value, |text| {
            const EXPECTED: &str = "forme attendue : latitude|longitude|distance|unité, en degrés WGS84";
            let [latitude, longitude, rest @ ..] = text else { return Err(EXPECTED.to_owned()) };
            let degrees = number(latitude).zip(number(longitude));
            let centre = degrees.and_then(|(latitude, longitude)| Point::new(latitude, longitude));
            Ok((centre.ok_or(EXPECTED)?, kilometres(rest).map_err(|e| format!("{EXPECTED} ; {e}"))?))
        })
    }

    /// `commune|distance|unit`, from the centre of the commune.
    pub(super) fn parse_commune(value: &str) -> Result<Self, String> {
        Self::circles(value, |text| {
            const EXPECTED: &str = "forme attendue : code INSEE de la commune|distance|unité";
            let [code, rest @ ..] = text else { return Err(EXPECTED.to_owned()) };
            let kilometres = kilometres(rest).map_err(|e| format!("{EXPECTED} ; {e}"))?;
            let commune = STANDARD.get(*code).ok_or_else(|| {
                let known: Vec<&str> = STANDARD.keys().map(String::as_str).collect();
                format!("le banc ne connaît pas la commune ; il connaît {}", known.join(", "))
            })?;
            let [latitude, longitude] = commune.at;
            Ok((Point::new(latitude, longitude).ok_or(EXPECTED)?, kilometres))
        })
    }

    fn circles(value: &str, read: impl Fn(&[&str]) -> Result<(Point, f64), String>) -> Result<Self, String> {
        split_unescaped(value, ',')
            .into_iter()
            .map(|text| {
                let parts: Vec<&str> = split_unescaped(text, '|');
                read(&parts).map(|(centre, kilometres)| Circle { centre, kilometres })
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(super) fn centres(&self) -> impl Iterator<Item = Point> {
        self.0.iter().map(|circle| circle.centre)
    }

    /// `position`: a `Location.position`; a place without one is near nothing.
    pub(super) fn matches(&self, position: &Value) -> bool {
        let near = |place: Point| self.0.iter().any(|c| place.kilometres_to(c.centre) <= c.kilometres);
        Point::of(position).is_some_and(near)
    }
}

/// Distance and unit; kilometres when no unit is given, as FHIR R4 has it.
fn kilometres(parts: &[&str]) -> Result<f64, &'static str> {
    let (distance, unit) = match parts {
        [distance] => (distance, "km"),
        [distance, unit] => (distance, *unit),
        _ => return Err("une distance et une unité sont attendues"),
    };
    let distance = number(distance).filter(|d| *d >= 0.0).ok_or("la distance est un nombre positif")?;
    match unit {
        "km" => Ok(distance),
        "m" => Ok(distance / 1000.0),
        _ => Err("unités possibles : km, m"),
    }
}

fn number(text: &str) -> Option<f64> {
    let plain =
        !text.is_empty() && text.len() <= 40 && text.chars().all(|c| c.is_ascii_digit() || "+-.".contains(c));
    text.parse().ok().filter(|n: &f64| plain && n.is_finite())
}

fn communes(text: &str) -> Result<BTreeMap<String, Commune>, String> {
    let file: File = serde_saphyr::from_str(text).map_err(|e| e.to_string())?;
    if file.source.trim().is_empty() {
        return Err("the coordinates have no source".to_owned());
    }
    for (code, commune) in &file.communes {
        let [latitude, longitude] = commune.at;
        if code.len() != 5 || commune.name.is_empty() || Point::new(latitude, longitude).is_none() {
            return Err(format!(
                "commune {code}: an INSEE code of 5 characters, a name and [latitude, longitude]"
            ));
        }
    }
    Ok(file.communes)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]
    use super::*;
    use crate::ror::Nomenclature;
    use serde_json::json;

    #[test]
    fn every_commune_of_the_nomenclature_has_coordinates() {
        let known = communes(COMMUNES).unwrap();
        let nomenclature = Nomenclature::standard().system("TRE_R13").unwrap();
        for (code, _) in nomenclature.codes() {
            assert!(known.contains_key(code), "{code}");
        }
        assert!(communes("source: s\ncommunes: { \"45234\": { name: x, at: [100, 0] } }").is_err());
    }

    #[test]
    fn distances_are_those_of_a_map() {
        // Orléans to Tours: 107 km as the crow flies.
        let (orleans, tours) = (Point::new(47.9029, 1.9093).unwrap(), Point::new(47.3941, 0.6848).unwrap());
        let distance = orleans.distance_told(&[tours]).unwrap();
        assert!((106.0..109.0).contains(&distance), "{distance}");
        assert_eq!(orleans.distance_told(&[tours, orleans]), Some(0.0), "the nearest centre");
        assert_eq!(orleans.distance_told(&[]), None);
        let antipodes = Point::new(0.0, 0.0).unwrap().kilometres_to(Point::new(0.0, 180.0).unwrap());
        assert!((20_015.0..20_016.0).contains(&antipodes), "{antipodes}");
    }

    #[test]
    fn circles_in_kilometres_and_metres() {
        let place = json!({"latitude": 47.83, "longitude": 1.92});
        let near = |value: &str| NearTest::parse(value).unwrap().matches(&place);
        assert!(near("47.83|1.92|0|km") && near("47.9029|1.9093|9|km") && !near("47.9029|1.9093|8|km"));
        assert!(near("47.9029|1.9093|9000|m") && !near("47.9029|1.9093|9|m") && near("47.9029|1.9093|9"));
        assert!(near("0|0|1|km,47.83|1.92|1|km"));
        assert!(!NearTest::parse("0|0|1|km").unwrap().matches(&json!({"latitude": 0.0})));
        assert!(NearTest::parse_commune("45234|10|km").unwrap().matches(&place));
    }

    #[test]
    fn what_is_no_circle_is_refused() {
        for bad in
            ["", "1", "1|2", "1|2|3|km|x", "91|0|1|km", "0|181|1|km", "a|b|1|km", "1|2|-3|km", "1|2|3|lieue"]
        {
            assert!(NearTest::parse(bad).is_err(), "{bad}");
        }
        for bad in ["", "45234", "45234|x|km", "45234|1|2|km", "45234|10|mi"] {
            assert!(NearTest::parse_commune(bad).is_err(), "{bad}");
        }
        assert!(NearTest::parse_commune("99999|10|km").unwrap_err().contains("45234"));
    }
}
