//! Lists over many pages.
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use labkeep_gitlab::{Error, PageRequest, Paging, Sort};
use serde_json::{Value, json};

use crate::server::Server;

fn linked(items: &Value, link: Option<String>) -> Response {
    let mut response = axum::Json(items.clone()).into_response();
    if let Some(link) = link {
        response.headers_mut().insert("link", link.parse().unwrap());
    }
    response
}

#[tokio::test]
async fn pages_by_number_are_walked_to_the_last() {
    let server = Server::start(|seen| {
        let query = seen.query();
        let page: u32 = query.get("page").map_or(1, |page| page.parse().unwrap());
        let link = format!(
            "<http://wrong-host.invalid/api/v4/x?page={}&per_page=100&state=all>; rel=\"next\"",
            page + 1
        );
        // A page with nothing on it is not the end: notes may be hidden.
        let items = if page == 2 { json!([]) } else { json!([page]) };
        let mut response = linked(&items, (page < 4).then_some(link));
        response
            .headers_mut()
            .insert("x-total", "3".parse().unwrap());
        response
    })
    .await;
    let client = server.client();
    let all: Vec<u32> = client
        .all("x", &[("state", "all")], Paging::Offset)
        .await
        .unwrap();
    assert_eq!(all, [1, 3, 4]);
    assert_eq!(server.seen().len(), 4);
    assert!(
        server
            .seen()
            .iter()
            .all(|seen| seen.query()["per_page"] == "100")
    );
    let page = client
        .page::<u32>(
            "x",
            &[("per_page", "1")],
            &PageRequest::first(Paging::Offset),
        )
        .await
        .unwrap();
    assert_eq!(page.total, Some(3));
}

#[tokio::test]
async fn pages_by_key_follow_the_servers_own_link() {
    let server = Server::start(|seen| {
        let query = seen.query();
        assert_eq!(query["pagination"], "keyset");
        match query.get("id_after").map(String::as_str) {
            None => linked(
                &json!([1, 2]),
                Some("</api/v4/projects?pagination=keyset&order_by=id&sort=asc&id_after=2>; rel=\"next\"".into()),
            ),
            Some("2") => linked(&json!([3]), None),
            Some(other) => panic!("{other}"),
        }
    })
    .await;
    let keyset = Paging::Keyset {
        order_by: "id",
        sort: Sort::Ascending,
    };
    let client = server.client();
    let pages: Vec<_> = client
        .pages::<u32>("projects", &[], keyset)
        .try_collect()
        .await
        .unwrap();
    let items: Vec<u32> = pages.into_iter().flat_map(|page| page.items).collect();
    assert_eq!(items, [1, 2, 3]);
}

#[tokio::test]
async fn a_list_that_does_not_move_on_is_an_error() {
    let server =
        Server::start(|_| linked(&json!([1]), Some("</api/v4/x?page=2>; rel=\"next\"".into())))
            .await;
    let error = server
        .client()
        .all::<u32>("x", &[], Paging::Offset)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Decode { .. }));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_failure_on_a_later_page_fails_the_list() {
    let server = Server::start(|seen| match seen.query().get("page") {
        None => linked(&json!([1]), Some("</api/v4/x?page=2>; rel=\"next\"".into())),
        Some(_) => crate::server::refusal(403, "403 Forbidden"),
    })
    .await;
    let error = server
        .client()
        .all::<u32>("x", &[], Paging::Offset)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Forbidden { .. }));
}

/// Reads a list whose first item is deleted whenever its first page was read,
/// so often.
async fn shrinking(deletions: u32) -> (Server, Result<Vec<u32>, Error>) {
    let gone = std::sync::atomic::AtomicU32::new(0);
    let server = Server::start(move |seen| {
        use std::sync::atomic::Ordering::SeqCst;
        let page: usize = seen
            .query()
            .get("page")
            .map_or(1, |page| page.parse().unwrap());
        let list: Vec<u32> = (gone.load(SeqCst)..20).collect();
        let items: Vec<u32> = list.iter().copied().skip((page - 1) * 2).take(2).collect();
        let more = list.len() > page * 2;
        let link = format!("<http://h/api/v4/x?page={}>; rel=\"next\"", page + 1);
        let mut response = linked(&json!(items), more.then_some(link));
        let total = list.len().to_string();
        response
            .headers_mut()
            .insert("x-total", total.parse().unwrap());
        if page == 1 && gone.load(SeqCst) < deletions {
            gone.fetch_add(1, SeqCst);
        }
        response
    })
    .await;
    let read = server.client().all("x", &[], Paging::Offset).await;
    (server, read)
}

#[tokio::test]
async fn a_list_that_gets_shorter_while_it_is_read_is_read_again() {
    let (server, read) = shrinking(1).await;
    assert_eq!(read.unwrap(), (1..20).collect::<Vec<u32>>());
    assert_eq!(server.seen().len(), 10 + 10);
}

#[tokio::test]
async fn a_list_that_never_keeps_still_is_no_list() {
    let (_server, read) = shrinking(u32::MAX).await;
    assert!(matches!(read, Err(Error::ListChanged { route }) if route == "x"));
}
