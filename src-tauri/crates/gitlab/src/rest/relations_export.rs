//! Export of single relations, in batches: the fastest way to read issues, merge
//! requests and notes (doc/api/project_relations_export.md).
//!
//! Needs the setting for direct transfer, and Maintainer in a project or Owner
//! in a group. The lines are the documents of a project export.
use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use serde::Deserialize;

use crate::client::Client;
use crate::download::Download;
use crate::error::Error;
use crate::response::Response;

/// A group or project whose relations are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Portable {
    /// A project, by number.
    Project(u64),
    /// A group, by number.
    Group(u64),
}

impl Portable {
    fn path(self, what: &str) -> String {
        match self {
            Portable::Project(id) => format!("projects/{id}/{what}"),
            Portable::Group(id) => format!("groups/{id}/{what}"),
        }
    }
}

/// How far one relation or batch is; GitLab's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(from = "i64")]
pub enum RelationState {
    /// It is being made.
    Started,
    /// It can be downloaded.
    Finished,
    /// It failed.
    Failed,
    /// It waits for its turn, or is in a state that is unknown here.
    Pending,
}

impl From<i64> for RelationState {
    fn from(number: i64) -> Self {
        match number {
            0 => RelationState::Started,
            1 => RelationState::Finished,
            -1 => RelationState::Failed,
            _ => RelationState::Pending,
        }
    }
}

/// One batch of a relation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RelationBatch {
    /// How far it is.
    pub status: RelationState,
    /// Its number, from 1.
    pub batch_number: u64,
    /// Documents in it.
    #[serde(default)]
    pub objects_count: u64,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<String>,
}

/// The export of one relation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RelationExport {
    /// For example `issues`.
    pub relation: String,
    /// How far it is.
    pub status: RelationState,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<String>,
    /// Whether it comes in batches.
    #[serde(default)]
    pub batched: bool,
    /// How many there are; none for an empty relation.
    #[serde(default)]
    pub batches_count: u64,
    /// The batches.
    #[serde(default)]
    pub batches: Vec<RelationBatch>,
    /// When it changed last, as GitLab writes it: tells one export from the next.
    #[serde(default)]
    pub updated_at: Option<String>,
}

/// One file of a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelationSource<'a> {
    /// Whose.
    pub of: Portable,
    /// Which relation.
    pub relation: &'a str,
    /// Which batch; `None` for a relation in one piece.
    pub batch: Option<u64>,
}

impl Client {
    /// Asks for an export of all relations.
    pub async fn start_relations_export(&self, of: Portable, batched: bool) -> Result<(), Error> {
        let body = serde_json::json!({ "batched": batched });
        self.post_unanswered(&of.path("export_relations"), &body)
            .await
    }

    /// How far every relation is.
    pub async fn relations_export(&self, of: Portable) -> Result<Vec<RelationExport>, Error> {
        self.get(&of.path("export_relations/status"), &[]).await
    }

    /// Begins the download of one file as GitLab keeps it, packed by gzip.
    pub async fn download_relation(&self, source: RelationSource<'_>) -> Result<Download, Error> {
        let number = source.batch.map(|number| number.to_string());
        self.download(
            &source.of.path("export_relations/download"),
            &query(&source, number.as_ref()),
        )
        .await
    }

    /// Reads the documents of one file: `into` gets the unpacked lines, whole or
    /// not at all. Repeated from the start where the transfer broke, with a new
    /// writer each time.
    pub async fn relation_lines<W, F>(
        &self,
        source: RelationSource<'_>,
        mut into: F,
    ) -> Result<W, Error>
    where
        W: Write + Send,
        F: FnMut() -> io::Result<W> + Send,
    {
        let number = source.batch.map(|number| number.to_string());
        let path = source.of.path("export_relations/download");
        let request = self.download_request(&path, &query(&source, number.as_ref()));
        self.exchange(&request, |response| {
            let writer = into();
            unpack(response, writer)
        })
        .await
    }
}

fn query<'a>(source: &RelationSource<'a>, number: Option<&'a String>) -> Vec<(&'a str, &'a str)> {
    let mut query = vec![("relation", source.relation)];
    if let Some(number) = number {
        query.extend([("batched", "true"), ("batch_number", number.as_str())]);
    }
    query
}

async fn unpack<W: Write + Send>(
    mut response: Response,
    writer: io::Result<W>,
) -> Result<W, Error> {
    let route = response.route.clone();
    let failed = |source: io::Error| match source.kind() {
        // What the unpacker says of its input.
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            Error::Decode {
                route: route.clone(),
                detail: "the file is not whole gzip".to_owned(),
            }
        }
        _ => Error::Io {
            path: std::path::PathBuf::from(&route),
            source,
        },
    };
    let mut decoder = MultiGzDecoder::new(writer.map_err(&failed)?);
    while let Some(chunk) = response.chunk().await? {
        write(&mut decoder, &chunk).map_err(&failed)?;
    }
    decoder.finish().map_err(&failed)
}

fn write<W: Write>(decoder: &mut MultiGzDecoder<W>, chunk: &Bytes) -> io::Result<()> {
    decoder.write_all(chunk)
}
