//! Lists over many pages, by offset or by key (doc/api/rest/_index.md).
//!
//! The next page is what the answer's `Link` says. Only the query of that link
//! is used: an instance behind a proxy may not know its own address, and the
//! token goes to the address that the user gave, nowhere else.
use futures::{Stream, stream};
use http::HeaderMap;
use http::header::LINK;
use reqwest::Method;
use serde::de::DeserializeOwned;
use url::Url;

use crate::client::Client;
use crate::error::Error;
use crate::steady::steady;

/// Items on a page: GitLab's maximum.
pub const PER_PAGE: u32 = 100;

/// The direction of a sorted list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// How a list is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// Page by page. Something created or deleted meanwhile shifts what follows;
    /// sort by creation, so that what is new comes last.
    Offset,
    /// By the key of the last item; stable, and without an end at 50,000. Only
    /// some lists have it.
    Keyset {
        /// The key, for example `id`.
        order_by: &'static str,
        /// The direction.
        sort: Sort,
    },
}

/// Which page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest(Which);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Which {
    First(Paging),
    Next(Vec<(String, String)>),
}

impl PageRequest {
    /// The first page.
    pub fn first(paging: Paging) -> PageRequest {
        PageRequest(Which::First(paging))
    }
}

/// One page of a list. It may hold fewer items than fit although others follow:
/// GitLab leaves out notes that the user may not see after it has counted.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The page after this one.
    pub next: Option<PageRequest>,
    /// Items in the whole list; absent above 10,000 and for keyset paging.
    pub total: Option<u64>,
}

impl Client {
    /// One page of a list.
    pub async fn page<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        page: &PageRequest,
    ) -> Result<Page<T>, Error> {
        let per_page = PER_PAGE.to_string();
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        match &page.0 {
            Which::First(paging) => {
                pairs.extend_from_slice(query);
                if !query.iter().any(|(name, _)| *name == "per_page") {
                    pairs.push(("per_page", &per_page));
                }
                if let Paging::Keyset { order_by, sort } = paging {
                    pairs.push(("pagination", "keyset"));
                    pairs.push(("order_by", order_by));
                    pairs.push((
                        "sort",
                        match sort {
                            Sort::Ascending => "asc",
                            Sort::Descending => "desc",
                        },
                    ));
                }
            }
            Which::Next(next) => {
                pairs.extend(
                    next.iter()
                        .map(|(name, value)| (name.as_str(), value.as_str())),
                );
            }
        }
        let request = self.api(Method::GET, path, &pairs);
        let here = &request.url;
        self.exchange(&request, |response| async move {
            let next = next_page(&response.headers, here);
            let total = response
                .header("x-total")
                .and_then(|total| total.parse().ok());
            Ok(Page {
                items: response.json().await?,
                next,
                total,
            })
        })
        .await
    }

    /// All pages of a list, each asked for when the one before was taken.
    pub fn pages<T: DeserializeOwned + Send + 'static>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        paging: Paging,
    ) -> impl Stream<Item = Result<Page<T>, Error>> + Send + use<T> {
        let client = self.clone();
        let path = path.to_owned();
        let query: Vec<(String, String)> = query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let first = Some(PageRequest::first(paging));
        stream::try_unfold(first, move |page| {
            let (client, path, query) = (client.clone(), path.clone(), query.clone());
            async move {
                let Some(page) = page else {
                    return Ok(None);
                };
                let query: Vec<(&str, &str)> = query
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()))
                    .collect();
                let answer: Page<T> = client.page(&path, &query, &page).await?;
                if answer.next.as_ref() == Some(&page) {
                    return Err(Error::Decode {
                        route: path,
                        detail: "the next page is the page itself".to_owned(),
                    });
                }
                let next = answer.next.clone();
                Ok(Some((answer, next)))
            }
        })
    }

    /// A whole list; walked again if it got shorter meanwhile.
    pub async fn all<T: DeserializeOwned + Send + 'static>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        paging: Paging,
    ) -> Result<Vec<T>, Error> {
        steady(path, || self.pages(path, query, paging)).await
    }
}

/// The page after the one at `here`, if the answer names one.
fn next_page(headers: &HeaderMap, here: &Url) -> Option<PageRequest> {
    let linked = headers
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(next_link);
    if let Some(link) = linked {
        let url = here.join(link).ok()?;
        return Some(PageRequest(Which::Next(pairs_of(&url))));
    }
    // A proxy may have taken the links away; the number is left then.
    let number = headers.get("x-next-page")?.to_str().ok()?.trim();
    let _: u64 = number.parse().ok()?;
    let mut pairs = pairs_of(here);
    pairs.retain(|(name, _)| name != "page");
    pairs.push(("page".to_owned(), number.to_owned()));
    Some(PageRequest(Which::Next(pairs)))
}

fn pairs_of(url: &Url) -> Vec<(String, String)> {
    url.query_pairs()
        .filter(|(name, _)| name != "private_token" && name != "access_token")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// The target with `rel="next"` (RFC 8288, as far as GitLab uses it).
fn next_link(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>')?;
        let target = &rest[start + 1..end];
        let parameters = &rest[end + 1..];
        let stop = parameters.find('<').unwrap_or(parameters.len());
        let is_next = parameters[..stop]
            .split([';', ','])
            .any(|parameter| matches!(parameter.trim(), "rel=\"next\"" | "rel=next"));
        if is_next {
            return Some(target);
        }
        rest = &parameters[stop..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found_among_the_others() {
        let header = "<https://h/api/v4/x?page=1&per_page=3>; rel=\"prev\", \
             <https://h/api/v4/x?page=3&per_page=3>; rel=\"next\", \
             <https://h/api/v4/x?page=1&per_page=3>; rel=\"first\"";
        assert_eq!(
            next_link(header),
            Some("https://h/api/v4/x?page=3&per_page=3")
        );
        assert_eq!(next_link("<https://h/x?page=1>; rel=\"prev\""), None);
        assert_eq!(next_link(""), None);
        assert_eq!(next_link("<broken"), None);
    }

    #[test]
    fn only_the_query_of_the_link_is_used() {
        let here = Url::parse("https://gitlab.example.com/api/v4/projects?per_page=2").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(
            LINK,
            "<http://internal:8080/api/v4/projects?id_after=42&per_page=2&private_token=x>; rel=\"next\""
                .parse()
                .unwrap(),
        );
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            next_page(&headers, &here),
            Some(PageRequest(Which::Next(vec![
                pair("id_after", "42"),
                pair("per_page", "2")
            ])))
        );
    }

    #[test]
    fn without_links_the_number_counts_and_an_empty_one_ends() {
        let here = Url::parse("https://h/api/v4/x?per_page=2&page=1").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("x-next-page", "2".parse().unwrap());
        assert!(next_page(&headers, &here).is_some());
        headers.insert("x-next-page", "".parse().unwrap());
        assert_eq!(next_page(&headers, &here), None);
    }
}
