//! What a request is about, by its path: the last thing that is named, or the list to which one is added.

use super::object::{MAX_ID, plain};

/// Kind and id of the thing: `/v1/agents/{extension}/state` is about an agent. Without an id it is what is made.
pub(super) fn of(path: &str, values: &[(String, String)]) -> (String, String) {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let named = segments.iter().rposition(|segment| segment.starts_with('{'));
    let kind = match named {
        Some(at) => at.checked_sub(1).and_then(|before| segments.get(before)),
        None => segments.last(),
    };
    let id = named.and(values.last()).map_or_else(String::new, |(_, value)| plain(value, MAX_ID));
    (one_of(kind.copied().unwrap_or_default()), id)
}

/// The word for one thing of a list.
fn one_of(list: &str) -> String {
    let word = list.replace('-', "_");
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    word.strip_suffix('s').map_or_else(|| word.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_thing_named_is_what_it_is_about() {
        let values = [("name".to_owned(), "support".to_owned()), ("id".to_owned(), "7\n".to_owned())];
        let about = |path: &str, many: usize| of(path, &values[..many]);
        let pair = |kind: &str, id: &str| (kind.to_owned(), id.to_owned());
        assert_eq!(about("/v1/queues/{name}/callbacks", 1), pair("queue", "support"));
        assert_eq!(about("/v1/queues/{name}/callbacks/{id}", 2), pair("callback", "7"));
        assert_eq!(about("/v1/calls", 0), pair("call", ""));
        assert_eq!(about("/v1/api-keys", 0), pair("api_key", ""));
        assert_eq!(about("/v1/activities/{id}", 1), pair("activity", "support"));
    }
}
