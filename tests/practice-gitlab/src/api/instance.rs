//! `/version` and `/metadata`.

use serde_json::json;

use super::call::Call;
use super::principal::{Boundary, Needs};
use super::reply::{Answer, ok};
use super::route::{Route, get};

/// Routes about the instance.
pub const ROUTES: &[Route] = &[
    get("/version", "read_metadata", version).needing(Needs::ReadUser),
    get("/metadata", "read_metadata", metadata).needing(Needs::ReadUser),
];

fn version(call: &Call) -> Answer {
    let world = call.server.read();
    call.granted(&world, Boundary::Instance)?;
    ok(json!({ "version": world.instance.version, "revision": world.instance.revision }))
}

fn metadata(call: &Call) -> Answer {
    let world = call.server.read();
    call.granted(&world, Boundary::Instance)?;
    ok(json!({
        "version": world.instance.version,
        "revision": world.instance.revision,
        "kas": { "enabled": false, "externalUrl": null, "externalK8sProxyUrl": null, "version": null },
        "enterprise": world.instance.enterprise(),
    }))
}
