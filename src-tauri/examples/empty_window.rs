//! An empty window of the same size, made in the same way: what Labkeep's own
//! start is compared with. It is called `Empty` once its page is drawn, and
//! ends when it is closed.

use std::borrow::Cow;

use tauri::http::Response;
use tauri::{Url, WebviewUrl, WebviewWindowBuilder};

/// Names the window when its second frame begins: the first is on the screen.
const PAGE: &str = "<!doctype html><html lang=en><title>Starting</title><h1>Empty</h1>\
    <script>requestAnimationFrame(() => requestAnimationFrame(() => { document.title = 'Empty' }))\
    </script></html>";

fn main() -> anyhow::Result<()> {
    tauri::Builder::default()
        .register_uri_scheme_protocol("empty", |_, _| {
            let page = Cow::Borrowed(PAGE.as_bytes());
            Response::builder()
                .header("content-type", "text/html")
                .body(page)
                .expect("the page is constant")
        })
        .setup(|app| {
            let page = Url::parse("empty://localhost/")?;
            WebviewWindowBuilder::new(app, "empty", WebviewUrl::CustomProtocol(page))
                .title("Starting")
                .on_document_title_changed(|window, title| {
                    if let Err(error) = window.set_title(&title) {
                        eprintln!("{error}");
                    }
                })
                .inner_size(1180.0, 780.0)
                .center()
                .build()?;
            Ok(())
        })
        .run(tauri::generate_context!())?;
    Ok(())
}
