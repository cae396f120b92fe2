//! What `run`, `try` and `serve` need before anything is played: campaign, certificates, data, adapter.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use time::OffsetDateTime;
use tokio::sync::Semaphore;

use super::arguments::{PlaceArguments, SetupArguments};
use super::failure::{Failure, did_you_mean};
use super::preflight::Certificates;
use super::{exit, terminal};
use crate::bench::{Driver, RunPlan, ServiceUnderTest};
use crate::campaign::{Campaign, CampaignFile};
use crate::client::Flaw;
use crate::driver::command::Adapter;
use crate::pki::{Credentials, Impostors, Pki};
use crate::ror::whitelist::Reference;
use crate::ror::{AccessProfile, Directory, expand_code};
use crate::scenario::action::Action;
use crate::scenario::catalogue;
use crate::scenario::load::{SCENARIO_LIMIT, load, read_text};
use crate::scenario::{Scenario, expand_instants, expand_short_names};
use crate::server::{Identity, Place, Tls, TokenKey};
use crate::text::{Lang, Text};

/// The campaign file, when there is one.
pub(super) fn campaign_file(named: Option<&Path>) -> Result<CampaignFile, Failure> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => PathBuf::from("banc.yaml"),
    };
    if named.is_none() && !path.exists() {
        return Ok(CampaignFile::default());
    }
    let text = read_text(&path, SCENARIO_LIMIT).map_err(|diagnostic| vec![*diagnostic])?;
    let file: CampaignFile = load(&path.display().to_string(), &text)?.value;
    if let Some(profile) = file.profiles.iter().find(|&&profile| profile > 5) {
        return Err(Failure::usage(
            format!("{} : le profil d’accès {profile} n’existe pas (0 à 5).", path.display()),
            format!("{}: there is no access profile {profile} (0 to 5).", path.display()),
        ));
    }
    Ok(file)
}

/// The campaign of these arguments.
pub(super) fn campaign(setup: &SetupArguments, lang: Lang) -> Result<Campaign, Failure> {
    let file = campaign_file(setup.config.as_deref())?;
    let profile = setup.profile.or(file.profiles.first().copied()).unwrap_or(1);
    Ok(Campaign {
        profile: access_profile(profile)?,
        plans: file.plans.clone(),
        plans_named: false,
        search: setup.search.options(),
        patience: setup.patience,
        seed: setup.seed,
        fail_on: Vec::new(),
        lang,
        file,
    })
}

/// The profile of that number.
pub(super) fn access_profile(number: u8) -> Result<AccessProfile, Failure> {
    AccessProfile::try_new(number).ok_or_else(|| {
        Failure::usage(
            format!("Le profil d’accès {number} n’existe pas (0 à 5)."),
            format!("There is no access profile {number} (0 to 5)."),
        )
    })
}

/// How the client is made to act, and how the report calls it.
pub(super) fn driver(command: Option<&str>, flaws: &[String]) -> Result<(Driver, String), Failure> {
    let Some(command) = command else {
        let flaws = flaws.iter().map(|name| known_flaw(name)).collect::<Result<Vec<_>, _>>()?;
        return built_in(&flaws);
    };
    let adapter = Adapter::parse(command).map_err(|reason| {
        let french = match reason {
            "the command is empty" => "la commande est vide",
            _ => "un guillemet n’est pas fermé",
        };
        Failure::usage(
            format!("--client « {command} » : {french}."),
            format!("--client `{command}`: {reason}."),
        )
    })?;
    if let Err(reason) = adapter.find() {
        return Err(Failure::configuration(
            format!(
                "L’adaptateur « {} » ne peut pas être lancé : {}. Vérifiez le chemin donné à --client (ou `client:` dans banc.yaml) et le droit d’exécution (chmod +x).",
                adapter.program(),
                reason.fr
            ),
            format!(
                "The adapter `{}` cannot be started: {}. Check the path given to --client (or `client:` in banc.yaml) and that it may be executed (chmod +x).",
                adapter.program(),
                reason.en
            ),
        ));
    }
    let name = adapter.display();
    Ok((Driver::Command(adapter), name))
}

/// A flaw by its name.
pub(super) fn known_flaw(name: &str) -> Result<Flaw, Failure> {
    Flaw::parse(name).ok_or_else(|| {
        let Text { fr, en } = did_you_mean(name, Flaw::ALL.iter().map(|flaw| flaw.name()));
        Failure::usage(
            format!("Le défaut « {name} » n’existe pas.{fr} « banc-ror list flaws » les donne tous."),
            format!("There is no flaw `{name}`.{en} `banc-ror list flaws` tells them all."),
        )
    })
}

/// The reference client goes through the same contract as any adapter: this program, started again.
fn built_in(flaws: &[Flaw]) -> Result<(Driver, String), Failure> {
    let own = std::env::current_exe().map_err(|error| {
        Failure::bench(
            format!("Le banc ne trouve pas son propre programme : {error}."),
            format!("The bench does not find its own program: {error}."),
        )
    })?;
    let mut words = vec![own.display().to_string(), "client".to_owned()];
    for flaw in flaws {
        words.extend(["--flaw".to_owned(), flaw.name().to_owned()]);
    }
    let flaws: Vec<&str> = flaws.iter().map(|flaw| flaw.name()).collect();
    let name = match flaws.as_slice() {
        [] => "banc-ror client".to_owned(),
        flaws => format!("banc-ror client --flaw {}", flaws.join(" --flaw ")),
    };
    let adapter =
        Adapter::new(words).ok_or_else(|| Failure::bench("programme sans nom", "program without a name"))?;
    Ok((Driver::Command(adapter), name))
}

/// Everything about the mock that the scenarios share.
pub(super) struct Setting {
    pub(super) place: Place,
    pub(super) tls: Tls,
    pub(super) token_key: TokenKey,
    pub(super) reference: Reference,
    pub(super) service: ServiceUnderTest,
    pub(super) impostors: Impostors,
    /// The authorities that clients trust, PEM.
    pub(super) authorities: PathBuf,
    pub(super) certificates: Certificates,
    pub(super) credentials: Credentials,
    /// Keeps made-up certificates until the end of the command.
    _temporary: Option<tempfile::TempDir>,
}

impl Setting {
    /// Certificates, names, keys, and a port that can be had.
    pub(super) fn prepare(
        place: &PlaceArguments,
        profile: AccessProfile,
        campaign: &CampaignFile,
    ) -> Result<Self, Failure> {
        let setting = Self::open(place, profile, campaign)?;
        let port = place.port.unwrap_or(0);
        let bound = std::net::TcpListener::bind((place.listen, port));
        bound.map(drop).map_err(|error| no_port(place.listen, port, &error))?;
        Ok(setting)
    }

    /// Certificates, names, keys.
    pub(super) fn open(
        place: &PlaceArguments,
        profile: AccessProfile,
        campaign: &CampaignFile,
    ) -> Result<Self, Failure> {
        let temporary = match &place.pki {
            Some(_) => None,
            None => Some(
                tempfile::Builder::new()
                    .prefix("banc-ror-pki-")
                    .tempdir()
                    .map_err(|error| Failure::no_temporary_folder(&error))?,
            ),
        };
        let folder = match (&place.pki, &temporary) {
            (Some(folder), _) => std::path::absolute(folder).unwrap_or_else(|_| folder.clone()),
            (None, Some(temporary)) => temporary.path().to_owned(),
            (None, None) => PathBuf::from("pki"),
        };
        let now = OffsetDateTime::now_utc();
        let mut names = vec![place.host.clone()];
        names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
        if !place.listen.is_unspecified() {
            names.push(place.listen.to_string());
        }
        let pki = Pki::open_or_make(&folder, &names, now)?;
        let mut client_authorities = pki.client_authorities.clone();
        if let Some(own) = &campaign.client_ca {
            client_authorities.extend(crate::pki::certificates(own)?);
        }
        let reference = Reference::builtin().map_err(|error| {
            Failure::bench(
                format!("Liste blanche inutilisable : {error}."),
                format!("Unusable whitelist: {error}."),
            )
        })?;
        let service = ServiceUnderTest::new(profile, &reference, campaign, &pki)?;
        let impostors = pki.impostors(&place.host);
        let certificates = Certificates::read(&pki, campaign, profile)?;
        let authorities = pki.ca.clone();
        let credentials = pki.credentials();
        let identity = Identity { chain: pki.server_chain, key: pki.server_key, client_authorities };
        let tls = Tls::new(&identity).map_err(|error| {
            Failure::configuration(
                format!("Le certificat du bouchon est inutilisable : {error}."),
                format!("The mock's certificate is unusable: {error}."),
            )
        })?;
        let token_key = TokenKey::generate().map_err(|error| {
            Failure::bench(
                format!("Aucune clé pour signer les jetons : {error}."),
                format!("No key to sign tokens with: {error}."),
            )
        })?;
        let place = Place { address: place.listen, port: place.port, names };
        Ok(Self {
            place,
            tls,
            token_key,
            reference,
            service,
            impostors,
            credentials,
            authorities,
            certificates,
            _temporary: temporary,
        })
    }

    /// A run of these scenarios in this setting, without a baseline.
    pub(super) fn plan(
        &self,
        scenarios: impl IntoIterator<Item = Scenario>,
        campaign: Campaign,
        (driver, client): (Driver, String),
        directories: BTreeMap<String, Arc<Directory>>,
        jobs: usize,
    ) -> RunPlan {
        let now = OffsetDateTime::now_utc();
        RunPlan {
            scenarios: scenarios.into_iter().map(|scenario| Arc::new(ready(scenario, now))).collect(),
            left_out: BTreeMap::new(),
            campaign,
            baseline: None,
            driver,
            client,
            service: self.service.clone(),
            reference: self.reference.clone(),
            directories,
            place: self.place.clone(),
            tls: self.tls.clone(),
            token_key: self.token_key.clone(),
            impostors: self.impostors.clone(),
            credentials: self.credentials.clone(),
            places: Arc::new(Semaphore::new(jobs)),
            put_off: 0,
        }
    }
}

/// A scenario as it is played at `now`: inputs complete, short names of code systems and instants written out.
pub(super) fn ready(mut scenario: Scenario, now: OffsetDateTime) -> Scenario {
    for step in &mut scenario.steps {
        let Some(action) = step.act.as_deref().and_then(Action::find) else { continue };
        let mut input = action.complete(step.with.as_ref());
        expand_short_names(&mut input, &expand_code);
        expand_instants(&mut input, now);
        step.with = Some(input);
    }
    scenario
}

/// The mock cannot listen there.
pub(super) fn no_port(listen: std::net::IpAddr, port: u16, error: &std::io::Error) -> Failure {
    Failure::configuration(
        format!(
            "Le bouchon ne peut pas écouter sur {listen}, port {port} : {error}. Libérez ce port, ou choisissez-en un autre avec --port, ou une autre adresse avec --listen."
        ),
        format!(
            "The mock cannot listen on {listen}, port {port}: {error}. Free that port, or choose another one with --port, or another address with --listen."
        ),
    )
}

/// The dataset of that name, or the FHIR resources of that folder or file. What is worth knowing about own data goes
/// to standard error.
pub(super) fn dataset(named: &str, seed: u64, lang: Lang) -> Result<Arc<Directory>, Failure> {
    let path = Path::new(named);
    if catalogue::dataset(named).is_none() && path.exists() {
        let own = Directory::from_files(path).map_err(|errors| {
            let lines = |lang| errors.iter().map(|e| e.render(lang)).collect::<Vec<_>>().join("\n");
            Failure::sentence(exit::USAGE, Text::new(lines(Lang::Fr), lines(Lang::En)))
        })?;
        for warning in &own.warnings {
            terminal::warning_line(lang, &warning.render(lang));
        }
        return Ok(Arc::new(own.directory));
    }
    let mut directories = directories([named], seed)?;
    directories.remove(named).ok_or_else(|| Failure::bench("aucune donnée", "no data"))
}

/// The datasets of these names, expanded.
pub(super) fn directories<'a>(
    names: impl IntoIterator<Item = &'a str>,
    seed: u64,
) -> Result<BTreeMap<String, Arc<Directory>>, Failure> {
    let mut directories = BTreeMap::new();
    for name in names {
        if directories.contains_key(name) {
            continue;
        }
        let text = catalogue::dataset(name).ok_or_else(|| {
            let known = catalogue::datasets().join(", ");
            Failure::usage(
                format!("Le jeu de données « {name} » n’existe pas. Connus : {known}. Pour « serve », ce peut aussi être un dossier ou un fichier de ressources FHIR."),
                format!("There is no dataset `{name}`. Known: {known}. For `serve` it can also be a folder or a file of FHIR resources."),
            )
        })?;
        let directory = Directory::from_yaml(&format!("{name}.yaml"), text, seed).map_err(|error| {
            Failure::bench(format!("Jeu de données : {error}"), format!("Dataset: {error}"))
        })?;
        directories.insert(name.to_owned(), Arc::new(directory));
    }
    Ok(directories)
}

/// More than most machines have processors: what one of them is too busy to read, another one that idles takes over.
const WORKERS: usize = 8;

/// The asynchronous runtime that the commands share.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build().map_err(
        |error| {
            Failure::bench(
                format!("Le banc ne peut pas démarrer : {error}."),
                format!("The bench cannot start: {error}."),
            )
        },
    )
}

/// Ends with Ctrl-C or a request to terminate.
pub(super) async fn interrupted() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}
