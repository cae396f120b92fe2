//! The deliberate flaws of the reference client: each is one named, small deviation, decided at one place.
//!
//! The correct client has no flaw. The zoo of wrong clients (tests, `selftest`) turns them on one by one, and a
//! table says which checks each of them must turn red.

use std::collections::BTreeSet;

use crate::text::Text;

/// Declares the flaws once: variant, name on the command line, what it does in French and in English.
macro_rules! flaws {
    ($($variant:ident, $name:literal, $fr:literal, $en:literal;)*) => {
        /// One deliberate deviation of the reference client.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Flaw {
            $(#[doc = $en] $variant,)*
        }

        impl Flaw {
            /// Every flaw, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name on the command line, in kebab-case.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What the client does wrong, in one sentence.
            #[must_use]
            pub fn describe(self) -> Text {
                match self {
                    $(Self::$variant => Text::new($fr, $en),)*
                }
            }
        }
    };
}

flaws! {
    // The token.
    SendsSecretWithCertificate, "sends-secret-with-certificate",
        "Envoie un client_secret alors que son certificat l'authentifie déjà.",
        "Sends a client_secret although its certificate already authenticates it.";
    NoClientCertificate, "no-client-certificate",
        "Ne présente pas son certificat client au serveur d'autorisation.",
        "Does not present its client certificate to the authorisation server.";
    TokenPerCall, "token-per-call",
        "Demande un nouveau jeton avant chaque appel.",
        "Asks for a new token before each call.";
    IgnoresTokenExpiry, "ignores-token-expiry",
        "Garde le même jeton quoi qu'il arrive et s'arrête au premier 401.",
        "Keeps the same token whatever happens and ends at the first 401.";
    NoRenewalAfter401, "no-renewal-after-401",
        "Renouvelle son jeton à temps, mais s'arrête si l'API répond 401 malgré tout.",
        "Renews its token in time, but ends when the API answers 401 all the same.";
    RenewsForeverOn401, "renews-forever-on-401",
        "Répète jusqu'à huit fois, chaque fois avec un jeton neuf, un appel refusé par un 401.",
        "Repeats a call refused with 401 up to eight times, each time with a new token.";
    HammersTokenRefusal, "hammers-token-refusal",
        "Répète cinq fois une demande de jeton que le serveur a refusée.",
        "Repeats five times a token request that the server refused.";
    TokenInUrl, "token-in-url",
        "Écrit aussi son jeton dans l'URL, en paramètre access_token.",
        "Writes its token into the URL too, as the parameter access_token.";

    // Refusals of quota and outages.
    IgnoresRetryAfter, "ignores-retry-after",
        "Répète 30 ms après un 429 quel que soit le délai annoncé, six tentatives au plus.",
        "Repeats 30 ms after a 429 whatever the advertised delay, six attempts at most.";
    RetriesEarly, "retries-early",
        "N'attend que la moitié du délai annoncé.",
        "Waits for only half of the advertised delay.";
    HotLoopWithoutRetryAfter, "hot-loop-without-retry-after",
        "Répète aussitôt, jusqu'à vingt fois, quand aucun délai utilisable n'est annoncé.",
        "Repeats at once, up to twenty times, when no usable delay is advertised.";
    MisreadsRetryAfterDate, "misreads-retry-after-date",
        "Ne comprend pas un Retry-After donné en date et répète après 100 ms.",
        "Does not understand a Retry-After given as a date and repeats after 100 ms.";
    Ignores503RetryAfter, "ignores-503-retry-after",
        "Répète 30 ms après un 503 quel que soit le délai annoncé, six tentatives au plus.",
        "Repeats 30 ms after a 503 whatever the advertised delay, six attempts at most.";
    Token429HotLoop, "token-429-hot-loop",
        "Répète aussitôt, jusqu'à dix fois, une demande de jeton refusée par un 429.",
        "Repeats at once, up to ten times, a token request refused with 429.";
    UnboundedRetries, "unbounded-retries",
        "Sans délai annoncé, répète toutes les 200 ms après un 429, jusqu'à son échéance.",
        "Without an advertised delay, repeats every 200 ms after a 429 until its deadline.";
    Retries403, "retries-403",
        "Répète trois fois un appel refusé par un 403.",
        "Repeats three times a call refused with 403.";
    Floods, "floods",
        "Appelle sans régler sa cadence, avec autant d'appels de front que demandé.",
        "Calls without pacing itself, with as many calls side by side as asked.";

    // Paging and series.
    RestartsPagingAfter429, "restarts-paging-after-429",
        "Recommence à la première page quand une page suivante reçoit un 429.",
        "Starts again from the first page when a later page meets a 429.";
    FirstPageOnly, "first-page-only",
        "Ne lit que la première page et la donne pour le tout.",
        "Reads the first page only and takes it for the whole.";
    RebuildsNextUrl, "rebuilds-next-url",
        "Fabrique l'adresse de la page suivante au lieu de suivre le lien next.",
        "Makes up the address of the next page instead of following the next link.";
    DropsPageOnError, "drops-page-on-error",
        "Laisse de côté une page qui échoue et annonce un succès.",
        "Leaves out a page that fails and reports success.";
    SkipsFailedReads, "skips-failed-reads",
        "Passe sous silence les lectures qui échouent dans une série et annonce un succès.",
        "Passes over in silence the reads of a series that fail, and reports success.";

    // Errors.
    SwallowsErrors, "swallows-errors",
        "Annonce un succès sans résultat quand il a été refusé.",
        "Reports a success without results when it was refused.";
    SilentError, "silent-error",
        "Se termine en erreur sans un mot.",
        "Ends with an error and without a word.";

    // The headers.
    MissingRoleHeaders, "missing-role-headers",
        "N'envoie pas les deux en-têtes Ror-Role-Metier.",
        "Does not send the two Ror-Role-Metier headers.";
    UrnOidSystems, "urn-oid-systems",
        "Préfixe par urn:oid: les OID des deux en-têtes System.",
        "Puts urn:oid: before the OIDs of the two System headers.";
    WrongProfileCode, "wrong-profile-code",
        "Envoie un autre code de profil utilisateur que celui qui lui est attribué.",
        "Sends a user profile code other than the one assigned to it.";
    HeadersMissingInParallel, "headers-missing-in-parallel",
        "Oublie les quatre en-têtes Ror-* dans les lectures menées de front.",
        "Forgets the four Ror-* headers in the reads that run side by side.";

    // What it asks.
    Latin1Accents, "latin1-accents",
        "Encode les accents de l'URL en ISO-8859-1 au lieu d'UTF-8.",
        "Encodes the accents of the URL in ISO-8859-1 instead of UTF-8.";
    RawPlusInDates, "raw-plus-in-dates",
        "Laisse le « + » tel quel dans l'URL, où il se lit comme une espace.",
        "Leaves the \"+\" as it is in the URL, where it reads as a space.";
    DropsCodeSystem, "drops-code-system",
        "Cherche le code seul, sans son système.",
        "Searches for the code alone, without its system.";

    // What it understands.
    CountsIncludes, "counts-includes",
        "Prend pour des résultats les ressources seulement incluses.",
        "Takes resources that were merely included for results.";
    KeepsDuplicates, "keeps-duplicates",
        "Garde aussi les ressources incluses d’un autre type, et en double ce qui arrive deux fois.",
        "Keeps included resources of another type, too, and twice what comes twice.";
    RejectsUnknownExtensions, "rejects-unknown-extensions",
        "Échoue sur une extension qu'il ne connaît pas.",
        "Fails on an extension that it does not know.";
    FirstIdentifier, "first-identifier",
        "Prend le premier identifiant de la liste au lieu de le choisir par son type.",
        "Takes the first identifier of the list instead of choosing it by its type.";
    MergesTelecoms, "merges-telecoms",
        "Attribue à chaque ressource les coordonnées des ressources précédentes.",
        "Gives to each resource the telecoms of the resources before it.";
}

impl Flaw {
    /// The flaw of that name, if there is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|flaw| flaw.name() == name)
    }
}

/// The flaws that are on; empty for the correct client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlawSet(BTreeSet<Flaw>);

impl FlawSet {
    /// The correct client.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether `flaw` is on.
    #[must_use]
    pub fn has(&self, flaw: Flaw) -> bool {
        self.0.contains(&flaw)
    }
}

impl FromIterator<Flaw> for FlawSet {
    fn from_iter<I: IntoIterator<Item = Flaw>>(flaws: I) -> Self {
        Self(flaws.into_iter().collect())
    }
}

impl From<Flaw> for FlawSet {
    fn from(flaw: Flaw) -> Self {
        Self::from_iter([flaw])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flaw_has_its_own_kebab_case_name_and_a_sentence_in_both_languages() {
        let names: BTreeSet<_> = Flaw::ALL.iter().map(|flaw| flaw.name()).collect();
        assert_eq!(names.len(), Flaw::ALL.len());
        for flaw in Flaw::ALL {
            assert!(flaw.name().chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
            assert!(flaw.describe().fr.ends_with('.') && flaw.describe().en.ends_with('.'));
            assert_eq!(Flaw::parse(flaw.name()), Some(*flaw));
        }
        assert_eq!(Flaw::parse("no-such-flaw"), None);
    }
}
