//! Reading a request's body into parameters: JSON, forms, and multipart whose
//! files are spooled to disk as they come.

use axum::body::Body;
use futures::TryStreamExt;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::io::AsyncWriteExt;

use super::{Params, Refusal};
use crate::server::Server;

/// JSON and forms above this many bytes are refused.
const LIMIT: usize = 64 * 1024 * 1024;

fn too_large() -> Refusal {
    Refusal::message(
        StatusCode::PAYLOAD_TOO_LARGE,
        "413 Request Entity Too Large",
    )
}

/// Reads the body, if there is one.
pub async fn read(
    server: &Server,
    headers: &HeaderMap,
    body: Body,
    params: &mut Params,
) -> Result<(), Refusal> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if let Ok(boundary) = multer::parse_boundary(content_type) {
        return read_multipart(server, boundary, body, params).await;
    }
    let bytes = axum::body::to_bytes(body, LIMIT)
        .await
        .map_err(|_| too_large())?;
    if bytes.is_empty() {
        return Ok(());
    }
    if content_type.starts_with("application/json") {
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(object)) => params.put_json(object),
            Ok(_) => {}
            Err(_) => {
                return Err(Refusal::bad_request(
                    "message body does not match declared format",
                ));
            }
        }
    } else if content_type.is_empty()
        || content_type.starts_with("application/x-www-form-urlencoded")
    {
        params.put_encoded(&bytes);
    }
    Ok(())
}

async fn read_multipart(
    server: &Server,
    boundary: String,
    body: Body,
    params: &mut Params,
) -> Result<(), Refusal> {
    let broken = |_: multer::Error| Refusal::bad_request("multipart body is not complete");
    let unwritten = |error: std::io::Error| {
        tracing::error!(%error, "an upload could not be stored");
        Refusal::message(
            StatusCode::INTERNAL_SERVER_ERROR,
            "500 Internal Server Error",
        )
    };
    let stream = body.into_data_stream().map_err(std::io::Error::other);
    let mut multipart = multer::Multipart::new(stream, boundary);
    while let Some(mut field) = multipart.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        if field.file_name().is_none() {
            let text = field.text().await.map_err(broken)?;
            params.put_pair(&name, &text);
            continue;
        }
        let spool = tempfile::NamedTempFile::new_in(server.data.incoming()).map_err(unwritten)?;
        let (file, path) = spool.into_parts();
        let mut file = tokio::fs::File::from_std(file);
        while let Some(chunk) = field.chunk().await.map_err(broken)? {
            file.write_all(&chunk).await.map_err(unwritten)?;
        }
        file.flush().await.map_err(unwritten)?;
        params.put_file(name, path);
    }
    Ok(())
}
