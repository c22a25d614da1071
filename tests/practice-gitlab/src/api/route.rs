//! The table of routes: method and template, what a token needs, and the
//! function that answers. Templates are written as GitLab's documentation writes
//! them (`/projects/:id/issues`) and are the names requests are counted by.

use http::Method;
use matchit::Router;

use super::call::Call;
use super::principal::Needs;
use super::reply::Answer;

/// One route.
#[derive(Clone, Copy)]
pub struct Route {
    /// `GET`, `POST`, `PUT`, `DELETE`.
    pub method: &'static str,
    /// The template below `/api/v4`.
    pub template: &'static str,
    /// What scopes it accepts.
    pub needs: Needs,
    /// The permission a fine-grained token must be granted.
    pub permission: &'static str,
    /// Whether it also answers without a token.
    pub open: bool,
    /// The function that answers.
    pub answer: fn(&Call) -> Answer,
}

/// A route that reads.
pub const fn get(
    template: &'static str,
    permission: &'static str,
    answer: fn(&Call) -> Answer,
) -> Route {
    Route {
        method: "GET",
        template,
        needs: Needs::Read,
        permission,
        open: false,
        answer,
    }
}

/// A route that creates or acts.
pub const fn post(
    template: &'static str,
    permission: &'static str,
    answer: fn(&Call) -> Answer,
) -> Route {
    Route {
        method: "POST",
        template,
        needs: Needs::Write,
        permission,
        open: false,
        answer,
    }
}

/// A route that changes.
pub const fn put(
    template: &'static str,
    permission: &'static str,
    answer: fn(&Call) -> Answer,
) -> Route {
    Route {
        method: "PUT",
        template,
        needs: Needs::Write,
        permission,
        open: false,
        answer,
    }
}

/// A route that removes.
pub const fn delete(
    template: &'static str,
    permission: &'static str,
    answer: fn(&Call) -> Answer,
) -> Route {
    Route {
        method: "DELETE",
        template,
        needs: Needs::Write,
        permission,
        open: false,
        answer,
    }
}

impl Route {
    /// The same, also without a token.
    pub const fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// The same with other scopes.
    pub const fn needing(mut self, needs: Needs) -> Self {
        self.needs = needs;
        self
    }
}

/// What a path leads to.
pub struct Found<'t> {
    /// The template.
    pub template: &'static str,
    /// The route for the method, if the template has that method.
    pub route: Option<&'t Route>,
    /// Parts of the path by name, percent-decoded.
    pub path: Vec<(String, String)>,
}

/// All routes, by path.
pub struct RouteTable {
    router: Router<(&'static str, Vec<Route>)>,
}

impl RouteTable {
    /// Builds the table from the routes of all nouns.
    pub fn new(groups: &[&[Route]]) -> Self {
        let mut templates: Vec<(&'static str, Vec<Route>)> = Vec::new();
        for route in groups.iter().copied().flatten() {
            match templates
                .iter_mut()
                .find(|(template, _)| *template == route.template)
            {
                Some((_, methods)) => methods.push(*route),
                None => templates.push((route.template, vec![*route])),
            }
        }
        let mut router = Router::new();
        for (template, methods) in templates {
            let path: Vec<String> = template
                .split('/')
                .map(|part| {
                    part.strip_prefix(':')
                        .map_or_else(|| part.to_owned(), |name| format!("{{{name}}}"))
                })
                .collect();
            router
                .insert(path.join("/"), (template, methods))
                .expect("templates do not overlap");
        }
        Self { router }
    }

    /// Finds the route for a raw path below `/api/v4`.
    pub fn find(&self, method: &Method, path: &str) -> Option<Found<'_>> {
        let matched = self.router.at(path).ok()?;
        let (template, methods) = matched.value;
        let wanted = if *method == Method::HEAD {
            "GET"
        } else {
            method.as_str()
        };
        let decoded = matched.params.iter().map(|(name, value)| {
            let value = percent_encoding::percent_decode_str(value)
                .decode_utf8_lossy()
                .into_owned();
            (name.to_owned(), value)
        });
        Some(Found {
            template,
            route: methods.iter().find(|route| {
                route.method == wanted
                    || (wanted == "PATCH"
                        && route.method == "PUT"
                        && route.template.contains("protected"))
            }),
            path: decoded.collect(),
        })
    }
}
