//! Refusals and rubbish: never repeated in vain, never passed over in silence.

use super::*;

#[tokio::test]
async fn refusals_are_reported_in_the_servers_words_and_not_repeated() {
    for status in [400, 403, 404, 410] {
        let world = World::new().await;
        world.answers("Location/1", vec![refusal(status, "not on the whitelist")]).await;
        let ran = world.run("read", read("1"), FlawSet::none()).await;
        ran.assert_error(&format!("GET Location/1: the ROR answered HTTP {status}: not on the whitelist"));
        assert_eq!(world.count("GET").await, 1);
        assert_eq!(world.count("POST").await, 1);
    }
}

#[tokio::test]
async fn one_failed_read_of_a_series_is_named_and_the_others_are_read() {
    let run = async |flaw: Option<Flaw>| {
        let world = World::new().await;
        world.has_location("1").await;
        world.answers("Location/2", vec![refusal(404, "unknown")]).await;
        world.has_location("3").await;
        let ran =
            world.run("many-reads", many(&["1", "2", "3"], 2), flaw.into_iter().collect::<FlawSet>()).await;
        assert_eq!(world.count("GET").await, 3);
        ran
    };
    run(None).await.assert_error("1 of 3 reads failed: GET Location/2: the ROR answered HTTP 404: unknown");
    let skipped = run(Some(Flaw::SkipsFailedReads)).await;
    skipped.assert_done();
    assert_eq!(skipped.ids(), ["1", "3"]);
}

#[tokio::test]
async fn a_page_that_fails_for_good_is_no_partial_success() {
    let run = async |flaw: Option<Flaw>| {
        let world = World::new().await;
        three_pages(&world, vec![refusal(500, "down"); 3]).await;
        let flaws = flaw.into_iter().collect::<FlawSet>();
        world.run("search", search(json!([["name", "x"]])), flaws).await
    };
    run(None).await.assert_error("GET Location, page 2: HTTP 500: down (3 attempts)");
    let dropped = run(Some(Flaw::DropsPageOnError)).await;
    dropped.assert_done();
    assert_eq!(dropped.ids(), ["1"]);
}

#[tokio::test]
async fn a_next_link_to_another_server_gets_no_token() {
    let foreign = MockServer::start().await;
    let page = ok(bundle(vec![found("2")], None));
    Mock::given(method("GET")).respond_with(page).mount(&foreign).await;
    let world = World::new().await;
    let next = Some(format!("{}/fhir/Location?page=2", foreign.uri()));
    world.answers("Location", vec![ok(bundle(vec![found("1")], next))]).await;
    let ran = world.run("search", search(json!([])), FlawSet::none()).await;
    ran.assert_error("the token goes to no other host");
    assert!(foreign.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn pages_that_go_round_in_circles_are_an_error() {
    let world = World::new().await;
    let next = Some(format!("{}/fhir/Location", world.server.uri()));
    world.answers("Location", vec![ok(bundle(vec![found("1")], next))]).await;
    world.run("search", search(json!([])), FlawSet::none()).await.assert_error("round in circles");
    assert_eq!(world.count("GET").await, 1);
}

#[tokio::test]
async fn an_answer_that_is_something_else_is_an_error() {
    let world = World::new().await;
    world.answers("Location/1", vec![ok(location("2"))]).await;
    world.run("read", read("1"), FlawSet::none()).await.assert_error("another resource");
    world.answers("Location", vec![ok(location("2"))]).await;
    world.run("search", search(json!([])), FlawSet::none()).await.assert_error("not a Bundle");
    world
        .answers("Organization", vec![ResponseTemplate::new(302).insert_header("Location", "http://e/")])
        .await;
    let input = json!({ "resource": "Organization" });
    world.run("search", input, FlawSet::none()).await.assert_error("another server");
}

#[tokio::test]
async fn actions_that_the_client_lacks_end_with_89() {
    let world = World::new().await;
    for action in ["csd-extract", "csd-changes", "csd-read-organisation", "no-such-action"] {
        let ran = world.run(action, json!({}), FlawSet::none()).await;
        assert_eq!((ran.exit, ran.printed.as_str()), (EXIT_NO_SUCH_ACTION, ""), "{action}");
    }
    for action in Action::ALL {
        assert_eq!(Action::parse(action.name()), Some(*action));
    }
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let mut world = World::new().await;
    world.run("read", json!({ "resource": "Location" }), FlawSet::none()).await.assert_error("`id`");
    world.run("read", json!({ "resource": "a/b", "id": "1" }), FlawSet::none()).await.assert_error("type");
    world.environment.insert("ROR_CA_CERT".to_owned(), "/nowhere/ca.pem".to_owned());
    world.run("token", json!({}), FlawSet::none()).await.assert_error("/nowhere/ca.pem");
    world.environment.remove("ROR_CA_CERT");
    world.environment.insert("ROR_TOKEN_URL".to_owned(), "https://localhost:1/token".to_owned());
    world.environment.remove("ROR_FHIR_URL");
    world.run("token", json!({}), FlawSet::none()).await.assert_error("token request");
    world.environment.remove("ROR_TOKEN_URL");
    world.run("token", json!({}), FlawSet::none()).await.assert_error("ROR_TOKEN_URL is missing");
    assert_eq!(world.targets().await.len(), 0);
}
