//! SQL Server's protocol, against a server that answers from memory.

mod hostile;
mod loads;
mod mock;
mod passes;
mod recorded;
mod replay;
mod types;
