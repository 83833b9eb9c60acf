//! Links: where an answer leads to (OpenAPI 3.1 section 4.8.20). From a list and from what was made to the
//! things in it, from a thing to what can be done with it, with its version.

use serde_json::{Map, Value, json};

use super::document::{each_operation, fields, parameter};

/// Adds the links between the operations.
pub(super) fn add(document: &mut Value) {
    let mut targets: Vec<(String, Value)> = Vec::new();
    each_operation(document, |path, _, operation| targets.push((path.to_owned(), operation.clone())));
    each_operation(document, |path, _, operation| {
        let others = targets.iter().filter(|(_, target)| target["operationId"] != operation["operationId"]);
        let links: Map<_, _> = others.filter_map(|(to, target)| link(path, operation, to, target)).collect();
        let answers = fields(operation, "responses");
        for (_, answer) in answers.filter(|(status, _)| !links.is_empty() && matches!(status.as_str(), "200" | "201")) {
            answer["links"] = links.clone().into();
        }
    });
}

/// The link from what `operation` at `path` answers to `target`, if it leads there.
fn link(path: &str, operation: &Value, to: &str, target: &Value) -> Option<(String, Value)> {
    let (name, place) = if path.ends_with('}') {
        let is_below = to == path || to.strip_prefix(path)?.starts_with('/');
        (path.rsplit_once('{').filter(|_| is_below)?.1.strip_suffix('}')?, "")
    } else {
        let below = to.strip_prefix(path)?.strip_prefix("/{")?;
        (below.split_once('}')?.0, if parameter(operation, "cursor").is_some() { "/data/0" } else { "" })
    };
    let operation_id = target["operationId"].as_str()?;
    let mut parameters = json!({ name: format!("$response.body#{place}/{name}") });
    if path.ends_with('}') && parameter(target, "If-Match").is_some() {
        parameters["header.If-Match"] = json!("$response.header.ETag");
    }
    Some((operation_id.to_owned(), json!({ "operationId": operation_id, "parameters": parameters })))
}
