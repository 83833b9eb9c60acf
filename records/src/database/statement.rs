//! A statement: text of the program, and the values in it. One text serves both databases.
//!
//! Text can only come from the program (`&'static str`), so no value can ever
//! become a part of it. What a text may say is what means the same everywhere:
//! see the module [`super`].

use clock::{CallId, WallTime};

/// A statement to be executed.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
}

/// A value, or none of its type: PostgreSQL wants to know the type of nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// `BYTEA`
    Bytes(Option<Vec<u8>>),
    /// `TEXT`
    Text(Option<String>),
    /// `BIGINT`
    Integer(Option<i64>),
    /// `BOOLEAN`
    Boolean(Option<bool>),
}

/// What can be a value of a statement.
pub(crate) trait Bind {
    /// None of this type.
    const NULL: Value;

    /// The value.
    fn value(self) -> Value;
}

/// A statement of this text, whose values are bound in the order of their numbers: `$1`, `$2` ...
pub(crate) fn sql(text: &'static str) -> Statement {
    Statement { text: text.to_owned(), values: Vec::new() }
}

impl Statement {
    /// The value of the next number that the text has already.
    pub(crate) fn bind(mut self, value: impl Bind) -> Self {
        self.values.push(value.value());
        self
    }

    /// More text.
    pub(crate) fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// The number of a value, and the value. Not to be mixed with [`Self::bind`] behind it.
    pub(crate) fn push_bind(&mut self, value: impl Bind) -> &mut Self {
        self.values.push(value.value());
        self.text.push('$');
        self.text.push_str(&self.values.len().to_string());
        self
    }

    /// Values in brackets: `($1, $2)`.
    pub(crate) fn push_list(&mut self, values: impl IntoIterator<Item = impl Bind>) -> &mut Self {
        self.push("(");
        for (place, value) in values.into_iter().enumerate() {
            self.push(if place == 0 { "" } else { ", " }).push_bind(value);
        }
        self.push(")")
    }
}

impl Bind for Value {
    const NULL: Value = Value::Text(None);

    fn value(self) -> Value {
        self
    }
}

impl<T: Bind> Bind for Option<T> {
    const NULL: Value = T::NULL;

    fn value(self) -> Value {
        self.map_or(T::NULL, Bind::value)
    }
}

impl Bind for Vec<u8> {
    const NULL: Value = Value::Bytes(None);

    fn value(self) -> Value {
        Value::Bytes(Some(self))
    }
}

impl<const N: usize> Bind for [u8; N] {
    const NULL: Value = Value::Bytes(None);

    fn value(self) -> Value {
        Value::Bytes(Some(self.to_vec()))
    }
}

impl Bind for CallId {
    const NULL: Value = Value::Bytes(None);

    fn value(self) -> Value {
        self.to_bytes().value()
    }
}

impl Bind for String {
    const NULL: Value = Value::Text(None);

    /// PostgreSQL keeps no NUL in a text; so that both keep the same, none does.
    fn value(self) -> Value {
        Value::Text(Some(if self.contains('\0') { self.replace('\0', "\u{fffd}") } else { self }))
    }
}

impl Bind for &str {
    const NULL: Value = Value::Text(None);

    fn value(self) -> Value {
        self.to_owned().value()
    }
}

impl Bind for i64 {
    const NULL: Value = Value::Integer(None);

    fn value(self) -> Value {
        Value::Integer(Some(self))
    }
}

impl Bind for u32 {
    const NULL: Value = Value::Integer(None);

    fn value(self) -> Value {
        i64::from(self).value()
    }
}

impl Bind for u64 {
    const NULL: Value = Value::Integer(None);

    /// A count as the database stores it; what does not fit is its largest.
    fn value(self) -> Value {
        i64::try_from(self).unwrap_or(i64::MAX).value()
    }
}

/// Microseconds since 1970, UTC.
impl Bind for WallTime {
    const NULL: Value = Value::Integer(None);

    fn value(self) -> Value {
        self.as_micros().value()
    }
}

impl Bind for bool {
    const NULL: Value = Value::Boolean(None);

    fn value(self) -> Value {
        Value::Boolean(Some(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_in_order_and_keep_their_types() {
        let mut statement = sql("SELECT a FROM t WHERE b = $1").bind("x\0y");
        statement.push(" AND c IN ").push_list([1_i64, 2]).push(" AND d = ").push_bind(None::<CallId>);
        assert_eq!(statement.text, "SELECT a FROM t WHERE b = $1 AND c IN ($2, $3) AND d = $4");
        let text = Value::Text(Some("x\u{fffd}y".to_owned()));
        assert_eq!(statement.values, [text, 1_i64.value(), 2_i64.value(), Value::Bytes(None)]);
        assert_eq!(u64::MAX.value(), Value::Integer(Some(i64::MAX)));
    }
}
