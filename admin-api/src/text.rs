//! Texts that people read: nothing in them may show as something else than it is.

/// True for a character that a screen does not show, or that makes what stands beside it look otherwise: control
/// characters, and those that turn the direction of writing (Unicode UAX 9, "Trojan source") or have no width.
pub(crate) fn misleads(c: char) -> bool {
    let turns = matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    // Joiners (U+200C, U+200D) are letters' matter in Persian and of emoji.
    let has_no_width = matches!(
        c,
        '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{00ad}' | '\u{fff9}'..='\u{fffb}'
    );
    let breaks = matches!(c, '\u{2028}' | '\u{2029}');
    c.is_control() || turns || has_no_width || breaks || ('\u{e0000}'..='\u{e007f}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::misleads;

    #[test]
    fn what_shows_as_something_else_is_told_from_letters() {
        for c in "\u{202e}\u{2066}\u{200f}\u{200b}\u{feff}\n\u{7f}\u{85}\u{2028}\u{e0041}".chars() {
            assert!(misleads(c), "{c:?}");
        }
        for c in "aÄß\u{5d0}\u{627}漢 😀'\u{200d}\u{300}".chars() {
            assert!(!misleads(c), "{c:?}");
        }
    }
}
