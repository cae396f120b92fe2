#![expect(clippy::unwrap_used)]

use super::*;

const SMALL: &str = r#"id: small
title: { fr: "Un", en: "One" }
description: { fr: "Un.", en: "One." }
plans: [fhir-search]
steps:
  - act: token
    tell: { fr: "Demandez un jeton.", en: "Ask for a token." }
checks:
  - id: ok
    requires: [CHA-CONF-01]
    expect: { outcome: { is: ok } }
"#;

fn code(text: &str) -> Code {
    load_str("small.yaml", text).unwrap_err()[0].code
}

#[test]
fn a_scenario_is_read_with_a_byte_order_mark_too() {
    assert_eq!(load_str("small.yaml", SMALL).unwrap().id, "small");
    assert_eq!(load_str("small.yaml", &format!("\u{feff}{SMALL}")).unwrap().id, "small");
    assert_eq!(load_str("small.yaml", &SMALL.replace('\n', "\r\n")).unwrap().id, "small");
}

#[test]
fn positions_point_at_keys_and_values() {
    let loaded: Loaded<Scenario> = load("small.yaml", SMALL).unwrap();
    let path = [Key::from("checks"), Key::from(0), Key::from("requires"), Key::from(0)];
    let place = loaded.positions.value(&path);
    assert_eq!((place.line, place.column, place.length), (10, 16, 11));
    let place = loaded.positions.key(&[Key::from("plans")]);
    assert_eq!((place.line, place.column, place.length), (4, 1, 5));
    let around = loaded.positions.value(&[Key::from("plans"), Key::from(7)]);
    assert_eq!(around.line, 4);
}

#[test]
fn duplicate_keys_are_refused_in_structs_and_in_free_values() {
    assert_eq!(code(&format!("{SMALL}id: again\n")), Code::DuplicateKey);
    let free = SMALL.replace("  - act: token\n", "  - act: token\n    with: { a: 1, a: 2 }\n");
    assert_eq!(code(&free), Code::DuplicateKey);
}

#[test]
fn a_second_document_an_empty_text_and_a_bomb_are_refused() {
    assert_eq!(code(&format!("{SMALL}---\nid: two\n")), Code::SeveralDocuments);
    assert_eq!(code("# nothing\n---\n"), Code::EmptyFile);
    assert_eq!(code(&"[".repeat(20_000)), Code::TooComplex);
    let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (name, before) in ('b'..='i').zip('a'..='h') {
        let nine = vec![format!("*{before}"); 9].join(",");
        bomb.push_str(&format!("{name}: &{name} [{nine}]\n"));
    }
    assert_eq!(code(&bomb), Code::TooComplex);
}

#[test]
fn words_that_look_like_booleans_are_none() {
    let text = SMALL.replace("plans:", "given: { alone: yes }\nplans:");
    assert_eq!(code(&text), Code::WrongType);
}

#[test]
fn files_that_cannot_be_read_have_one_message_each() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.yaml");
    let code = |path: &Path| load_file(path).unwrap_err()[0].code;
    assert_eq!(code(&path), Code::UnreadableFile);
    assert_eq!(code(folder.path()), Code::NotAFile);
    std::fs::write(&path, [b'i', b'd', b':', b'\n', 0xe9]).unwrap();
    assert_eq!(code(&path), Code::NotUtf8);
    std::fs::write(&path, vec![b'#'; 300 * 1024]).unwrap();
    assert_eq!(code(&path), Code::FileTooLarge);
    std::fs::write(&path, "").unwrap();
    assert_eq!(code(&path), Code::EmptyFile);
}

#[test]
fn a_byte_order_mark_does_not_move_the_caret() {
    let found =
        load_str("small.yaml", &format!("\u{feff}{}", SMALL.replace("id: small", "idd: small"))).unwrap_err();
    assert_eq!((found[0].code, found[0].line, found[0].column), (Code::UnknownKey, 1, 1));
    assert!(found[0].source_line.as_deref().unwrap().starts_with("idd"));
}

mod hostile {
    use proptest::prelude::*;

    use super::*;
    use crate::scenario::diagnostic::render_all;
    use crate::scenario::lint::{Known, Requirements, load_and_lint};
    use crate::text::Lang;

    struct Nothing;

    impl Requirements for Nothing {
        fn obliges_client(&self, _: &str) -> Option<bool> {
            None
        }

        fn nearest(&self, _: &str) -> Option<&str> {
            None
        }
    }

    fn survives(text: &str) {
        let known = Known { requirements: &Nothing, datasets: &[] };
        if let Err(found) = load_and_lint("small.yaml", text, known) {
            assert!(!found.is_empty());
            for lang in [Lang::Fr, Lang::En] {
                assert!(!render_all(&found, lang, false).contains('\u{1b}'));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_read_or_refused_with_a_message(text in "(?s).{0,200}") {
            survives(&text);
        }

        #[test]
        fn a_scenario_with_a_piece_replaced_is_read_or_refused(
            at in 0..SMALL.len(), length in 0..40_usize, piece in "[\\x00-\\x7fé\u{202e}]{0,12}"
        ) {
            let mut text: Vec<char> = SMALL.chars().collect();
            let from = at.min(text.len());
            let to = (from + length).min(text.len());
            text.splice(from..to, piece.chars());
            survives(&text.into_iter().collect::<String>());
        }
    }
}
