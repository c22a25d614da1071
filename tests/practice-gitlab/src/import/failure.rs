//! A document that cannot be imported, and how it lands in `failed_relations`.

use crate::model::World;
use crate::model::transfer::FailedRelation;
use crate::model::world::next;

/// Why a document is unfit, as Ruby would say it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Unfit {
    /// A method was called on nil.
    #[error("undefined method `{method}' for nil")]
    Nil {
        /// The method.
        method: &'static str,
    },
    /// A record is not valid.
    #[error("Validation failed: {sentence}")]
    Invalid {
        /// What is wrong with it.
        sentence: String,
    },
    /// A column that must have a value has none.
    #[error(
        "PG::NotNullViolation: ERROR:  null value in column \"{column}\" violates not-null constraint"
    )]
    NotNull {
        /// The column.
        column: &'static str,
    },
    /// A number is taken.
    #[error(
        "PG::UniqueViolation: ERROR:  duplicate key value violates unique constraint \"{index}\""
    )]
    Taken {
        /// The index that says so.
        index: &'static str,
    },
}

impl Unfit {
    /// A record that is not valid.
    pub fn invalid(sentence: &str) -> Self {
        Self::Invalid {
            sentence: sentence.to_owned(),
        }
    }

    /// Ruby's name for the error.
    fn class(&self) -> &'static str {
        match self {
            Self::Nil { .. } => "NoMethodError",
            Self::Invalid { .. } => "ActiveRecord::RecordInvalid",
            Self::NotNull { .. } => "ActiveRecord::NotNullViolation",
            Self::Taken { .. } => "ActiveRecord::RecordNotUnique",
        }
    }

    /// Notes the failure of line `line` of `relation`.
    pub fn record(
        &self,
        world: &mut World,
        project: u64,
        relation: &str,
        line: u64,
        now: jiff::Timestamp,
    ) {
        let failure = FailedRelation {
            id: next(&mut world.numbers.failure),
            created_at: now,
            exception_class: self.class().to_owned(),
            exception_message: self.to_string(),
            source: "process_relation_item!".to_owned(),
            relation_name: relation.to_owned(),
            line_number: line,
        };
        if let Some(project) = world.projects.get_mut(&project) {
            project.import.failures.push(failure);
        }
    }
}
