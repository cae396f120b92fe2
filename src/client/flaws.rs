//! The deliberate flaws of the reference client: each is one named, small deviation, decided at one place.
//!
//! The correct client has no flaw. The zoo of wrong clients (tests, `selftest`) turns them on one by one, and a
//! table says which checks each of them must turn red.

use std::collections::BTreeSet;

use super::Action;
use crate::text::Text;

/// Declares the flaws once, by the actions in which they show: variant, name on the command line, what it does in
/// French and in English.
macro_rules! flaws {
    ($(in [$($action:ident),*] { $($variant:ident, $name:literal, $fr:literal, $en:literal;)* })*) => {
        /// One deliberate deviation of the reference client.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Flaw {
            $($(#[doc = $en] $variant,)*)*
        }

        impl Flaw {
            /// Every flaw, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$($(Self::$variant),*),*];

            /// The name on the command line, in kebab-case.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $($(Self::$variant => $name,)*)*
                }
            }

            /// What the client does wrong, in one sentence.
            #[must_use]
            pub fn describe(self) -> Text {
                match self {
                    $($(Self::$variant => Text::new($fr, $en),)*)*
                }
            }

            /// The actions in which it can show.
            #[must_use]
            pub fn actions(self) -> &'static [Action] {
                match self {
                    $($(Self::$variant)|* => &[$(Action::$action),*],)*
                }
            }
        }
    };
}

flaws! {
    // Whatever it does.
    in [Token, Read, Search, ManyReads, Export, Sync, UpdateCapacity, ReportAnomaly, UpdateAnomaly, Show] {
        EndsWithoutWords, "ends-without-words",
            "Se termine en échec et sans un mot, même quand tout a réussi.",
            "Ends with a failure and without a word, even when all went well.";
        TakesTokenOnly, "takes-token-only",
            "Demande son jeton, n'appelle rien d'autre et annonce un succès.",
            "Asks for its token, calls nothing else and reports success.";
        GivesUpAtOnce, "gives-up-at-once",
            "Abandonne au premier refus ou à la première panne, et le dit.",
            "Gives up at the first refusal or outage, and says so.";
        FirstFailureIsDone, "first-failure-is-done",
            "Abandonne au premier refus ou à la première panne, et annonce un succès.",
            "Gives up at the first refusal or outage, and reports success.";
        RepeatsRefusals, "repeats-refusals",
            "Répète aussitôt, jusqu'à trente fois, tout appel refusé ou en panne.",
            "Repeats at once, up to thirty times, any call that is refused or fails.";
        RepeatsEverything, "repeats-everything",
            "Envoie douze fois chaque appel, même réussi.",
            "Sends each call twelve times, even when it succeeds.";
        RefusalIsEmpty, "refusal-is-empty",
            "Oublie les en-têtes Ror-* et prend le refus pour une réponse vide.",
            "Forgets the Ror-* headers and takes the refusal for an empty answer.";
        CallsWithoutToken, "calls-without-token",
            "N'a pas de jeton : n'en demande pas et n'en envoie pas.",
            "Has no token: it asks for none and sends none.";
        WrongGrantType, "wrong-grant-type",
            "Demande son jeton avec grant_type=password.",
            "Asks for its token with grant_type=password.";
        ForgetsSecret, "forgets-secret",
            "N'envoie pas le client_secret de son profil public.",
            "Does not send the client_secret of its public profile.";
        SecretTwice, "secret-twice",
            "Envoie le client_secret de son profil public dans le formulaire et par Authorization: Basic.",
            "Sends the client_secret of its public profile in the form and by Authorization: Basic.";
        SecretInUrl, "secret-in-url",
            "Écrit aussi le client_secret de son profil public dans l'URL.",
            "Writes the client_secret of its public profile into the URL too.";
    }
    // What it declares to hold.
    in [Read, Search, ManyReads, Export, Sync, Show] {
        DeclaresTwice, "declares-twice",
            "Garde en double chaque ressource reçue.",
            "Keeps each resource that it received twice.";
        DeclaresAnotherId, "declares-another-id",
            "Garde la dernière ressource sous un identifiant qui n'existe pas.",
            "Keeps the last resource under an id that does not exist.";
        DeclaresInCapitals, "declares-in-capitals",
            "Garde les noms en capitales.",
            "Keeps names in capitals.";
    }
    // The token.
    in [Token, Read, Search, ManyReads] {
        SendsSecretWithCertificate, "sends-secret-with-certificate",
            "Envoie un client_secret alors que son certificat l'authentifie déjà.",
            "Sends a client_secret although its certificate already authenticates it.";
        NoClientCertificate, "no-client-certificate",
            "Ne présente pas son certificat client au serveur d'autorisation.",
            "Does not present its client certificate to the authorisation server.";
        KeepsFirstCertificate, "keeps-first-certificate",
            "Garde le premier certificat qui lui a été donné, même renouvelé.",
            "Keeps the first certificate that it was given, even once it is renewed.";
        TokenPerCall, "token-per-call",
            "Demande un nouveau jeton avant chaque appel.",
            "Asks for a new token before each call.";
        NoRenewalAfter401, "no-renewal-after-401",
            "Renouvelle son jeton à temps, mais s'arrête si l'API répond 401 malgré tout.",
            "Renews its token in time, but ends when the API answers 401 all the same.";
        RenewsForeverOn401, "renews-forever-on-401",
            "Répète jusqu'à huit fois, chaque fois avec un jeton neuf, un appel refusé par un 401.",
            "Repeats a call refused with 401 up to eight times, each time with a new token.";
        HammersTokenRefusal, "hammers-token-refusal",
            "Répète cinq fois une demande de jeton que le serveur a refusée.",
            "Repeats five times a token request that the server refused.";
        GoesOnWithoutToken, "goes-on-without-token",
            "Appelle l'API même quand le jeton lui a été refusé.",
            "Calls the API even when it was refused a token.";
        LogsToken, "logs-token",
            "Écrit l'en-tête Authorization de ses appels sur la sortie d'erreur.",
            "Writes the Authorization header of its calls to standard error.";
    }
    in [Token, Read, Search, ManyReads, Export] {
        IgnoresTokenExpiry, "ignores-token-expiry",
            "Garde le même jeton quoi qu'il arrive et s'arrête au premier 401.",
            "Keeps the same token whatever happens and ends at the first 401.";
        TokenInUrl, "token-in-url",
            "Écrit aussi son jeton dans l'URL, en paramètre access_token.",
            "Writes its token into the URL too, as the parameter access_token.";
    }
    // The server's identity.
    in [Token, Read, Search, ManyReads] {
        AcceptsAnyCertificate, "accepts-any-certificate",
            "Accepte n'importe quel certificat de serveur.",
            "Accepts any certificate of a server.";
        IgnoresHostName, "ignores-host-name",
            "Accepte un certificat qui est celui d'un autre hôte.",
            "Accepts a certificate that is another host's.";
        IgnoresIpAddress, "ignores-ip-address",
            "Ne compare pas au certificat une adresse IP qui tient lieu de nom d'hôte.",
            "Does not compare with the certificate an IP address that stands for a host name.";
        IgnoresValidityDates, "ignores-validity-dates",
            "Accepte un certificat expiré ou pas encore valide.",
            "Accepts a certificate that has ended or not begun.";
        TrustsAnyAuthority, "trusts-any-authority",
            "Accepte un certificat d'une autorité inconnue.",
            "Accepts a certificate of an unknown authority.";
        IgnoresKeyUsage, "ignores-key-usage",
            "Accepte d'un serveur un certificat fait pour un client.",
            "Accepts from a server a certificate made for a client.";
        AcceptsCnOnly, "accepts-cn-only",
            "Prend l'hôte dans le CN quand le certificat n'a pas de subjectAltName.",
            "Takes the host from the CN when the certificate has no subjectAltName.";
        AcceptsSelfSigned, "accepts-self-signed",
            "Accepte un certificat auto-signé.",
            "Accepts a self-signed certificate.";
        IgnoresHandshakeSignature, "ignores-handshake-signature",
            "Ne vérifie pas que le serveur a la clé du certificat qu'il montre.",
            "Does not verify that the server holds the key of the certificate that it shows.";
        IgnoresNameConstraints, "ignores-name-constraints",
            "Accepte d'une autorité un certificat qu'elle n'a pas le droit de délivrer.",
            "Accepts from an authority a certificate that it may not issue.";
        VerifiesFirstConnectionOnly, "verifies-first-connection-only",
            "Ne vérifie plus le certificat d'un serveur une fois qu'il l'a accepté.",
            "Verifies the certificate of a server no more once it has accepted one.";
        PinsServerCertificate, "pins-server-certificate",
            "N'accepte d'un serveur que le certificat qu'il lui a vu la première fois.",
            "Accepts from a server only the certificate that it saw the first time.";
        RefusesDisorderedChain, "refuses-disordered-chain",
            "Refuse une chaîne dont les certificats ne se suivent pas.",
            "Refuses a chain whose certificates do not follow one another.";
        IgnoresRevocation, "ignores-revocation",
            "Demande le statut du certificat d'un serveur et ne le lit pas.",
            "Asks for the status of a server's certificate and does not read it.";
        AcceptsWeakSignatures, "accepts-weak-signatures",
            "Accepte un certificat signé avec SHA-1.",
            "Accepts a certificate signed with SHA-1.";
        FallsBackToHttp, "falls-back-to-http",
            "Recommence sans TLS quand le serveur répond en clair.",
            "Starts again without TLS when the server answers in the clear.";
        FollowsRedirectToHttp, "follows-redirect-to-http",
            "Suit une redirection vers http:// avec son jeton.",
            "Follows a redirect to http:// with its token.";
        TakesUpOldTls, "takes-up-old-tls",
            "Poursuit en TLS 1.0 avec un serveur qui ne connaît rien d'autre.",
            "Goes on with TLS 1.0 when the server knows nothing else.";
        InsistsOnRefusedServer, "insists-on-refused-server",
            "Se connecte quinze fois à un serveur dont il refuse le certificat.",
            "Connects fifteen times to a server whose certificate it refuses.";
        InsistsAfterAlert, "insists-after-alert",
            "Recommence quinze fois quand le serveur refuse son certificat par une alerte TLS.",
            "Starts again fifteen times when the server refuses its certificate with a TLS alert.";
        TakesAlertForSuccess, "takes-alert-for-success",
            "Prend une connexion que le serveur termine par une alerte TLS pour une réponse vide, et annonce un succès.",
            "Takes a connection that the server ends with a TLS alert for an empty answer, and reports success.";
    }
    // Refusals of quota and outages.
    in [Token, Read, Search, ManyReads] {
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
        HammersQuota, "hammers-quota",
            "Répète toutes les 50 ms, cent fois au plus, un appel refusé par un 429, et prend pour vide ce qu'un 403 refuse.",
            "Repeats a call refused with 429 every 50 ms, a hundred times at most, and takes what a 403 refuses for empty.";
        Retries403, "retries-403",
            "Répète trois fois un appel refusé par un 403.",
            "Repeats three times a call refused with 403.";
        Floods, "floods",
            "Appelle sans régler sa cadence, avec autant d'appels de front que demandé.",
            "Calls without pacing itself, with as many calls side by side as asked.";
    }
    // Answers that go wrong on the way.
    in [Read, Search, ManyReads] {
        NoTimeOut, "no-time-out",
            "Attend sans limite une réponse qui ne vient pas.",
            "Waits without limit for an answer that does not come.";
        GivesUpSlowAnswers, "gives-up-slow-answers",
            "Abandonne toute réponse qui n'est pas entière une seconde après son début.",
            "Gives up any answer that is not whole one second after its beginning.";
        InsistsOnSlowAnswers, "insists-on-slow-answers",
            "Abandonne une réponse une seconde après son début et la redemande aussitôt, quatorze fois au plus.",
            "Gives up an answer one second after its beginning and asks for it again at once, fourteen times at most.";
        UnreadableIsEmpty, "unreadable-is-empty",
            "Prend une réponse illisible pour une réponse vide.",
            "Takes an unreadable answer for an empty one.";
        MislabelledIsEmpty, "mislabelled-is-empty",
            "Prend pour vide une réponse dont le Content-Type n'est pas du JSON.",
            "Takes an answer whose Content-Type is not JSON for an empty one.";
        GzipNotDecoded, "gzip-not-decoded",
            "Annonce accepter gzip et ne sait pas le lire.",
            "Says that it accepts gzip and cannot read it.";
        SmallBuffer, "small-buffer",
            "Refuse une réponse de plus de deux mébioctets.",
            "Refuses an answer of more than two mebibytes.";
        TokenFollowsRedirects, "token-follows-redirects",
            "Envoie son jeton partout où mène une redirection.",
            "Sends its token wherever a redirection leads.";
        InsistsOnForeignRedirects, "insists-on-foreign-redirects",
            "Renvoie quatorze fois, au lieu de s'arrêter, un appel redirigé vers un autre serveur.",
            "Sends a call that is redirected to another server fourteen times again, in place of stopping.";
        RedirectsForever, "redirects-forever",
            "Suit trois cents redirections de suite.",
            "Follows three hundred redirections in a row.";
        RedirectIsEmpty, "redirect-is-empty",
            "Prend une redirection pour une réponse vide.",
            "Takes a redirection for an empty answer.";
        HammersOutages, "hammers-outages",
            "Répète quarante fois, toutes les 100 ms, un appel qui échoue (500, 502, 503 sans délai, 504, coupure).",
            "Repeats forty times, every 100 ms, a call that fails (500, 502, 503 without a delay, 504, cut).";
        ResetMsAsSeconds, "reset-ms-as-seconds",
            "Lit en secondes l'instant que X-Rate-Limit-Reset donne en millisecondes.",
            "Reads in seconds the instant that X-Rate-Limit-Reset gives in milliseconds.";
        CrashesOnBadDelay, "crashes-on-bad-delay",
            "Plante sans un mot sur un Retry-After mal formé.",
            "Crashes without a word on a malformed Retry-After.";
        WaitsAnyDelay, "waits-any-delay",
            "Attend n'importe quel délai annoncé, négatif ou démesuré compris.",
            "Waits for any delay advertised, negative and immense ones included.";
        ChokesOnQuotaHeaders, "chokes-on-quota-headers",
            "Plante sans un mot sur une réponse 200 qui porte des en-têtes de quota.",
            "Crashes without a word on a 200 that carries quota headers.";
        CachesRefusals, "caches-refusals",
            "Garde un 429 dans son cache et le ressert plus tard sans rappeler le ROR.",
            "Keeps a 429 in its cache and serves it again later without calling the ROR.";
        CutsLongDelays, "cuts-long-delays",
            "N'attend jamais plus de deux secondes.",
            "Never waits for more than two seconds.";
        ChokesOnExpressionText, "chokes-on-expression-text",
            "Plante sans un mot sur une erreur dont « expression » est un texte.",
            "Crashes without a word on an error whose `expression` is a text.";
    }
    // Paging and series.
    in [Read, Search, ManyReads, Sync] {
        RestartsPagingAfter429, "restarts-paging-after-429",
            "Recommence à la première page quand une page suivante reçoit un 429.",
            "Starts again from the first page when a later page meets a 429.";
        FirstPageOnly, "first-page-only",
            "Ne lit que la première page et la donne pour le tout.",
            "Reads the first page only and takes it for the whole.";
        GonePageIsTheLast, "gone-page-is-the-last",
            "Prend une page qui n'existe plus (404, 410) pour la fin des résultats.",
            "Takes a page that is no more (404, 410) for the end of the results.";
        RebuildsNextUrl, "rebuilds-next-url",
            "Fabrique l'adresse de la page suivante au lieu de suivre le lien next.",
            "Makes up the address of the next page instead of following the next link.";
        DropsPageOnError, "drops-page-on-error",
            "Laisse de côté une page qui échoue et annonce un succès.",
            "Leaves out a page that fails and reports success.";
        SkipsFailedReads, "skips-failed-reads",
            "Passe sous silence les lectures qui échouent dans une série et annonce un succès.",
            "Passes over in silence the reads of a series that fail, and reports success.";
    }
    // Errors.
    in [Token, Read, Search, ManyReads] {
        SwallowsErrors, "swallows-errors",
            "Annonce un succès sans résultat quand il a été refusé.",
            "Reports a success without results when it was refused.";
        SilentError, "silent-error",
            "Se termine en erreur sans un mot.",
            "Ends with an error and without a word.";
    }
    // The headers.
    in [Read, Search, ManyReads] {
        MissingRoleHeaders, "missing-role-headers",
            "N'envoie pas les deux en-têtes Ror-Role-Metier.",
            "Does not send the two Ror-Role-Metier headers.";
        UrnOidSystems, "urn-oid-systems",
            "Préfixe par urn:oid: les OID des deux en-têtes System.",
            "Puts urn:oid: before the OIDs of the two System headers.";
        HeadersMissingInParallel, "headers-missing-in-parallel",
            "Oublie les quatre en-têtes Ror-* dans les lectures menées de front.",
            "Forgets the four Ror-* headers in the reads that run side by side.";
    }
    in [Read, Search, ManyReads, Sync, Show] {
        WrongProfileCode, "wrong-profile-code",
            "Envoie un autre code de profil utilisateur que celui qui lui est attribué.",
            "Sends a user profile code other than the one assigned to it.";
    }
    // What it asks.
    in [Read, Search, Sync, Export] {
        Latin1Accents, "latin1-accents",
            "Encode les accents de l'URL en ISO-8859-1 au lieu d'UTF-8.",
            "Encodes the accents of the URL in ISO-8859-1 instead of UTF-8.";
        RawPlusInDates, "raw-plus-in-dates",
            "Laisse le « + » tel quel dans l'URL, où il se lit comme une espace.",
            "Leaves the \"+\" as it is in the URL, where it reads as a space.";
        DropsCodeSystem, "drops-code-system",
            "Cherche le code seul, sans son système.",
            "Searches for the code alone, without its system.";
        FollowsForeignLinks, "follows-foreign-links",
            "Envoie son jeton à tout serveur vers lequel mène un lien : page suivante, suivi d'export, fichier.",
            "Sends its token to any server that a link leads to: next page, export poll, file.";
        HidesTruncation, "hides-truncation",
            "Annonce un succès quand les pages ont donné moins de résultats que le total annoncé.",
            "Reports success when the pages gave fewer results than the total announced.";
        DropsModifiers, "drops-modifiers",
            "Coupe les modificateurs des paramètres (:above, :iterate, etc.).",
            "Cuts the modifiers (:above, :iterate, etc.) off the parameters.";
        KeepsLastOfRepeated, "keeps-last-of-repeated",
            "N'envoie qu'une fois un paramètre répété, avec sa dernière valeur.",
            "Sends a repeated parameter only once, with its last value.";
        DropsFilter, "drops-filter",
            "Laisse de côté le paramètre _filter.",
            "Leaves out the parameter _filter.";
    }
    // What it understands.
    in [Read, Search, ManyReads, Sync, Export] {
        CountsIncludes, "counts-includes",
            "Prend pour des résultats les ressources seulement incluses.",
            "Takes resources that were merely included for results.";
        KeepsDuplicates, "keeps-duplicates",
            "Garde aussi les ressources incluses d’un autre type, et en double ce qui arrive deux fois.",
            "Keeps included resources of another type, too, and twice what comes twice.";
        RejectsUnknownExtensions, "rejects-unknown-extensions",
            "Échoue sur une extension qu'il ne connaît pas.",
            "Fails on an extension that it does not know.";
        ChokesOnUnknownType, "chokes-on-unknown-type",
            "Plante sans un mot sur une ressource d'un autre type que les cinq du ROR.",
            "Crashes without a word on a resource of another type than the five of the ROR.";
        ChokesOnPrimitiveExtensions, "chokes-on-primitive-extensions",
            "Plante sans un mot sur une extension du nom (_name).",
            "Crashes without a word on an extension of the name (_name).";
        ChokesOnInstants, "chokes-on-instants",
            "Ne lit pas un instant dont le décalage horaire est négatif.",
            "Does not read an instant whose offset is negative.";
        ManglesOtherScripts, "mangles-other-scripts",
            "Remplace par « ? » les signes absents de Windows-1252.",
            "Replaces by `?` the signs that Windows-1252 does not have.";
        TruncatesNames, "truncates-names",
            "Coupe les noms à 255 caractères.",
            "Cuts names at 255 characters.";
        FirstIdentifier, "first-identifier",
            "Prend le premier identifiant de la liste au lieu de le choisir par son type.",
            "Takes the first identifier of the list instead of choosing it by its type.";
        FirstTelecomOnly, "first-telecom-only",
            "Ne garde d'une ressource que la première coordonnée.",
            "Keeps of a resource its first telecom only.";
        MergesTelecoms, "merges-telecoms",
            "Attribue à chaque ressource les coordonnées des ressources précédentes.",
            "Gives to each resource the telecoms of the resources before it.";
    }
    // Bed capacities, as it reads them.
    in [Read, Search, ManyReads, Sync, Export] {
        FirstCapacityOnly, "first-capacity-only",
            "Ne garde d'un lieu que sa première capacité.",
            "Keeps of a location its first capacity only.";
        CapacityZeroIsAbsent, "capacity-zero-is-absent",
            "Prend une capacité de zéro pour une capacité absente.",
            "Takes a capacity of zero for no capacity at all.";
        CapacitySumsGenders, "capacity-sums-genders",
            "Additionne en une seule les capacités de même statut, genres confondus.",
            "Adds the capacities of one status up into one, whatever their gender.";
        CapacityByPosition, "capacity-by-position",
            "Lit le nombre et le statut d'une capacité à leur place habituelle, non selon leur url.",
            "Reads the number and the status of a capacity at their usual place, not by their url.";
        CapacityInstalledIsAvailable, "capacity-installed-is-available",
            "Donne les lits installés pour disponibles.",
            "Gives the installed beds for available.";
    }
    // The export.
    in [Export, Sync] {
        ExportAsksNdjson, "export-asks-ndjson",
            "Demande un export en application/fhir+ndjson, que le ROR n'accepte pas.",
            "Asks for an export in application/fhir+ndjson, which the ROR does not accept.";
        ExportPollsHot, "export-polls-hot",
            "Demande toutes les 30 ms où en est l'export, soixante fois au plus, quel que soit le délai annoncé.",
            "Asks every 30 ms how far the export is, sixty times at most, whatever the advertised delay.";
        ExportTakes202ForDone, "export-takes-202-for-done",
            "Prend la réponse 202 du suivi pour un export terminé, et vide.",
            "Takes a 202 of the poll for a finished, empty export.";
        ExportRebuildsPollUrl, "export-rebuilds-poll-url",
            "Refait à sa façon l'adresse de suivi donnée par Content-Location.",
            "Makes up its own form of the poll address that Content-Location gave.";
        ExportFirstFileOnly, "export-first-file-only",
            "Ne lit que le premier fichier de l'export.",
            "Reads the first file of the export only.";
        ExportSkipsFailedFile, "export-skips-failed-file",
            "Passe sous silence un fichier d'export qui échoue et annonce un succès.",
            "Passes over in silence an export file that fails, and reports success.";
        ExportKeepsCutFile, "export-keeps-cut-file",
            "Garde ce qui se lit d'un fichier d'export arrivé à moitié, et annonce un succès.",
            "Keeps what can be read of an export file that came half, and reports success.";
        ExportIgnoresManifestErrors, "export-ignores-manifest-errors",
            "Annonce un succès alors que le manifeste de l'export signale des erreurs.",
            "Reports success although the manifest of the export tells of errors.";
        ExportIgnoresRegion, "export-ignores-region",
            "Exporte tout le pays alors qu'une région est demandée.",
            "Exports the whole country although a region is asked for.";
        ExportRestartsOn429, "export-restarts-on-429",
            "Lance aussitôt un nouvel export quand un fichier reçoit un 429.",
            "Starts a new export at once when a file meets a 429.";
        ExportNeverPurges, "export-never-purges",
            "Garde après un export ce qui n'y figure plus.",
            "Keeps after an export what is no longer in it.";
        ExportEmptiesBaseFirst, "export-empties-base-first",
            "Vide sa base avant le nouvel export, dont il ne sait pas encore s'il va réussir, et montre ce qu'elle contient.",
            "Empties its base before the new export, of which it does not know yet whether it will succeed, and shows what is in it.";
        IgnoresMissingContentLocation, "ignores-missing-content-location",
            "Annonce un succès sans rien quand l'adresse de suivi de l'export manque.",
            "Reports success with nothing when the poll address of the export is missing.";
        ExportStartsOver, "export-starts-over",
            "Relance vingt fois un export dont l'adresse de suivi manque.",
            "Starts an export over twenty times when its poll address is missing.";
    }
    // The delta.
    in [Export, Sync] {
        SyncHourAhead, "sync-hour-ahead",
            "Demande les changements depuis maintenant, dans une heure locale qu'il prend pour l'heure UTC.",
            "Asks for the changes since now, in a local time that it takes for UTC.";
        SyncStrictBoundary, "sync-strict-boundary",
            "Demande ce qui a changé après son repère (gt), pas à partir de lui (ge).",
            "Asks for what changed after its bookmark (gt), not from it on (ge).";
        SyncBookmarkDespiteFailure, "sync-bookmark-despite-failure",
            "Avance son repère au moment présent même quand la synchronisation échoue.",
            "Moves its bookmark to the present even when the synchronisation fails.";
        SyncOffersOnly, "sync-offers-only",
            "Ne demande que les offres modifiées, sans leurs organisations ni leurs lieux.",
            "Asks for changed offers only, never for their organisations and locations.";
        SyncDropsClosed, "sync-drops-closed",
            "Retire de sa base ce qui est fermé ou inactif.",
            "Takes what is closed or inactive out of its base.";
        SyncIgnoresRegion, "sync-ignores-region",
            "Oublie la région de sa base quand il demande ce qui a changé.",
            "Forgets the region of its base when it asks for what has changed.";
        SyncDuplicates, "sync-duplicates",
            "Garde l'ancienne version d'une ressource à côté de la nouvelle.",
            "Keeps the old version of a resource beside the new one.";
    }
    // The feed of bed capacities.
    in [UpdateCapacity] {
        FeedSendsRorHeaders, "feed-sends-ror-headers",
            "Envoie les en-têtes Ror-* avec les capacités.",
            "Sends the Ror-* headers with the capacities.";
        FeedUsesConsumerIdentity, "feed-uses-consumer-identity",
            "Alimente avec l'identité du consommateur, pas avec celle du fournisseur.",
            "Feeds with the consumer's identity, not with the supplier's.";
        FeedAddsFirst, "feed-adds-first",
            "Ajoute une capacité sans essayer d'abord de la remplacer.",
            "Adds a capacity without trying to replace it first.";
        FeedAddsOnUnknownLocation, "feed-adds-on-unknown-location",
            "Ajoute une capacité même quand c'est le lieu qui est inconnu.",
            "Adds a capacity even when it is the location that is unknown.";
        FeedNeverAdds, "feed-never-adds",
            "N'ajoute jamais une capacité absente de la base.",
            "Never adds a capacity that is not in the base.";
        FeedStopsAtFirstRefusal, "feed-stops-at-first-refusal",
            "Abandonne le reste de la série au premier refus.",
            "Gives up the rest of the series at the first refusal.";
        FeedHidesRefusal, "feed-hides-refusal",
            "Annonce un succès alors que des capacités ont été refusées.",
            "Reports success although capacities were refused.";
        FeedJsonContentType, "feed-json-content-type",
            "Déclare ses écritures en application/json.",
            "Declares its writes as application/json.";
        FeedOmitsSourceType, "feed-omits-source-type",
            "Oublie capacitySourceType.",
            "Leaves out capacitySourceType.";
        FeedManualSource, "feed-manual-source",
            "Se déclare saisie manuelle (01) et non gestion des lits (02).",
            "Declares itself manual input (01) and not bed management (02).";
        FeedJdvSystems, "feed-jdv-systems",
            "Donne pour système des codes l'adresse de leur jeu de valeurs (JDV).",
            "Gives the address of the value set (JDV) as the system of the codes.";
        FeedStaleDate, "feed-stale-date",
            "Donne toujours la même date ancienne pour capacityUpdateDate.",
            "Always gives the same old date for capacityUpdateDate.";
        FeedDateOfSending, "feed-date-of-sending",
            "Donne pour capacityUpdateDate l'instant de l'envoi, même quand il connaît celui de la mesure.",
            "Gives the instant of sending for capacityUpdateDate, even when it knows that of the measure.";
        FeedReplacesAll, "feed-replaces-all",
            "Remplace toutes les capacités du lieu, sans dire laquelle.",
            "Replaces all the capacities of the location, without saying which.";
        FeedDeletesAll, "feed-deletes-all",
            "Retire toutes les capacités du lieu au lieu d'une.",
            "Removes all the capacities of the location in place of one.";
        FeedDeletesByZero, "feed-deletes-by-zero",
            "Ajoute un enregistrement à 0 au lieu de retirer celui qui n'a plus lieu d'être.",
            "Adds a record of 0 instead of removing the one that has no reason to be any more.";
        FeedPuts, "feed-puts",
            "Écrit les capacités par PUT, pas par PATCH.",
            "Writes capacities by PUT, not by PATCH.";
        FeedOmitsOperation, "feed-omits-operation",
            "Ne dit pas dans le corps ce qu'il faut faire (add, replace, delete).",
            "Does not say in the body what is to be done (add, replace, delete).";
        FeedSumsGenders, "feed-sums-genders",
            "Additionne en une seule capacité indifférenciée celles de chaque genre.",
            "Adds the capacities of each gender up into one for any gender.";
        FeedSkipsZero, "feed-skips-zero",
            "N'envoie pas les capacités de zéro.",
            "Does not send capacities of zero.";
        FeedReaddsAfterLostAnswer, "feed-readds-after-lost-answer",
            "Renvoie un ajout dont la réponse s'est perdue, sans vérifier.",
            "Sends an addition again when its answer was lost, without looking.";
        FeedOldOverNew, "feed-old-over-new",
            "Envoie les mises à jour dans l'ordre inverse de leurs dates, une ancienne après une plus récente.",
            "Sends the updates in the reverse order of their dates, an old one after a newer one.";
        FeedSendsChangesOnly, "feed-sends-changes-only",
            "N'envoie que ce qui a changé depuis son dernier envoi, réussi ou non.",
            "Sends only what has changed since it last tried, whether that succeeded or not.";
        FeedDropsBacklog, "feed-drops-backlog",
            "Annonce un succès et ne garde rien quand des capacités n'ont pas pu être envoyées.",
            "Reports success and keeps nothing when capacities could not be sent.";
        FeedKeyMismatch, "feed-key-mismatch",
            "Désigne une autre capacité que celle qu'il donne comme nouvelle valeur.",
            "Designates another capacity than the one that it gives as the new value.";
        FeedRepeats403, "feed-repeats-403",
            "Répète trois fois une écriture refusée par un 403.",
            "Repeats three times a write refused with 403.";
        FeedInsistsOnEstablishment, "feed-insists-on-establishment",
            "Envoie les autres mesures d'un établissement que le ROR vient de refuser (403).",
            "Sends the other measures of an establishment that the ROR has just refused (403).";
        FeedTokenPerUpdate, "feed-token-per-update",
            "Demande un nouveau jeton avant chaque écriture.",
            "Asks for a new token before each write.";
    }
    // Anomalies.
    in [ReportAnomaly, UpdateAnomaly] {
        AnomalyWithoutRequester, "anomaly-without-requester",
            "Signale une anomalie sans dire quel système la demande.",
            "Reports an anomaly without saying which system asks.";
        AnomalyPatchesStatus, "anomaly-patches-status",
            "Change Task.status au lieu de Task.businessStatus.",
            "Changes Task.status instead of Task.businessStatus.";
        AnomalyPostsTwice, "anomaly-posts-twice",
            "Renvoie sans vérifier un signalement dont la réponse s'est perdue.",
            "Sends a report again when its answer was lost, without looking.";
    }
    // Showing to users of a narrower profile.
    in [Show] {
        ShowIgnoresLevels, "show-ignores-levels",
            "Montre les coordonnées quel que soit leur niveau de confidentialité.",
            "Shows contacts whatever their level of confidentiality.";
        ShowSensitiveOffers, "show-sensitive-offers",
            "Montre les unités sensibles comme les autres.",
            "Shows sensitive units like any other.";
        ShowHidesNothing, "show-hides-nothing",
            "Montre à chacun tout ce que le service a le droit de lire.",
            "Shows everybody all that the service may read.";
        ShowTellsInMessage, "show-tells-in-message",
            "Cache les coordonnées, mais les cite dans son message.",
            "Hides contacts, but quotes them in its message.";
        ShowKeepsOldRights, "show-keeps-old-rights",
            "Garde d'un pas à l'autre ce qu'une offre avait de sensible la première fois.",
            "Keeps from one step to the next whether an offer was sensitive the first time.";
    }
    // Restricted data that come out elsewhere.
    in [Read, Search, ManyReads, Show] {
        LogsRestrictedData, "logs-restricted-data",
            "Écrit tout ce qu'il reçoit sur sa sortie d'erreur.",
            "Writes all that it receives to its standard error.";
        PrintsRestrictedData, "prints-restricted-data",
            "Écrit ce qu'il reçoit sur sa sortie standard, suivi de longues traces.",
            "Writes what it receives to its standard output, followed by long traces.";
        PutsContactInUrl, "puts-contact-in-url",
            "Recherche une organisation par les coordonnées qu'il vient de lire.",
            "Searches an organisation by the contacts that it has just read.";
    }
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
