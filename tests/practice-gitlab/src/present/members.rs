//! Members of groups and projects.

use serde_json::{Value, json};

use super::{View, date, time};
use crate::model::Member;

impl View<'_> {
    /// `API::Entities::Member`.
    pub fn member(&self, member: &Member) -> Value {
        let mut shown = self.user_basic(member.user_id);
        shown["access_level"] = json!(member.level);
        shown["created_at"] = time(Some(member.created_at));
        shown["expires_at"] = date(member.expires_at);
        if let Some(by) = member.created_by {
            shown["created_by"] = self.user_basic(by);
        }
        shown["membership_state"] = json!("active");
        if self.world.instance.enterprise() {
            shown["group_saml_identity"] = Value::Null;
            shown["group_scim_identity"] = Value::Null;
            shown["member_role"] = Value::Null;
        }
        shown
    }
}
