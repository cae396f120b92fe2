//! `banc-ror certs`: make test certificates, or print the DN to declare.

use std::path::Path;

use time::OffsetDateTime;

use super::arguments::{CertsArguments, CertsCommand};
use super::failure::Failure;
use super::terminal;
use crate::pki::{Pki, names};
use crate::text::Lang;

pub(super) fn run(arguments: &CertsArguments, lang: Lang) -> Result<u8, Failure> {
    match &arguments.command {
        Some(CertsCommand::Dn { file }) => {
            terminal::print(&format!("{}\n", terminal::printable(&names::subject_of_file(file)?)));
        }
        None => make(&arguments.out, &arguments.host, lang)?,
    }
    Ok(super::exit::CONFORMING)
}

fn make(folder: &Path, hosts: &[String], lang: Lang) -> Result<(), Failure> {
    let now = OffsetDateTime::now_utc();
    let pki = Pki::open_or_make(folder, hosts, now)?;
    let defective = pki.make_defective(now)?;
    let title = match lang {
        Lang::Fr => "Certificats de test (à ne jamais ajouter à un magasin de confiance du système)",
        Lang::En => "Test certificates (never add them to a system's trust store)",
    };
    let labels = match lang {
        Lang::Fr => {
            ["autorité à reconnaître", "certificat du client", "clé du client", "PKCS#12", "DN à déclarer"]
        }
        Lang::En => ["authority to trust", "client certificate", "client key", "PKCS#12", "DN to declare"],
    };
    let p12 = pki.client.p12.as_ref().map(|(path, password)| format!("{} ({password})", path.display()));
    let values = [
        pki.ca.display().to_string(),
        pki.client.certificate.display().to_string(),
        pki.client.key.display().to_string(),
        p12.unwrap_or_else(|| "—".to_owned()),
        pki.client.subject.clone(),
    ];
    let mut text = format!("{title}\n");
    for (label, value) in labels.iter().zip(&values) {
        text.push_str(&format!("  {label:<24} {value}\n"));
    }
    text.push_str(match lang {
        Lang::Fr => "Certificats de client avec un défaut chacun :\n",
        Lang::En => "Client certificates with one defect each:\n",
    });
    for (path, what) in &defective {
        text.push_str(&format!("  {:<24} {what}\n", path.display()));
    }
    text.push_str(match lang {
        Lang::Fr => "Certificats de serveur avec un défaut chacun (clé : server.key) :\n",
        Lang::En => "Server certificates with one defect each (key: server.key):\n",
    });
    let host = hosts.first().map_or("localhost", String::as_str);
    for (path, what) in &pki.impostors(host).write_all(now)? {
        text.push_str(&format!("  {:<24} {what}\n", path.display()));
    }
    terminal::print(&text);
    Ok(())
}
