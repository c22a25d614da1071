//! How imports stand.

use serde_json::{Value, json};

use super::{View, time};
use crate::model::transfer::{FailedRelation, ImportStatus, RelationImport};
use crate::model::{AccessLevel, Project};

fn failure(failure: &FailedRelation) -> Value {
    json!({
        "id": failure.id,
        "created_at": time(Some(failure.created_at)),
        "exception_class": failure.exception_class,
        "exception_message": failure.exception_message,
        "source": failure.source,
        "relation_name": failure.relation_name,
        "line_number": failure.line_number,
    })
}

impl View<'_> {
    /// `API::Entities::ProjectImportStatus`; at most a hundred failures are shown.
    pub fn import_status(&self, project: &Project) -> Value {
        let import = &project.import;
        let mut shown = self.project_identity(project);
        shown["import_status"] = json!(import.status.word());
        shown["import_type"] =
            json!((import.status != ImportStatus::None).then_some("gitlab_project"));
        shown["correlation_id"] = json!(import.correlation_id);
        shown["failed_relations"] = import.failures.iter().take(100).map(failure).collect();
        shown["import_error"] = match &import.error {
            Some(_) if self.viewer.role(self.world, project) < AccessLevel::MAINTAINER => {
                json!("Ask a maintainer to check the import status for more details.")
            }
            error => json!(error),
        };
        shown["stats"] = Value::Null;
        shown
    }

    /// The import of one relation.
    pub fn relation_import(project: &Project, import: &RelationImport) -> Value {
        json!({
            "id": import.id,
            "project_path": project.full_path,
            "relation": import.relation,
            "status": import.status,
            "created_at": time(Some(import.created_at)),
            "updated_at": time(Some(import.updated_at)),
        })
    }
}
