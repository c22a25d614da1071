//! A practice GitLab and a machine that is to protect it.

use std::ops::Deref;

use practice_gitlab::{ApplicationLimits, Options, PracticeGitlab, Running, Seed};
use serde_json::Value;

use crate::machine::{Machine, Ran};

/// A GitLab and a machine.
pub struct World {
    pub gitlab: Running,
    pub machine: Machine,
}

impl Deref for World {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        &self.machine
    }
}

/// A seed and nothing special.
pub fn seeded(seed: Seed) -> Options {
    Options {
        seed,
        application_limits: ApplicationLimits::Off,
        ..Options::default()
    }
}

impl World {
    pub fn new(options: Options) -> Self {
        let gitlab = PracticeGitlab::start(options).unwrap();
        let tokens = serde_json::to_value(&gitlab.tokens).unwrap();
        let hidden = tokens
            .as_object()
            .unwrap()
            .values()
            .filter_map(Value::as_str)
            .map(ToOwned::to_owned)
            .collect();
        Self {
            gitlab,
            machine: Machine::new(hidden),
        }
    }

    /// So many small projects, with account, vault and plan made.
    pub fn ready(projects: u64) -> Self {
        let mut world = Self::new(seeded(Seed::Many(projects)));
        let token = world.gitlab.tokens.minimal.clone();
        world.connect(&token).expect(0);
        world.make_vault();
        world.make_plan(&[]);
        world
    }

    /// Connects the account `office`.
    pub fn connect(&self, token: &str) -> Ran {
        let url = &self.gitlab.url;
        self.tell(
            &[
                "account",
                "add",
                "--url",
                url,
                "--name",
                "office",
                "--token-stdin",
            ],
            &format!("{token}\n"),
        )
    }

    /// Makes the vault `disk`; its key is to be seen nowhere.
    pub fn make_vault(&mut self) {
        let folder = self.text("vault");
        self.run(&["vault", "create", &folder, "--name", "disk"])
            .expect(0);
        let keys = self.secrets("vault-key");
        assert_eq!(keys.len(), 1);
        self.machine.hidden.extend(keys);
    }

    /// Makes the plan `all`.
    pub fn make_plan(&self, more: &[&str]) {
        let plan = [
            "plan",
            "create",
            "--account",
            "office",
            "--vault",
            "disk",
            "--name",
            "all",
        ];
        self.run(&[&plan, more].concat()).expect(0);
    }

    /// Backs up and gives the result.
    #[track_caller]
    pub fn back_up(&self, more: &[&str], code: i32) -> Value {
        let arguments = [&["--json", "backup"], more].concat();
        self.run(&arguments).expect(code).document()
    }
}
