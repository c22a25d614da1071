//! Project archives that GitLab's importer accepts.
