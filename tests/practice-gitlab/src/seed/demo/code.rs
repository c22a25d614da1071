//! The code of the demo: a few months of small commits.

use super::super::{at, people::People};
use super::build::{Step, tag, with_repository, write_history};
use super::places::project;
use crate::change::ChangeError;
use crate::git::{GitError, bundle, push, repository};
use crate::model::new_project::NewProject;
use crate::model::project::{ProtectedTag, Repository};
use crate::model::{AccessLevel, Visibility};
use crate::server::Server;

/// A project's path and history.
type History = (&'static str, &'static [Step]);

const API_SERVER: &[Step] = &[
    (
        "main",
        2,
        'o',
        "Begin with an empty server",
        &[
            (
                "README.md",
                "# API server\n\nTakes measurements and gives forecasts.\n\n    make run\n",
            ),
            (
                "server.py",
                "from http.server import HTTPServer, BaseHTTPRequestHandler\n\n\nclass Tide(BaseHTTPRequestHandler):\n    def do_GET(self):\n        self.send_response(200)\n        self.end_headers()\n",
            ),
            (".gitignore", "__pycache__/\n"),
        ],
    ),
    (
        "main",
        5,
        'm',
        "Take measurements from buoys",
        &[(
            "measurements.py",
            "LEVELS = {}\n\n\ndef take(buoy, level):\n    LEVELS.setdefault(buoy, []).append(level)\n",
        )],
    ),
    (
        "main",
        9,
        'd',
        "Give the last level of a buoy",
        &[
            (
                "measurements.py",
                "LEVELS = {}\n\n\ndef take(buoy, level):\n    LEVELS.setdefault(buoy, []).append(level)\n\n\ndef last(buoy):\n    return LEVELS[buoy][-1]\n",
            ),
            (
                "tests/test_measurements.py",
                "from measurements import last, take\n\n\ndef test_last():\n    take('b1', 3)\n    assert last('b1') == 3\n",
            ),
        ],
    ),
    (
        "main",
        14,
        'm',
        "Prepare 1.0",
        &[("CHANGELOG.md", "# 1.0\n\n- levels of buoys\n")],
    ),
    (
        "1-0-stable<main",
        15,
        'm',
        "Fix the port of 1.0",
        &[("settings.ini", "[server]\nport = 8080\n")],
    ),
    (
        "forecast<main",
        20,
        'd',
        "Add a first forecast",
        &[(
            "forecast.py",
            "def forecast(levels):\n    return levels[-1]\n",
        )],
    ),
    (
        "forecast",
        22,
        'd',
        "Use the mean of the last day",
        &[
            (
                "forecast.py",
                "def forecast(levels):\n    day = levels[-24:]\n    return sum(day) / len(day)\n",
            ),
            (
                "tests/test_forecast.py",
                "from forecast import forecast\n\n\ndef test_mean():\n    assert forecast([1, 3]) == 2\n",
            ),
        ],
    ),
    (
        "main",
        24,
        'o',
        "Say how to contribute",
        &[(
            "CONTRIBUTING.md",
            "# Contributing\n\nOpen a merge request. Somebody looks within a day.\n",
        )],
    ),
    (
        "rate-limit<main",
        40,
        'd',
        "Answer at most ten requests a second",
        &[(
            "limits.py",
            "LIMIT = 10\n\n\ndef allowed(count):\n    return count < LIMIT\n",
        )],
    ),
    (
        "sqlite<main",
        44,
        'm',
        "Keep measurements in SQLite",
        &[
            (
                "store.py",
                "import sqlite3\n\n\ndef connect(path):\n    return sqlite3.connect(path)\n",
            ),
            (
                "measurements.py",
                "from store import connect\n\n\ndef take(buoy, level):\n    with connect('levels.db') as db:\n        db.execute('insert into levels values (?, ?)', (buoy, level))\n",
            ),
        ],
    ),
];

const WEB_CLIENT: &[Step] = &[
    (
        "main",
        3,
        'd',
        "Begin with one page",
        &[
            ("README.md", "# Web client\n\nTides in the browser.\n"),
            (
                "index.html",
                "<!doctype html>\n<title>Tides</title>\n<main id=\"tide\"></main>\n",
            ),
        ],
    ),
    (
        "main",
        11,
        'd',
        "Draw a curve",
        &[(
            "curve.js",
            "export function curve(levels) {\n  return levels.map((y, x) => `${x},${y}`).join(' ')\n}\n",
        )],
    ),
    (
        "dark-mode<main",
        31,
        'd',
        "Follow the system's colours",
        &[("style.css", ":root { color-scheme: light dark; }\n")],
    ),
];

const HISTORIES: [History; 11] = [
    ("tidewater/platform/api-server", API_SERVER),
    ("tidewater/platform/web-client", WEB_CLIENT),
    (
        "tidewater/platform/infrastructure",
        &[
            (
                "main",
                3,
                'm',
                "Describe the two servers",
                &[
                    ("inventory.ini", "[web]\nweb1\n[db]\ndb1\n"),
                    (
                        "README.md",
                        "# Infrastructure\n\nOnce called ops-scripts.\n",
                    ),
                ],
            ),
            (
                "main",
                18,
                'm',
                "Renew certificates every month",
                &[("renew.sh", "#!/bin/sh\nset -eu\ncertbot renew\n")],
            ),
        ],
    ),
    (
        "tidewater/devices/firmware/buoy",
        &[
            (
                "main",
                2,
                'd',
                "Blink",
                &[
                    (
                        "main.c",
                        "int main(void) {\n    for (;;) {\n        blink();\n    }\n}\n",
                    ),
                    ("Makefile", "all: main.c\n\tcc -o buoy main.c\n"),
                ],
            ),
            (
                "main",
                8,
                'd',
                "Measure every minute",
                &[(
                    "main.c",
                    "int main(void) {\n    for (;;) {\n        measure();\n        sleep(60);\n    }\n}\n",
                )],
            ),
            (
                "main",
                19,
                'm',
                "Send once an hour",
                &[(
                    "radio.c",
                    "void send(const char *text) {\n    radio_write(text);\n}\n",
                )],
            ),
            (
                "deep-sleep<main",
                33,
                'd',
                "Sleep deeply between measurements",
                &[(
                    "main.c",
                    "int main(void) {\n    for (;;) {\n        measure();\n        deep_sleep(60);\n    }\n}\n",
                )],
            ),
            (
                "main",
                35,
                'o',
                "Add the licence",
                &[("LICENSE", "All rights reserved by the tide.\n")],
            ),
        ],
    ),
    (
        "tidewater/devices/firmware/sensor-drivers",
        &[
            (
                "master",
                4,
                'd',
                "Read pressure",
                &[
                    (
                        "pressure.c",
                        "int pressure(void) {\n    return adc(0);\n}\n",
                    ),
                    ("README.md", "# Sensor drivers\n"),
                ],
            ),
            (
                "master",
                12,
                'd',
                "Read temperature",
                &[(
                    "temperature.c",
                    "int temperature(void) {\n    return adc(1);\n}\n",
                )],
            ),
        ],
    ),
    (
        "tidewater/devices/mobile-app",
        &[
            (
                "main",
                6,
                'r',
                "Begin with a screen",
                &[("App.kt", "fun main() = println(\"Tides\")\n")],
            ),
            (
                "main",
                16,
                'd',
                "Find buoys nearby",
                &[("Scan.kt", "fun scan(): List<String> = listOf()\n")],
            ),
        ],
    ),
    (
        "tidewater/research/tide-model",
        &[
            (
                "main",
                5,
                'r',
                "Fit four harmonics",
                &[
                    ("model.py", "HARMONICS = ['M2', 'S2', 'N2', 'K1']\n"),
                    ("README.md", "# Tide model\n\nFitted every night.\n"),
                ],
            ),
            (
                "main",
                26,
                'r',
                "Fit eight harmonics",
                &[(
                    "model.py",
                    "HARMONICS = ['M2', 'S2', 'N2', 'K2', 'K1', 'O1', 'P1', 'Q1']\n",
                )],
            ),
        ],
    ),
    (
        "tidewater/research/datasets",
        &[(
            "main",
            7,
            'r',
            "Add the harbour's first year",
            &[
                ("README.md", "# Datasets\n\nLarge files are in LFS.\n"),
                (
                    ".gitattributes",
                    "*.csv filter=lfs diff=lfs merge=lfs -text\n",
                ),
            ],
        )],
    ),
    (
        "tidewater/handbook",
        &[
            (
                "main",
                1,
                'o',
                "Write down how we work",
                &[
                    ("README.md", "# Handbook\n\n1. Write it down.\n2. Ask.\n"),
                    ("onboarding.md", "# Your first day\n\nWelcome aboard.\n"),
                ],
            ),
            (
                "main",
                28,
                'p',
                "Explain planning",
                &[("planning.md", "# Planning\n\nMilestones follow the moon.\n")],
            ),
        ],
    ),
    (
        "tidewater/website",
        &[
            (
                "main",
                10,
                'o',
                "Begin the website",
                &[(
                    "index.md",
                    "# Tidewater Instruments\n\nBuoys that know the tide.\n",
                )],
            ),
            (
                "gh-pages<main",
                12,
                'm',
                "Publish",
                &[("index.html", "<h1>Tidewater Instruments</h1>\n")],
            ),
        ],
    ),
    (
        "tidewater/archive/legacy-portal",
        &[(
            "master",
            1,
            'o',
            "Import from the old server",
            &[("index.php", "<?php echo 'tides';\n")],
        )],
    ),
];

/// The file in LFS, and its digest.
const DATASET: &str =
    "time,level\n2024-01-01T00:00Z,1.92\n2024-01-01T01:00Z,1.51\n2024-01-01T02:00Z,1.07\n";

/// Writes all repositories.
pub fn write(server: &Server, people: &People) -> Result<(), ChangeError> {
    for (path, steps) in HISTORIES {
        let id = project(&server.read(), path);
        let created = at(1, 0);
        with_repository(server, id, created, |opened| {
            write_history(server, people, opened, steps)?;
            if path.ends_with("api-server") {
                tag(server, people, opened, "v1.0.0", "main", at(14, 30))?;
                tag(server, people, opened, "v1.0.1", "1-0-stable", at(15, 30))?;
                for name in [
                    "refs/pipelines/101",
                    "refs/environments/production/deployments/7",
                ] {
                    if let Some(tip) = repository::branch_tip(opened, "1-0-stable")? {
                        opened.reference(name, tip, true, "")?;
                    }
                }
            }
            if path.ends_with("buoy") {
                tag(server, people, opened, "fw-3.0", "main", at(36, 0))?;
            }
            Ok(())
        })?;
    }
    let api = project(&server.read(), "tidewater/platform/api-server");
    if let Some(project) = server.write().projects.get_mut(&api) {
        project.protected_tags.push(ProtectedTag {
            name: "v*".into(),
            create_levels: vec![AccessLevel::MAINTAINER.0],
            created_at: at(14, 0),
        });
    }
    write_wiki(server, people)?;
    write_dataset(server, people)?;
    fork_drivers(server, people)
}

fn write_wiki(server: &Server, people: &People) -> Result<(), ChangeError> {
    let id = project(&server.read(), "tidewater/handbook");
    let opened = repository::init(&server.data.wiki(id), "main")?;
    let pages: &[Step] = &[
        (
            "main",
            2,
            'o',
            "Create home",
            &[("home.md", "Welcome. See [harbours](harbours).\n")],
        ),
        (
            "main",
            13,
            'p',
            "Create harbours",
            &[(
                "harbours.md",
                "| harbour | buoys |\n| --- | --- |\n| Northmouth | 4 |\n| Kelpie Bay | 2 |\n",
            )],
        ),
        (
            "main",
            21,
            'g',
            "Update harbours",
            &[(
                "harbours.md",
                "| harbour | buoys |\n| --- | --- |\n| Northmouth | 5 |\n| Kelpie Bay | 2 |\n",
            )],
        ),
    ];
    write_history(server, people, &opened, pages)?;
    if let Some(project) = server.write().projects.get_mut(&id) {
        project.wiki = Repository::Stored;
    }
    Ok(())
}

/// Adds a pointer to the repository and the object to the store.
fn write_dataset(server: &Server, people: &People) -> Result<(), ChangeError> {
    use sha2::{Digest, Sha256};
    let id = project(&server.read(), "tidewater/research/datasets");
    let oid = hex::encode(Sha256::digest(DATASET));
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {}\n",
        DATASET.len()
    );
    std::fs::write(server.data.lfs_object(&oid), DATASET)?;
    let (author, address) = super::build::Who('r').signature(&server.read(), people);
    with_repository(server, id, at(7, 0), |opened| {
        let parent: Vec<git2::Oid> = repository::branch_tip(opened, "main")?
            .into_iter()
            .collect();
        repository::commit(
            opened,
            &repository::NewCommit {
                reference: "refs/heads/main",
                parents: &parent,
                files: &[("northmouth-2024.csv", Some(pointer.as_bytes()))],
                message: "Add Northmouth 2024\n",
                author: (&author, &address),
                time: at(7, 30),
            },
        )?;
        Ok(())
    })?;
    if let Some(project) = server.write().projects.get_mut(&id) {
        project.lfs_objects.insert(oid, vec![0.into()]);
    }
    Ok(())
}

/// Dana's fork of the drivers, one commit ahead.
fn fork_drivers(server: &Server, people: &People) -> Result<(), ChangeError> {
    let (upstream, fork) = {
        let mut world = server.write();
        let upstream = project(&world, "tidewater/devices/firmware/sensor-drivers");
        let namespace_id = world
            .users
            .get(&people.developer)
            .map_or(0, |user| user.namespace_id);
        let new = NewProject {
            namespace_id,
            name: "Sensor drivers".into(),
            path: "sensor-drivers".into(),
            description: Some("Dana's fork".into()),
            visibility: Visibility::Internal,
            creator_id: people.developer,
        };
        let fork = world.add_project(new, at(25, 0));
        world.relate_fork(fork, upstream);
        (upstream, fork)
    };
    bundle::fork(
        server,
        &server.data.repository(upstream),
        &server.data.repository(fork),
        "master",
    )?;
    let opened =
        git2::Repository::open_bare(server.data.repository(fork)).map_err(GitError::from)?;
    push::settle_default_branch(server, fork, &opened, at(25, 0))?;
    let steps: &[Step] = &[(
        "salinity<master",
        26,
        'd',
        "Read salinity",
        &[(
            "salinity.c",
            "int salinity(void) {\n    return adc(2);\n}\n",
        )],
    )];
    Ok(write_history(server, people, &opened, steps)?)
}
