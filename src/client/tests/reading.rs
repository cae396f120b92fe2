//! Reads, searches and series: what is asked, what is followed, what is taken in.

use super::*;

#[tokio::test]
async fn a_read_sends_the_headers_that_the_ror_asks_for() {
    let world = World::new().await;
    world.has_location("1").await;
    let ran = world.run("read", read("1"), FlawSet::none()).await;
    ran.assert_done();
    assert_eq!(
        ran.result["integrated"],
        json!([{ "resourceType": "Location", "id": "1", "name": "Lieu 1" }])
    );
    let requests = world.server.received_requests().await.unwrap();
    let get = requests.iter().find(|request| request.method == "GET").unwrap();
    let header = |name: &str| get.headers.get(name).unwrap().to_str().unwrap();
    assert_eq!(header("ror-profil-utilisateur-code"), "CU22");
    assert_eq!(header("ror-profil-utilisateur-system"), "1.2.250.1.213.1.6.1.66");
    assert_eq!(header("ror-role-metier-code"), "AUTOMATE");
    assert_eq!(header("ror-role-metier-system"), "1.2.250.1.213.1.1.4.6");
    assert_eq!(header("accept"), "application/fhir+json");
    assert!(header("user-agent").starts_with("banc-ror-client/"));
}

#[tokio::test]
async fn a_search_asks_what_it_was_told_to_ask() {
    let world = World::new().await;
    world.answers("Location", vec![ok(bundle(vec![], None))]).await;
    let parameters = json!([
        ["specialty", "https://sys|022"],
        ["name", "Hôpital été"],
        ["_lastUpdated", "ge2026-01-01T00:00:00+01:00"],
        ["_count", 50]
    ]);
    let ran = world.run("search", search(parameters), FlawSet::none()).await;
    ran.assert_done();
    assert_eq!(ran.result["integrated"], json!([]), "an empty Bundle is a result");
    let requests = world.server.received_requests().await.unwrap();
    let asked: Vec<(String, String)> =
        requests[1].url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [
        pair("specialty", "https://sys|022"),
        pair("name", "Hôpital été"),
        pair("_lastUpdated", "ge2026-01-01T00:00:00+01:00"),
        pair("_count", "50"),
    ];
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn all_pages_are_read_by_their_links() {
    let world = World::new().await;
    three_pages(&world, vec![]).await;
    let ran = world.run("search", search(json!([["name", "x"]])), FlawSet::none()).await;
    ran.assert_done();
    assert_eq!(ran.ids(), ["1", "2", "3"]);
    assert_eq!(
        world.targets().await[1..],
        ["GET /fhir/Location?name=x", "GET /fhir/Location?page=2", "GET /fhir/Location?page=3"]
    );
}

#[tokio::test]
async fn the_first_page_alone_is_read_when_that_is_asked() {
    let world = World::new().await;
    three_pages(&world, vec![]).await;
    let input = json!({ "resource": "Location", "parameters": [["name", "x"]], "all-pages": false });
    let ran = world.run("search", input, FlawSet::none()).await;
    ran.assert_done();
    assert_eq!(ran.ids(), ["1"]);
    assert_eq!(world.count("GET").await, 1);
}

#[tokio::test]
async fn a_429_between_pages_resumes_at_the_same_page() {
    let world = World::new().await;
    three_pages(&world, vec![wait_told(429, "2")]).await;
    world.run("search", search(json!([["name", "x"]])), FlawSet::none()).await.assert_done();
    assert_eq!(world.count("GET /fhir/Location?name=x").await, 1);
    assert_eq!(world.count("GET /fhir/Location?page=2").await, 2);

    let restarted = World::new().await;
    three_pages(&restarted, vec![wait_told(429, "2")]).await;
    let ran = restarted.run("search", search(json!([["name", "x"]])), Flaw::RestartsPagingAfter429).await;
    ran.assert_done();
    assert_eq!(ran.ids(), ["1", "2", "3"]);
    assert_eq!(restarted.count("GET /fhir/Location?name=x").await, 2);
    assert_eq!(restarted.waits(1000), [2000], "it waits as told all the same");
}

#[tokio::test]
async fn includes_are_no_results_and_doubles_count_once() {
    let included = json!({
        "resource": { "resourceType": "Organization", "id": "9" }, "search": { "mode": "include" }
    });
    let included_location = json!({ "resource": location("8"), "search": { "mode": "include" } });
    let outcome =
        json!({ "resource": { "resourceType": "OperationOutcome" }, "search": { "mode": "outcome" } });
    let plain = json!({ "resource": location("2") });
    let entries = vec![found("1"), included, included_location, outcome, plain, found("1")];
    let ids = async |flaw: Option<Flaw>| {
        let world = World::new().await;
        world.answers("Location", vec![ok(bundle(entries.clone(), None))]).await;
        let ran = world.run("search", search(json!([])), flaw.into_iter().collect::<FlawSet>()).await;
        ran.assert_done();
        ran.ids().join(" ")
    };
    assert_eq!(ids(None).await, "1 2");
    assert_eq!(ids(Some(Flaw::CountsIncludes)).await, "1 9 8 2");
    assert_eq!(ids(Some(Flaw::KeepsDuplicates)).await, "1 9 2 1");
}

#[tokio::test]
async fn an_id_asked_for_twice_is_taken_in_once() {
    let world = World::new().await;
    world.has_location("1").await;
    let ran = world.run("many-reads", many(&["1", "1"], 2), FlawSet::none()).await;
    ran.assert_done();
    assert_eq!(ran.ids(), ["1"]);
    assert_eq!(world.count("GET").await, 2);
}

#[tokio::test]
async fn a_long_result_goes_to_the_result_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("result.json");
    let mut world = World::new().await;
    let entries = (0..1000).map(|id| found(&id.to_string())).collect();
    world.answers("Location", vec![ok(bundle(entries, None))]).await;
    let on_stdout = world.run("search", search(json!([])), FlawSet::none()).await;
    assert_eq!(on_stdout.ids().len(), 1000);
    world.environment.insert("ROR_RESULT_FILE".to_owned(), file.to_str().unwrap().to_owned());
    let ran = world.run("search", search(json!([])), FlawSet::none()).await;
    assert_eq!((ran.exit, ran.printed.as_str()), (0, ""));
    let written: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(written, on_stdout.result);
}
