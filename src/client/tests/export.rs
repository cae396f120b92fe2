//! The export: started, waited for, fetched whole, held instead of what was held before.

use super::*;

const OFFER_FILE: &str = "offers.json";
const LOCATION_FILE: &str = "locations.json";

fn offer(id: &str) -> Value {
    json!({ "resourceType": "HealthcareService", "id": id, "name": format!("Offre {id}"),
        "meta": { "lastUpdated": "2026-10-01T00:00:00Z" } })
}

pub(super) fn file_of(resources: &[Value]) -> Value {
    let entries: Vec<Value> = resources.iter().map(|one| json!({ "resource": one })).collect();
    json!({ "resourceType": "Bundle", "type": "collection", "entry": entries })
}

/// A whole export: `starts` answers of `$export`, `polls` before the manifest, and the answers of two files.
struct Export {
    world: World,
    folder: tempfile::TempDir,
}

impl Export {
    async fn new() -> Self {
        let mut world = World::new().await;
        let folder = tempfile::tempdir().unwrap();
        world.environment.insert("ROR_STATE_DIR".to_owned(), folder.path().to_str().unwrap().to_owned());
        Self { world, folder }
    }

    fn url(&self, rest: &str) -> String {
        format!("{}/fhir/{rest}", self.world.server.uri())
    }

    async fn starts(&self) {
        let place = self.url("$export-poll-status?_jobId=7-a");
        let accepted = ResponseTemplate::new(202).insert_header("Content-Location", place.as_str());
        self.world.answers("$export", vec![accepted]).await;
    }

    async fn polls(&self, before: Vec<ResponseTemplate>, manifest: Value) {
        let answers = before.into_iter().chain([ok(manifest)]).collect();
        let turns = InTurn { answers, next: Mutex::new(0) };
        let given = Mock::given(method("GET")).and(path("/fhir/$export-poll-status"));
        given.and(query_param("_jobId", "7-a")).respond_with(turns).mount(&self.world.server).await;
    }

    fn manifest(&self) -> Value {
        let file = |name: &str| json!({ "type": "HealthcareService", "url": self.url(name) });
        json!({ "transactionTime": "2026-11-01T00:00:00Z", "requiresAccessToken": true,
            "output": [file(OFFER_FILE), file(LOCATION_FILE)], "error": [] })
    }

    /// With two files, the second answered by `second` before it comes whole.
    async fn ready(&self, second: Vec<ResponseTemplate>) {
        self.starts().await;
        self.polls(vec![], self.manifest()).await;
        self.files(second).await;
    }

    async fn files(&self, second: Vec<ResponseTemplate>) {
        self.world.answers(OFFER_FILE, vec![ok(file_of(&[offer("1"), offer("2")]))]).await;
        let whole = ok(file_of(&[location("9")]));
        self.world.answers(LOCATION_FILE, second.into_iter().chain([whole]).collect()).await;
    }

    async fn run(&self, flaw: Option<Flaw>) -> Ran {
        self.world.run("export", json!({ "region": null }), flaw.into_iter().collect::<FlawSet>()).await
    }
}

fn in_progress(retry_after: Option<&str>) -> ResponseTemplate {
    let running = ResponseTemplate::new(202).insert_header("X-Progress", "running");
    match retry_after {
        Some(told) => running.insert_header("Retry-After", told),
        None => running,
    }
}

#[tokio::test]
async fn an_export_is_started_waited_for_and_fetched_whole() {
    let export = Export::new().await;
    export.ready(vec![]).await;
    let ran = export.run(None).await;
    ran.assert_done();
    assert_eq!(ran.ids(), ["1", "2", "9"]);
    let targets = export.world.targets().await;
    assert_eq!(
        targets[1..3],
        [
            "GET /fhir/$export?_outputFormat=application/fhir%2Bjson&_type=HealthcareService",
            "GET /fhir/$export-poll-status?_jobId=7-a"
        ]
    );
    assert_eq!(targets.last().unwrap(), "DELETE /fhir/$export-poll-status?_jobId=7-a");
    let requests = export.world.server.received_requests().await.unwrap();
    assert_eq!(requests[1].headers.get("prefer").unwrap(), "respond-async");
    for request in &requests[1..] {
        assert!(request.headers.contains_key("authorization"), "{}", request.url);
        assert_eq!(request.headers.get("ror-profil-utilisateur-code").unwrap(), "CU22");
    }
    assert_eq!(export.world.count("POST /token").await, 1);
}

#[tokio::test]
async fn a_region_narrows_the_export() {
    let asked = async |flaw: Option<Flaw>| {
        let export = Export::new().await;
        export.ready(vec![]).await;
        let flaws = flaw.into_iter().collect::<FlawSet>();
        export.world.run("export", json!({ "region": "24" }), flaws).await.assert_done();
        export.world.targets().await[1].clone()
    };
    let told = "GET /fhir/$export?_outputFormat=application/fhir%2Bjson&_type=HealthcareService&_typeFilter=HealthcareService%3F_tag%3Dhttps%3A%2F%2Fmos.esante.gouv.fr%2FNOS%2FTRE_R30-RegionOM%2FFHIR%2FTRE-R30-RegionOM%7C24";
    assert_eq!(asked(None).await, told);
    assert!(!asked(Some(Flaw::ExportIgnoresRegion)).await.contains("_typeFilter"));
    assert!(asked(Some(Flaw::ExportAsksNdjson)).await.contains("_outputFormat=application/fhir%2Bndjson&"));
}

#[tokio::test]
async fn polls_wait_as_told_or_ever_longer() {
    let export = Export::new().await;
    export.starts().await;
    let before = vec![in_progress(Some("7")), in_progress(None), in_progress(Some("0")), wait_told(429, "2")];
    export.polls(before, export.manifest()).await;
    export.files(vec![]).await;
    export.run(None).await.assert_done();
    assert_eq!(export.world.waits(1000), [7000, 2000, 3000, 2000]);

    let hot = Export::new().await;
    hot.starts().await;
    hot.polls(vec![in_progress(Some("7")); 80], hot.manifest()).await;
    hot.run(Some(Flaw::ExportPollsHot)).await.assert_error("does not come to an end");
    assert_eq!(hot.world.count("GET /fhir/$export-poll-status").await, 60);
    assert_eq!(hot.world.waits(100).len(), 0);

    let done = Export::new().await;
    done.starts().await;
    done.polls(vec![in_progress(Some("7"))], done.manifest()).await;
    let ran = done.run(Some(Flaw::ExportTakes202ForDone)).await;
    ran.assert_done();
    assert_eq!(ran.ids().len(), 0);
}

#[tokio::test]
async fn an_export_that_does_not_end_before_the_deadline_is_an_error() {
    let export = Export::new().await;
    export.starts().await;
    export.polls(vec![in_progress(Some("30")); 5], export.manifest()).await;
    export.run(None).await.assert_error("$export: not done before the deadline");
    assert_eq!(export.world.waits(1000), [30_000]);
}

#[tokio::test]
async fn a_missing_content_location_is_an_error() {
    let export = Export::new().await;
    export.world.answers("$export", vec![ResponseTemplate::new(202)]).await;
    export.run(None).await.assert_error("no Content-Location");
    let ran = export.run(Some(Flaw::IgnoresMissingContentLocation)).await;
    ran.assert_done();
    assert_eq!(ran.ids().len(), 0);
}

#[tokio::test]
async fn the_poll_address_is_taken_verbatim() {
    let export = Export::new().await;
    export.ready(vec![]).await;
    export.run(Some(Flaw::ExportRebuildsPollUrl)).await.assert_error("HTTP 404");
    assert_eq!(export.world.count("GET /fhir/$export-poll-status?job=7-a").await, 2);
    assert_eq!(export.world.count("GET /fhir/$export-poll-status?_jobId").await, 0);
}

#[tokio::test]
async fn a_file_that_fails_is_fetched_again_within_bounds() {
    let half = || {
        let text = file_of(&[location("8"), location("9")]).to_string();
        let cut = text[..text.len() - 30].to_owned();
        ResponseTemplate::new(200).set_body_raw(cut, "application/fhir+json")
    };
    let no_bundle = || ok(json!({ "resourceType": "OperationOutcome", "id": "1" }));
    for failure in [wait_told(429, "2"), wait_told(503, "1"), refusal(500, "down"), half(), no_bundle()] {
        let export = Export::new().await;
        export.ready(vec![failure]).await;
        let ran = export.run(None).await;
        ran.assert_done();
        assert_eq!(ran.ids(), ["1", "2", "9"]);
        assert_eq!(export.world.count("GET /fhir/$export?").await, 1);
        assert_eq!(export.world.count("GET /fhir/locations.json").await, 2);
    }
    for (failure, words) in
        [(half(), "file 2 of 2"), (refusal(403, "no"), "HTTP 403"), (no_bundle(), "neither a Bundle")]
    {
        let export = Export::new().await;
        export.ready(vec![failure; 9]).await;
        export.run(None).await.assert_error(words);
        assert_eq!(std::fs::read_dir(export.folder.path()).unwrap().count(), 0, "nothing is held");
    }
    let cut = Export::new().await;
    cut.ready(vec![half(); 9]).await;
    let ran = cut.run(Some(Flaw::ExportKeepsCutFile)).await;
    ran.assert_done();
    assert_eq!(ran.ids(), ["1", "2", "8"]);
    let ran = cut.run(Some(Flaw::ExportSkipsFailedFile)).await;
    ran.assert_done();
    assert_eq!(ran.ids(), ["1", "2"]);
    let ran = cut.run(Some(Flaw::ExportFirstFileOnly)).await;
    ran.assert_done();
    assert_eq!(ran.ids(), ["1", "2"]);
}

#[tokio::test]
async fn a_429_on_a_file_does_not_start_a_new_export() {
    let export = Export::new().await;
    export.ready(vec![wait_told(429, "2")]).await;
    export.run(Some(Flaw::ExportRestartsOn429)).await.assert_done();
    assert_eq!(export.world.count("GET /fhir/$export?").await, 2);
}

#[tokio::test]
async fn a_job_that_is_gone_is_started_once_more() {
    for status in [404, 410] {
        let export = Export::new().await;
        export.ready(vec![refusal(status, "expired")]).await;
        export.run(None).await.assert_done();
        assert_eq!(export.world.count("GET /fhir/$export?").await, 2);
        let gone = Export::new().await;
        gone.ready(vec![refusal(status, "expired"); 9]).await;
        gone.run(None).await.assert_error(&format!("HTTP {status}"));
        assert_eq!(gone.world.count("GET /fhir/$export?").await, 2);
    }
}

#[tokio::test]
async fn errors_of_the_manifest_are_reported() {
    let export = Export::new().await;
    export.starts().await;
    let mut manifest = export.manifest();
    manifest["error"] = json!([{ "type": "OperationOutcome", "url": export.url("errors.json") }]);
    export.polls(vec![], manifest).await;
    export.files(vec![]).await;
    export.run(None).await.assert_error("the manifest tells of errors");
    export.run(Some(Flaw::ExportIgnoresManifestErrors)).await.assert_done();
}

#[tokio::test]
async fn the_token_follows_no_link_to_another_server() {
    let foreign = MockServer::start().await;
    let away = foreign.uri();
    Mock::given(method("GET")).respond_with(ok(file_of(&[location("9")]))).mount(&foreign).await;
    let with_file = Export::new().await;
    with_file.starts().await;
    let manifest = json!({ "output": [{ "type": "Location", "url": format!("{away}/x.json") }] });
    with_file.polls(vec![], manifest).await;
    let with_poll = Export::new().await;
    let place = format!("{away}/poll");
    let accepted = ResponseTemplate::new(202).insert_header("Content-Location", place.as_str());
    with_poll.world.answers("$export", vec![accepted]).await;
    for export in [&with_file, &with_poll] {
        export.run(None).await.assert_error("another server");
    }
    assert_eq!(foreign.received_requests().await.unwrap().len(), 0);
    with_file.run(Some(Flaw::FollowsForeignLinks)).await.assert_done();
    let lured = foreign.received_requests().await.unwrap();
    assert!(lured[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn what_vanished_is_purged() {
    let export = Export::new().await;
    export.starts().await;
    let one = |name: &str| json!({ "output": [{ "url": export.url(name) }] });
    export.polls(vec![ok(one("a.json"))], one("b.json")).await;
    export.world.answers("a.json", vec![ok(file_of(&[location("1"), location("2")]))]).await;
    export.world.answers("b.json", vec![ok(file_of(&[location("2")]))]).await;
    assert_eq!(export.run(None).await.ids(), ["1", "2"]);
    assert_eq!(export.run(None).await.ids(), ["2"]);
    export.world.run("export", json!({}), FlawSet::none()).await.assert_done();
    let stale = Export::new().await;
    stale.starts().await;
    let one = |name: &str| json!({ "output": [{ "url": stale.url(name) }] });
    stale.polls(vec![ok(one("a.json"))], one("b.json")).await;
    stale.world.answers("a.json", vec![ok(file_of(&[location("1")]))]).await;
    stale.world.answers("b.json", vec![ok(location("2"))]).await;
    stale.run(None).await.assert_done();
    assert_eq!(stale.run(Some(Flaw::ExportNeverPurges)).await.ids(), ["1", "2"]);
}

/// A server that closes the connection in the middle of every file; how often it was asked.
fn cuts_files() -> (String, Arc<Mutex<usize>>) {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            *counter.lock().unwrap() += 1;
            let _ = stream.read(&mut [0; 8192]);
            let whole = file_of(&[location("8"), location("9")]).to_string();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", whole.len());
            let _ = stream.write_all(format!("{head}{}", &whole[..whole.len() - 30]).as_bytes());
        }
    });
    (url, asked)
}

#[tokio::test]
async fn a_file_whose_connection_is_cut_is_not_held() {
    let (url, asked) = cuts_files();
    let mut export = Export::new().await;
    export.starts().await;
    export.polls(vec![], json!({ "output": [{ "url": format!("{url}/a.json") }] })).await;
    // Another address of the same ROR, so that the token may go there.
    export.world.environment.insert("ROR_CAPACITY_URL".to_owned(), format!("{url}/beds"));
    export.run(None).await.assert_error("(3 attempts)");
    assert_eq!(*asked.lock().unwrap(), 3);
    let ran = export.run(Some(Flaw::ExportKeepsCutFile)).await;
    ran.assert_done();
    assert_eq!(ran.ids(), ["8"]);
}

#[tokio::test]
async fn a_failed_export_leaves_the_base_as_it_was() {
    let held_after_failure = async |flaw: Option<Flaw>| {
        let export = Export::new().await;
        export.starts().await;
        export.polls(vec![], export.manifest()).await;
        export.world.answers(OFFER_FILE, vec![ok(file_of(&[offer("1")]))]).await;
        let (whole, gone) = (ok(file_of(&[location("9")])), refusal(403, "no"));
        export.world.answers(LOCATION_FILE, vec![whole, gone]).await;
        export.run(flaw).await.assert_done();
        export.run(flaw).await.assert_error("HTTP 403");
        let base = std::fs::read(export.folder.path().join("base.json")).unwrap();
        let base: Value = serde_json::from_slice(&base).unwrap();
        export.world.answers("HealthcareService/1", vec![ok(offer("1"))]).await;
        let input = json!({ "resource": "HealthcareService", "id": "1", "as-profile": 0 });
        let shown = export.world.run("show", input, flaw.into_iter().collect::<FlawSet>()).await;
        shown.assert_done();
        assert_eq!(base["bookmark"], "2026-10-01T00:00:00Z");
        (base["resources"].as_array().unwrap().len(), shown.ids().len())
    };
    assert_eq!(held_after_failure(None).await, (2, 1));
    assert_eq!(held_after_failure(Some(Flaw::ExportEmptiesBaseFirst)).await, (0, 0));
}
