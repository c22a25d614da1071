//! Second copies, and a new machine with nothing but a vault and its key:
//! everything is known again, can be restored, and goes on.

#[path = "recovery/again.rs"]
mod again;
#[path = "recovery/copies.rs"]
mod copies;
#[path = "recovery/machine.rs"]
mod machine;
#[path = "recovery/mending.rs"]
mod mending;
#[path = "recovery/read_only.rs"]
mod read_only;
#[path = "recovery/retentions.rs"]
mod retentions;
#[path = "recovery/scene.rs"]
mod scene;
#[path = "recovery/twice.rs"]
mod twice;
