//! A GitLab to practise and test against: it behaves as GitLab's documentation
//! and published schemas say, down to headers, error bodies, scopes, roles,
//! limits and silently dropped parameters, and can be told to misbehave.
