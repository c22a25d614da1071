//! The deletion guard, pins and retention, as the window and the command line
//! see them: what is gone at GitLab alarms, and nothing is removed from a
//! vault until a person says that it was meant.

#[path = "guard/answers.rs"]
mod answers;
#[path = "guard/contents.rs"]
mod contents;
#[path = "guard/items.rs"]
mod items;
#[path = "guard/retention.rs"]
mod retention;
#[path = "guard/scene.rs"]
mod scene;
