//! Which items a plan covers: patterns over full paths. `acme/**` is the group
//! acme with everything in it, `acme/*` only what lies directly in it,
//! `acme/web` one item. Paths are compared without regard to case, as GitLab
//! does.

use globset::{GlobBuilder, GlobMatcher};
use thiserror::Error;

/// A pattern that cannot be understood.
#[derive(Debug, Error)]
#[error("`{pattern}` is not a pattern of paths such as `group/**`: {detail}")]
pub struct PatternError {
    /// What was given.
    pub pattern: String,
    /// What is wrong with it.
    pub detail: String,
}

#[derive(Debug)]
struct Pattern {
    matcher: GlobMatcher,
    /// `acme/**` also names the group `acme` itself.
    root: Option<String>,
}

impl Pattern {
    fn parse(pattern: &str) -> Result<Self, PatternError> {
        let trimmed = pattern.trim().trim_matches('/');
        let refuse = |detail: String| PatternError {
            pattern: pattern.to_owned(),
            detail,
        };
        if trimmed.is_empty() {
            return Err(refuse("it is empty".to_owned()));
        }
        let matcher = GlobBuilder::new(trimmed)
            .literal_separator(true)
            .case_insensitive(true)
            .build()
            .map_err(|error| refuse(error.kind().to_string()))?
            .compile_matcher();
        let root = trimmed.strip_suffix("/**").map(str::to_lowercase);
        Ok(Self { matcher, root })
    }

    fn matches(&self, path: &str) -> bool {
        self.matcher.is_match(path)
            || self
                .root
                .as_ref()
                .is_some_and(|root| *root == path.to_lowercase())
    }
}

/// What a plan includes and leaves out.
#[derive(Debug)]
pub struct Selection {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

impl Selection {
    /// A selection from patterns. No `include` means everything visible.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, PatternError> {
        let parse = |patterns: &[String]| {
            patterns
                .iter()
                .map(|pattern| Pattern::parse(pattern))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            include: parse(include)?,
            exclude: parse(exclude)?,
        })
    }

    /// Whether an item with this full path is covered. What is excluded stays
    /// out, whatever else includes it.
    pub fn covers(&self, path: &str) -> bool {
        let included = self.include.is_empty() || self.include.iter().any(|p| p.matches(path));
        included && !self.exclude.iter().any(|p| p.matches(path))
    }

    /// Whether everything visible is covered.
    pub fn is_everything(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(include: &[&str], exclude: &[&str]) -> Selection {
        let own = |patterns: &[&str]| patterns.iter().map(ToString::to_string).collect::<Vec<_>>();
        Selection::new(&own(include), &own(exclude)).unwrap()
    }

    #[test]
    fn no_pattern_covers_everything() {
        let all = selection(&[], &[]);
        assert!(all.covers("acme/web"));
        assert!(all.is_everything());
    }

    #[test]
    fn two_stars_cover_the_group_and_all_below() {
        let acme = selection(&["acme/**"], &[]);
        for path in ["acme", "Acme", "acme/web", "acme/platform/api"] {
            assert!(acme.covers(path), "{path}");
        }
        for path in ["acme2", "other/acme/web"] {
            assert!(!acme.covers(path), "{path}");
        }
    }

    #[test]
    fn one_star_stays_on_its_level() {
        let level = selection(&["acme/*"], &[]);
        assert!(level.covers("acme/web"));
        assert!(!level.covers("acme/platform/api"));
    }

    #[test]
    fn exclusion_wins() {
        let some = selection(&["acme/**"], &["acme/platform/**"]);
        assert!(some.covers("acme/web"));
        assert!(!some.covers("acme/platform"));
        assert!(!some.covers("acme/platform/api"));
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        let refused = Selection::new(&["acme/[".to_owned()], &[]).unwrap_err();
        assert!(refused.to_string().starts_with("`acme/[` is not a pattern"));
        assert!(Selection::new(&["  ".to_owned()], &[]).is_err());
    }
}
