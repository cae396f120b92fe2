//! What one action of an adapter shows of its configuration, from the outside inwards: does it run, does it arrive, does
//! TLS succeed, does anything stand between, is it who it should be, is it served? Facts and words are those of the
//! checks; a broken one means something to set right, before any verdict on the client.

use super::context::{Context, Report, Scene, report};
use super::credential::{Credential, CredentialFacet};
use super::preconditions;
use super::reach::{no_handshake, no_traffic};
use super::token_form::{is_form, token_requests};
use super::words::{both, join, listed, named, quote, refusal};
use super::{Finding, Kind, Party, Verdict};
use crate::journal::{Connection, Exchange};
use crate::text::Text;

/// One thing that has to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// What is looked at.
    pub subject: Text,
    /// What was found; none when something before it prevented it from being looked at.
    pub finding: Option<Finding>,
}

impl Contact {
    /// Whether something has to be set right.
    #[must_use]
    pub fn is_problem(&self) -> bool {
        self.finding.as_ref().is_some_and(|finding| {
            !matches!(finding.verdict, Verdict::Met | Verdict::Skipped | Verdict::Review)
        })
    }
}

/// All of them, in the order in which a call meets them.
#[must_use]
pub fn first_contact(context: &Context<'_>) -> Vec<Contact> {
    let scene = Scene::new(context, None);
    let stages: [(Text, Stage); 8] = [
        (both!("L’adaptateur s’exécute", "The adapter runs"), adapter),
        (both!("Ses appels arrivent au banc", "Its calls reach the bench"), arrival),
        (both!("La négociation TLS aboutit", "The TLS handshake succeeds"), tls),
        (
            both!(
                "Rien ne s’interpose entre le client et le banc",
                "Nothing stands between client and bench"
            ),
            between,
        ),
        (both!("Le client_id est connu", "The client_id is known"), client_id),
        (
            both!(
                "L’identité est prouvée (certificat ou secret)",
                "The identity is proved (certificate or secret)"
            ),
            identity,
        ),
        (both!("Le banc sert ce qui est demandé", "The bench serves what is asked for"), served),
        (both!("L’adaptateur dit que c’est fait", "The adapter says that it is done"), end),
    ];
    let mut prevented = false;
    stages
        .into_iter()
        .map(|(subject, stage)| {
            let finding = if prevented { None } else { stage(&scene) };
            let contact = Contact { subject, finding };
            prevented |= contact.is_problem();
            contact
        })
        .collect()
}

/// What keeps a whole scenario from being played as it should, when it is not the client's way to do things: the first
/// of these that is a matter of configuration. None when the client gets through, or when nothing can be said.
#[must_use]
pub fn obstacle(context: &Context<'_>) -> Option<Finding> {
    let scene = Scene::new(context, None);
    let granted = token_requests(&scene).any(|request| request.status() == Some(200));
    let stages: &[Stage] =
        if granted { &[adapter, arrival, tls] } else { &[adapter, arrival, tls, client_id, identity] };
    stages.iter().filter_map(|stage| stage(&scene)).find(|finding| {
        matches!(finding.verdict, Verdict::Undecided | Verdict::Broken | Verdict::ConfigError)
    })
}

type Stage = fn(&Scene<'_>) -> Option<Finding>;

fn adapter(scene: &Scene<'_>) -> Option<Finding> {
    if let Some(finding) = preconditions::obstacle(scene) {
        return Some(finding);
    }
    scene.steps().next().map(|_| {
        Finding::met(
            both!(
                "L’adaptateur a été lancé et s’est terminé.",
                "The adapter was started and came to its end."
            ),
            both!("Il a été lancé.", "It was started."),
        )
    })
}

/// Connections to the mock itself: those to a server that must be refused prove nothing here.
fn connections<'a>(scene: &Scene<'a>) -> Vec<&'a Connection> {
    scene.evidence.connections.values().filter(|connection| connection.opened.defect.is_none()).collect()
}

fn arrival(scene: &Scene<'_>) -> Option<Finding> {
    let count = connections(scene).len();
    if count == 0 {
        return Some(no_traffic(scene));
    }
    Some(Finding::met(
        both!("{count} connexion(s) reçue(s).", "{count} connection(s) received."),
        both!("Le client joint le banc.", "The client reaches the bench."),
    ))
}

/// On each listener that the client called, at least one handshake succeeds.
fn tls(scene: &Scene<'_>) -> Option<Finding> {
    let all = connections(scene);
    let succeeded = |connection: &Connection| {
        connection.handshake.as_ref().is_some_and(|handshake| handshake.failure.is_none())
    };
    for listener in ["authorisation-server", "all", "api"] {
        let here: Vec<&Connection> =
            all.iter().copied().filter(|connection| connection.opened.listener == listener).collect();
        if !here.is_empty() && !here.iter().any(|connection| succeeded(connection)) {
            return Some(no_handshake(&here, scene));
        }
    }
    let handshake =
        all.iter().filter(|connection| succeeded(connection)).find_map(|one| one.handshake.as_ref())?;
    let version = quote(handshake.version.as_deref().unwrap_or_default());
    Some(Finding::met(
        both!("Négociation réussie, {version}.", "Handshake succeeded, {version}."),
        both!("Le client reconnaît le banc.", "The client trusts the bench."),
    ))
}

/// Headers that intermediaries add (RFC 9110 §7.6.3, RFC 7239, and those in common use).
const ADDED_ON_THE_WAY: [&str; 6] =
    ["via", "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "proxy-connection"];

fn between(scene: &Scene<'_>) -> Option<Finding> {
    let first = scene.exchanges().next()?;
    let as_proxy = scene
        .exchanges()
        .find(|exchange| exchange.request.absolute_form || exchange.request.method == "CONNECT");
    let remedy = both!(
        "Retirez le mandataire de la configuration du client, de son exécuteur ou de la machine, ou excluez-en l’hôte du banc (NO_PROXY, http.nonProxyHosts…) : le banc juge ce qu’il reçoit, donc le mandataire aussi.",
        "Remove the proxy from the settings of the client, its runtime or the machine, or exempt the bench's host from it (NO_PROXY, http.nonProxyHosts…): the bench judges what it receives, the proxy included."
    );
    if let Some(exchange) = as_proxy {
        let name = named(exchange);
        let mut finding = Finding::broken(
            join(&Text::new("Demandé : ", "Asked: "), &name),
            both!(
                "La ligne de requête est celle que l’on adresse à un mandataire (CONNECT, ou URL entière).",
                "The request line is one that is meant for a proxy (CONNECT, or a whole URL)."
            ),
            remedy,
        );
        finding.party = Some(Party::Configuration);
        return Some(finding.citing([exchange.number]));
    }
    let added = scene.exchanges().find_map(|exchange| {
        let (name, value) =
            exchange.request.headers.iter().find(|(name, _)| ADDED_ON_THE_WAY.contains(&name.as_str()))?;
        Some((exchange.number, quote(name), quote(value)))
    });
    let Some((number, name, value)) = added else {
        return Some(Finding::met(
            both!("Aucune trace d’un mandataire dans les requêtes.", "No trace of a proxy in the requests."),
            both!("Le client appelle le banc directement.", "The client calls the bench directly."),
        ));
    };
    let actual = both!(
        "La requête {number} porte l’en-tête « {name}: {value} », qu’un intermédiaire ajoute.",
        "The request {number} carries the header `{name}: {value}`, which intermediaries add."
    );
    let through = scene.exchanges().all(|exchange| exchange.status().is_some_and(|status| status < 400));
    if through {
        // Part of some clients: an outgoing gateway, say. Then it is judged with them.
        let why = both!("Les requêtes passent tout de même.", "The requests get through all the same.");
        return Some(Finding::met(actual, why).note(remedy).citing([first.number]));
    }
    let why = both!(
        "Un intermédiaire se trouve entre le client et le banc, et des requêtes ne passent pas.",
        "An intermediary stands between client and bench, and requests do not get through."
    );
    let mut finding = Finding::broken(actual, why, remedy);
    finding.party = Some(Party::Configuration);
    Some(finding.citing([number]))
}

fn client_id(scene: &Scene<'_>) -> Option<Finding> {
    if !is_registered(scene) {
        return None;
    }
    let setting = &scene.evidence.setting;
    let requests: Vec<&Exchange> = token_requests(scene).collect();
    let first = requests.first()?;
    let refused = |exchange: &Exchange| {
        exchange.decisions.iter().any(|decision| decision.gate == "client-id" && !decision.passed)
    };
    if !requests.iter().all(|exchange| refused(exchange)) {
        return Some(Finding::met(
            both!("client_id connu.", "client_id known."),
            both!("La liste blanche le connaît.", "The whitelist knows it."),
        ));
    }
    let expected = quote(&setting.service.client_id);
    let is_form = is_form(first);
    let why = if is_form {
        both!(
            "Le serveur d’autorisation ne reconnaît pas le client_id de la demande de jeton.",
            "The authorisation server does not know the client_id of the token request."
        )
    } else {
        let sent = quote(first.header("content-type").unwrap_or_default());
        both!(
            "La demande de jeton n’est pas un formulaire (Content-Type : « {sent} ») : le serveur d’autorisation n’y trouve pas de client_id.",
            "The token request is no form (Content-Type: `{sent}`): the authorisation server finds no client_id in it."
        )
    };
    let mut finding = Finding::broken(
        join(&sentence(&named(first)), &refusal(first)),
        why,
        both!(
            "Envoyez la valeur de ROR_CLIENT_ID (ici « {expected} ») dans le champ client_id d’un formulaire application/x-www-form-urlencoded, par POST.",
            "Send the value of ROR_CLIENT_ID (here `{expected}`) in the field client_id of an application/x-www-form-urlencoded form, by POST."
        ),
    );
    finding.party = Some(if is_form { Party::Configuration } else { Party::Client });
    Some(finding.citing([first.number]))
}

/// Whether the scenario leaves the service on the whitelist as it declared itself.
fn is_registered(scene: &Scene<'_>) -> bool {
    let registration = scene.evidence.setting.service.registration.as_str();
    !matches!(registration, "unknown-client" | "suspended" | "not-listed")
}

fn identity(scene: &Scene<'_>) -> Option<Finding> {
    token_requests(scene).next()?;
    // The feed has its own identity, and `credential` looks at the consumer's.
    let supplier = scene.steps().any(|step| step.started.action.as_deref() == Some("update-capacity"));
    if supplier || !is_registered(scene) {
        return None;
    }
    let kind = Credential { look_at: CredentialFacet::Proof };
    let mut finding = kind.evaluate(scene);
    finding.expected = kind.expected(scene);
    if finding.verdict == Verdict::Broken && finding.at_most_should {
        let Finding { why, remedy, .. } = finding;
        let accepted = both!("La preuve est acceptée.", "The proof is accepted.");
        return Some(Finding::met(why, accepted).note(remedy));
    }
    // Before anything is judged, a wrong or missing credential is something to be configured.
    if finding.verdict == Verdict::Broken {
        finding.party = Some(Party::Configuration);
    }
    Some(finding)
}

fn served(scene: &Scene<'_>) -> Option<Finding> {
    let count = scene.exchanges().count();
    let refused: Vec<&Exchange> =
        scene.exchanges().filter(|exchange| exchange.status().is_none_or(|status| status >= 400)).collect();
    let last = scene.exchanges().last()?;
    if refused.iter().all(|exchange| exchange.number != last.number) {
        let numbers: Vec<u32> = refused.iter().map(|exchange| exchange.number).collect();
        let met = Finding::met(
            both!("{count} échange(s), le dernier servi.", "{count} exchange(s), the last one served."),
            both!("Ce qui est demandé est servi.", "What is asked for is served."),
        );
        let found = listed(&numbers);
        let (fr, en) = (found.fr, found.en);
        return Some(if numbers.is_empty() {
            met
        } else {
            met.note(both!("Refusés avant cela : {fr}.", "Refused before that: {en}."))
        });
    }
    Some(
        Finding::broken(
            join(&sentence(&named(last)), &refusal(last)),
            both!("La dernière requête n’est pas servie.", "The last request is not served."),
            both!(
                "Comparez la requête avec ce que la raison du refus demande ; « banc-ror try » montre l’échange en entier.",
                "Compare the request with what the reason of the refusal asks for; `banc-ror try` shows the whole exchange."
            ),
        )
        .citing([last.number]),
    )
}

fn end(scene: &Scene<'_>) -> Option<Finding> {
    let step = scene.steps().next()?;
    let finding = match report(step) {
        Report::Ok | Report::Human(_) => Finding::met(
            both!("L’adaptateur s’est terminé sans erreur.", "The adapter ended without an error."),
            both!("L’action est faite.", "The action is done."),
        ),
        Report::Error(message) => {
            let message = quote(&message);
            Finding::broken(
                both!(
                    "Le client signale une erreur : « {message} ».",
                    "The client reports an error: `{message}`."
                ),
                both!(
                    "Le banc a servi les requêtes, et le client signale une erreur.",
                    "The bench served the requests, and the client reports an error."
                ),
                both!(
                    "Lisez son message : la réponse n’est peut-être pas lue, ou l’adaptateur ne rend pas le code 0.",
                    "Read its message: the answer may not have been read, or the adapter does not exit with 0."
                ),
            )
        }
        Report::Deadline => {
            let mut finding = Finding::broken(
                both!(
                    "L’adaptateur tournait encore à l’échéance.",
                    "The adapter was still running at the deadline."
                ),
                both!(
                    "Le banc a servi les requêtes, et l’adaptateur ne se termine pas.",
                    "The bench served the requests, and the adapter does not end."
                ),
                both!(
                    "Un adaptateur se termine quand l’action est faite. S’il est seulement lent, --patience allonge les échéances.",
                    "An adapter ends when its action is done. If it is slow only, --patience stretches the deadlines."
                ),
            );
            finding.party = Some(Party::Configuration);
            finding
        }
        Report::Nothing => return None,
    };
    Some(finding)
}

fn sentence(text: &Text) -> Text {
    join(text, &Text::same("."))
}
