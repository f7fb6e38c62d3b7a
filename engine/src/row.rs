//! Structs that leave the engine as rows. A field is declared in one line, which names it, gives its type
//! and says where its value comes from. The `Target` of a row decides what its cells are.

/// The receiver of rows, which defines their cells: the Python interface.
pub trait Target {
    /// One element of a row.
    type Cell;
    /// Why a cell cannot be made.
    type Error;
}

/// A target that has cells for values of one type.
pub trait Accepts<T>: Target {
    /// The type of the cells, in the target's language.
    fn type_name() -> String;

    /// The cell for a value.
    ///
    /// # Errors
    ///
    /// Those of the target.
    fn cell(&self, value: T) -> Result<Self::Cell, Self::Error>;
}

/// Declares a struct whose fields are the cells of a row, in this order:
///
/// `pub struct Name from source: Type { field: Type = expression using source, … }`
///
/// It yields the struct, `From<Type>` for it, `NAMES`, `type_names` and `into_row`.
macro_rules! row {
    (
        $(#[$attribute:meta])*
        pub struct $name:ident from $source:ident: $from:ty {
            $($field:ident: $type:ty = $value:expr,)+
        }
    ) => {
        $(#[$attribute])*
        pub struct $name {
            $(pub $field: $type,)+
        }

        impl From<$from> for $name {
            fn from($source: $from) -> Self {
                Self { $($field: $value,)+ }
            }
        }

        impl $name {
            /// The fields, in the order of the row.
            pub const NAMES: [&'static str; [$(stringify!($field)),+].len()] = [$(stringify!($field)),+];

            /// Their types, as the target writes them.
            pub fn type_names<T: $($crate::row::Accepts<$type> +)+>() -> [String; Self::NAMES.len()] {
                [$(<T as $crate::row::Accepts<$type>>::type_name()),+]
            }

            /// The row for a target.
            ///
            /// # Errors
            ///
            /// Those of the target.
            pub fn into_row<T>(self, target: &T) -> Result<[T::Cell; Self::NAMES.len()], T::Error>
            where
                T: $crate::row::Target $(+ $crate::row::Accepts<$type>)+,
            {
                Ok([$($crate::row::Accepts::<$type>::cell(target, self.$field)?),+])
            }
        }
    };
}

pub(crate) use row;

#[cfg(test)]
mod tests {
    use super::*;

    struct Lines;

    impl Target for Lines {
        type Cell = String;
        type Error = String;
    }

    impl Accepts<u8> for Lines {
        fn type_name() -> String {
            "number".into()
        }

        fn cell(&self, value: u8) -> Result<String, String> {
            value.checked_sub(1).map(|less| less.to_string()).ok_or_else(|| "zero".into())
        }
    }

    impl Accepts<bool> for Lines {
        fn type_name() -> String {
            "truth".into()
        }

        fn cell(&self, value: bool) -> Result<String, String> {
            Ok(value.to_string())
        }
    }

    row! {
        /// A row of two types.
        #[derive(Debug, PartialEq)]
        pub struct Sample from pair: (u8, u8) {
            first: u8 = pair.0,
            alike: bool = pair.0 == pair.1,
            second: u8 = pair.1,
        }
    }

    #[test]
    fn a_field_is_declared_once() {
        let sample = Sample::from((1, 2));
        assert_eq!(sample, Sample { first: 1, alike: false, second: 2 });
        assert_eq!(Sample::NAMES, ["first", "alike", "second"]);
        assert_eq!(Sample::type_names::<Lines>(), ["number", "truth", "number"]);
        assert_eq!(sample.into_row(&Lines), Ok(["0".into(), "false".into(), "1".into()]));
    }

    #[test]
    fn a_value_that_the_target_refuses_is_an_error() {
        assert_eq!(Sample::from((1, 0)).into_row(&Lines), Err("zero".into()));
    }
}
