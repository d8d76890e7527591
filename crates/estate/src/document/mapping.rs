//! Declares a mapping once: the type, how it is read, and its schema.

macro_rules! mapping {
    ($(
        #[doc = $about:literal]
        $name:ident $what:literal {$(
            $(#[doc = $doc:literal])+
            $need:ident $key:literal $field:ident: $type:ty,
        )*}
    )*) => {$(
        #[doc = $about]
        #[derive(Clone, Debug)]
        pub(crate) struct $name {
            $($(#[doc = $doc])+ pub(crate) $field: $crate::field::Given<$type>,)*
        }

        impl $crate::field::Field for $name {
            fn read(node: &$crate::node::Node, problems: &mut $crate::problems::Problems<'_>) -> Option<Self> {
                use $crate::reader::{Keys, Need};
                let keys = Keys::of(node, $what, &[$($key),*], problems)?;
                Some(Self { $($field: keys.take($key, Need::$need, problems),)* })
            }

            fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                generator.subschema_for::<Self>()
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).trim_end_matches("Document").into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                use $crate::reader::Need;
                let properties = vec![$((
                    $key,
                    Need::$need == Need::Required,
                    <$type as $crate::field::Field>::schema(generator),
                    concat!($($doc),+),
                )),*];
                $crate::field::object_schema($about, properties)
            }
        }
    )*};
}

pub(crate) use mapping;
