//! `/v1/roles`: what each role permits.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::access::{Access, Routes};
use crate::openapi::ReadRefusals;
use crate::page::Page;
use crate::query::{NoParameters, Query};
use crate::rights::{Permission, ROLES, Reach};

/// A role.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Role {
    /// Its word.
    #[schema(example = "operator")]
    name: &'static str,
    /// Who it is for.
    description: &'static str,
    /// What it permits.
    permissions: Vec<Grant>,
}

/// A permission, and how far it reaches.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Grant {
    /// Its word.
    #[schema(example = "calls.view")]
    permission: &'static str,
    /// `all` of the account's, those of one's `team`s, or one's `own` only.
    #[schema(example = "own")]
    reach: &'static str,
}

pub(super) fn routes() -> crate::access::Routes {
    Routes::new().add(Access::Known, routes!(list))
}

/// All roles. Permissions are what is checked; a role is a set of them.
#[utoipa::path(get, path = "/v1/roles", operation_id = "list_roles", tag = "people",
    responses((status = 200, description = "The roles", body = Page<Role>), ReadRefusals))]
async fn list(Query(_): Query<NoParameters>) -> Json<Page<Role>> {
    let role = |role: &crate::rights::Role| Role {
        name: role.word,
        description: role.says,
        permissions: role.grants.iter().map(|(permission, reach)| Grant::of(*permission, *reach)).collect(),
    };
    Json(Page { data: ROLES.iter().map(role).collect(), next_cursor: None })
}

impl Grant {
    pub(super) fn of(permission: Permission, reach: Reach) -> Self {
        let reach = match reach {
            Reach::Own => "own",
            Reach::Team => "team",
            Reach::All => "all",
        };
        Self { permission: permission.word(), reach }
    }
}
