//! A room name in a request: described as text of a certain form, and parsed into the name that it is.
//!
//! poem-openapi could check the form too, by `validator(pattern)`. It builds the expression anew for each request, which
//! takes longer than everything else in making a token.

use std::borrow::Cow;

use poem_openapi::{
    registry::{MetaSchema, MetaSchemaRef},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde_json::Value;

use crate::model::room_name::RoomName;

/// What a client may write where a room name stands.
#[derive(Debug)]
pub struct RoomNameText(pub RoomName);

impl Type for RoomNameText {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string(room-name)".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            min_length: Some(3),
            max_length: Some(64),
            pattern: Some("^[a-z0-9]+(-[a-z0-9]+)*$".to_owned()),
            ..MetaSchema::new("string")
        }))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ParseFromJSON for RoomNameText {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        match value {
            Some(Value::String(text)) => RoomName::parse(&text).map(Self).map_err(ParseError::custom),
            other => Err(ParseError::expected_type(other.unwrap_or(Value::Null))),
        }
    }
}

impl ToJSON for RoomNameText {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(self.0.as_str().to_owned()))
    }
}
