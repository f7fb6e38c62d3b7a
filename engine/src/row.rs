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
    /// The cell for a value.
    ///
    /// # Errors
    ///
    /// Those of the target.
    fn cell(&self, value: T) -> Result<Self::Cell, Self::Error>;
}

/// A target whose language has types.
pub trait Names<T>: Target {
    /// The type of the cells.
    fn type_name() -> String;
}

/// Declares a struct whose fields are the cells of a row, in this order:
///
/// `pub struct Name, Cells from source: Type { field: Type = expression using source, … }`
///
/// It yields the struct, `From<Type>` for it, `NAMES`, `type_names`, `into_row` and `into_cells`; and the struct `Cells`
/// of the cells for any target, by the names of the fields.
macro_rules! row {
    (
        $(#[$attribute:meta])*
        pub struct $name:ident, $cells:ident from $source:ident: $from:ty {
            $($field:ident: $type:ty = $value:expr,)+
        }
    ) => {
        $(#[$attribute])*
        pub struct $name {
            $(pub $field: $type,)+
        }

        /// The cells of a row.
        #[allow(missing_docs)]
        pub struct $cells<C> {
            $(pub $field: C,)+
        }

        impl<C> $cells<C> {
            /// Cells that are read from elsewhere, each by the index and the name of its field.
            ///
            /// # Errors
            ///
            /// Those of the reading.
            pub fn read<E>(mut read: impl FnMut(usize, &'static str) -> Result<C, E>) -> Result<Self, E> {
                let mut names = $name::NAMES.into_iter().enumerate();
                let mut next = || {
                    let (index, name) = names.next().expect("as many names as fields");
                    read(index, name)
                };
                Ok(Self { $($field: next()?,)+ })
            }
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
            pub fn type_names<T: $($crate::row::Names<$type> +)+>() -> [String; Self::NAMES.len()] {
                [$(<T as $crate::row::Names<$type>>::type_name()),+]
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

            /// The cells for a target, by the names of the fields.
            ///
            /// # Errors
            ///
            /// Those of the target.
            pub fn into_cells<T>(self, target: &T) -> Result<$cells<T::Cell>, T::Error>
            where
                T: $crate::row::Target $(+ $crate::row::Accepts<$type>)+,
            {
                Ok($cells { $($field: $crate::row::Accepts::<$type>::cell(target, self.$field)?,)+ })
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

    impl Names<u8> for Lines {
        fn type_name() -> String {
            "number".into()
        }
    }

    impl Names<bool> for Lines {
        fn type_name() -> String {
            "truth".into()
        }
    }

    impl Accepts<u8> for Lines {
        fn cell(&self, value: u8) -> Result<String, String> {
            value.checked_sub(1).map(|less| less.to_string()).ok_or_else(|| "zero".into())
        }
    }

    impl Accepts<bool> for Lines {
        fn cell(&self, value: bool) -> Result<String, String> {
            Ok(value.to_string())
        }
    }

    row! {
        /// A row of two types.
        #[derive(Debug, PartialEq)]
        pub struct Sample, SampleCells from pair: (u8, u8) {
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
    fn cells_have_the_names_of_their_fields() {
        let cells = Sample::from((1, 2)).into_cells(&Lines).unwrap();
        assert_eq!((&*cells.first, &*cells.alike, &*cells.second), ("0", "false", "1"));
        let read = SampleCells::read(|index, name| Ok::<_, String>(format!("{index}{name}"))).unwrap();
        assert_eq!((&*read.first, &*read.alike, &*read.second), ("0first", "1alike", "2second"));
        assert_eq!(SampleCells::<u8>::read(|_, name| Err(name)).err(), Some("first"));
    }

    #[test]
    fn a_value_that_the_target_refuses_is_an_error() {
        assert_eq!(Sample::from((1, 0)).into_row(&Lines), Err("zero".into()));
    }
}
