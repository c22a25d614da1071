//! Members of a project, by which the importer finds out who is who.
use serde_json::{Value, json};

use super::normalise::normalise;
use super::value::{maybe_time, user_id};
use crate::rest::Member;

/// The global default of notifications (app/models/notification_setting.rb).
const NOTIFY_AS_ALWAYS: u64 = 3;

/// The document of a direct member. `public_email`: the address the user shows
/// to others, where it is known from elsewhere; the importer matches by it, and
/// by nothing else.
pub fn project_member(member: &Member, public_email: Option<&str>) -> Value {
    let email = public_email
        .or(member.public_email.as_deref())
        .filter(|email| !email.is_empty());
    normalise(
        "project_members",
        json!({
            "access_level": member.access_level.number(),
            "source_type": "Project",
            "user_id": member.id,
            "notification_level": NOTIFY_AS_ALWAYS,
            "created_at": maybe_time(member.created_at),
            "created_by_id": user_id(member.created_by.as_ref()),
            "expires_at": member.expires_at,
            "user": {
                "id": member.id,
                "username": member.username,
                "public_email": email,
            },
        }),
    )
}
