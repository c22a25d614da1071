//! Starting a practice GitLab: folders, world, listeners, and a runtime of its
//! own, so that it serves blocking and asynchronous tests alike.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use tokio::runtime::Runtime;

use crate::api;
use crate::change::{self, ChangeError};
use crate::data::Data;
use crate::dispatch::{Front, StorageFront};
use crate::git::{Git, GitError};
use crate::import;
use crate::limits::Limits;
use crate::listener::{self, TlsError};
use crate::model::new_project::NewProject;
use crate::model::{Instance, Visibility, World};
use crate::object_storage::ObjectStorage;
use crate::options::{Downloads, Options, Seed, StartImport};
use crate::running::Running;
use crate::seed::{self, people};
use crate::server::Server;

/// A practice GitLab that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not this machine's.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The data folder cannot be used.
    #[error("the data folder cannot be used")]
    Data(#[source] io::Error),
    /// The asynchronous runtime could not be made.
    #[error("no runtime could be made")]
    Runtime(#[source] io::Error),
    /// Git cannot be used.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The seed could not be made.
    #[error("the seed could not be made")]
    Seed(#[source] ChangeError),
    /// An archive could not be imported.
    #[error("{} could not be imported as {path}: {reason}", archive.display())]
    Import {
        /// The archive.
        archive: PathBuf,
        /// Where it was to go.
        path: String,
        /// Why not.
        reason: String,
    },
}

/// What a user is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserFacts {
    /// Number.
    pub id: u64,
    /// The name used in paths and mentions.
    pub username: String,
    /// The name shown.
    pub name: String,
    /// The primary e-mail address.
    pub email: String,
}

/// The way in: [`PracticeGitlab::start`].
#[derive(Debug)]
pub struct PracticeGitlab;

impl PracticeGitlab {
    /// Starts a practice GitLab. It stops when the value is dropped.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers build options in place"
    )]
    pub fn start(options: Options) -> Result<Running, StartError> {
        let data = Data::open(options.data.as_deref()).map_err(StartError::Data)?;
        let git = Git::prepare(&data)?;
        let (listener, address) = listen(options.listen)?;
        let scheme = if options.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let host = options
            .host
            .clone()
            .unwrap_or_else(|| address.ip().to_string());
        let origin = format!("{scheme}://{host}:{}", address.port());
        let tls = options.tls.as_ref().map(listener::acceptor).transpose()?;
        let storage = match options.downloads {
            Downloads::Direct => None,
            Downloads::Redirected => {
                let (storage, address) = listen(SocketAddr::new(options.listen.ip(), 0))?;
                Some((storage, format!("{scheme}://{host}:{}", address.port())))
            }
        };

        let mut world = World::new(Instance {
            tier: options.tier,
            version: options.version.clone(),
            revision: "f6c0a1b2c3d".into(),
            import_sources: options.import_sources,
            relations_export: options.relations_export,
            deletion: options.deletion,
        });
        let everybody = people::add_people(&mut world);
        let now = jiff::Timestamp::now();
        let tokens = people::add_tokens(&mut world, &everybody, now);
        seed::fill(&mut world, &everybody, options.seed);
        let users = user_facts(&world, &everybody);
        let limits = Limits::new(
            options.rate_limit,
            options.application_limits,
            options.failed_sign_ins,
        );
        let object_storage = storage
            .as_ref()
            .map(|(_, origin)| ObjectStorage::new(origin.clone()));
        let server = Server::new(
            &origin,
            &options.relative_root,
            world,
            limits,
            data,
            git,
            object_storage,
        );
        let server = Arc::new(server);
        server.faults().set(options.faults.clone());

        if options.seed == Seed::Demo {
            seed::demo::fill(&server, &everybody).map_err(StartError::Seed)?;
        }
        for wanted in &options.imports {
            import_at_start(&server, &everybody, wanted)?;
        }
        let runtime = runtime().map_err(StartError::Runtime)?;
        let front = Front {
            server: Arc::clone(&server),
            routes: Arc::new(api::routes()),
        };
        serve(&runtime, listener, tls.clone(), front, address)?;
        if let Some((storage, _)) = storage {
            serve(
                &runtime,
                storage,
                tls,
                StorageFront {
                    server: Arc::clone(&server),
                },
                address,
            )?;
        }
        Ok(Running::new(server, tokens, users, runtime))
    }
}

/// Imports an archive as an administrator does. Groups of the path that do not
/// exist are made, and everybody joins the first of them.
fn import_at_start(
    server: &Server,
    everybody: &people::People,
    wanted: &StartImport,
) -> Result<(), StartError> {
    let failed = |reason: String| StartError::Import {
        archive: wanted.archive.clone(),
        path: wanted.path.clone(),
        reason,
    };
    let (groups, path) = wanted.path.rsplit_once('/').unwrap_or(("", &wanted.path));
    let project = {
        let now = server.clock.now();
        let mut world = server.write();
        let first = groups.split('/').next().unwrap_or_default();
        let fresh = world.place(first).is_none();
        let group = change::ensure_groups(&mut world, groups, everybody.owner, now)
            .map_err(|error| failed(error.to_string()))?;
        if fresh && let Some(first) = world.group_at(first).map(|group| group.id) {
            everybody.join(&mut world, first);
        }
        if world.place(&wanted.path).is_some() {
            return Err(failed("the path is taken".into()));
        }
        world.add_project(
            NewProject {
                namespace_id: group,
                name: path.to_owned(),
                path: path.to_owned(),
                description: None,
                visibility: Visibility::Private,
                creator_id: everybody.admin,
            },
            now,
        )
    };
    let overrides = import::Document::new();
    import::run(server, &wanted.archive, project, everybody.admin, overrides)
        .map_err(|error| failed(error.to_string()))
}

fn user_facts(world: &World, everybody: &people::People) -> BTreeMap<&'static str, UserFacts> {
    let parts = everybody.parts().into_iter();
    parts
        .filter_map(|(part, id)| {
            let user = world.users.get(&id)?;
            let facts = UserFacts {
                id,
                username: user.username.clone(),
                name: user.name.clone(),
                email: user.email.clone(),
            };
            Some((part, facts))
        })
        .collect()
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let local = listener.local_addr().map_err(failed)?;
    Ok((listener, local))
}

fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("practice-gitlab")
        .enable_all()
        .build()
}

fn serve(
    runtime: &Runtime,
    listener: TcpListener,
    tls: Option<tokio_rustls::TlsAcceptor>,
    answerer: impl listener::Answerer,
    address: SocketAddr,
) -> Result<(), StartError> {
    let _entered = runtime.enter();
    let listener = tokio::net::TcpListener::from_std(listener)
        .map_err(|source| StartError::Listen { address, source })?;
    runtime.spawn(async move { match listener::accept(listener, tls, answerer).await {} });
    Ok(())
}
