//! Structs of counters, each of which is declared once.

/// Declares a struct of public counters (`u64`), and after `with` fields of other types:
///
/// `pub struct Name { counter, … } with { field: Type, … }`
///
/// It yields the struct, `add_counters` and `list`.
macro_rules! counters {
    (
        $(#[$attribute:meta])*
        pub struct $name:ident {
            $($(#[$about:meta])* $counter:ident,)+
        }
        $(with {
            $($(#[$about_field:meta])* $field:ident: $type:ty,)+
        })?
    ) => {
        $(#[$attribute])*
        pub struct $name {
            $($(#[$about])* pub $counter: u64,)+
            $($($(#[$about_field])* pub $field: $type,)+)?
        }

        impl $name {
            /// Adds the counters of another worker.
            pub fn add_counters(&mut self, other: &Self) {
                $(self.$counter += other.$counter;)+
            }

            /// The counters, each with its name.
            pub fn list(&self) -> [(&'static str, u64); [$(stringify!($counter)),+].len()] {
                [$((stringify!($counter), self.$counter)),+]
            }
        }
    };
}

pub(super) use counters;

#[cfg(test)]
mod tests {
    counters! {
        /// Counters and something else.
        #[derive(Default)]
        pub struct Sample {
            /// First.
            first,
            /// Second.
            second,
        } with {
            /// Is not a counter.
            other: Option<u8>,
        }
    }

    #[test]
    fn a_counter_is_declared_once() {
        let mut sum = Sample { first: 1, second: 2, other: Some(3) };
        sum.add_counters(&Sample { first: 10, ..Sample::default() });
        assert_eq!(sum.list(), [("first", 11), ("second", 2)]);
        assert_eq!(sum.other, Some(3));
    }
}
