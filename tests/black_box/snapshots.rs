//! What people read on a terminal, word for word, in both languages. `INSTA_UPDATE=always cargo test --test black_box
//! snapshots` writes the snapshots anew; read the difference.

use crate::support::{banc, copy, repository, text};

#[test]
fn the_summary_of_a_run() {
    for lang in ["fr", "en"] {
        let folder = tempfile::tempdir().unwrap();
        copy(&repository("reports/sample"), folder.path());
        let output =
            banc().env("COLUMNS", "100").args(["--lang", lang, "judge"]).arg(folder.path()).output().unwrap();
        let printed = text(&output.stdout).replace(&folder.path().display().to_string(), "@@FOLDER@@");
        insta::assert_snapshot!(format!("summary_{lang}"), printed);
    }
}

#[test]
fn errors_for_people() {
    let cases: [(&str, &[&str]); 6] = [
        ("missing_adapter", &["run", "--client", "./no-such-adapter"]),
        ("unknown_scenario", &["run", "token-certificat"]),
        ("wrong_profile", &["run", "token-secret", "--profile", "2"]),
        ("unknown_action", &["try", "serch"]),
        ("unknown_requirement", &["explain", "BANC-429-1"]),
        ("unknown_flaw", &["client", "--flaw", "retries-erly"]),
    ];
    for (name, arguments) in cases {
        for lang in ["fr", "en"] {
            let output = banc().args(arguments).args(["--lang", lang]).output().unwrap();
            let code = output.status.code().unwrap();
            insta::assert_snapshot!(
                format!("{name}_{lang}"),
                format!("exit {code}\n{}", text(&output.stderr))
            );
        }
    }
}
