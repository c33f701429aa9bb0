//! The XDF file format: XDF 5 read and written, Microsoft's containers read, straight to Arrow.
