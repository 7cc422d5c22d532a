//! Lists page by page, by the key of the last item and not by a count: the deepest page costs what the first does.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The most items on a page.
pub const MAX_LIMIT: u16 = 100;
/// How many items a page has when nothing is said.
pub const DEFAULT_LIMIT: u16 = 50;

/// How many items a page may have: 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(u16);

impl Limit {
    /// `None` when the number is not 1 to 100.
    pub fn new(limit: u16) -> Option<Self> {
        (1..=MAX_LIMIT).contains(&limit).then_some(Self(limit))
    }

    /// One more than the page has, to see whether another page follows.
    pub fn and_one_more(self) -> i64 {
        i64::from(self.0) + 1
    }

    /// The number as a length.
    pub fn get(self) -> usize {
        usize::from(self.0)
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(DEFAULT_LIMIT)
    }
}

/// The key of the last item of a page: its moment, and its id where two share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub at: DateTime<Utc>,
    pub id: Uuid,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page begins; none when this is the last.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// A page from what was read with `limit.and_one_more()`.
    pub fn cut(mut items: Vec<T>, limit: Limit, key: impl Fn(&T) -> Cursor) -> Self {
        let more = items.len() > limit.get();
        items.truncate(limit.get());
        let next = if more { items.last().map(key) } else { None };
        Self { items, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_points_on_only_when_more_follows() {
        let key = |n: &i64| Cursor { at: DateTime::from_timestamp(*n, 0).unwrap(), id: Uuid::nil() };
        let limit = Limit::new(2).unwrap();

        let page = Page::cut(vec![1, 2, 3], limit, key);
        assert_eq!(page.items, [1, 2]);
        assert_eq!(page.next, Some(key(&2)));
        assert_eq!(Page::cut(vec![1, 2], limit, key).next, None);
        assert_eq!(Page::cut(Vec::new(), limit, key).next, None);
    }

    #[test]
    fn a_limit_is_between_one_and_a_hundred() {
        assert!(Limit::new(0).is_none() && Limit::new(101).is_none());
        assert_eq!(Limit::new(100).unwrap().get(), 100);
    }
}
