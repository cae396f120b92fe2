//! `handed-credential`: what a client does with the certificate that a step hands to it in place of its own
//! (client-testing.md §2.2): it shows a renewed one; it reports the refusal of a bad one, and does not insist, whether
//! it is refused with a 401 or with a TLS alert.

mod asked;

use schemars::JsonSchema;
use serde::Deserialize;

use super::alerted::{self, Alerted, alerted};
use super::context::{Report, Scene, report};
use super::reported;
use super::still_trying::still_trying;
use super::words::{both, quote};
use super::{Finding, Kind, Nature, Party, Verdict};
use crate::journal::{Api, Exchange, HandedCredential, Step};
use crate::text::Text;
use asked::{Asked, asked, is_of_the_api, is_refused, reason, what};

/// `handed-credential`: see [`super::Expect::HandedCredential`].
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Handed {
    /// What is looked at.
    pub look_at: HandedFacet,
    /// Of `attempts`: most token requests in a step, connections refused with an alert included.
    #[serde(default = "three")]
    pub at_most: u32,
}

fn three() -> u32 {
    3
}

/// What is looked at in the use of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HandedFacet {
    /// A good one is shown on each connection that asks for a token.
    Shown,
    /// The refusal of a bad one is reported with a message.
    Error,
    /// A refused request is not made again and again.
    Attempts,
    /// Without a token, the API is not called.
    NoCall,
}

impl Kind for Handed {
    fn title(&self) -> Text {
        match self.look_at {
            HandedFacet::Shown => both!(
                "Le client présente le certificat renouvelé",
                "The client shows the renewed certificate"
            ),
            HandedFacet::Error => both!(
                "Le client dit pourquoi son certificat est refusé",
                "The client says why its certificate is refused"
            ),
            HandedFacet::Attempts => both!(
                "Le client n’insiste pas avec un certificat refusé",
                "The client does not insist with a refused certificate"
            ),
            HandedFacet::NoCall => both!(
                "Faute de jeton, le client n’appelle pas l’API",
                "Without a token, the client does not call the API"
            ),
        }
    }

    fn expected(&self, scene: &Scene<'_>) -> Text {
        let at_most = self.at_most;
        let handed: Vec<Text> = self.judged(scene).map(|(_, handed)| what(handed)).collect();
        let fr = handed.iter().map(|text| text.fr.as_str()).collect::<Vec<_>>().join(", ");
        let en = handed.iter().map(|text| text.en.as_str()).collect::<Vec<_>>().join(", ");
        match self.look_at {
            HandedFacet::Shown => both!(
                "Sur chaque connexion qui demande un jeton, le certificat donné pour ce pas de test.",
                "On each connection that asks for a token, the certificate given for this step."
            ),
            HandedFacet::Error => both!(
                "Une erreur avec un message, avant l’échéance ({fr}).",
                "An error with a message, before the deadline ({en})."
            ),
            HandedFacet::Attempts => both!(
                "Au plus {at_most} demandes de jeton par pas de test ({fr}).",
                "At most {at_most} token requests per step ({en})."
            ),
            HandedFacet::NoCall => {
                both!("Aucun appel de l’API sans jeton ({fr}).", "No call of the API without a token ({en}).")
            }
        }
    }

    fn nature(&self) -> Nature {
        match self.look_at {
            HandedFacet::Error => Nature::Completion,
            _ => Nature::Reaction,
        }
    }

    // A client that sees by itself that its certificate has ended need not ask at all.
    fn rests_on_connections(&self) -> bool {
        true
    }

    fn evaluate(&self, scene: &Scene<'_>) -> Finding {
        let findings = self.judged(scene).map(|(step, handed)| {
            let asked = asked(scene, step, handed);
            let number = step.started.step;
            let finding = match self.look_at {
                HandedFacet::Shown => shown(&asked),
                _ => self.refusal(scene, step, &asked, &alerted(scene.evidence, step, handed)),
            };
            finding.note(both!("Pas de test n° {number}.", "Step {number}."))
        });
        Finding::of_all_steps(findings).unwrap_or_else(|| {
            Finding::skipped(
                both!("Aucun certificat donné au client.", "No certificate handed to the client."),
                both!(
                    "Sans objet : le profil 0 s’identifie par un secret.",
                    "Not applicable: profile 0 identifies itself by a secret."
                ),
            )
        })
    }
}

impl Handed {
    fn judged<'a>(&self, scene: &Scene<'a>) -> impl Iterator<Item = (&'a Step, &'a HandedCredential)> {
        let good = self.look_at == HandedFacet::Shown;
        scene
            .steps()
            .filter_map(|step| Some((step, step.started.credential.as_ref()?)))
            .filter(move |(_, handed)| handed.good == good)
    }

    fn refusal(&self, scene: &Scene<'_>, step: &Step, asked: &Asked<'_>, alerted: &Alerted<'_>) -> Finding {
        if let Some((exchange, shown)) = asked.otherwise.first() {
            let number = exchange.number;
            return another(both!("Échange {number}", "Exchange {number}"), &shown.subject);
        }
        if let Some(connection) = alerted.otherwise.first() {
            let number = connection.opened.connection;
            let shown = connection.handshake.as_ref().and_then(|handshake| handshake.certificate.as_ref());
            let subject = shown.map(|shown| shown.subject.as_str()).unwrap_or_default();
            return another(both!("Connexion {number}", "Connection {number}"), subject);
        }
        let requests: Vec<&Exchange> = asked.as_handed.iter().chain(&asked.without).copied().collect();
        if requests.is_empty() && alerted.as_handed.is_empty() {
            // An adapter that always fails proves nothing.
            return with_control(never_asked(self.look_at, step), scene, step);
        }
        let refused: Vec<&Exchange> =
            requests.iter().copied().filter(|exchange| is_refused(exchange)).collect();
        if refused.len() < requests.len() {
            return Finding::undecided(
                both!("Une demande de jeton n’a pas été refusée.", "A token request was not refused."),
                both!(
                    "Le bouchon n’a pas refusé ce certificat (le client a pu en compléter la chaîne) : il n’y a pas de refus à juger.",
                    "The mock did not refuse that certificate (the client may have completed its chain): there is no refusal to judge."
                ),
            );
        }
        let finding = match self.look_at {
            HandedFacet::Attempts => self.insistence(refused.len(), alerted.as_handed.len()),
            HandedFacet::NoCall => calls(scene, step),
            _ => error(scene, step),
        };
        let said = refused.first().and_then(|exchange| reason(exchange));
        let finding = finding
            .citing(refused.iter().take(5).map(|exchange| exchange.number))
            .notes(alerted.as_handed.iter().take(3).map(|connection| alerted::told(connection)))
            .notes(said.map(|reason| both!("Refus du bouchon : {reason}.", "The mock's refusal: {reason}.")));
        with_control(finding, scene, step)
    }

    fn insistence(&self, answered: usize, alerted: usize) -> Finding {
        let (count, at_most) = (answered + alerted, self.at_most);
        let actual = both!(
            "{count} demande(s) de jeton refusée(s), dont {alerted} par une alerte TLS.",
            "{count} token request(s) refused, {alerted} of them with a TLS alert."
        );
        if count > usize::try_from(at_most).unwrap_or(usize::MAX) {
            return Finding::broken(
                actual,
                both!(
                    "Le client a demandé {count} fois un jeton avec un certificat refusé : il ne devient pas bon en insistant, et chaque essai compte dans le quota.",
                    "The client asked {count} times for a token with a refused certificate: it does not become good by insisting, and each attempt counts in the quota."
                ),
                both!(
                    "Traitez un 401 du serveur d’autorisation, ou son alerte TLS, comme une erreur définitive.",
                    "Take a 401 of the authorisation server, or its TLS alert, for a lasting error."
                ),
            );
        }
        Finding::met(actual, both!("Les tentatives sont bornées.", "The attempts are bounded."))
    }
}

/// Whether the renewed certificate is the one that is shown.
fn shown(asked: &Asked<'_>) -> Finding {
    let remedy = both!(
        "Relisez le certificat et sa clé (ROR_CLIENT_CERT, ROR_CLIENT_KEY, ROR_CLIENT_P12) à chaque démarrage, et rouvrez les connexions après un renouvellement.",
        "Read the certificate and its key (ROR_CLIENT_CERT, ROR_CLIENT_KEY, ROR_CLIENT_P12) again at each start, and open the connections anew after a renewal."
    );
    if let Some((exchange, shown)) = asked.otherwise.first() {
        let subject = quote(&shown.subject);
        let digest: String = shown.sha256.chars().take(16).collect();
        return Finding::broken(
            both!(
                "Certificat présenté : {subject}, SHA-256 {digest}….",
                "Certificate shown: {subject}, SHA-256 {digest}…."
            ),
            both!(
                "Le client a présenté un autre certificat que celui qui lui est donné pour ce pas de test : après un renouvellement, il garde l’ancien.",
                "The client showed another certificate than the one given for this step: after a renewal, it keeps the old one."
            ),
            remedy,
        )
        .citing([exchange.number]);
    }
    if let Some(exchange) = asked.without.first() {
        return Finding::broken(
            both!("Aucun certificat présenté.", "No certificate shown."),
            both!(
                "Le client n’a pas présenté le certificat renouvelé.",
                "The client did not show the renewed certificate."
            ),
            remedy,
        )
        .citing([exchange.number]);
    }
    if asked.as_handed.is_empty() {
        return Finding::undecided(
            both!("Aucune demande de jeton.", "No token request."),
            both!(
                "Le client n’a pas demandé de jeton pendant ce pas de test : le certificat qu’il présenterait n’est pas connu.",
                "The client asked for no token during this step: which certificate it would show is not known."
            ),
        )
        .remedy(no_token_kept(), Party::Configuration);
    }
    let count = asked.as_handed.len();
    Finding::met(
        both!(
            "{count} demande(s) de jeton avec ce certificat.",
            "{count} token request(s) with that certificate."
        ),
        both!("Le certificat renouvelé est présenté.", "The renewed certificate is shown."),
    )
    .citing(asked.as_handed.iter().take(5).map(|exchange| exchange.number))
}

/// What the client said of the refusal.
fn error(scene: &Scene<'_>, step: &Step) -> Finding {
    let remedy = || {
        both!(
            "Terminez en erreur avec ce que dit le serveur (error, error_description, ou le nom de l’alerte TLS) : certificat expiré, non déclaré, autre client_id… En TLS 1.3, l’alerte n’arrive qu’à la première lecture.",
            "End with an error that gives what the server says (error, error_description, or the name of the TLS alert): certificate expired, not declared, another client_id… In TLS 1.3 the alert comes with the first read only."
        )
    };
    let served = scene.during(step).any(|exchange| {
        is_of_the_api(exchange) && exchange.status().is_some_and(|status| (200..300).contains(&status))
    });
    match report(step) {
        Report::Error(message) if !quote(&message).is_empty() => reported::with_message(&message),
        Report::Error(_) => Finding::broken(
            both!("Une erreur, sans message.", "An error without a message."),
            both!(
                "Le client finit en erreur sans dire que son certificat est refusé : son utilisateur ne peut pas agir.",
                "The client ends with an error without saying that its certificate is refused: its user cannot act."
            ),
            remedy(),
        ),
        Report::Ok if served => Finding::undecided(
            both!("Un succès, avec un jeton d’avant.", "Success, with a token of before."),
            both!(
                "Le client a été servi avec un jeton obtenu plus tôt : son succès n’est pas faux.",
                "The client was served with a token of before: its success is not wrong."
            ),
        ),
        Report::Ok => Finding::broken(
            both!("Un succès annoncé.", "Success reported."),
            both!(
                "Le client annonce un succès alors que son certificat a été refusé et qu’il n’a rien reçu.",
                "The client reports success although its certificate was refused and it was given nothing."
            ),
            remedy(),
        ),
        Report::Deadline => still_trying(scene, step).unwrap_or_else(|| {
            Finding::broken(
                both!(
                    "L’adaptateur tournait encore à l’échéance.",
                    "The adapter was still running at the deadline."
                ),
                both!(
                    "Le client n’a pas rendu la main après le refus de son certificat.",
                    "The client did not hand back control after its certificate was refused."
                ),
                remedy(),
            )
        }),
        Report::Human(answer) => reported::attested(&answer),
        Report::Nothing => reported::nothing(),
    }
}

/// Whether the API was called without any token that the mock issued.
fn calls(scene: &Scene<'_>, step: &Step) -> Finding {
    let called: Vec<&Exchange> = scene
        .during(step)
        .filter(|exchange| is_of_the_api(exchange) && exchange.request.token_client_id.is_none())
        // Generic clients read it first, and it is open.
        .filter(|exchange| !exchange.path().trim_end_matches('/').ends_with("/metadata"))
        .collect();
    let count = called.len();
    if count == 0 {
        return Finding::met(
            both!("Aucun appel sans jeton.", "No call without a token."),
            both!("Le client s’est arrêté au refus.", "The client stopped at the refusal."),
        );
    }
    Finding::broken(
        both!("{count} appel(s) de l’API sans jeton.", "{count} call(s) of the API without a token."),
        both!(
            "Le jeton a été refusé et le client a tout de même appelé l’API : ces appels ne peuvent pas réussir.",
            "The token was refused and the client called the API all the same: those calls cannot succeed."
        ),
        both!("Sans jeton, n’appelez pas l’API.", "Without a token, do not call the API."),
    )
    .citing(called.iter().map(|exchange| exchange.number))
}

/// The client used another certificate: the bench cannot say what it would do with this one.
fn another(place: Text, subject: &str) -> Finding {
    let (subject, Text { fr, en }) = (quote(subject), place);
    Finding::undecided(
        both!(
            "{fr} : un autre certificat a été présenté ({subject}).",
            "{en}: another certificate was shown ({subject})."
        ),
        both!(
            "Le client n’a pas utilisé le certificat donné pour ce pas de test : sa réaction au refus n’a pas pu être observée.",
            "The client did not use the certificate given for this step: its reaction to the refusal could not be observed."
        ),
    )
    .remedy(
        both!(
            "Faites lire à l’adaptateur, à chaque pas de test, le certificat que nomment ROR_CLIENT_CERT et ROR_CLIENT_KEY (ou ROR_CLIENT_P12).",
            "Make the adapter read, at each step, the certificate that ROR_CLIENT_CERT and ROR_CLIENT_KEY (or ROR_CLIENT_P12) name."
        ),
        Party::Configuration,
    )
}

/// No token request: a client that says by itself that its certificate is no good does right.
fn never_asked(look_at: HandedFacet, step: &Step) -> Finding {
    match report(step) {
        Report::Error(message) if !quote(&message).is_empty() => {
            let message = quote(&message);
            Finding::met(
                both!(
                    "Aucune demande de jeton ; le client a signalé : « {message} ».",
                    "No token request; the client reported: `{message}`."
                ),
                both!(
                    "Le client s’est arrêté de lui-même, avec un message.",
                    "The client stopped by itself, with a message."
                ),
            )
            .note(both!(
                "À vérifier par une personne : la clarté du message « {message} ».",
                "To be reviewed by a person: how clear the message `{message}` is."
            ))
        }
        _ if look_at == HandedFacet::Attempts => Finding::undecided(
            both!("Aucune demande de jeton.", "No token request."),
            both!("Il n’y a pas eu de refus.", "There was no refusal."),
        ),
        _ => Finding::undecided(
            both!("Aucune demande de jeton.", "No token request."),
            both!(
                "Le client n’a pas demandé de jeton avec ce certificat : sa réaction au refus n’a pas pu être observée.",
                "The client asked for no token with that certificate: its reaction to the refusal could not be observed."
            ),
        )
        .remedy(no_token_kept(), Party::Configuration),
    }
}

fn no_token_kept() -> Text {
    both!("Ne gardez pas de jeton d’un pas de test à l’autre.", "Keep no token from one step to the next.")
}

/// A pass needs the control.
fn with_control(finding: Finding, scene: &Scene<'_>, step: &Step) -> Finding {
    if finding.verdict == Verdict::Met { control(scene, step).unwrap_or(finding) } else { finding }
}

/// The client's own certificate was refused as well: whatever the refusal of another one shows, this comes first.
fn own_refused(missing: &Text, exchange: u32, said: &str) -> Finding {
    Finding::undecided(
        Text::new(
            format!("Aucun jeton obtenu {} avec le bon certificat : « {said} ».", missing.fr),
            format!("No token granted {} with the good certificate: `{said}`.", missing.en),
        ),
        both!(
            "Le client s’est vu refuser un jeton avec son propre certificat aussi (échange {exchange}) : le refus d’un autre ne prouve alors rien.",
            "The client was refused a token with its own certificate, too (exchange {exchange}): the refusal of another one proves nothing then."
        ),
    )
    .remedy(
        both!(
            "Corrigez d’abord ce que dit ce refus ; s’il parle de l’autorité qui a délivré le certificat, envoyez la chaîne entière, intermédiaire compris (le fichier de ROR_CLIENT_CERT la contient).",
            "Correct first what that refusal says; if it is about the authority that issued the certificate, send the whole chain, the intermediate included (the file of ROR_CLIENT_CERT holds it)."
        ),
        Party::Client,
    )
    .citing([exchange])
}

/// The client's own certificate must have been good before and after; what is missing, if anything is.
fn control(scene: &Scene<'_>, judged: &Step) -> Option<Finding> {
    let number = judged.started.step;
    let is_own = |number: u32| {
        let step = scene.evidence.steps.iter().find(|step| step.started.step == number);
        step.is_some_and(|step| step.started.credential.is_none())
    };
    let granted: Vec<u32> = scene
        .evidence
        .exchanges
        .iter()
        .filter(|exchange| exchange.api() == Api::Token && exchange.status() == Some(200))
        .filter_map(|exchange| exchange.step)
        .filter(|step| is_own(*step))
        .collect();
    let before = granted.iter().any(|step| *step < number);
    let after = granted.iter().any(|step| *step > number);
    if before && after {
        return None;
    }
    let missing = if before { both!("après", "after") } else { both!("avant", "before") };
    let refused = scene.evidence.exchanges.iter().find_map(|exchange| {
        let own = exchange.api() == Api::Token && is_refused(exchange) && exchange.step.is_some_and(is_own);
        let said = if own { reason(exchange)? } else { return None };
        Some((exchange.number, said))
    });
    if let Some((exchange, said)) = refused {
        return Some(own_refused(&missing, exchange, &said));
    }
    Some(
        Finding::undecided(
            Text::new(
                format!("Aucun jeton obtenu {} avec le bon certificat.", missing.fr),
                format!("No token granted {} with the good certificate.", missing.en),
            ),
            both!(
                "Le client doit obtenir un jeton avec son propre certificat avant et après : sinon le refus peut avoir une tout autre cause.",
                "The client has to be granted a token with its own certificate before and after: otherwise the refusal may have quite another cause."
            ),
        )
        .remedy(no_token_kept(), Party::Configuration),
    )
}
