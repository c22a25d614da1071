//! Members: those of the item itself as export documents, and everybody with
//! access, inherited roles included, as the API gives them.

use labkeep_gitlab::documents::{normalise, project_member};
use labkeep_gitlab::rest::{Kept, Member, MemberScope, UserRef};
use serde_json::{Value, json};

use super::context::Context;
use super::got::{Fresh, Got, NewPiece, Trouble};
use crate::backup::decide::Depth;
use crate::kind::{Item, Kind, Sort};
use crate::layout;

/// Captures the members of an item.
pub async fn capture_members(context: &Context, item: Item) -> Result<Got, Trouble> {
    let client = &context.client;
    let (mut direct, mut all) = match item.sort {
        Sort::Project => (
            client.project_members(item.id, MemberScope::Direct).await?,
            client.project_members(item.id, MemberScope::All).await?,
        ),
        Sort::Group => (
            client.group_members(item.id, MemberScope::Direct).await?,
            client.group_members(item.id, MemberScope::All).await?,
        ),
    };
    direct.sort_by_key(|member| member.id);
    all.sort_by_key(|member| member.id);
    for member in &all {
        context.people.note(&person(member));
    }
    if all.is_empty() {
        return Ok(Got::Empty(Fresh::default()));
    }
    let mut documents = Vec::with_capacity(direct.len());
    for member in &direct {
        let email = public_email(context, member).await?;
        documents.push(match item.sort {
            Sort::Project => project_member(member, email.as_deref()),
            Sort::Group => group_member(member, item.id, email.as_deref()),
        });
    }
    let relation = layout::relation(item.sort, Kind::Members).expect("members have one");
    let with_access: Vec<Value> = all.iter().map(Kept::to_value).collect();
    Ok(Got::Fresh(Fresh {
        pieces: vec![
            NewPiece::bytes(layout::extra_path("members"), lines(&with_access)),
            NewPiece::bytes(layout::relation_path(relation), lines(&documents)),
        ],
        count: all.len() as u64,
        ..Fresh::default()
    }))
}

fn person(member: &Member) -> UserRef {
    UserRef {
        id: member.id,
        username: member.username.clone(),
        name: member.name.clone(),
        public_email: member.public_email.clone(),
    }
}

/// The address by which an administrator's import finds the user again. Asked
/// for once per person; gitlab.com has no administrators among its users, so
/// nothing is asked there.
async fn public_email(context: &Context, member: &Member) -> Result<Option<String>, Trouble> {
    let people = &context.people;
    let known = people.get(member.id).and_then(|person| person.public_email);
    let is_known = people.was_told(member.id)
        || context.client.base().host() == "gitlab.com"
        || (context.depth == Depth::Quick && people.is_from_before(member.id));
    if is_known {
        return Ok(known);
    }
    let ask = || async {
        let Some(user) = context.client.user(member.id).await? else {
            return Ok::<_, Trouble>(known);
        };
        people.note(&UserRef {
            id: user.id,
            username: user.username.clone(),
            name: user.name.clone(),
            public_email: user.public_email.clone(),
        });
        Ok(user.public_email.clone().filter(|email| !email.is_empty()))
    };
    let answer = people.answer_about(member.id);
    Ok(answer.get_or_try_init(ask).await?.clone())
}

fn group_member(member: &Member, group: u64, email: Option<&str>) -> Value {
    normalise(
        "members",
        json!({
            "access_level": member.access_level.number(),
            "source_id": group,
            "source_type": "Namespace",
            "user_id": member.id,
            "created_at": member.created_at,
            "expires_at": member.expires_at,
            "user": {
                "id": member.id,
                "username": member.username,
                "public_email": email,
            },
        }),
    )
}

fn lines(documents: &[Value]) -> Vec<u8> {
    let mut text = Vec::new();
    for document in documents {
        serde_json::to_writer(&mut text, document).expect("a value is plain data");
        text.push(b'\n');
    }
    text
}
