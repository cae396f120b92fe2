//! `banc-ror serve`: the mock alone, until interrupted.

use std::sync::Arc;

use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::arguments::ServeArguments;
use super::failure::Failure;
use super::preparation::{self, Setting};
use super::{exit, terminal};
use crate::bench::{RunFolder, adapter_variables};
use crate::campaign::QuotaValues;
use crate::journal::Journal;
use crate::scenario::Registration;
use crate::server::behaviour::Quotas;
use crate::server::{Behaviour, Mock};
use crate::text::Lang;

pub(super) fn run(arguments: &ServeArguments, lang: Lang) -> Result<u8, Failure> {
    let profile = preparation::access_profile(arguments.profile)?;
    let campaign = preparation::campaign_file(arguments.config.as_deref())?;
    let setting = Setting::prepare(&arguments.place, profile, &campaign)?;
    let directories = preparation::directories([arguments.dataset.as_str()], arguments.seed)?;
    let directory =
        directories.into_values().next().ok_or_else(|| Failure::bench("aucune donnée", "no data"))?;
    let temporary = tempfile::tempdir().map_err(|error| unwritable(&error))?;
    let folder = match &arguments.report {
        Some(path) => RunFolder::named(path)
            .map_err(|error| Failure::sentence(exit::USAGE, error.text()))?
            .path()
            .to_owned(),
        None => temporary.path().to_owned(),
    };
    let journal = Journal::create(&folder, OffsetDateTime::now_utc()).map_err(|error| unwritable(&error))?;
    setting.service.register_secret(journal.redactor());
    let behaviour = Behaviour {
        directory,
        whitelist: Arc::new(setting.service.whitelist(&setting.reference, Registration::Listed)),
        assigned: Arc::new(setting.reference.assigned.clone()),
        token_lifetime: std::time::Duration::from_secs(300),
        quotas: quotas(campaign.quotas.unwrap_or_default()),
        scripted: Vec::new(),
    };
    let runtime = preparation::runtime()?;
    runtime.block_on(async {
        let scenario = journal.scenario("serve");
        let mock = Mock::start(&setting.place, behaviour, &setting.tls, setting.token_key.clone(), scenario);
        let mock = mock.await.map_err(|error| {
            Failure::configuration(
                format!("Le bouchon ne peut pas écouter : {error}."),
                format!("The mock cannot listen: {error}."),
            )
        })?;
        let mut line: Map<String, Value> = adapter_variables(&setting.service, &setting.reference, &mock)
            .into_iter()
            .map(|(name, value)| (name, Value::from(value)))
            .collect();
        line.insert("serve_url".to_owned(), Value::from(mock.api_url.as_str()));
        terminal::print(&format!("{}\n", Value::Object(line)));
        if terminal::is_watched() {
            terminal::error_text(match lang {
                Lang::Fr => {
                    "Bouchon du ROR à l’écoute (données fictives, quotas appliqués). Ctrl-C pour arrêter."
                }
                Lang::En => "Mock ROR listening (fictitious data, quotas enforced). Ctrl-C to stop.",
            });
        }
        preparation::interrupted().await;
        mock.stop().await;
        Ok(exit::CONFORMING)
    })
}

/// The quotas of the charter, or those that the campaign says the ANS set; always enforced here.
fn quotas(campaign: QuotaValues) -> Quotas {
    let charter = Quotas::default();
    Quotas {
        level_1: campaign.level_1.unwrap_or(charter.level_1),
        level_2_authenticated: campaign.level_2.unwrap_or(charter.level_2_authenticated),
        level_2_public: campaign.level_2_public.unwrap_or(charter.level_2_public),
        ..charter
    }
}

fn unwritable(error: &std::io::Error) -> Failure {
    Failure::configuration(
        format!("Le journal ne peut pas être écrit : {error}. Choisissez un dossier avec --report DIR."),
        format!("The journal cannot be written: {error}. Choose a folder with --report DIR."),
    )
}
