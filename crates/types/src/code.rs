//! Tables of the stable codes under which people are told what is wrong; each code has a page in `docs/errors/`.

/// Declares an `enum Code` from variants, their codes and their hints, with `ALL`, `as_str`, `hint` and `Display`.
///
/// ```
/// plimsoll_types::codes! {
///     /// Larger than allowed.
///     Limit = "PL0702", "ask the partner to send several smaller interchanges";
/// }
/// assert_eq!(Code::Limit.to_string(), "PL0702");
/// ```
#[macro_export]
macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal, $hint:literal;)*) => {
        /// What kind of thing is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $doc])* $name,)*
        }

        impl Code {
            /// Every code of this crate.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code, such as `PL0101`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What to try.
            pub const fn hint(self) -> &'static str {
                match self { $(Self::$name => $hint,)* }
            }
        }

        impl ::std::fmt::Display for Code {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
