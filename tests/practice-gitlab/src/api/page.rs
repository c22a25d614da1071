//! Pages of lists: offset with its headers, and keyset for projects (facts of
//! `doc/api/rest/_index.md` and `lib/gitlab/pagination`).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use serde_json::Value;

use super::Refusal;
use super::call::Call;
use super::reply::{Answer, Reply};

/// Above so many records GitLab does not say how many there are.
const COUNTED: usize = 10_000;

/// The deepest offset for kinds that also have keyset paging.
const DEEPEST: u64 = 50_000;

/// Which page was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// From 1.
    pub page: u64,
    /// Records on it, 1 to 100.
    pub per_page: u64,
}

impl PageRequest {
    /// Reads `page` and `per_page`.
    pub fn of(call: &Call) -> Result<Self, Refusal> {
        let page = call.params.number("page")?.unwrap_or(1).max(1);
        let per_page = call.params.number("per_page")?.unwrap_or(20);
        if per_page == 0 {
            return Err(Refusal::invalid("per_page has a value not allowed"));
        }
        Ok(Self {
            page,
            per_page: per_page.min(100),
        })
    }

    /// Records before this page.
    fn offset(self) -> u64 {
        (self.page - 1).saturating_mul(self.per_page)
    }

    /// The part of `items` that is on this page.
    pub fn cut<T>(self, items: &[T]) -> &[T] {
        let start = usize::try_from(self.offset())
            .unwrap_or(usize::MAX)
            .min(items.len());
        let length = usize::try_from(self.per_page).unwrap_or(usize::MAX);
        &items[start..items.len().min(start.saturating_add(length))]
    }
}

/// A page of `items` by offset, each shown by `show`.
pub fn page<T>(call: &Call, items: &[T], show: impl FnMut(&T) -> Value) -> Answer {
    page_where(call, items, |_| true, show)
}

/// The same, leaving out what `keep` refuses only after the page was cut, as
/// GitLab does with notes: such a page may be short although more follow.
pub fn page_where<T>(
    call: &Call,
    items: &[T],
    mut keep: impl FnMut(&T) -> bool,
    show: impl FnMut(&T) -> Value,
) -> Answer {
    let request = PageRequest::of(call)?;
    let shown: Vec<Value> = request
        .cut(items)
        .iter()
        .filter(|item| keep(item))
        .map(show)
        .collect();
    Ok(Reply::Headed(
        Value::Array(shown),
        headers(call, request, items.len()),
    ))
}

/// The same for kinds where deep offsets are refused; `kind` is the word of the
/// refusal, such as `Project`.
pub fn page_limited<T>(
    call: &Call,
    kind: &str,
    items: &[T],
    show: impl FnMut(&T) -> Value,
) -> Answer {
    let request = PageRequest::of(call)?;
    if request.offset() > DEEPEST {
        return Err(Refusal::json(
            StatusCode::METHOD_NOT_ALLOWED,
            serde_json::json!({ "error": format!(
                "Offset pagination has a maximum allowed offset of {DEEPEST} for requests that return objects of type {kind}. Remaining records can be retrieved using keyset pagination."
            ) }),
        ));
    }
    page(call, items, show)
}

/// A page by keyset: `items` are already behind the cursor and in order; the
/// link to the next page carries `id_after` (or `id_before` when descending).
pub fn keyset_page<T>(
    call: &Call,
    items: &[T],
    descending: bool,
    id: impl Fn(&T) -> u64,
    show: impl FnMut(&T) -> Value,
) -> Answer {
    let request = PageRequest {
        page: 1,
        ..PageRequest::of(call)?
    };
    let shown = request.cut(items);
    let mut headers = vec![("x-per-page", request.per_page.to_string())];
    if let Some(last) = shown.last().filter(|_| shown.len() < items.len()) {
        let cursor = if descending { "id_before" } else { "id_after" };
        let url = with_query(call, &[(cursor, id(last).to_string())], &["page"]);
        headers.push(("link", format!("<{url}>; rel=\"next\"")));
    }
    Ok(Reply::Headed(
        Value::Array(shown.iter().map(show).collect()),
        headers,
    ))
}

/// Whether keyset paging was asked for.
pub fn wants_keyset(call: &Call) -> bool {
    call.params.text("pagination").as_deref() == Some("keyset")
}

/// The headers of an offset page of `total` records.
fn headers(call: &Call, request: PageRequest, total: usize) -> Vec<(&'static str, String)> {
    let total = total as u64;
    let pages = total.div_ceil(request.per_page).max(1);
    let counted = total <= COUNTED as u64;
    let next = (request.page < pages).then_some(request.page + 1);
    let previous = (request.page > 1).then(|| request.page - 1);
    let text = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();

    let link = |page: u64, rel: &str| {
        let per_page = request.per_page.to_string();
        let url = with_query(
            call,
            &[("page", page.to_string()), ("per_page", per_page)],
            &[],
        );
        format!("<{url}>; rel=\"{rel}\"")
    };
    let mut links = Vec::new();
    if let Some(previous) = previous {
        links.push(link(previous, "prev"));
    }
    if let Some(next) = next {
        links.push(link(next, "next"));
    }
    links.push(link(1, "first"));
    if counted {
        links.push(link(pages, "last"));
    }

    let mut headers = vec![
        ("link", links.join(", ")),
        ("x-next-page", text(next)),
        ("x-page", request.page.to_string()),
        ("x-per-page", request.per_page.to_string()),
        ("x-prev-page", text(previous)),
    ];
    if counted {
        headers.push(("x-total", total.to_string()));
        headers.push(("x-total-pages", pages.to_string()));
    }
    headers
}

/// This request's URL with some parameters set and others left out. Tokens never
/// appear in links.
fn with_query(call: &Call, set: &[(&str, String)], leave_out: &[&str]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in url::form_urlencoded::parse(call.query.as_bytes()) {
        let replaced = set.iter().any(|(set, _)| *set == name);
        let secret = matches!(&*name, "private_token" | "access_token");
        if !replaced && !secret && !leave_out.contains(&&*name) {
            query.append_pair(&name, &value);
        }
    }
    for (name, value) in set {
        query.append_pair(name, value);
    }
    format!(
        "{}{}?{}",
        call.server.origin(),
        call.raw_path,
        query.finish()
    )
}

/// A page by cursor: `items` are in order of `key`; the cursor is the last key
/// shown, so that changes in between neither skip nor repeat anything that did
/// not change itself.
pub fn cursor_page<T>(
    call: &Call,
    items: &[T],
    descending: bool,
    key: impl Fn(&T) -> (i64, u64),
    show: impl FnMut(&T) -> Value,
) -> Answer {
    let request = PageRequest {
        page: 1,
        ..PageRequest::of(call)?
    };
    let start = match call.params.filled("cursor") {
        None => 0,
        Some(cursor) => {
            let seen = read_cursor(&cursor).ok_or_else(|| Refusal::invalid("cursor is invalid"))?;
            let behind = |item: &T| {
                if descending {
                    key(item) < seen
                } else {
                    key(item) > seen
                }
            };
            items.iter().position(behind).unwrap_or(items.len())
        }
    };
    let rest = &items[start..];
    let shown = request.cut(rest);
    let mut headers = vec![("x-per-page", request.per_page.to_string())];
    if let Some(last) = shown.last().filter(|_| shown.len() < rest.len()) {
        let cursor = write_cursor(key(last));
        let url = with_query(call, &[("cursor", cursor.clone())], &["page"]);
        headers.push(("link", format!("<{url}>; rel=\"next\"")));
        headers.push(("x-next-cursor", cursor));
    }
    Ok(Reply::Headed(
        Value::Array(shown.iter().map(show).collect()),
        headers,
    ))
}

fn write_cursor((key, id): (i64, u64)) -> String {
    URL_SAFE_NO_PAD.encode(format!("{{\"key\":{key},\"id\":{id},\"_kd\":\"n\"}}"))
}

fn read_cursor(cursor: &str) -> Option<(i64, u64)> {
    let value: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    Some((value["key"].as_i64()?, value["id"].as_u64()?))
}
