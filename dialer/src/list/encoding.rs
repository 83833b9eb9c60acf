//! Bytes of a file to UTF-8, piece by piece. Nothing is guessed that could garble a name: what is neither marked nor
//! UTF-8 is refused with the line and what to do.

/// How a file writes its characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, low byte first: Excel's "Unicode text".
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// Windows-1252, of which Latin-1 is a part but for controls that no list has.
    Windows1252,
}

/// Why a file is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// Bytes that UTF-8 does not have.
    #[error(
        "line {line} is not UTF-8: save the file as UTF-8, or say its encoding (windows-1252 is that of Excel's \
         plain CSV in western Europe)"
    )]
    NotUtf8 {
        /// Line, from 1.
        line: u64,
    },
    /// A zero byte, which no text has.
    #[error(
        "line {line} has a zero byte: the file is no text, or UTF-16 without its mark: say its encoding (utf-16le)"
    )]
    Zero {
        /// Line, from 1.
        line: u64,
    },
    /// Half a character of UTF-16.
    #[error("line {line} is not UTF-16: half a character stands alone")]
    NotUtf16 {
        /// Line, from 1.
        line: u64,
    },
    /// XLSX, ODS or another archive.
    #[error("the file is a spreadsheet or an archive: save it as CSV")]
    Archive,
}

/// Turns the bytes of a file into UTF-8 without a mark.
#[derive(Clone, Debug)]
pub struct Transcoder {
    asked: Option<Encoding>,
    /// Known from the first bytes on.
    encoding: Option<Encoding>,
    /// Bytes of a character that is not whole yet, or of the beginning.
    pending: Vec<u8>,
    /// A first half of two in UTF-16.
    high: Option<u16>,
    line: u64,
}

impl Encoding {
    /// The word of the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1252 => "windows-1252",
        }
    }
}

impl Transcoder {
    /// Reads what the file's mark says, else what is `asked`, else UTF-8.
    #[must_use]
    pub fn new(asked: Option<Encoding>) -> Self {
        Self { asked, encoding: None, pending: Vec::new(), high: None, line: 1 }
    }

    /// What it reads; none before the first bytes.
    #[must_use]
    pub fn encoding(&self) -> Option<Encoding> {
        self.encoding
    }

    /// The next piece of the file; what is whole of it goes behind `out`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), BadText> {
        self.pending.extend_from_slice(piece);
        if self.encoding.is_none() && self.pending.len() < MARK_BYTES {
            return Ok(());
        }
        self.read(out)
    }

    /// The file ends.
    ///
    /// # Errors
    /// When it ends within a character.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), BadText> {
        self.read(out)?;
        let is_whole = self.pending.is_empty() && self.high.is_none();
        if is_whole { Ok(()) } else { Err(self.broken()) }
    }

    fn read(&mut self, out: &mut Vec<u8>) -> Result<(), BadText> {
        let encoding = match self.encoding {
            Some(encoding) => encoding,
            None => self.begin()?,
        };
        let bytes = core::mem::take(&mut self.pending);
        let whole = match encoding {
            Encoding::Utf8 => self.utf8(&bytes, out)?,
            Encoding::Windows1252 => self.windows1252(&bytes, out)?,
            Encoding::Utf16Le => self.utf16(&bytes, u16::from_le_bytes, out)?,
            Encoding::Utf16Be => self.utf16(&bytes, u16::from_be_bytes, out)?,
        };
        self.pending.extend_from_slice(bytes.get(whole..).unwrap_or_default());
        Ok(())
    }

    /// Finds the encoding, and takes the mark away.
    fn begin(&mut self) -> Result<Encoding, BadText> {
        if ARCHIVES.iter().any(|magic| self.pending.starts_with(magic)) {
            return Err(BadText::Archive);
        }
        let marked = MARKS.into_iter().find(|(mark, _)| self.pending.starts_with(mark));
        let encoding = marked.map_or(self.asked.unwrap_or(Encoding::Utf8), |(_, encoding)| encoding);
        if let Some((mark, _)) = marked {
            self.pending.drain(..mark.len());
        }
        self.encoding = Some(encoding);
        Ok(encoding)
    }

    fn utf8(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<usize, BadText> {
        let (whole, is_broken) = match core::str::from_utf8(bytes) {
            Ok(_) => (bytes.len(), false),
            Err(error) => (error.valid_up_to(), error.error_len().is_some()),
        };
        let text = bytes.get(..whole).unwrap_or_default();
        self.check(text)?;
        out.extend_from_slice(text);
        if is_broken { Err(BadText::NotUtf8 { line: self.line }) } else { Ok(whole) }
    }

    fn windows1252(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<usize, BadText> {
        self.check(bytes)?;
        let mut buffer = [0; 4];
        for byte in bytes {
            let high = byte.checked_sub(0x80).and_then(|high| WINDOWS_1252.get(usize::from(high)));
            let character = high.copied().unwrap_or(char::from(*byte));
            out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
        }
        Ok(bytes.len())
    }

    fn utf16(&mut self, bytes: &[u8], unit: fn([u8; 2]) -> u16, out: &mut Vec<u8>) -> Result<usize, BadText> {
        let mut buffer = [0; 4];
        for pair in bytes.chunks_exact(2) {
            let unit = unit([pair.first().copied().unwrap_or(0), pair.last().copied().unwrap_or(0)]);
            let first = self.high.take();
            if first.is_none() && (0xD800..0xDC00).contains(&unit) {
                self.high = Some(unit);
                continue;
            }
            let read = char::decode_utf16(first.into_iter().chain([unit])).next();
            let character = read.and_then(Result::ok).ok_or(BadText::NotUtf16 { line: self.line })?;
            match character {
                '\0' => return Err(BadText::Zero { line: self.line }),
                '\n' => self.line += 1,
                _ => {}
            }
            out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
        }
        Ok(bytes.len() & !1)
    }

    /// Counts the lines, and looks for zeros.
    fn check(&mut self, text: &[u8]) -> Result<(), BadText> {
        let zero = text.iter().position(|byte| *byte == 0);
        let before = text.get(..zero.unwrap_or(text.len())).unwrap_or_default();
        self.line += before.iter().filter(|byte| **byte == b'\n').count() as u64;
        if zero.is_some() { Err(BadText::Zero { line: self.line }) } else { Ok(()) }
    }

    fn broken(&self) -> BadText {
        match self.encoding {
            Some(Encoding::Utf16Le | Encoding::Utf16Be) => BadText::NotUtf16 { line: self.line },
            _ => BadText::NotUtf8 { line: self.line },
        }
    }
}

/// As many bytes as tell marks and archives.
const MARK_BYTES: usize = 4;
const MARKS: [(&[u8], Encoding); 3] =
    [(&[0xEF, 0xBB, 0xBF], Encoding::Utf8), (&[0xFF, 0xFE], Encoding::Utf16Le), (&[0xFE, 0xFF], Encoding::Utf16Be)];
/// ZIP (XLSX, ODS), the older XLS, gzip.
const ARCHIVES: [&[u8]; 3] = [b"PK\x03\x04", &[0xD0, 0xCF, 0x11, 0xE0], &[0x1F, 0x8B]];
/// 0x80 to 0x9F as the WHATWG encoding standard has them; above, it is Latin-1.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];
