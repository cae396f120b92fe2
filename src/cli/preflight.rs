//! What is looked at before anything is played: dates of the certificates, files, and whether the bench reaches itself.
//! `doctor` tells each; `run` stops at the first that is wrong.

use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::failure::Failure;
use super::preparation::{self, Setting};
use super::terminal;
use crate::bench::{self, Unreachable};
use crate::campaign::CampaignFile;
use crate::pki::{self, Dated, Pki, PkiError};
use crate::ror::AccessProfile;
use crate::server::Tls;
use crate::text::{Lang, Text};

/// The certificates that a campaign uses.
pub(super) struct Certificates {
    /// Those that the bench made.
    made: Vec<Dated>,
    /// Those of the editor: what is shown first in each chain.
    own: Vec<Dated>,
    /// Files of the editor's chains.
    chains: Vec<PathBuf>,
    /// Keys that the adapter is told to read.
    keys: Vec<PathBuf>,
}

impl Certificates {
    /// Reads what clients and bench will show.
    pub(super) fn read(pki: &Pki, campaign: &CampaignFile, profile: AccessProfile) -> Result<Self, PkiError> {
        let mut files = vec![&pki.ca, &pki.server];
        files.extend(pki.suppliers.iter().map(|supplier| &supplier.certificate));
        let of_client = campaign.certificate.as_ref().filter(|_| profile.get() > 0);
        if campaign.certificate.is_none() && profile.get() > 0 {
            files.push(&pki.client.certificate);
        }
        let of_supplier = campaign.supplier.as_ref().and_then(|supplier| supplier.certificate.as_ref());
        let mut read = Self { made: Vec::new(), own: Vec::new(), chains: Vec::new(), keys: Vec::new() };
        for file in files {
            read.made.extend(Dated::of_file(file)?);
        }
        for own in of_client.into_iter().chain(of_supplier) {
            read.own.extend(Dated::of_file(&own.chain)?.into_iter().take(1));
            read.chains.push(own.chain.clone());
            read.keys.push(own.key.clone());
        }
        Ok(read)
    }

    /// How many certificates are looked at.
    pub(super) fn count(&self) -> usize {
        self.made.len() + self.own.len()
    }

    /// Whether all are valid now, the editor's come from an authority that is known, and their keys can be read.
    pub(super) fn check(&self, tls: &Tls, now: OffsetDateTime) -> Result<(), Failure> {
        if let Some(dated) = self.made.iter().find(|dated| !dated.is_valid(now)) {
            let what = dates(dated, now);
            return Err(Failure::configuration(
                format!(
                    "{} Mettez cette machine à l’heure ; si elle l’est, faites d’autres certificats dans un dossier neuf (« banc-ror certs --out DIR », puis --pki DIR).",
                    what.fr
                ),
                format!(
                    "{} Set this machine's clock; if it is right, make other certificates in a new folder (`banc-ror certs --out DIR`, then --pki DIR).",
                    what.en
                ),
            ));
        }
        if let Some(dated) = self.own.iter().find(|dated| !dated.is_valid(now)) {
            let what = dates(dated, now);
            return Err(Failure::configuration(
                format!(
                    "{} Mettez cette machine à l’heure ou, si elle l’est, renouvelez ce certificat et corrigez banc.yaml (« certificate »).",
                    what.fr
                ),
                format!(
                    "{} Set this machine's clock or, if it is right, renew this certificate and correct banc.yaml (`certificate`).",
                    what.en
                ),
            ));
        }
        for file in &self.chains {
            let chain = pki::certificates(file)?;
            let facts = tls.client_certificate(&chain, now);
            if facts.is_some_and(|facts| facts.faults.iter().any(|fault| fault == "unknown-authority")) {
                return Err(unknown_authority(file));
            }
        }
        for key in &self.keys {
            // Opened and not read: the key is the client's alone.
            if let Err(error) = std::fs::File::open(key) {
                let key = key.display();
                return Err(Failure::configuration(
                    format!(
                        "La clé {key} ne peut pas être lue : {error}. Corrigez banc.yaml (« certificate: key »), ou les droits du fichier."
                    ),
                    format!(
                        "The key {key} cannot be read: {error}. Correct banc.yaml (`certificate: key`), or the file's permissions."
                    ),
                ));
            }
        }
        Ok(())
    }
}

/// Nobody that the bench knows vouches for the editor's certificate. Java clients, for one, would show none at all: they
/// choose among their certificates by the authorities that the server names.
fn unknown_authority(chain: &Path) -> Failure {
    let chain = chain.display();
    Failure::configuration(
        format!(
            "Le certificat {chain} vient d’une autorité que le banc ne connaît pas : il le refuserait, et bien des clients ne le montreraient même pas. Nommez cette autorité (PEM, la racine et ses intermédiaires) dans banc.yaml (« client-ca »)."
        ),
        format!(
            "The certificate {chain} comes from an authority that the bench does not know: it would refuse it, and many clients would not even show it. Name that authority (PEM, the root and its intermediates) in banc.yaml (`client-ca`)."
        ),
    )
}

fn dates(dated: &Dated, now: OffsetDateTime) -> Text {
    let readable = |instant: OffsetDateTime| {
        let seconds = instant.replace_nanosecond(0).unwrap_or(instant);
        seconds.format(&Rfc3339).unwrap_or_default()
    };
    let (file, subject) = (dated.file.display(), &dated.subject);
    let (from, until, now) = (readable(dated.not_before), readable(dated.not_after), readable(now));
    Text::new(
        format!(
            "Le certificat {subject} ({file}) n’est valable que du {from} au {until}, et l’horloge de cette machine dit {now}."
        ),
        format!(
            "The certificate {subject} ({file}) is valid from {from} to {until} only, and this machine's clock says {now}."
        ),
    )
}

/// Whether the bench can be reached, from this machine, under the name that clients are given.
pub(super) fn reach(setting: &Setting) -> Result<(), Unreached> {
    let runtime = preparation::runtime().map_err(|failure| Unreached { failure, of_name: false })?;
    let place = &setting.place;
    let reached = runtime.block_on(bench::reach_itself(place, &setting.tls, &setting.authorities));
    let Err(error) = reached else { return Ok(()) };
    let host = place.names.first().map_or("localhost", String::as_str);
    let of_name = matches!(error, Unreachable::Name(_) | Unreachable::Connect { .. });
    let failure = match error {
        Unreachable::Listen(error) => preparation::no_port(place.address, place.port.unwrap_or(0), &error),
        Unreachable::Name(error) => Failure::configuration(
            format!(
                "Le nom « {host} » (--host) n’est pas connu de cette machine : {error}. Donnez avec --host un nom que le client peut résoudre, ou ajoutez-le au DNS ou à /etc/hosts."
            ),
            format!(
                "The name `{host}` (--host) is not known to this machine: {error}. Give with --host a name that the client can resolve, or add it to the DNS or to /etc/hosts."
            ),
        ),
        Unreachable::Connect { addresses, reason } => {
            let listen = place.address;
            Failure::configuration(
                format!(
                    "Le banc écoute sur {listen} et ne se joint pas lui-même sous le nom « {host} » ({addresses}) : {reason}. Faites désigner cette machine par ce nom, écoutez sur la bonne adresse (--listen 0.0.0.0), ou ouvrez le port dans le pare-feu."
                ),
                format!(
                    "The bench listens on {listen} and does not reach itself by the name `{host}` ({addresses}): {reason}. Have that name mean this machine, listen on the right address (--listen 0.0.0.0), or open the port in the firewall."
                ),
            )
        }
        Unreachable::Tls(reason) => Failure::bench(
            format!(
                "Le banc refuse son propre certificat sous le nom « {host} » : {reason}. Prenez un dossier --pki neuf et un nom d’hôte valide (--host) ; si cela demeure, signalez-le."
            ),
            format!(
                "The bench refuses its own certificate under the name `{host}`: {reason}. Take a new --pki folder and a valid host name (--host); if it stays, report it."
            ),
        ),
    };
    Err(Unreached { failure, of_name })
}

/// The bench does not reach itself.
pub(super) struct Unreached {
    pub(super) failure: Failure,
    /// By its name only: a client elsewhere (a container, another machine) may still reach it.
    of_name: bool,
}

/// The checks before a run: nothing of them starts the adapter.
pub(super) fn before_run(setting: &Setting, with_adapter: bool, lang: Lang) -> Result<(), Failure> {
    setting.certificates.check(&setting.tls, OffsetDateTime::now_utc())?;
    match reach(setting) {
        Err(Unreached { failure, of_name: true }) if with_adapter => {
            terminal::warning_line(lang, failure.text().get(lang));
            Ok(())
        }
        Err(Unreached { failure, .. }) => Err(failure),
        Ok(()) => Ok(()),
    }
}
