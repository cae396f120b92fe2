//! The page against hostile input, in both languages.

#![expect(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::*;
use crate::report::sample;
use crate::text::Text;

const TEMPLATES: [&str; 14] = [
    include_str!("../../../templates/report/baseline.html"),
    include_str!("../../../templates/report/links.html"),
    include_str!("../../../templates/report/page.html"),
    include_str!("../../../templates/report/navigation.html"),
    include_str!("../../../templates/report/summary.html"),
    include_str!("../../../templates/report/actions.html"),
    include_str!("../../../templates/report/scenario.html"),
    include_str!("../../../templates/report/timeline.html"),
    include_str!("../../../templates/report/exchanges.html"),
    include_str!("../../../templates/report/message.html"),
    include_str!("../../../templates/report/evidence.html"),
    include_str!("../../../templates/report/ledger.html"),
    include_str!("../say.rs"),
    include_str!("timeline.rs"),
];

fn both() -> [String; 2] {
    [Lang::Fr, Lang::En].map(|lang| page(&sample::outcome(), lang).unwrap())
}

/// The pairs of words in the templates: `of("…", "…")`.
fn pairs() -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for template in TEMPLATES {
        for call in template.split("of(\"").skip(1) {
            let (fr, rest) = call.split_once("\", \"").unwrap();
            let (en, _) = rest.split_once("\")").unwrap();
            assert!(!fr.is_empty() && !en.is_empty() && fr.len() < 500 && en.len() < 500, "{fr} / {en}");
            pairs.push((fr.to_owned(), en.to_owned()));
        }
    }
    pairs
}

/// The texts that stand between two tags, trimmed.
fn texts(html: &str) -> BTreeSet<String> {
    let body = html.split_once("</style>").unwrap().1;
    body.split('>').filter_map(|piece| piece.split('<').next()).map(|text| text.trim().to_owned()).collect()
}

#[test]
fn markup_from_a_client_stays_text() {
    for html in both() {
        assert!(!html.contains("<script"), "no script at all");
        assert!(html.contains("&#60;script&#62;alert(1)"));
        assert!(!html.contains("onerror=") && !html.contains("<b>Santé</b>"));
        assert!(!html.chars().any(show::is_hidden), "controls and bidirectional marks are shown, not acted");
        assert!(html.contains("\\u{1b}[31mrouge") && html.contains("\\u{202e}exe.txt"));
    }
}

#[test]
fn nothing_is_loaded_from_anywhere() {
    for html in both() {
        for attribute in
            ["src=", "srcset=", "@import", "<link", "<iframe", "<object", "<img", "http-equiv=\"refresh"]
        {
            assert!(!html.contains(attribute), "{attribute}");
        }
        for (index, _) in html.match_indices("href=\"") {
            let target = html[index + 6..].split('"').next().unwrap();
            let local = target.starts_with('#')
                || target.starts_with("bodies/")
                || ["index.html", "index.en.html", "report.json", "junit.xml", "journal.jsonl"]
                    .contains(&target);
            assert!(local, "{target}");
        }
        for (index, _) in html.match_indices("url(") {
            assert!(html[index..].starts_with("url(#"));
        }
        assert!(!html.contains("etc/passwd"));
    }
}

#[test]
fn every_link_within_the_page_leads_somewhere_and_ids_are_unique() {
    for html in both() {
        let mut ids = BTreeSet::new();
        for piece in html.split(" id=\"").skip(1) {
            let id = piece.split('"').next().unwrap();
            assert!(ids.insert(id), "{id} twice");
        }
        for piece in html.split("href=\"#").skip(1) {
            let target = piece.split('"').next().unwrap();
            assert!(ids.contains(target), "{target}");
        }
        for stable in [
            "quota-retry-after",
            "quota-retry-after.waits",
            "quota-retry-after.exchange-3",
            "requirement-BANC-429-01",
        ] {
            assert!(ids.contains(stable), "{stable}");
        }
    }
}

#[test]
fn a_megabyte_in_a_header_does_not_make_a_megabyte_of_page() {
    for html in both() {
        assert!(html.len() < 250_000, "{}", html.len());
    }
    assert!(page(&sample::outcome(), Lang::En).unwrap().contains("[cut here: 1,048,576 characters in all]"));
    assert!(page(&sample::outcome(), Lang::Fr).unwrap().contains("caractères en tout]"));
}

#[test]
fn a_page_speaks_one_language() {
    let [fr, en] = both();
    let (fr_texts, en_texts) = (texts(&fr), texts(&en));
    let pairs = pairs();
    assert!(pairs.len() > 100, "the pairs were found");
    let all_fr: BTreeSet<&str> = pairs.iter().map(|(fr, _)| fr.as_str()).collect();
    let all_en: BTreeSet<&str> = pairs.iter().map(|(_, en)| en.as_str()).collect();
    for (word_fr, word_en) in &pairs {
        // The link to the other page is in the other language on purpose.
        if word_fr == word_en || word_en == "Français" {
            continue;
        }
        assert!(
            all_en.contains(word_fr.as_str()) || !en_texts.contains(word_fr),
            "French in the English page: {word_fr}"
        );
        assert!(
            all_fr.contains(word_en.as_str()) || !fr_texts.contains(word_en),
            "English in the French page: {word_en}"
        );
    }
    for status in Status::ALL {
        let label = status.label();
        assert!(fr.to_lowercase().contains(&label.fr) && en.to_lowercase().contains(&label.en));
    }
    assert!(fr.contains("lang=\"fr\"") && fr.contains("href=\"index.en.html\""));
    assert!(en.contains("lang=\"en\"") && en.contains("href=\"index.html\""));
}

#[test]
fn the_page_tells_who_must_do_what() {
    let fr = page(&sample::outcome(), Lang::Fr).unwrap();
    for needle in [
        "Auto-contrôle, ne vaut pas homologation",
        "Non conforme",
        "21 novembre 2026 à 14:03 (UTC)",
        "Éditions &#60;b&#62;Santé",
        "lecture du banc",
        "votre configuration",
        "ce banc d’essai",
        "received fatal alert: UnknownCA",
        "appels dans la fenêtre : 3 avant, 4 avec celui-ci, limite 10",
        "validité restante du jeton\u{a0}: 41,2",
        "actions que le client n’a pas",
    ] {
        assert!(fr.contains(needle), "{needle}");
    }
    let first_fail = fr.find("<article class=\"card action fail").unwrap();
    let first_warn = fr.find("<article class=\"card action warn").unwrap();
    assert!(first_fail < first_warn);
}

#[test]
fn a_bare_outcome_is_a_page_too() {
    let mut outcome = sample::outcome();
    outcome.scenarios.clear();
    outcome.requirements.clear();
    outcome.gate.plans.clear();
    outcome.run.campaign = serde_json::Value::Null;
    outcome.duration_ms = None;
    outcome.gate.reason = Text::default();
    for lang in [Lang::Fr, Lang::En] {
        assert!(page(&outcome, lang).unwrap().ends_with("</html>"));
    }
}
