//! Who an administrator's import can find again. GitLab finds authors among
//! the members in the archive, by a confirmed e-mail address; only an
//! administrator may look addresses up.

use std::collections::{BTreeMap, BTreeSet};

use labkeep_gitlab::Client;
use serde_json::{Value, json};

use super::error::RestoreError;
use super::material::Material;

/// Attributes that refer to people, as GitLab's importer knows them
/// (lib/gitlab/import_export/base/relation_factory.rb).
const REFERENCES: [&str; 12] = [
    "author_id",
    "assignee_id",
    "updated_by_id",
    "merged_by_id",
    "latest_closed_by_id",
    "user_id",
    "created_by_id",
    "last_edited_by_id",
    "merge_user_id",
    "resolved_by_id",
    "closed_by_id",
    "owner_id",
];

/// The addresses of people by whom documents were written and who had access
/// to the project, by their number in the snapshot. Nobody gets access who had
/// none: authors who are members no longer stay out. `is_same`: whether it is
/// the GitLab that the snapshot is of, where numbers still mean the same users.
pub async fn addresses(
    client: &Client,
    material: &Material,
    is_same: bool,
) -> Result<BTreeMap<u64, String>, RestoreError> {
    let mut wanted = BTreeSet::new();
    for relation in ["issues", "merge_requests"] {
        for document in material.documents(relation)? {
            collect(&document?, &mut wanted);
        }
    }
    let mut people = BTreeMap::new();
    for member in &material.with_access {
        if let Some(id) = member["id"].as_u64()
            && wanted.contains(&id)
        {
            people.insert(id, (member["username"].clone(), None));
        }
    }
    for member in material.documents("project_members")? {
        let user = member?["user"].clone();
        if let Some(id) = user["id"].as_u64() {
            let email = user["public_email"].as_str().map(ToOwned::to_owned);
            people.insert(id, (user["username"].clone(), email));
        }
    }
    let mut addresses = BTreeMap::new();
    for (id, (username, email)) in people {
        if let Some(address) =
            address(client, is_same.then_some(id), &username, email.as_deref()).await?
        {
            addresses.insert(id, address);
        }
    }
    Ok(addresses)
}

/// The address of a user: the one with that number and name where it is the
/// same GitLab, else the one whom the saved address belongs to.
async fn address(
    client: &Client,
    id: Option<u64>,
    username: &Value,
    email: Option<&str>,
) -> Result<Option<String>, RestoreError> {
    let same: Option<Value> = match id {
        Some(id) => client.get_optional(&format!("users/{id}"), &[]).await?,
        None => None,
    };
    if let Some(user) = same.filter(|user| user["username"] == *username)
        && let Some(address) = confirmed(&user)
    {
        return Ok(Some(address));
    }
    let Some(email) = email.filter(|email| !email.is_empty()) else {
        return Ok(None);
    };
    let found: Vec<Value> = client.get("users", &[("search", email)]).await?;
    Ok(found
        .iter()
        .filter_map(confirmed)
        .find(|address| address.eq_ignore_ascii_case(email)))
}

fn confirmed(user: &Value) -> Option<String> {
    let email = user["email"].as_str().filter(|email| !email.is_empty())?;
    (!user["confirmed_at"].is_null()).then(|| email.to_owned())
}

fn collect(value: &Value, into: &mut BTreeSet<u64>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                if REFERENCES.contains(&name.as_str()) {
                    into.extend(value.as_u64());
                } else {
                    collect(value, into);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        _ => {}
    }
}

/// The members that go into the archive: those of the project itself, and of
/// the groups above it those by whom documents were written, as GitLab's own
/// export has them.
pub fn members(
    material: &Material,
    addresses: &BTreeMap<u64, String>,
) -> Result<Vec<String>, RestoreError> {
    let mut members = Vec::new();
    let mut direct = BTreeSet::new();
    for member in material.documents("project_members")? {
        let mut member = member?;
        if let Some(id) = member["user"]["id"].as_u64() {
            direct.insert(id);
            if let Some(address) = addresses.get(&id) {
                member["user"]["public_email"] = json!(address);
            }
        }
        members.push(member.to_string());
    }
    for member in &material.with_access {
        let Some((id, address)) = member["id"]
            .as_u64()
            .filter(|id| !direct.contains(id))
            .and_then(|id| Some((id, addresses.get(&id)?)))
        else {
            continue;
        };
        let document = json!({
            "access_level": member["access_level"],
            "source_type": "Project",
            "user_id": id,
            "notification_level": 3,
            "created_at": member["created_at"],
            "expires_at": member["expires_at"],
            "user": { "id": id, "username": member["username"], "public_email": address },
        });
        members.push(document.to_string());
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_found_at_any_depth() {
        let document = json!({
            "author_id": 1,
            "notes": [{"author_id": 2, "award_emoji": [{"user_id": 3}]}],
            "metrics": {"merged_by_id": 4, "latest_closed_by_id": null},
            "milestone_id": 9,
        });
        let mut found = BTreeSet::new();
        collect(&document, &mut found);
        assert_eq!(found, BTreeSet::from([1, 2, 3, 4]));
    }
}
