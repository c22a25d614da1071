//! What the black-box tests share: a practice GitLab, a home of its own, a vault.
