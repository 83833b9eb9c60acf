//! As much of bencoding as rtpengine's control protocol takes: dictionaries of texts.

/// A dictionary of texts.
pub(crate) fn dictionary(entries: &[(&str, &str)]) -> String {
    let mut sorted = entries.to_vec();
    sorted.sort_unstable();
    let text = |text: &str| format!("{}:{text}", text.len());
    let body: String = sorted.iter().map(|(key, value)| text(key) + &text(value)).collect();
    format!("d{body}e")
}

/// The text under `key` in a flat dictionary.
pub(crate) fn text_in<'a>(dictionary: &'a str, key: &str) -> Option<&'a str> {
    let mut rest = dictionary.strip_prefix('d')?;
    while !rest.is_empty() && !rest.starts_with('e') {
        let name;
        (name, rest) = text(rest)?;
        let value;
        (value, rest) = if let Some(number) = rest.strip_prefix('i') { number.split_once('e')? } else { text(rest)? };
        if name == key {
            return Some(value);
        }
    }
    None
}

fn text(from: &str) -> Option<(&str, &str)> {
    let (length, rest) = from.split_once(':')?;
    let length = length.parse().ok()?;
    Some((rest.get(..length)?, rest.get(length..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let written = dictionary(&[("sdp", "v=0\r\n"), ("command", "offer")]);
        assert_eq!(written, "d7:command5:offer3:sdp5:v=0\r\ne");
        assert_eq!(text_in(&written, "sdp"), Some("v=0\r\n"));
        assert_eq!(text_in("d1:ai7e6:result2:oke", "result"), Some("ok"));
        assert_eq!(text_in(&written, "result"), None);
        assert_eq!(text_in("d9:x", "result"), None);
    }
}
