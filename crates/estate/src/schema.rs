//! The JSON Schema of the estate file, for editors.

use schemars::generate::SchemaSettings;

use crate::document::EstateDocument;

/// JSON Schema of the estate file, draft 07 because that is what YAML editors read; ends with a newline.
pub fn schema() -> String {
    let schema = SchemaSettings::draft07()
        .into_generator()
        .into_root_schema_for::<EstateDocument>();
    // A schema is plain JSON without maps of odd keys: `{:#}` cannot fail, unlike the Result-returning writers.
    format!("{:#}\n", schema.as_value())
}
