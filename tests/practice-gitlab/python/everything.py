"""Reads and writes everything the practice GitLab has, with python-gitlab: a
client that knows the real GitLab and was not written here. Gets one line of JSON
on standard input, as the server prints it when it is ready (demo seed), and ends
with "everything works" on standard output."""

import io
import json
import sys
import tarfile
import time

import gitlab
from gitlab.exceptions import (
    GitlabAuthenticationError,
    GitlabCreateError,
    GitlabGetError,
    GitlabHttpError,
)

ready = json.load(sys.stdin)
url, tokens, users = ready["url"], ready["tokens"], ready["users"]


def client(part, **more):
    return gitlab.Gitlab(url, private_token=tokens[part], retry_transient_errors=True, **more)


def refused(error, status, call):
    try:
        call()
    except error as caught:
        assert caught.response_code == status, caught
        return caught
    raise AssertionError(f"{status} was expected")


def wait(look, ready):
    for _ in range(600):
        seen = look()
        if ready(seen):
            return seen
        time.sleep(0.05)
    raise AssertionError("it did not become ready")


def signing_in():
    owner = client("owner")
    owner.auth()
    assert owner.user.username == "olivia"
    version, revision = owner.version()
    assert version == "18.6.2-ee" and revision
    assert owner.http_get("/metadata")["enterprise"] is True
    itself = client("minimal").personal_access_tokens.get("self")
    assert itself.scopes == ["read_api", "read_repository"] and itself.active
    refused(GitlabAuthenticationError, 401, lambda: client("expired").auth())
    refused(GitlabHttpError, 403, lambda: client("code_only").http_get("/user"))
    bearer = gitlab.Gitlab(url, oauth_token=tokens["owner"])
    bearer.auth()
    admin = client("admin")
    assert admin.users.list(username="dana")[0].name == "Dana Dvorak"
    assert admin.projects.list(sudo="gus", membership=True)


def lists():
    owner = client("minimal", per_page=3)
    everything = owner.projects.list(get_all=True, membership=True)
    assert len(everything) == 12
    lazy = owner.projects.list(iterator=True, membership=True)
    assert (lazy.total, lazy.per_page, lazy.total_pages) == (12, 3, 4)
    keyset = owner.projects.list(get_all=True, pagination="keyset", order_by="id", sort="asc")
    assert sorted(project.id for project in keyset) == [project.id for project in keyset]
    groups = owner.groups.list(get_all=True)
    assert {"tidewater/devices/firmware", "tidewater/platform"} <= {group.full_path for group in groups}
    root = owner.groups.get("tidewater")
    assert {group.path for group in root.subgroups.list(get_all=True)} >= {"platform", "devices"}
    assert any(group.path == "firmware" for group in root.descendant_groups.list(get_all=True))
    assert len(root.projects.list(get_all=True, include_subgroups=True)) == 12
    assert owner.namespaces.list(search="tidewater", get_all=True)
    project = owner.projects.get("tidewater/platform/api-server", statistics=True)
    assert project.statistics["commit_count"] > 4 and project.permissions["group_access"]["access_level"] == 50
    # A former path answers with a redirect to the number.
    assert owner.projects.get("tidewater/platform/ops-scripts").path == "infrastructure"


def groups_and_members(owner):
    group = owner.groups.create({"name": "Yard", "path": "yard"})
    group.description = "Where ships are built"
    group.save()
    dock = owner.groups.create({"name": "Dock", "path": "dock", "parent_id": group.id})
    member = group.members.create({"user_id": users["developer"]["id"], "access_level": gitlab.const.AccessLevel.DEVELOPER})
    member.access_level = gitlab.const.AccessLevel.MAINTAINER
    member.save()
    group.labels.create({"name": "steel", "color": "#778899"}).delete()
    voyage = group.milestones.create({"title": "Maiden voyage"})
    assert [one.title for one in group.milestones.list(get_all=True)] == ["Maiden voyage"]
    voyage.delete()
    assert [one.username for one in dock.members_all.list(get_all=True) if one.access_level == 40] == ["dana"]
    project = owner.projects.create({"name": "Hull", "namespace_id": dock.id, "initialize_with_readme": True})
    assert project.path_with_namespace == "yard/dock/hull" and project.default_branch == "main"
    refused(GitlabCreateError, 400, lambda: owner.projects.create({"name": "Hull", "namespace_id": dock.id}))
    project.members.create({"user_id": users["guest"]["id"], "access_level": 20})
    project.members.delete(users["guest"]["id"])
    project.description, project.merge_method = "Steel", "ff"
    project.save()
    assert owner.projects.get(project.id).merge_method == "ff"
    token = project.access_tokens.create({"name": "bot", "scopes": ["read_api"], "access_level": 20, "expires_at": "2027-01-01"})
    assert token.token.startswith("glpat-")
    token.delete()
    return group, project


def planning(owner, project):
    label = project.labels.create({"name": "rust", "color": "#aa3300"})
    label.description = "It is red"
    label.save()
    assert project.labels.get("rust").description == "It is red"
    assert [one.name for one in project.labels.list(get_all=True, search="ru")] == ["rust"]
    gone = project.labels.create({"name": "gone", "color": "#000000"})
    gone.delete()
    milestone = project.milestones.create({"title": "Launch", "due_date": "2026-12-31"})
    milestone.state_event = "close"
    milestone.save()
    issue = project.issues.create({
        "title": "Paint it", "description": "- [ ] red", "labels": ["rust"], "milestone_id": milestone.id,
        "iid": 12, "created_at": "2020-01-02T03:04:05Z",
    })
    assert (issue.iid, issue.created_at, issue.labels) == (12, "2020-01-02T03:04:05.000Z", ["rust"])
    assert milestone.issues().next().iid == 12
    issue.title, issue.due_date = "Paint it red", "2026-11-30"
    issue.save()
    note = issue.notes.create({"body": "Which red?", "created_at": "2020-02-03T04:05:06Z"})
    note.body = "Which red exactly?"
    note.save()
    note.awardemojis.create({"name": "eyes"})
    assert note.awardemojis.list()[0].name == "eyes"
    award = issue.awardemojis.create({"name": "thumbsup"})
    award.delete()
    thread = issue.discussions.create({"body": "Signal red?"})
    reply = thread.notes.create({"body": "Traffic red."})
    reply.body = "Flame red."
    reply.save()
    assert [one["body"] for one in issue.discussions.get(thread.id).attributes["notes"]] == ["Signal red?", "Flame red."]
    assert issue.notes.create({"body": "/label ~rust\n/estimate 2h"}).attributes["summary"]
    assert project.issues.get(12).time_stats()["time_estimate"] == 7200
    issue.add_spent_time("30m")
    other = project.issues.create({"title": "Buy paint"})
    assert other.iid == 13
    source, target = issue.links.create({"target_project_id": project.id, "target_issue_iid": other.iid})
    assert (source.iid, target.iid) == (12, 13)
    issue.links.delete(issue.links.list()[0].issue_link_id)
    issue.state_event = "close"
    issue.save()
    assert issue.resourcestateevents.list()[0].state == "closed"
    assert issue.resourcelabelevents.list()[0].action == "add"
    assert [one["username"] for one in issue.participants()] == ["olivia"]
    assert [one.iid for one in project.issues.list(state="opened", get_all=True)] == [13]
    other.delete()
    # A Maintainer's number and date are dropped without a word.
    mine = client("developer").projects.get(project.id)
    dropped = mine.issues.create({"title": "Mine", "iid": 99, "created_at": "2020-01-02T03:04:05Z"})
    assert dropped.iid == 14 and not dropped.created_at.startswith("2020")


def reviews(owner):
    project = owner.projects.get("tidewater/platform/api-server")
    requests = project.mergerequests.list(state="all", get_all=True)
    assert len(requests) == 3
    request = project.mergerequests.get(2)
    assert request.state == "opened" and request.user["can_merge"]
    assert [commit.title for commit in request.commits()] == ["Answer at most ten requests a second"]
    assert request.changes()["changes"][0]["new_path"] == "limits.py"
    version = request.diffs.list(get_all=True)[0]
    assert request.diffs.get(version.id).diffs[0]["new_file"]
    assert [issue.iid for issue in request.closes_issues()] == [4]
    thread = request.discussions.create({"body": "Ten is a lot", "position": {
        **request.diff_refs, "position_type": "text", "new_path": "limits.py", "old_path": "limits.py", "new_line": 1,
    }})
    thread.notes.create({"body": "It is not"})
    thread.resolved = True
    thread.save()
    assert request.discussions.get(thread.id).attributes["notes"][0]["resolved"]
    request.notes.create({"body": "Fine by me"})
    request.awardemojis.create({"name": "rocket"})
    request.approve()
    assert request.approvals.get().approved_by[0]["user"]["username"] == "olivia"
    request.unapprove()
    # Approving replaced what the object holds; look again.
    request = project.mergerequests.get(2)
    request.labels = [*request.labels, "customer"]
    request.save()
    request.merge(should_remove_source_branch=True)
    assert project.mergerequests.get(2).state == "merged"
    assert project.issues.get(4).state == "closed"
    made = refused(GitlabCreateError, 409, lambda: project.mergerequests.create(
        {"source_branch": "sqlite", "target_branch": "main", "title": "Again"}))
    assert "Another open merge request already exists" in str(made)
    opened = project.mergerequests.create({
        "source_branch": "sqlite", "target_branch": "1-0-stable", "title": "For the old version too",
        "description": "As in !3", "labels": ["customer"], "assignee_ids": [owner.user.id],
    })
    assert opened.state == "opened" and opened.iid == 4
    opened.title, opened.state_event = "For the old version", "close"
    opened.save()
    assert (project.mergerequests.get(4).title, project.mergerequests.get(4).state) == ("For the old version", "closed")
    opened.delete()
    refused(GitlabGetError, 404, lambda: project.mergerequests.get(4))
    refused(GitlabGetError, 404, lambda: client("guest").projects.get(project.id).mergerequests.get(3))


def transfers(owner):
    project = owner.projects.get("tidewater/devices/firmware/buoy")
    export = project.exports.create()
    wait(lambda: export.refresh() or export, lambda one: one.export_status == "finished")
    archive = io.BytesIO()
    export.download(streamed=True, action=archive.write)
    names = tarfile.open(fileobj=io.BytesIO(archive.getvalue())).getnames()
    assert "./VERSION" in names and "./tree/project/issues.ndjson" in names
    archive.seek(0)
    sent = owner.projects.import_project(archive, path="buoy-copy", namespace="tidewater/devices")
    copied = owner.projects.get(sent["id"], lazy=True)
    state = wait(lambda: copied.imports.get(), lambda one: one.import_status in ("finished", "failed"))
    assert state.import_status == "finished" and state.failed_relations == []
    copied = owner.projects.get(sent["id"])
    assert len(copied.issues.list(get_all=True)) == len(project.issues.list(get_all=True))
    # Relations have no class of their own in this library.
    owner.http_post(f"/projects/{project.id}/export_relations")
    status = f"/projects/{project.id}/export_relations/status"
    wait(lambda: owner.http_get(status), lambda all_: all(one["status"] == 1 for one in all_))
    raw = owner.http_get(f"/projects/{project.id}/export_relations/download", query_data={"relation": "labels"}, raw=True)
    assert raw.content[:2] == b"\x1f\x8b"
    copied.delete()
    refused(GitlabGetError, 404, lambda: owner.projects.get(sent["id"]))


def main():
    signing_in()
    lists()
    owner = client("owner")
    owner.auth()
    group, project = groups_and_members(owner)
    planning(owner, project)
    reviews(owner)
    transfers(owner)
    fork = owner.projects.get("tidewater/website").forks.create({"namespace_path": "olivia"})
    owner.projects.get(fork.id).transfer("yard")
    project.archive()
    assert owner.projects.get(project.id).archived
    project.unarchive()
    project.delete()
    group.delete()
    print("everything works")


main()
