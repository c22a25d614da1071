//! Whole documents from whole REST answers.
mod taken;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;
use crate::rest::{
    Approvals, AwardEmoji, Discussion, Issue, Label, LabelEvent, Member, MergeRequest, Milestone,
    MilestoneEvent, Reviewer, StateEvent, VersionDetail,
};

fn read<T: DeserializeOwned>(answer: Value) -> T {
    serde_json::from_value(answer).unwrap()
}

fn user(id: u64, name: &str) -> Value {
    json!({"id": id, "username": name.to_lowercase(), "name": name, "state": "active", "avatar_url": null})
}

fn milestone_answer() -> Value {
    json!({
        "id": 61, "iid": 9, "project_id": 7, "title": "v1.2", "description": "Soon", "state": "active",
        "created_at": "2026-01-01T05:07:12.573Z", "updated_at": "2026-01-01T05:07:12.573Z",
        "due_date": "2026-03-01", "start_date": null, "expired": false, "web_url": "https://h/m/9"
    })
}

fn labels() -> Labels {
    let labels: Vec<Label> = read(json!([
        {"id": 1, "name": "bug", "color": "#ff0000", "text_color": "#fff", "description": "Broken",
         "priority": 2, "is_project_label": true},
        {"id": 2, "name": "team", "color": "#00ff00", "description": null, "priority": null,
         "is_project_label": false}
    ]));
    Labels::new(7, Some(3), &labels)
}

fn awards(of: u64) -> Vec<AwardEmoji> {
    read(json!([{
        "id": 4, "name": "thumbsup", "user": user(of, "Bob"), "awardable_id": 80,
        "created_at": "2026-01-03T10:09:34.206Z", "updated_at": "2026-01-03T10:09:34.206Z"
    }]))
}

fn states() -> Vec<StateEvent> {
    read(json!([{
        "id": 142, "user": user(5, "Ada"), "created_at": "2026-01-05T13:38:20.077Z",
        "resource_type": "Issue", "resource_id": 11, "state": "closed"
    }]))
}

fn label_events() -> Vec<LabelEvent> {
    read(json!([
        {"id": 1, "user": user(5, "Ada"), "created_at": "2026-01-03T13:38:20.077Z", "action": "add",
         "label": {"id": 1, "name": "bug", "color": "#ff0000", "description": "Broken"}},
        {"id": 2, "user": null, "created_at": "2026-01-04T13:38:20.077Z", "action": "remove",
         "label": null}
    ]))
}

fn milestone_events() -> Vec<MilestoneEvent> {
    read(json!([{
        "id": 3, "user": user(5, "Ada"), "created_at": "2026-01-03T14:00:00.000Z", "action": "add",
        "state": "opened", "milestone": milestone_answer()
    }]))
}

fn issue_document() -> Value {
    let answer: Issue = read(json!({
        "id": 76, "iid": 6, "project_id": 7, "title": "It breaks", "description": "Often.\n/close",
        "state": "closed", "author": user(5, "Ada"), "assignees": [user(6, "Bob"), user(5, "Ada")],
        "assignee": user(6, "Bob"), "type": "ISSUE", "issue_type": "incident",
        "labels": ["team", "bug"], "milestone": milestone_answer(),
        "created_at": "2026-01-02T15:31:51.081Z", "updated_at": "2026-01-05T13:38:20.100Z",
        "closed_at": "2026-01-05T13:38:20.077Z", "closed_by": user(5, "Ada"),
        "due_date": "2026-02-22", "confidential": true, "discussion_locked": null, "weight": 3,
        "upvotes": 1, "downvotes": 0, "user_notes_count": 2,
        "time_stats": {"time_estimate": 3600, "total_time_spent": 1800}
    }));
    let discussions: Vec<Discussion> = read(json!([
        {"id": "87805b7c09016a7058e91bdbe7b29d1f284a39e6", "individual_note": true, "notes": [
            {"id": 1128, "type": null, "body": "assigned to @bob", "author": user(5, "Ada"),
             "created_at": "2026-01-03T09:17:22.520Z", "updated_at": "2026-01-03T09:17:22.521Z",
             "system": true, "noteable_id": 76, "noteable_type": "Issue", "resolvable": false,
             "confidential": false, "internal": false}
        ]},
        {"id": "6a9c1750b37d513a43987b574953fceb50b03ce7", "individual_note": false, "notes": [
            {"id": 1126, "type": "DiscussionNote", "body": "Why?", "author": user(6, "Bob"),
             "created_at": "2026-01-03T21:54:39.668Z", "updated_at": "2026-01-03T21:54:39.668Z",
             "system": false, "resolvable": true, "resolved": true, "resolved_by": user(5, "Ada"),
             "resolved_at": "2026-01-04T00:00:00.000Z", "internal": true},
            {"id": 1129, "type": "DiscussionNote", "body": "Because.", "author": null,
             "created_at": "2026-01-03T22:00:00Z", "updated_at": "2026-01-03T22:00:00Z",
             "system": false}
        ]}
    ]));
    let note_awards = NoteAwards::from([(1126, awards(9))]);
    issue(
        IssueParts {
            issue: &answer,
            notes: Notes {
                discussions: &discussions,
                awards: &note_awards,
            },
            awards: &awards(6),
            events: Events {
                state: &states(),
                label: &label_events(),
                milestone: &milestone_events(),
            },
        },
        &labels(),
    )
}

fn merge_request_document() -> Value {
    let answer: MergeRequest = read(json!({
        "id": 1, "iid": 3, "project_id": 7, "title": "Mend it", "description": null, "state": "merged",
        "author": user(5, "Ada"), "assignees": [user(5, "Ada")], "reviewers": [user(6, "Bob")],
        "labels": ["bug"], "milestone": null, "draft": false, "squash": false,
        "created_at": "2026-01-03T08:46:00Z", "updated_at": "2026-01-05T08:46:00Z",
        "merged_at": "2026-01-05T08:45:00.520Z", "merged_by": user(6, "Bob"),
        "merge_user": user(6, "Bob"), "closed_at": null, "closed_by": null,
        "target_branch": "main", "source_branch": "mend", "source_project_id": 8,
        "target_project_id": 7, "merge_when_pipeline_succeeds": false,
        "merge_status": "can_be_merged", "sha": "4803c71e6b1833ca72b8b26ef2ecd5adc8a38031",
        "merge_commit_sha": "9999999999999999999999999999999999999999",
        "squash_commit_sha": null, "should_remove_source_branch": null,
        "force_remove_source_branch": true, "discussion_locked": null,
        "time_stats": {"time_estimate": 0, "total_time_spent": 0},
        "diff_refs": {
            "base_sha": "b5d6e7b1613fca24d250fa8e5bc7bcc3dd6002ef",
            "head_sha": "4803c71e6b1833ca72b8b26ef2ecd5adc8a38031",
            "start_sha": "7c9c2ead8a320fb7ba0b4e234bd9529a2614e306"
        }
    }));
    let version: VersionDetail = read(json!({
        "id": 110, "head_commit_sha": "4803c71e6b1833ca72b8b26ef2ecd5adc8a38031",
        "base_commit_sha": "b5d6e7b1613fca24d250fa8e5bc7bcc3dd6002ef",
        "start_commit_sha": "7c9c2ead8a320fb7ba0b4e234bd9529a2614e306",
        "created_at": "2026-01-03T08:46:01.926Z", "merge_request_id": 1, "state": "collected",
        "real_size": "2",
        "commits": [{
            "id": "4803c71e6b1833ca72b8b26ef2ecd5adc8a38031", "short_id": "4803c71e",
            "title": "Mend", "message": "Mend\n\nSigned-off-by: Ada <ada@example.com>\n",
            "author_name": "Ada", "author_email": "ada@example.com",
            "authored_date": "2026-01-03T09:00:00.000+02:00", "committer_name": "Ada",
            "committer_email": "ada@example.com", "committed_date": "2026-01-03T09:00:00.000+02:00",
            "trailers": {"Signed-off-by": "Ada <ada@example.com>"}, "parent_ids": []
        }],
        "diffs": [
            {"old_path": "a.txt", "new_path": "a.txt", "a_mode": "100644", "b_mode": "100644",
             "new_file": false, "renamed_file": false, "deleted_file": false,
             "diff": "@@ -1 +1,2 @@\n a\n+b\n"},
            {"old_path": "p.png", "new_path": "p.png", "a_mode": "0", "b_mode": "100644",
             "new_file": true, "renamed_file": false, "deleted_file": false,
             "diff": "Binary files /dev/null and b/p.png differ\n"}
        ]
    }));
    let discussions: Vec<Discussion> = read(json!([
        {"id": "87805b7c09016a7058e91bdbe7b29d1f284a39e6", "individual_note": false, "notes": [
            {"id": 1128, "type": "DiffNote", "body": "better:\n```suggestion\nc\n```",
             "author": user(6, "Bob"), "created_at": "2026-01-04T09:17:22.520Z",
             "updated_at": "2026-01-04T09:17:22.520Z", "system": false,
             "noteable_type": "MergeRequest", "commit_id": null, "resolvable": true,
             "resolved": false, "resolved_by": null, "resolved_at": null,
             "position": {
                 "base_sha": "b5d6e7b1613fca24d250fa8e5bc7bcc3dd6002ef",
                 "start_sha": "7c9c2ead8a320fb7ba0b4e234bd9529a2614e306",
                 "head_sha": "4803c71e6b1833ca72b8b26ef2ecd5adc8a38031",
                 "old_path": "a.txt", "new_path": "a.txt", "position_type": "text",
                 "old_line": null, "new_line": 2, "line_range": null
             },
             "suggestions": [{"id": 1, "from_line": 2, "to_line": 2, "appliable": false,
                 "applied": false, "from_content": "b\n", "to_content": "c\n"}]}
        ]},
        {"id": "1111111111111111111111111111111111111111", "individual_note": true, "notes": [
            {"id": 1130, "type": null, "body": "added 2 commits\n\n<ul></ul>",
             "author": user(5, "Ada"), "created_at": "2026-01-04T10:00:00.000Z",
             "updated_at": "2026-01-04T10:00:00.000Z", "system": true}
        ]}
    ]));
    let approvals: Approvals = read(json!({
        "approved": true, "approvals_required": 1,
        "approved_by": [{"user": user(6, "Bob"), "approved_at": "2026-01-05T08:00:00.000Z"}]
    }));
    let reviewers: Vec<Reviewer> = read(json!([
        {"user": user(6, "Bob"), "state": "approved", "created_at": "2026-01-03T09:00:00.000Z"}
    ]));
    merge_request(
        MergeRequestParts {
            merge_request: &answer,
            version: Some(&version),
            notes: Notes {
                discussions: &discussions,
                awards: &NoteAwards::new(),
            },
            awards: &awards(6),
            events: Events {
                state: &states(),
                ..Events::default()
            },
            approvals: Some(&approvals),
            reviewers: &reviewers,
        },
        &labels(),
    )
}

fn project_answer() -> Value {
    json!({
        "id": 7, "name": "Project", "path": "project", "path_with_namespace": "group/project",
        "description": "Nice", "visibility": "internal", "default_branch": "main",
        "archived": false, "merge_method": "rebase_merge", "squash_option": "default_off",
        "public_jobs": true, "build_git_strategy": "fetch", "build_timeout": 3600,
        "auto_cancel_pending_pipelines": "enabled", "topics": ["x"],
        "only_allow_merge_if_pipeline_succeeds": false, "request_access_enabled": true,
        "issues_access_level": "enabled", "wiki_access_level": "disabled",
        "pages_access_level": "public", "forking_access_level": "private",
        "ci_default_git_depth": 20, "ci_separated_caches": true, "keep_latest_artifact": true,
        "ci_forward_deployment_enabled": true, "group_runners_enabled": true,
        "runners_token": "must-not-be-in-any-document"
    })
}

#[test]
fn an_issue_with_everything() {
    insta::assert_json_snapshot!("issue", issue_document());
}

#[test]
fn a_merge_request_with_everything() {
    insta::assert_json_snapshot!("merge_request", merge_request_document());
}

#[test]
fn settings_of_a_project() {
    let answer = project_answer();
    let documents = json!({
        "project": project(&answer),
        "project_feature": project_feature(&answer),
        "ci_cd_settings": ci_cd_settings(&answer),
    });
    assert!(!documents.to_string().contains("must-not-be"));
    // The order of keys depends on what else is built with serde_json.
    insta::with_settings!({sort_maps => true}, {
        insta::assert_json_snapshot!("settings", documents);
    });
}

#[test]
fn a_milestone_and_a_member() {
    let answer: Milestone = read(milestone_answer());
    insta::assert_json_snapshot!("milestone", milestone(&answer));
    let answer: Member = read(json!({
        "id": 5, "username": "ada", "name": "Ada", "state": "active", "access_level": 40,
        "created_at": "2026-01-01T00:00:00.123Z", "expires_at": "2027-01-01",
        "created_by": user(6, "Bob"), "membership_state": "active"
    }));
    insta::assert_json_snapshot!("member", project_member(&answer, Some("ada@example.com")));
}

#[test]
fn every_note_has_what_the_importer_cannot_do_without() {
    for document in [issue_document(), merge_request_document()] {
        let notes = document["notes"].as_array().unwrap();
        assert!(!notes.is_empty());
        for note in notes {
            assert!(note["author"]["name"].is_string());
            assert!(note["updated_at"].is_string());
            assert_eq!(note["discussion_id"].as_str().unwrap().len(), 40);
            if note["type"] == "DiffNote" {
                assert!(note["line_code"].is_string());
                assert!(note["position"].is_object() && note["original_position"].is_object());
            }
        }
    }
    let files = &merge_request_document()["merge_request_diff"]["merge_request_diff_files"];
    assert!(
        files
            .as_array()
            .unwrap()
            .iter()
            .all(|file| file["utf8_diff"].is_string())
    );
}

#[test]
fn nothing_is_written_that_the_importer_ignores() {
    taken::assert_taken("issues", &issue_document());
    taken::assert_taken("merge_requests", &merge_request_document());
}

#[test]
fn documents_are_normal_already() {
    let document = issue_document();
    assert_eq!(normalise("issues", document.clone()), document);
    let document = merge_request_document();
    assert_eq!(normalise("merge_requests", document.clone()), document);
}
