//! Pages of lists, as a client sees them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::DateTime;
use uuid::Uuid;

use crate::model::page::{Cursor, DEFAULT_LIMIT, Limit};

use super::failure::Failure;

/// Where a page begins, from the text that the page before gave.
pub fn cursor(text: Option<String>) -> Result<Option<Cursor>, Failure> {
    let Some(text) = text else { return Ok(None) };
    decode(&text).map(Some).ok_or_else(|| {
        Failure::bad_request("cursor-malformed", "`cursor` is not one that a list gave as `next_cursor`")
    })
}

/// The text that stands for the place after a page; clients pass it on and do not look into it.
pub fn encode(cursor: &Cursor) -> String {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&cursor.at.timestamp_micros().to_be_bytes());
    bytes[8..].copy_from_slice(cursor.id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> Option<Cursor> {
    let bytes: [u8; 24] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    let (micros, id) = bytes.split_at(8);
    let micros = i64::from_be_bytes(micros.try_into().ok()?);
    // Postgres keeps years 4713 BC to 294276; no row of ours is older than 1970.
    let at = DateTime::from_timestamp_micros(micros).filter(|_| (0..=32_503_680_000_000_000).contains(&micros))?;
    Some(Cursor { at, id: Uuid::from_slice(id).ok()? })
}

/// How many items a page shall have.
pub fn limit(asked: Option<u16>) -> Result<Limit, Failure> {
    Limit::new(asked.unwrap_or(DEFAULT_LIMIT))
        .ok_or_else(|| Failure::bad_request("limit-out-of-range", "`limit` is a number from 1 to 100"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_went(micros in 0_i64..32_503_680_000_000_000, id: u128) {
            let cursor = Cursor { at: DateTime::from_timestamp_micros(micros).unwrap(), id: Uuid::from_u128(id) };
            prop_assert_eq!(decode(&encode(&cursor)), Some(cursor));
        }

        #[test]
        fn no_text_breaks_the_reader(text in ".{0,60}") {
            let read = cursor(Some(text.clone()));
            prop_assert!(read.is_err() || encode(&read.unwrap().unwrap()) == text);
        }
    }
}
