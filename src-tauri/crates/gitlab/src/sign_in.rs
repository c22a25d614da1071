//! Signing in: what the token is, who it belongs to, what the instance is.
//!
//! A question that the token may not ask is no failure as long as another one is
//! answered: a token for repositories alone can still read itself, and a
//! fine-grained one may read anything or nothing.
mod answer;

use reqwest::Method;

use crate::access::AccessLevel;
use crate::client::Client;
use crate::error::Error;
use crate::options::ClientOptions;
use crate::reason::NotGitlabReason;
use crate::request::{Auth, Redirects};
use crate::response::Response;
use crate::token::{InstanceFacts, RoleSummary, SignIn, Tier, TokenFacts, TokenKind, kind_of};
use answer::{
    Access, Associations, ListedProject, TokenAnswer, UserAnswer, VersionAnswer, facts, person,
};

/// Pages of associations that are counted; what is beyond is "at least".
const PAGES: u32 = 3;
/// Attempts while a person waits.
const ATTEMPTS: u32 = 2;

/// A client and what was learned when it signed in.
#[derive(Debug)]
pub struct Connection {
    /// The client; its base is the address to keep.
    pub client: Client,
    /// What was learned.
    pub sign_in: SignIn,
}

/// Sets up a client and signs in. An instance that moved from http to https on
/// the same host is followed (`connection.client.base()` is the new address);
/// any other move is [`Error::Moved`], for the user to judge.
pub async fn connect(options: ClientOptions) -> Result<Connection, Error> {
    let client = Client::new(options.clone())?;
    match client.sign_in().await {
        Ok(sign_in) => Ok(Connection { client, sign_in }),
        Err(Error::Moved { to }) if is_same_but_encrypted(&options, &to) => {
            let client = Client::new(ClientOptions {
                base: to,
                ..options
            })?;
            let sign_in = client.sign_in().await?;
            Ok(Connection { client, sign_in })
        }
        Err(error) => Err(error),
    }
}

fn is_same_but_encrypted(options: &ClientOptions, to: &crate::BaseUrl) -> bool {
    let name = |host: String| {
        host.rsplit_once(':')
            .map_or(host.clone(), |(name, _)| name.to_owned())
    };
    !options.base.is_https() && to.is_https() && name(options.base.host()) == name(to.host())
}

/// The answer to a question that the token may not be allowed to ask.
enum Told<T> {
    Yes(T),
    /// Refused for a reason that says nothing about the token's life.
    NotAllowed,
    /// The route is not there.
    NotThere,
    /// Not for this kind of token.
    WrongKind,
}

fn told<T>(answer: Result<T, Error>) -> Result<Told<T>, Error> {
    match answer {
        Ok(value) => Ok(Told::Yes(value)),
        Err(Error::NotFound { .. }) => Ok(Told::NotThere),
        Err(Error::Invalid {
            status: 400 | 405, ..
        }) => Ok(Told::WrongKind),
        Err(
            Error::InsufficientScope { .. }
            | Error::InsufficientGranularScope { .. }
            | Error::Forbidden { .. },
        ) => Ok(Told::NotAllowed),
        Err(error) => Err(error),
    }
}

impl<T> Told<T> {
    fn value(self) -> Option<T> {
        match self {
            Told::Yes(value) => Some(value),
            _ => None,
        }
    }
}

impl Client {
    /// The token alone, in one request, for runs that know the rest. None for
    /// a token that may not read itself (OAuth, some fine-grained ones).
    pub async fn token_facts(&self) -> Result<Option<TokenFacts>, Error> {
        let answer = self
            .get::<TokenAnswer>("personal_access_tokens/self", &[])
            .await;
        let answer = told(answer.map_err(|error| self.foreign(error)))?;
        Ok(answer
            .value()
            .map(|answer| facts(answer, TokenKind::Unknown)))
    }

    /// The instance's version alone, in one request where it is 15.2 or newer.
    pub async fn instance_facts(&self) -> Result<InstanceFacts, Error> {
        Ok(self
            .version()
            .await?
            .value()
            .map_or_else(InstanceFacts::default, instance_of))
    }

    /// Signs in: six requests at most for up to a hundred groups and projects.
    ///
    /// Errors tell apart what a person can mend: the address, the certificate,
    /// no GitLab there, an unknown, expired or revoked token, a blocked user.
    pub async fn sign_in(&self) -> Result<SignIn, Error> {
        if !self.has_token() {
            return Err(Error::TokenMissing {
                host: self.base().host(),
            });
        }
        let client = self.with_attempts(self.attempts().min(ATTEMPTS));
        client.sign_in_patiently().await
    }

    async fn sign_in_patiently(&self) -> Result<SignIn, Error> {
        if !self.base().is_https() {
            self.look_for_move().await?;
        }
        let token = self
            .get::<TokenAnswer>("personal_access_tokens/self", &[])
            .await;
        let token = told(token.map_err(|error| self.foreign(error)))?;
        let user = self.get::<UserAnswer>("user", &[]).await;
        let user = told(user.map_err(|error| self.foreign(error)))?;
        let version = self.version().await?;
        let is_absent = matches!(
            (&token, &user, &version),
            (Told::NotThere, Told::NotThere, Told::NotThere)
        );
        if is_absent {
            return Err(Error::NotGitlab {
                url: self.base().as_str().to_owned(),
                why: NotGitlabReason::NoApi,
            });
        }
        let is_oauth = matches!(token, Told::WrongKind);
        let user = user.value().map(person);
        let kind = if is_oauth {
            TokenKind::OAuth
        } else {
            kind_of(user.as_ref())
        };
        let token = token.value().map(|answer| facts(answer, kind));
        let instance = self.instance(version.value()).await?;
        let roles = self.roles().await?;
        Ok(SignIn {
            token,
            kind,
            user,
            instance,
            roles,
        })
    }

    /// Something else than GitLab may answer everything with JSON of its own.
    fn foreign(&self, error: Error) -> Error {
        match error {
            Error::Decode { .. } => Error::NotGitlab {
                url: self.base().as_str().to_owned(),
                why: NotGitlabReason::ForeignJson,
            },
            other => other,
        }
    }

    /// Asks without the token whether http leads to https, so that the token
    /// never travels in the clear where it does not have to.
    async fn look_for_move(&self) -> Result<(), Error> {
        let mut request = self
            .api(Method::GET, "version", &[])
            .redirects(Redirects::Refuse);
        request.auth = Auth::None;
        match self
            .exchange(&request, Response::json::<serde::de::IgnoredAny>)
            .await
        {
            Err(
                error @ (Error::Moved { .. }
                | Error::NotGitlab { .. }
                | Error::Cancelled
                | Error::Resolve { .. }
                | Error::Connect { .. }
                | Error::Timeout { .. }),
            ) => Err(error),
            _ => Ok(()),
        }
    }

    async fn version(&self) -> Result<Told<VersionAnswer>, Error> {
        match told(self.get("metadata", &[]).await)? {
            Told::Yes(answer) => Ok(Told::Yes(answer)),
            // Before 15.2, or a fine-grained token: the older route may answer.
            _ => told(self.get("version", &[]).await),
        }
    }

    async fn instance(&self, version: Option<VersionAnswer>) -> Result<InstanceFacts, Error> {
        // The route answers 404 where the setting is off (lib/api/bulk_imports.rb).
        let direct = self
            .get::<serde::de::IgnoredAny>("bulk_imports", &[("per_page", "1")])
            .await;
        let direct_import = match told(direct) {
            Ok(Told::Yes(_)) => Some(true),
            Ok(Told::NotThere) => Some(false),
            Err(error) if error.is_dead_token() || matches!(error, Error::Cancelled) => {
                return Err(error);
            }
            // Whether the scope or the setting is looked at first has changed
            // between versions, so a refusal tells nothing.
            Ok(Told::NotAllowed | Told::WrongKind) | Err(_) => None,
        };
        let Some(version) = version else {
            return Ok(InstanceFacts {
                direct_import,
                ..InstanceFacts::default()
            });
        };
        Ok(InstanceFacts {
            direct_import,
            ..instance_of(version)
        })
    }

    async fn roles(&self) -> Result<RoleSummary, Error> {
        let mut summary = RoleSummary::default();
        for page in 1..=PAGES {
            let page = page.to_string();
            // Without a role GitLab lists everything public as well.
            let query = [
                ("min_access_level", "10"),
                ("per_page", "100"),
                ("page", page.as_str()),
            ];
            let answer = self
                .get::<Associations>("personal_access_tokens/self/associations", &query)
                .await;
            let Some(answer) = told(answer)?.value() else {
                return self.roles_from_lists().await;
            };
            summary.is_known = true;
            for group in &answer.groups {
                count(&mut summary.groups, group.access_levels);
            }
            for project in &answer.projects {
                let levels = &project.access_levels;
                count(
                    &mut summary.projects,
                    levels.project_access_level.max(levels.group_access_level),
                );
            }
            if answer.groups.len() < 100 && answer.projects.len() < 100 {
                summary.is_complete = true;
                break;
            }
        }
        Ok(summary)
    }

    /// For GitLab before 17.4 and for OAuth tokens: the first page of projects
    /// tells the user's role in each.
    async fn roles_from_lists(&self) -> Result<RoleSummary, Error> {
        let query = [("membership", "true"), ("per_page", "100")];
        let answer = self.get::<Vec<ListedProject>>("projects", &query).await;
        let Some(projects) = told(answer)?.value() else {
            return Ok(RoleSummary::default());
        };
        let mut summary = RoleSummary {
            is_known: true,
            ..RoleSummary::default()
        };
        for project in &projects {
            let level = |access: &Option<Access>| access.as_ref().map(|access| access.access_level);
            let own = level(&project.permissions.project_access);
            count(
                &mut summary.projects,
                own.max(level(&project.permissions.group_access)),
            );
        }
        Ok(summary)
    }
}

fn count(levels: &mut std::collections::BTreeMap<AccessLevel, u64>, level: Option<AccessLevel>) {
    *levels
        .entry(level.unwrap_or(AccessLevel::NOBODY))
        .or_default() += 1;
}

fn instance_of(version: VersionAnswer) -> InstanceFacts {
    let is_enterprise = version
        .enterprise
        .or_else(|| version.version.ends_with("-ee").then_some(true));
    InstanceFacts {
        tier: (is_enterprise == Some(false)).then_some(Tier::Free),
        version: Some(version.version),
        revision: version.revision,
        enterprise: is_enterprise,
        direct_import: None,
    }
}
