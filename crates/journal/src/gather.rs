//! Collecting one write: where the file prefers whole blocks, the bytes before and behind are made part of it.
//!
//! The block in which the log ends is written again with the next write. Its first bytes are then the same as on disk, so
//! whichever sectors of it a power cut leaves behind, what was synced before stays what it was. The page cache does the
//! same with its pages.

use std::io;

use crate::DiskFile;

/// The memory of one write, used again for the next.
#[derive(Default)]
pub(crate) struct Gather {
    /// One block larger than needed, because memory is not aligned by itself.
    memory: Vec<u8>,
    /// Where the aligned part begins.
    begin: usize,
    length: usize,
    block: usize,
    /// Bytes in front that are in the file already.
    known: usize,
    /// Segment and offset behind the last write, whose last block is still in memory.
    end: Option<(u64, u64)>,
}

impl Gather {
    /// Begins a write of at most `bytes_max` at `offset` of a segment.
    pub(crate) fn begin(
        &mut self,
        file: &dyn DiskFile,
        (ordinal, offset): (u64, u64),
        bytes_max: usize,
        segment_bytes: u64,
    ) -> io::Result<()> {
        let block = file.block().max(1);
        // A segment of broken size would grow by its last block.
        let block = if segment_bytes.is_multiple_of(block as u64) {
            block
        } else {
            1
        };
        let known = (offset % block as u64) as usize;
        let kept = self
            .end
            .take_if(|end| *end == (ordinal, offset) && block == self.block)
            .map(|_| self.begin + self.length - known);
        self.make_room(block, known + bytes_max, kept.map(|from| (from, known)));
        (self.block, self.known, self.length) = (block, known, known);
        if kept.is_none() && known > 0 {
            let front = &mut self.memory[self.begin..self.begin + known];
            file.read_at(front, offset - known as u64)?;
        }
        Ok(())
    }

    /// Makes the memory large enough and aligned, and moves the kept bytes to its front.
    fn make_room(&mut self, block: usize, length: usize, kept: Option<(usize, usize)>) {
        let needed = length.next_multiple_of(block) + block;
        let aligned = self.memory.as_ptr().align_offset(block);
        if self.memory.len() >= needed && aligned < block {
            self.begin = aligned;
            if let Some((from, bytes)) = kept {
                self.memory.copy_within(from..from + bytes, aligned);
            }
            return;
        }
        let mut memory = vec![0; needed.next_power_of_two()];
        let aligned = memory.as_ptr().align_offset(block).min(block - 1);
        if let Some((from, bytes)) = kept {
            memory[aligned..aligned + bytes].copy_from_slice(&self.memory[from..from + bytes]);
        }
        (self.memory, self.begin) = (memory, aligned);
    }

    /// Adds bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let at = self.begin + self.length;
        self.memory[at..at + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    /// Adds zeros.
    pub(crate) fn push_zeros(&mut self, count: usize) {
        let at = self.begin + self.length;
        self.memory[at..at + count].fill(0);
        self.length += count;
    }

    /// Bytes pushed since the beginning.
    pub(crate) const fn pushed(&self) -> u64 {
        (self.length - self.known) as u64
    }

    /// Writes what was pushed; not synced yet.
    pub(crate) fn write(&mut self, file: &dyn DiskFile, (ordinal, offset): (u64, u64)) -> io::Result<()> {
        let end = self.begin + self.length;
        let whole = self.begin + self.length.next_multiple_of(self.block);
        self.memory[end..whole].fill(0);
        file.write_at(&self.memory[self.begin..whole], offset - self.known as u64)?;
        self.end = Some((ordinal, offset + self.pushed()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Refuses what is not made of whole blocks.
    struct Blocks(Mutex<Vec<u8>>);

    impl DiskFile for Blocks {
        fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
            let bytes = self.0.lock().unwrap();
            buffer.copy_from_slice(&bytes[offset as usize..offset as usize + buffer.len()]);
            Ok(())
        }
        fn write_at(&self, buffer: &[u8], offset: u64) -> io::Result<()> {
            assert_eq!((buffer.len() % 512, offset % 512), (0, 0));
            assert_eq!(buffer.as_ptr().align_offset(512), 0);
            self.0.lock().unwrap()[offset as usize..offset as usize + buffer.len()].copy_from_slice(buffer);
            Ok(())
        }
        fn sync_data(&self) -> io::Result<()> {
            Ok(())
        }
        fn length(&self) -> io::Result<u64> {
            Ok(self.0.lock().unwrap().len() as u64)
        }
        fn block(&self) -> usize {
            512
        }
    }

    #[test]
    fn writes_of_any_length_follow_each_other_without_a_gap() {
        let file = Blocks(Mutex::new(vec![0; 1 << 16]));
        let (mut gather, mut expected, mut offset) = (Gather::default(), vec![0; 64], 64);
        for (number, length) in [1, 500, 512, 11, 4096, 3000, 1, 447, 512].into_iter().enumerate() {
            if number % 3 == 2 {
                // As after a restart.
                gather = Gather::default();
            }
            let bytes = vec![number as u8 + 1; length];
            gather.begin(&file, (1, offset), length, 1 << 16).unwrap();
            gather.push(&bytes);
            assert_eq!(gather.pushed(), length as u64);
            gather.write(&file, (1, offset)).unwrap();
            expected.extend_from_slice(&bytes);
            offset += length as u64;
            let found = file.0.lock().unwrap();
            assert_eq!(found[..expected.len()], expected, "write {number}");
            assert!(found[expected.len()..].iter().all(|byte| *byte == 0));
        }
    }

    #[test]
    fn what_was_kept_of_another_place_is_not_used() {
        let file = Blocks(Mutex::new(vec![9; 1 << 16]));
        let mut gather = Gather::default();
        gather.begin(&file, (1, 100), 50, 1 << 16).unwrap();
        gather.push(&[1; 50]);
        gather.write(&file, (1, 100)).unwrap();
        gather.begin(&file, (1, 120), 10, 1 << 16).unwrap();
        gather.push(&[2; 10]);
        gather.write(&file, (1, 120)).unwrap();
        let found = file.0.lock().unwrap();
        assert_eq!(found[..100], [9; 100]);
        assert_eq!(found[100..120], [1; 20]);
        assert_eq!(found[120..130], [2; 10]);
    }
}
