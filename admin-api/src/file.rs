//! Files over HTTP: whole, or the range asked for (RFC 9110 section 14).

use std::io::SeekFrom;
use std::path::{Component, Path, PathBuf};

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::problem::{Code, Problem};

/// A sound file below the data folder.
#[derive(Clone, Debug)]
pub(crate) struct Wav<'a> {
    /// The data folder.
    pub(crate) data_dir: &'a Path,
    /// Path below it, without suffix.
    pub(crate) path: &'a str,
    /// Changes when the bytes do.
    pub(crate) tag: String,
    /// The problem when the file is not there.
    pub(crate) missing: Code,
}

impl Wav<'_> {
    /// The file, or the part that the headers ask for.
    ///
    /// # Errors
    /// 416 for a range outside the file, `missing` when there is no file.
    pub(crate) async fn send(self, headers: &HeaderMap) -> Result<Response, Problem> {
        let (mut file, length) = self.open().await?;
        let tag = format!("\"{}\"", self.tag);
        if names(headers, &tag) {
            let tag = HeaderValue::from_str(&tag).ok();
            return Ok((StatusCode::NOT_MODIFIED, tag.map(|tag| [(ETAG, tag)]), ()).into_response());
        }
        let (range, status) = match wanted_range(headers, &tag, length) {
            Wanted::All => (0..length, StatusCode::OK),
            Wanted::Part(range) => (range, StatusCode::PARTIAL_CONTENT),
            Wanted::Nothing => return Ok(unsatisfiable(length)),
        };
        file.seek(SeekFrom::Start(range.start)).await.map_err(|error| self.unreadable(&error))?;
        let size = range.end - range.start;
        let mut response = (status, Body::from_stream(chunks(file, size))).into_response();
        let fields = response.headers_mut();
        fields.insert(CONTENT_TYPE, HeaderValue::from_static("audio/wav"));
        fields.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        fields.insert(CONTENT_LENGTH, HeaderValue::from(size));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            fields.insert(ETAG, tag);
        }
        if status == StatusCode::PARTIAL_CONTENT {
            let text = format!("bytes {}-{}/{length}", range.start, range.end.saturating_sub(1));
            fields.extend(HeaderValue::from_str(&text).ok().map(|value| (CONTENT_RANGE, value)));
        }
        Ok(response)
    }

    async fn open(&self) -> Result<(File, u64), Problem> {
        let path = self.full_path().ok_or_else(|| self.gone())?;
        match File::open(&path).await {
            Ok(file) => {
                let length = file.metadata().await.map_err(|error| self.unreadable(&error))?.len();
                Ok((file, length))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(self.gone()),
            Err(error) => Err(self.unreadable(&error)),
        }
    }

    /// Nothing outside the data folder, whatever a record says.
    fn full_path(&self) -> Option<PathBuf> {
        let relative = PathBuf::from(format!("{}.wav", self.path));
        let inside = relative.components().all(|part| matches!(part, Component::Normal(_)));
        inside.then(|| self.data_dir.join(relative))
    }

    fn gone(&self) -> Problem {
        tracing::warn!(path = self.path, "a recorded file is not there");
        Problem::new(self.missing, "The file is not there any more.")
    }

    fn unreadable(&self, error: &std::io::Error) -> Problem {
        tracing::error!(path = self.path, %error, "a recorded file cannot be read");
        Problem::new(Code::Unavailable, "The file cannot be read now.")
    }
}

/// True when the client has the file already (RFC 9110 13.1.2).
fn names(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known
        .flat_map(|tags| tags.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

enum Wanted {
    All,
    Part(std::ops::Range<u64>),
    Nothing,
}

/// One range is honoured; several, or another unit, or a stale `If-Range`, get the whole file (RFC 9110 14.2).
fn wanted_range(headers: &HeaderMap, tag: &str, length: u64) -> Wanted {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if text(IF_RANGE).is_some_and(|wanted| wanted != tag) {
        return Wanted::All;
    }
    let Some((first, last)) = text(RANGE).and_then(|range| range.strip_prefix("bytes=")?.split_once('-')) else {
        return Wanted::All;
    };
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => Wanted::All,
        (Some(first), _) if first >= length && (last.is_empty() || number(last).is_some()) => Wanted::Nothing,
        (Some(first), Some(last)) => Wanted::Part(first..length.min(last.saturating_add(1))),
        (Some(first), None) if last.is_empty() => Wanted::Part(first..length),
        (None, Some(0)) if first.is_empty() => Wanted::Nothing,
        (None, Some(_)) if first.is_empty() && length == 0 => Wanted::Nothing,
        (None, Some(suffix)) if first.is_empty() => Wanted::Part(length.saturating_sub(suffix)..length),
        _ => Wanted::All,
    }
}

/// Digits only; a number beyond 64 bits is as good as the largest.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn unsatisfiable(length: u64) -> Response {
    let mut response = Problem::new(Code::RangeNotSatisfiable, format!("The file has {length} bytes.")).into_response();
    let value = HeaderValue::from_str(&format!("bytes */{length}")).ok();
    response.headers_mut().extend(value.map(|value| (CONTENT_RANGE, value)));
    response
}

/// The next `left` bytes of a file, a piece at a time.
fn chunks(file: File, left: u64) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    stream::try_unfold((file, left), |(mut file, left)| async move {
        let size = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK);
        let mut piece = vec![0; size];
        let read = if size == 0 { 0 } else { file.read(&mut piece).await? };
        piece.truncate(read);
        let left = left.saturating_sub(read as u64);
        Ok((read > 0).then(|| (Bytes::from(piece), (file, left))))
    })
}

/// Bytes read at a time: four seconds of a stereo recording.
const CHUNK: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_rfc_9110_has_them() {
        let cases: [(&str, Option<(u64, u64)>); 12] = [
            ("bytes=0-9", Some((0, 10))),
            ("bytes=90-", Some((90, 100))),
            ("bytes=90-1000", Some((90, 100))),
            ("bytes=-10", Some((90, 100))),
            ("bytes=-1000", Some((0, 100))),
            ("bytes=100-", None),
            ("bytes=-0", None),
            ("bytes=99999999999999999999-", None),
            ("bytes=9-0", Some((0, 100))),
            ("bytes=0-1,5-6", Some((0, 100))),
            ("items=0-1", Some((0, 100))),
            ("bytes=x-1", Some((0, 100))),
        ];
        for (text, expected) in cases {
            let headers = HeaderMap::from_iter([(RANGE, HeaderValue::from_static(text))]);
            let got = match wanted_range(&headers, "\"t\"", 100) {
                Wanted::All => Some((0, 100)),
                Wanted::Part(range) => Some((range.start, range.end)),
                Wanted::Nothing => None,
            };
            assert_eq!(got, expected, "{text}");
        }
    }

    #[test]
    fn a_path_never_leaves_the_data_folder() {
        for path in ["../secret", "/etc/passwd", "a/../../b", ""] {
            let tag = String::new();
            let wav = Wav { data_dir: Path::new("data"), path, tag, missing: Code::NoRecording };
            let full = wav.full_path();
            assert!(full.as_ref().is_none_or(|full| full == Path::new("data/.wav")), "{path}: {full:?}");
        }
    }
}
