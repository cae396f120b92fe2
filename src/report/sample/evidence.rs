//! What a client did in the sample: exchanges, connections, one step.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::journal::{
    AdapterResult, Api, Body, CertificateFacts, Connection, ConnectionClosed, ConnectionOpened, Decision,
    Exchange, Handshake, QuotaFacts, QuotaState, Request, Response, ScenarioStarted, ServiceFacts, Step,
    StepEnd, StepEnded, StepStarted,
};

pub(crate) fn setting() -> ScenarioStarted {
    ScenarioStarted {
        canaries: Vec::new(),
        seed: 1,
        dataset: "demo".into(),
        profile: 1,
        service: ServiceFacts {
            client_id: "ror-test-33".into(),
            subject: Some("CN=CLIENT_TEST_RORN,OU=33333333333,O=GIP - TEST3012,ST=Paris (75),C=FR".into()),
            registration: "active".into(),
            assigned_headers: vec![("Ror-Profil-Utilisateur-Code".into(), "REG-01".into())],
            secret: None,
        },
        quotas: QuotaFacts {
            level_1: 100,
            level_2: 10,
            level_2_supplier: None,
            enforced: true,
            counting: None,
            suspension: None,
        },
        token_lifetime_s: 60,
        fhir_url: "https://localhost:41443/ws-diffusion-fhir".into(),
        token_url: "https://localhost:41444/token".into(),
        drafts: false,
        capacity_url: String::new(),
        task_url: String::new(),
        supplier: None,
        not_playable: None,
    }
}

pub(crate) fn exchange(
    number: u32,
    api: Api,
    at: u64,
    method: &str,
    target: &str,
    status: Option<u16>,
) -> Exchange {
    let inline = |value: Value| {
        let text = value.to_string();
        Body { size: text.len() as u64, sha256: "5f".into(), text: Some(text), file: None, truncated: false }
    };
    let quota = QuotaState { before: number, after: number + 1, limit: 10, opens_in_us: None };
    let decision = |gate: &str, passed, quota| Decision {
        exchange: number,
        gate: gate.into(),
        passed,
        reason: if passed { "within the limit".into() } else { "scripted refusal".into() },
        quota,
    };
    Exchange {
        number,
        step: Some(1),
        instance: None,
        request: Request {
            exchange: number,
            connection: if api == Api::Token { 1 } else { 2 },
            api,
            first_byte_us: at,
            method: method.into(),
            target: target.into(),
            version: "HTTP/2.0".into(),
            headers: vec![
                ("authorization".into(), "Bearer [expurgé hmac:41c9]".into()),
                ("accept".into(), "application/fhir+json".into()),
            ],
            body: Body::default(),
            token_remaining_s: Some(41.2),
            absolute_form: false,
            token_client_id: None,
        },
        decisions: vec![
            decision("quota-level-1", true, Some(quota)),
            decision("scripted", status.is_some_and(|status| status < 400), None),
        ],
        response: status.map(|status| Response {
            exchange: number,
            status,
            headers: vec![("retry-after".into(), "2".into()), ("content-type".into(), "application/fhir+json".into())],
            body: inline(json!({ "resourceType": "OperationOutcome", "issue": [{ "severity": "error", "code": "throttled" }] })),
            ready_us: at + 4_000,
            scripted: (status == 429).then_some(1),
            fault: None,
        }),
        complete: Some(true),
        given_up_us: None,
    }
}

pub(crate) fn connections() -> BTreeMap<u32, Connection> {
    let certificate = CertificateFacts {
        subject: "CN=CLIENT_TEST_RORN,OU=33333333333,O=GIP - TEST3012,ST=Paris (75),C=FR".into(),
        issuer: "CN=AC BANC ORGANISATIONS,O=BANC,C=FR".into(),
        serial: "7a01".into(),
        not_before: "2026-11-20T00:00:00Z".into(),
        not_after: "2026-12-20T00:00:00Z".into(),
        sha256: "c0ffee".into(),
        chain: 2,
        faults: vec!["expired".into()],
    };
    let good = |connection| Handshake {
        connection,
        failure: None,
        version: Some("TLSv1.3".into()),
        suite: Some("TLS13_AES_256_GCM_SHA384".into()),
        alpn: Some("h2".into()),
        server_name: Some("localhost".into()),
        certificate: Some(certificate.clone()),
        ..Handshake::default()
    };
    let bad = Handshake {
        connection: 3,
        failure: Some("received fatal alert: UnknownCA".into()),
        ..Handshake::default()
    };
    [(1, good(1)), (2, good(2)), (3, bad)]
        .into_iter()
        .map(|(number, handshake)| {
            let opened = ConnectionOpened {
                connection: number,
                listener: "api".into(),
                peer: "127.0.0.1:50412".into(),
                ..ConnectionOpened::default()
            };
            let failed = handshake.failure.is_some();
            let connection = Connection {
                opened,
                step: None,
                opened_us: 1_000_000 + u64::from(number) * 20_000,
                handshake: Some(handshake),
                closed_us: Some(6_000_000),
                closed: failed.then(|| ConnectionClosed {
                    connection: number,
                    reason: Some("handshake failed".to_owned()),
                    ..ConnectionClosed::default()
                }),
            };
            (number, connection)
        })
        .collect()
}

pub(crate) fn step() -> Step {
    Step {
        started: StepStarted {
            step: 1,
            action: Some("search".into()),
            input: json!({ "resource": "HealthcareService", "parameters": [["specialty", "TRE_R211|022"]], "all-pages": true }),
            deadline_ms: 20_000,
            impostors: Vec::new(),
            instance: None,
            credential: None,
        },
        started_us: 1_050_000,
        ended: Some(StepEnded {
            canaries: Vec::new(),
            step: 1,
            instance: None,
            end: StepEnd::Done,
            result: Some(AdapterResult {
                outcome: "ok".into(),
                message: "12 ressources".into(),
                integrated: Some(vec![json!({ "resourceType": "Location", "id": "252467" })]),
                malformed: vec![],
                integrated_kept: None,
            }),
            stdout_tail: "connexion…\n{\"outcome\":\"ok\"}".into(),
            stderr_tail: String::new(),
        }),
        ended_us: Some(6_000_000),
    }
}
