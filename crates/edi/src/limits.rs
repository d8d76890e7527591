//! What one interchange may cost. Partners' systems are trusted to be partners, not to be well.

/// Bounds on reading; every one is checked before memory is taken for what it bounds.
///
/// There is deliberately no bound on nesting beyond these: neither standard nests on the wire (HL and LS loops are
/// flat lists with pointers), and a segment is split into elements, components and repetitions and no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one interchange, from its header to its trailer.
    pub interchange_bytes_max: u32,
    /// Segments of one interchange.
    pub segments_max: u32,
    /// Bytes of one segment, its terminator not counted.
    pub segment_bytes_max: u32,
    /// Separators of any kind within one segment: bounds elements, components and repetitions together.
    pub separators_max: u32,
    /// Transaction sets or messages of one interchange, the groups around them counted too.
    pub sets_max: u32,
    /// Faults reported for one transaction set; what comes after is not looked at, the verdict stands anyway.
    pub faults_max: u32,
}

impl Limits {
    /// For partners' traffic: an order of a thousand lines is about 100 KiB, so 4 MiB is forty of them in one
    /// interchange, and one segment of 16 KiB is longer than any that the standards allow without binary data.
    pub const PARTNER: Self = Self {
        interchange_bytes_max: 4 * 1024 * 1024,
        segments_max: 200_000,
        segment_bytes_max: 16 * 1024,
        separators_max: 1_000,
        sets_max: 10_000,
        faults_max: 50,
    };
}

/// Which of the [`Limits`] was exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exceeded {
    /// [`Limits::interchange_bytes_max`].
    InterchangeBytes,
    /// [`Limits::segments_max`].
    Segments,
    /// [`Limits::segment_bytes_max`].
    SegmentBytes,
    /// [`Limits::separators_max`].
    Separators,
    /// [`Limits::sets_max`].
    Sets,
}

impl std::fmt::Display for Exceeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::InterchangeBytes => "the interchange has too many bytes",
            Self::Segments => "the interchange has too many segments",
            Self::SegmentBytes => "a segment has too many bytes",
            Self::Separators => "a segment has too many elements",
            Self::Sets => "the interchange has too many transaction sets",
        })
    }
}
