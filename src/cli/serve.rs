//! `banc-ror serve`: the mock alone, until interrupted.

use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::arguments::ServeArguments;
use super::failure::Failure;
use super::preparation::{self, Setting};
use super::{exit, terminal};
use crate::bench::{self, RunFolder, Serving};
use crate::campaign::Campaign;
use crate::journal::Journal;
use crate::scenario::catalogue;
use crate::text::Lang;

pub(super) fn run(arguments: &ServeArguments, lang: Lang) -> Result<u8, Failure> {
    let campaign = Campaign {
        file: preparation::campaign_file(arguments.config.as_deref())?,
        profile: preparation::access_profile(arguments.profile)?,
        plans: Vec::new(),
        plans_named: false,
        search: arguments.search.options(),
        patience: 1.0,
        seed: arguments.seed,
        fail_on: Vec::new(),
        lang,
    };
    let setting = Setting::prepare(&arguments.place, campaign.profile, &campaign.file)?;
    let directory = preparation::dataset(&arguments.dataset, arguments.seed, lang)?;
    let temporary = tempfile::tempdir().map_err(|error| unwritable(&error))?;
    let folder = RunFolder::named(arguments.report.as_deref().unwrap_or(temporary.path()))
        .map_err(|error| Failure::sentence(exit::USAGE, error.text()))?;
    catalogue::write_to(folder.path(), []).map_err(|error| unwritable(&error))?;
    let journal =
        Journal::create(folder.path(), OffsetDateTime::now_utc()).map_err(|error| unwritable(&error))?;
    let serving = Serving {
        campaign,
        dataset: arguments.dataset.clone(),
        directory,
        service: setting.service.clone(),
        reference: setting.reference.clone(),
        place: setting.place.clone(),
        tls: setting.tls.clone(),
        token_key: setting.token_key.clone(),
    };
    let ready = |variables: std::collections::BTreeMap<String, String>, url: &str| {
        let variables = variables.into_iter().map(|(name, value)| (name, Value::from(value)));
        let mut line: Map<String, Value> = variables.collect();
        line.insert("serve_url".to_owned(), Value::from(url));
        terminal::print(&format!("{}\n", Value::Object(line)));
        if terminal::is_watched() {
            terminal::error_text(match lang {
                Lang::Fr => {
                    "Bouchon du ROR à l’écoute (données fictives, quotas appliqués). Ctrl-C pour arrêter."
                }
                Lang::En => "Mock ROR listening (fictitious data, quotas enforced). Ctrl-C to stop.",
            });
        }
    };
    let served = bench::serve(serving, folder.name(), journal, ready, preparation::interrupted());
    preparation::runtime()?.block_on(served).map_err(|error| {
        Failure::configuration(
            format!("Le bouchon ne peut pas écouter : {error}."),
            format!("The mock cannot listen: {error}."),
        )
    })?;
    Ok(exit::CONFORMING)
}

fn unwritable(error: &std::io::Error) -> Failure {
    Failure::configuration(
        format!("Le journal ne peut pas être écrit : {error}. Choisissez un dossier avec --report DIR."),
        format!("The journal cannot be written: {error}. Choose a folder with --report DIR."),
    )
}
