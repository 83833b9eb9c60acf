//! Leads on their way into a list that is there already: as JSON, or as a small file.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use call::NumberPlan;
use dialer::list::{Details, Encoding, LeadReader, RECORD_BYTES_MAX, Read, Transcoder, read_lead};

use super::files::unreadable;
use super::layout::Layout;
use super::new_lead::{BODY_BYTES_MAX, NewLeads};
use super::numbering::Plans;
use super::text::rows;
use super::upload::{EncodingWord, Kind};
use crate::body::{JsonBody, read_bounded};
use crate::problem::{Code, Problem};

/// Leads on their way.
#[derive(Clone, Debug)]
pub(crate) enum Coming {
    /// As JSON: their numbers, and what else is known.
    Typed(Vec<(Vec<String>, Details)>),
    /// As a file.
    File(Box<SmallFile>),
}

/// A file that is held as a whole.
#[derive(Clone, Debug)]
pub(crate) struct SmallFile {
    text: String,
    layout: Layout,
    headers: LeadReader,
}

impl Coming {
    /// Those of a file, whose columns are guessed.
    ///
    /// # Errors
    /// When it cannot be read, has no rows or too many, or no column looks like a number.
    fn of_file(bytes: &[u8], encoding: Option<Encoding>) -> Result<Self, Problem> {
        let refused = |code, what: String| Problem::new(Code::UnreadableFile, format!("{what}.")).at("#", code, what);
        let (mut transcoder, mut text) = (Transcoder::new(encoding), Vec::with_capacity(bytes.len()));
        transcoder.push(bytes, &mut text).and_then(|()| transcoder.finish(&mut text)).map_err(unreadable)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let beginning = text.get(..text.floor_char_boundary(RECORD_BYTES_MAX)).unwrap_or_default();
        let layout = Layout::guess(transcoder.encoding().unwrap_or(Encoding::Utf8), beginning);
        let layout = layout.ok_or_else(|| refused("empty", "expected rows".to_owned()))?;
        if !layout.mapping.has_phone() {
            return Err(refused("no_phone", "expected a column that looks like a phone".to_owned()));
        }
        let mut plans = Plans::new(|_| None);
        let count = rows(&text, true, &layout, "", &mut plans, ROWS_MAX + 1, |_, _, _| ()).len();
        if !(1..=ROWS_MAX).contains(&count) {
            return Err(refused("rows", format!("expected 1 to {ROWS_MAX} rows; a longer file is uploaded as a list")));
        }
        let headers = LeadReader::new(&layout.mapping, &layout.headers, "");
        Ok(Self::File(Box::new(SmallFile { text, layout, headers })))
    }

    /// Those of a request, and its body.
    ///
    /// # Errors
    /// When they are none.
    pub(crate) async fn from_request(
        request: Request,
        encoding: Option<EncodingWord>,
    ) -> Result<(Self, Bytes), Problem> {
        match Kind::of(request.headers())? {
            Kind::Json if encoding.is_some() => {
                Err(Problem::bad_parameter("encoding", "expected a file, which it goes with"))
            }
            Kind::Json => {
                let body = JsonBody::<NewLeads, BODY_BYTES_MAX>::from_request(request, &()).await?;
                Ok((body.value.coming()?, body.bytes))
            }
            Kind::File => {
                let bytes = read_bounded(request, BODY_BYTES_MAX).await?;
                Ok((Self::of_file(&bytes, encoding.map(Encoding::from))?, bytes))
            }
        }
    }

    /// What they say, for a list whose numbers are of `country` where they name none.
    pub(super) fn read(&self, country: &str, plan: fn(&str) -> Option<NumberPlan>) -> Vec<Read> {
        let mut plans = Plans::new(plan);
        match self {
            Self::Typed(leads) => {
                let read = |(numbers, details): &(Vec<String>, Details)| {
                    read_lead(numbers.iter().map(String::as_str), details.clone(), country, &mut plans)
                };
                leads.iter().map(read).collect()
            }
            Self::File(file) => rows(&file.text, true, &file.layout, country, &mut plans, ROWS_MAX, |_, read, _| read),
        }
    }

    /// What a column is called.
    pub(super) fn column(&self, at: usize) -> String {
        match self {
            Self::Typed(_) => format!("numbers/{at}"),
            Self::File(file) => file.headers.header(at),
        }
    }
}

/// As many as an import writes at once: a transaction of some tens of milliseconds.
const ROWS_MAX: usize = 1_000;
