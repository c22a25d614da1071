//! Pages of lists, conditional requests, filters.

use serde_json::json;

use crate::support::{Client, fleet};

#[tokio::test]
async fn offset_pages_carry_gitlabs_headers() {
    let gitlab = fleet(45);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let page = owner
        .get("/projects?per_page=20&page=2&order_by=id&sort=asc")
        .await;
    assert_eq!(page.expect(200).as_array().unwrap().len(), 20);
    for (header, value) in [
        ("x-total", "45"),
        ("x-total-pages", "3"),
        ("x-page", "2"),
        ("x-per-page", "20"),
        ("x-next-page", "3"),
        ("x-prev-page", "1"),
    ] {
        assert_eq!(page.header(header), value, "{header}");
    }
    let rels: Vec<&str> = page
        .header("link")
        .split(", ")
        .map(|link| link.split("; ").nth(1).unwrap())
        .collect();
    assert_eq!(
        rels,
        [
            "rel=\"prev\"",
            "rel=\"next\"",
            "rel=\"first\"",
            "rel=\"last\""
        ]
    );
    let last = owner.get("/projects?per_page=20&page=3").await;
    assert_eq!(
        last.headers
            .get("x-next-page")
            .map(reqwest::header::HeaderValue::as_bytes),
        Some(&b""[..])
    );
    assert!(!last.header("link").contains("rel=\"next\""));
    assert_eq!(owner.all("/projects?per_page=7").await.len(), 45);
}

#[tokio::test]
async fn at_most_a_hundred_items_are_on_a_page() {
    let gitlab = fleet(120);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let page = owner.get("/projects?per_page=500").await;
    assert_eq!(page.expect(200).as_array().unwrap().len(), 100);
    assert_eq!(
        owner.get("/projects?per_page=x").await.expect(400),
        json!({"error": "per_page is invalid"})
    );
}

#[tokio::test]
async fn above_ten_thousand_records_there_are_no_totals() {
    let gitlab = fleet(10_001);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let page = owner.get("/projects?per_page=100").await;
    assert_eq!(page.status, 200);
    assert!(page.headers.get("x-total").is_none());
    assert!(page.headers.get("x-total-pages").is_none());
    assert!(!page.header("link").contains("rel=\"last\""));
    assert_eq!(page.header("x-next-page"), "2");
    let deep = owner.get("/projects?per_page=100&page=502").await;
    assert_eq!(
        deep.expect(405),
        json!({"error": "Offset pagination has a maximum allowed offset of 50000 for requests that return objects of type Project. Remaining records can be retrieved using keyset pagination."})
    );
}

#[tokio::test]
async fn keyset_pages_reach_every_project_once() {
    let gitlab = fleet(230);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let first = owner
        .get("/projects?pagination=keyset&order_by=id&sort=asc&per_page=100")
        .await;
    assert!(
        first.header("link").contains("id_after=100"),
        "{}",
        first.header("link")
    );
    assert!(first.headers.get("x-total").is_none());
    let all = owner
        .all("/projects?pagination=keyset&order_by=id&sort=asc&per_page=100")
        .await;
    let ids: Vec<u64> = all
        .iter()
        .map(|project| project["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, (1..=230).collect::<Vec<u64>>());
    let down = owner
        .all("/projects?pagination=keyset&order_by=id&sort=desc&per_page=100")
        .await;
    assert_eq!(down.len(), 230);
    assert_eq!(down[0]["id"], 230);
    assert_eq!(
        owner
            .get("/projects?pagination=keyset&order_by=name")
            .await
            .status,
        405
    );
}

#[tokio::test]
async fn links_never_carry_a_token() {
    let gitlab = fleet(30);
    let client = Client::new(&gitlab, "");
    let token = &gitlab.tokens.owner;
    let page = client
        .get(&format!("/projects?private_token={token}"))
        .await;
    assert!(page.header("link").contains("rel=\"next\""));
    assert!(!page.header("link").contains(token.as_str()));
}

#[tokio::test]
async fn unchanged_answers_are_not_sent_again() {
    let gitlab = fleet(2);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let first = owner.get("/projects/1").await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with("W/\""));
    let request = owner
        .request(reqwest::Method::GET, "/projects/1")
        .header("If-None-Match", &tag);
    let again = owner.send(request).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    gitlab.create_issue("fleet/ship-00001", "News").unwrap();
    let request = owner
        .request(reqwest::Method::GET, "/projects/1")
        .header("If-None-Match", &tag);
    assert_eq!(owner.send(request).await.status, 200);
}

#[tokio::test]
async fn projects_are_filtered_and_shown_according_to_role() {
    let gitlab = fleet(5);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let ids = async |query: &str| -> Vec<u64> {
        let list = owner
            .get(&format!("/projects?order_by=id&sort=asc&{query}"))
            .await
            .expect(200);
        list.as_array()
            .unwrap()
            .iter()
            .map(|project| project["id"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(ids("id_after=2&id_before=5").await, [3, 4]);
    assert_eq!(ids("search=ship-00004").await, [4]);
    assert_eq!(ids("min_access_level=50&membership=true").await.len(), 5);
    owner
        .post("/projects/2/archive", json!({}))
        .await
        .expect(201);
    assert_eq!(ids("archived=true").await, [2]);
    let simple = owner.get("/projects?simple=true").await.expect(200);
    assert!(simple[0].get("merge_method").is_none());
    let full = owner.get("/projects/1?statistics=true").await.expect(200);
    assert_eq!(full["statistics"]["commit_count"], 4);
    assert!(full.get("runners_token").is_some());
    let developer = Client::new(&gitlab, &gitlab.tokens.developer_read);
    assert!(
        developer
            .get("/projects/1")
            .await
            .expect(200)
            .get("runners_token")
            .is_none()
    );
    let guest = Client::new(&gitlab, &gitlab.tokens.guest);
    let shown = guest.get("/projects/1?statistics=true").await.expect(200);
    assert!(shown.get("statistics").is_none());
    assert!(
        shown.get("default_branch").is_none(),
        "a Guest does not read a private project's code"
    );
}

#[tokio::test]
async fn groups_nest_and_list_their_projects() {
    let gitlab = fleet(1600);
    let owner = Client::new(&gitlab, &gitlab.tokens.owner);
    let groups = owner.all("/groups?per_page=2").await;
    assert_eq!(groups.len(), 4);
    assert_eq!(owner.all("/groups/fleet/subgroups").await.len(), 3);
    assert_eq!(owner.all("/groups/fleet/descendant_groups").await.len(), 3);
    assert_eq!(
        owner.all("/groups/fleet/projects?per_page=100").await.len(),
        500
    );
    let everything = owner
        .get("/groups/fleet/projects?include_subgroups=true")
        .await;
    assert_eq!(everything.header("x-total"), "1600");
    let one = owner
        .get("/groups/fleet%2Fsquadron-001?with_projects=false")
        .await
        .expect(200);
    assert_eq!(one["full_name"], "Fleet / Squadron 1");
    assert!(one.get("projects").is_none());
    let roles = Client::new(&gitlab, &gitlab.tokens.minimal)
        .get("/personal_access_tokens/self/associations?min_access_level=50&per_page=5")
        .await
        .expect(200);
    assert_eq!(
        roles["projects"][0]["access_levels"],
        json!({"project_access_level": null, "group_access_level": 50})
    );
}
