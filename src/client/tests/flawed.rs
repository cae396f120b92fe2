//! The flaws that no other test of the wire shows.

use super::*;

async fn get_with(flaw: Flaw, action: &str, input: Value) -> Request {
    let world = World::new().await;
    world.has_location("1").await;
    world.run(action, input, flaw).await.assert_done();
    let requests = world.server.received_requests().await.unwrap();
    requests.into_iter().find(|request| request.method == "GET").unwrap()
}

fn ror_headers(request: &Request) -> Vec<String> {
    let headers = request.headers.iter().filter(|(name, _)| name.as_str().starts_with("ror-"));
    headers.map(|(_, value)| value.to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn headers_deviate_where_the_flaw_says() {
    let (code, system) = ("CU22", "1.2.250.1.213.1.6.1.66");
    let (role, role_system) = ("AUTOMATE", "1.2.250.1.213.1.1.4.6");
    let sent = async |flaw| ror_headers(&get_with(flaw, "read", read("1")).await);
    assert_eq!(sent(Flaw::MissingRoleHeaders).await, [code, system]);
    assert_eq!(sent(Flaw::WrongProfileCode).await, ["CU23", system, role, role_system]);
    let with_urn = [code, &format!("urn:oid:{system}"), role, &format!("urn:oid:{role_system}")];
    assert_eq!(sent(Flaw::UrnOidSystems).await, with_urn);
    assert_eq!(sent(Flaw::HeadersMissingInParallel).await.len(), 4, "a single read has them");
    let series = get_with(Flaw::HeadersMissingInParallel, "many-reads", many(&["1"], 1)).await;
    assert_eq!(ror_headers(&series).len(), 0);
}

#[tokio::test]
async fn errors_are_hidden_where_the_flaw_says() {
    let run = async |flaw| {
        let world = World::new().await;
        world.answers("Location/1", vec![refusal(403, "no")]).await;
        let ran = world.run("read", read("1"), flaw).await;
        (ran, world.count("GET").await)
    };
    let (swallowed, _) = run(Flaw::SwallowsErrors).await;
    swallowed.assert_done();
    assert_eq!(swallowed.result["integrated"], json!([]));
    let (silent, _) = run(Flaw::SilentError).await;
    assert_eq!((silent.exit, silent.printed.as_str()), (1, ""));
    let (refused, calls) = run(Flaw::Retries403).await;
    refused.assert_error("HTTP 403");
    assert_eq!(calls, 4);
}

#[tokio::test]
async fn paging_deviates_where_the_flaw_says() {
    let world = World::new().await;
    three_pages(&world, vec![]).await;
    let ran = world.run("search", search(json!([["name", "x"]])), Flaw::FirstPageOnly).await;
    ran.assert_done();
    assert_eq!(ran.ids(), ["1"]);
    let rebuilt = World::new().await;
    three_pages(&rebuilt, vec![]).await;
    rebuilt.run("search", search(json!([["name", "x"]])), Flaw::RebuildsNextUrl).await;
    assert_eq!(rebuilt.count("GET /fhir/Location?page=").await, 0);
    assert_eq!(rebuilt.targets().await[2], "GET /fhir/Location?name=x&_getpagesoffset=1");
}
