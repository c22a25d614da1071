//! Proof: checks that read everything in turn, drills that rebuild everything
//! in turn, and damage that is loud, named and made up for.

#[path = "proof/bench.rs"]
mod bench;
#[path = "proof/damage.rs"]
mod damage;
#[path = "proof/drills.rs"]
mod drills;
#[path = "proof/full.rs"]
mod full;
#[path = "proof/groups.rs"]
mod groups;
#[path = "proof/guarded.rs"]
mod guarded;
#[path = "proof/meanwhile.rs"]
mod meanwhile;
#[path = "proof/pruning.rs"]
mod pruning;
#[path = "proof/rotation.rs"]
mod rotation;
