//! Lists that change while they are walked. When something on a page that was
//! read already is deleted, what follows moves up by one, and the first of the
//! next page is passed over without a word. GitLab's total tells: a list that
//! got shorter is walked again. Above 10,000 things there is no total
//! (doc/api/rest/_index.md), and nothing can be told.

use futures::{Stream, StreamExt, pin_mut};

use crate::error::Error;
use crate::paging::Page;

/// How often a list is walked at most.
const WALKS: u32 = 5;

/// A whole list from walks over its pages. `route` names it in the error that
/// comes when it never keeps still.
pub async fn steady<T, S>(route: &str, walk: impl Fn() -> S) -> Result<Vec<T>, Error>
where
    S: Stream<Item = Result<Page<T>, Error>>,
{
    for _ in 0..WALKS {
        let pages = walk();
        pin_mut!(pages);
        let mut items = Vec::new();
        let mut most: Option<u64> = None;
        let mut has_shrunk = false;
        while let Some(page) = pages.next().await {
            let page = page?;
            has_shrunk |= matches!((most, page.total), (Some(most), Some(now)) if now < most);
            most = most.max(page.total);
            items.extend(page.items);
        }
        if !has_shrunk {
            return Ok(items);
        }
        tracing::info!(route, "the list got shorter while it was read");
    }
    Err(Error::ListChanged {
        route: route.to_owned(),
    })
}
