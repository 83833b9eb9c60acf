//! What a route asks of who comes: declared where the route is, checked before it runs.
//!
//! [`Routes`] is the only way to add a route, and takes none without an
//! [`Access`]. The declaration goes into OpenAPI too, as the operation's `security`.

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::MethodRouter;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::api::Shared;
use crate::key::Principal;
use crate::problem::{Code, Problem};
use crate::rights::{Permission, Reach};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everyone, without a key.
    Open,
    /// Programs on this machine without a key, others with the permission.
    Local(Permission),
    /// Everyone with a good key.
    Known,
    /// Whoever has the permission for all of the account's things.
    All(Permission),
    /// Whoever has the permission: the route itself shows and changes no more than [`Principal::only`] says.
    Own(Permission),
}

/// Routes, each with what it asks.
pub(crate) struct Routes(OpenApiRouter<Shared>);

impl Routes {
    pub(crate) fn new() -> Self {
        Self(OpenApiRouter::new())
    }

    /// Adds operations (made by `routes!`) that ask for `access`.
    pub(crate) fn add(self, access: Access, (schemas, mut paths, method): UtoipaMethodRouter<Shared>) -> Self {
        for item in paths.paths.values_mut() {
            operations(item).for_each(|operation| access.describe(operation));
        }
        let method = method.route_layer(from_fn(move |request: Request, next: Next| check(access, request, next)));
        Self(self.0.routes((schemas, paths, method)))
    }

    /// The routes of both.
    pub(crate) fn merge(self, other: Self) -> Self {
        Self(self.0.merge(other.0))
    }

    /// Adds a page for people, which is no operation and open to all.
    pub(crate) fn page(self, path: &str, method: MethodRouter<Shared>) -> Self {
        Self(self.0.route(path, method))
    }

    /// The routes as axum takes them.
    pub(crate) fn into_router(self) -> OpenApiRouter<Shared> {
        self.0
    }
}

impl Access {
    /// How far `principal` may go.
    ///
    /// # Errors
    /// 403 that names the missing permission.
    pub(crate) fn check(self, principal: Option<&Principal>) -> Result<(), Problem> {
        let reach = |permission| principal.and_then(|principal| principal.rights.reach(permission));
        let (is_allowed, permission) = match self {
            Self::Open => return Ok(()),
            Self::Known => return principal.map(|_| ()).ok_or_else(crate::key::unauthorized),
            // Without a key only those come so far who need none. The figures are of the node's own account.
            Self::Local(permission) => {
                let may = |principal: &Principal| principal.is_of_node && reach(permission).is_some();
                (principal.is_none_or(may), permission)
            }
            Self::All(permission) => (reach(permission) == Some(Reach::All), permission),
            Self::Own(permission) => (reach(permission).is_some(), permission),
        };
        if is_allowed { Ok(()) } else { Err(missing(permission)) }
    }

    fn describe(self, operation: &mut Operation) {
        let key = |words: Vec<&str>| SecurityRequirement::new("key", words);
        let (security, sentence) = match self {
            Self::Open => (vec![SecurityRequirement::default()], "Needs no key.".to_owned()),
            Self::Local(permission) => (
                vec![SecurityRequirement::default(), key(vec![permission.word()])],
                format!("From another machine it needs the permission `{}`.", permission.word()),
            ),
            Self::Known => (vec![key(Vec::new())], "Needs a key, and no permission.".to_owned()),
            Self::All(permission) => {
                (vec![key(vec![permission.word()])], format!("Needs the permission `{}`.", permission.word()))
            }
            Self::Own(permission) => (
                vec![key(vec![permission.word()])],
                format!(
                    "Needs the permission `{}`; an operator reaches his own only, a manager those of his teams.",
                    permission.word()
                ),
            ),
        };
        operation.security = Some(security);
        let text = operation.description.take().filter(|text| !text.trim().is_empty());
        operation.description = Some(text.map_or_else(|| sentence.clone(), |text| format!("{text}\n\n{sentence}")));
    }
}

/// The refusal of a request for which a permission is missing.
pub(crate) fn missing(permission: Permission) -> Problem {
    Problem::new(Code::Forbidden, format!("The permission `{}` is missing: {}.", permission.word(), permission.says()))
        .at("Authorization", "missing_permission", permission.word())
}

async fn check(access: Access, request: Request, next: Next) -> Result<Response, Problem> {
    access.check(request.extensions().get::<Principal>())?;
    Ok(next.run(request).await)
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().filter_map(Option::as_mut)
}
