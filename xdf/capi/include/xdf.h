/* XDF files in C: read and written through the Arrow C stream interface.
 *
 * Made by cbindgen from xdf/capi/src; change it there. Link with -lxdf_c. docs/embedding.md is the guide.
 *
 * Failure. A function that can fail returns an xdf_status, XDF_STATUS_OK (0) or why not. Its last parameter takes
 * the address of an xdf_error pointer, or NULL: after a failure it points to an error with a message, to be freed
 * with xdf_error_free; after success it is NULL. Whatever else would be given back is then NULL, 0 or released.
 *
 * Text is UTF-8 and ends with a NUL byte, in both directions; paths too.
 *
 * Ownership. What a function gives back through a pointer to a pointer is the caller's, and the function that frees
 * it is named there. A pointer to const belongs to the object that it came from and lives as long. Arrow structures
 * carry their own release callback and may outlive the file that they were read from.
 *
 * Threads. One xdf_file can be used from any number of threads at once. A stream, an error or a report belongs to one
 * thread at a time.
 */

#ifndef XDF_H
#define XDF_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The Arrow C data and stream interfaces, as arrow.apache.org specifies them. */

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};

#endif /* ARROW_C_STREAM_INTERFACE */

#ifdef __cplusplus
}
#endif

/* The options that are used where NULL is given; `xdf_open_options options = XDF_OPEN_OPTIONS_INIT;` */
#define XDF_OPEN_OPTIONS_INIT { 1, 1, { 0, 0, 0, 0 } }
#define XDF_WRITE_OPTIONS_INIT { 1, 0, 131072, { 0, 0, 0, 0 } }


/**
 * Whether a call succeeded, or why not.
 */
typedef enum xdf_status {
  /**
   * It succeeded.
   */
  XDF_STATUS_OK = 0,
  /**
   * A pointer that must not be null is, a text is not UTF-8, or an option is out of range.
   */
  XDF_STATUS_INVALID_ARGUMENT = 1,
  /**
   * The operating system refused: no such file, no permission, disk full.
   */
  XDF_STATUS_IO = 2,
  /**
   * The target exists and overwriting was not asked for.
   */
  XDF_STATUS_EXISTS = 3,
  /**
   * The file is empty or of another format.
   */
  XDF_STATUS_NOT_XDF = 4,
  /**
   * The file is of a later version, uses something unknown, needs a feature that this build lacks, or is one of
   * Microsoft's, which are not changed in place.
   */
  XDF_STATUS_UNSUPPORTED = 5,
  /**
   * The bytes of the file are wrong: truncated, changed, a checksum that differs.
   */
  XDF_STATUS_DAMAGED = 6,
  /**
   * There is no such column or block.
   */
  XDF_STATUS_NOT_FOUND = 7,
  /**
   * Types or names do not fit: a type that the format does not store, two columns of one name.
   */
  XDF_STATUS_SCHEMA = 8,
  /**
   * The stream that was given in failed or breaks the Arrow C interface.
   */
  XDF_STATUS_STREAM = 9,
  /**
   * Another writer has the file.
   */
  XDF_STATUS_LOCKED = 10,
  /**
   * Something else, which the message tells.
   */
  XDF_STATUS_OTHER = 11,
  /**
   * An error in this library; the file is untouched.
   */
  XDF_STATUS_PANIC = 12,
} xdf_status;

/**
 * What an xdf_scalar holds.
 */
typedef enum xdf_scalar_kind {
  /**
   * Nothing.
   */
  XDF_SCALAR_KIND_NONE = 0,
  /**
   * 0 or 1, in `integer`.
   */
  XDF_SCALAR_KIND_BOOL = 1,
  /**
   * A signed integer, in `integer`; dates and timestamps in their own unit.
   */
  XDF_SCALAR_KIND_INT = 2,
  /**
   * An unsigned integer, in `natural`.
   */
  XDF_SCALAR_KIND_UINT = 3,
  /**
   * A float, in `number`.
   */
  XDF_SCALAR_KIND_FLOAT = 4,
  /**
   * A text.
   */
  XDF_SCALAR_KIND_TEXT = 5,
  /**
   * A value of a type of a later version, written out in `text`.
   */
  XDF_SCALAR_KIND_OTHER = 6,
} xdf_scalar_kind;

/**
 * Why a call failed.
 */
typedef struct xdf_error xdf_error;

/**
 * An open file.
 */
typedef struct xdf_file xdf_file;

/**
 * What xdf_verify read and found.
 */
typedef struct xdf_report xdf_report;

/**
 * How a file is opened; begin with XDF_OPEN_OPTIONS_INIT.
 */
typedef struct xdf_open_options {
  /**
   * 1 (default): the file is mapped into memory. 0: pieces of it are read; choose it where another program may
   * truncate the file while it is open, which is fatal for a map.
   */
  int mmap;
  /**
   * 1 (default): the checksum of every segment is compared when it is read. 0: it is not.
   */
  int verify_checksums;
  /**
   * All 0, for later versions.
   */
  size_t reserved[4];
} xdf_open_options;

/**
 * One value of a column.
 */
typedef struct xdf_scalar {
  /**
   * Which of the others holds the value.
   */
  enum xdf_scalar_kind kind;
  /**
   * The value of booleans and signed integers.
   */
  int64_t integer;
  /**
   * The value of unsigned integers.
   */
  uint64_t natural;
  /**
   * The value of every kind of number, rounded where 53 bits are not enough; NaN for the others.
   */
  double number;
  /**
   * The value of texts, else NULL.
   */
  const char *text;
} xdf_scalar;

/**
 * Statistics of a column over the whole file. Only the library makes them; later versions may add fields at the end.
 */
typedef struct xdf_statistics {
  /**
   * Number of rows, missing ones included.
   */
  uint64_t rows;
  /**
   * Number of missing values: nulls, and NaN in float columns.
   */
  uint64_t missing;
  /**
   * Smallest value; of kind XDF_SCALAR_KIND_NONE for factors, when all are missing, and for long texts.
   */
  struct xdf_scalar min;
  /**
   * Largest value; as `min`.
   */
  struct xdf_scalar max;
  /**
   * Mean of the values that are there; NaN when there are none, or for text and factors.
   */
  double mean;
  /**
   * Sum of squared deviations from the mean, NaN as `mean`; the variance is m2 / (rows - missing - 1).
   */
  double m2;
  /**
   * How often each level of a factor occurs, in level order; NULL for other columns.
   */
  const uint64_t *level_counts;
  /**
   * Number of `level_counts`.
   */
  size_t num_levels;
} xdf_statistics;

/**
 * How a file is written; begin with XDF_WRITE_OPTIONS_INIT.
 */
typedef struct xdf_write_options {
  /**
   * Compression level: 0 for encodings only, 1 (default) to 9 for zstd with growing effort.
   */
  int level;
  /**
   * 1: an existing target is replaced once the new file is complete. 0 (default): it is an error.
   */
  int overwrite;
  /**
   * Rows of a block, 131072 by default.
   */
  size_t block_rows;
  /**
   * All 0, for later versions.
   */
  size_t reserved[4];
} xdf_write_options;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Why the call failed; XDF_STATUS_OK for NULL.
 */
enum xdf_status xdf_error_status(const struct xdf_error *error);

/**
 * One sentence that names the file, and where it makes sense the column, the block and the byte; lives as long as
 * the error. "" for NULL.
 */
const char *xdf_error_message(const struct xdf_error *error);

/**
 * Frees an error. NULL is allowed.
 */
void xdf_error_free(struct xdf_error *error);

/**
 * The version of the library, such as "0.1.0"; never freed.
 */
const char *xdf_version(void);

/**
 * Opens a file of any generation. `options` may be NULL. The file is to be closed with xdf_close.
 */
enum xdf_status xdf_open(const char* path,
                         const struct xdf_open_options *options,
                         struct xdf_file **file,
                         struct xdf_error **error);

/**
 * Closes a file. Streams and arrays that came from it stay good. NULL is allowed.
 */
void xdf_close(struct xdf_file *file);

/**
 * Number of rows; 0 for NULL.
 */
uint64_t xdf_num_rows(const struct xdf_file *file);

/**
 * Number of columns; 0 for NULL.
 */
size_t xdf_num_columns(const struct xdf_file *file);

/**
 * Number of blocks; 0 for NULL.
 */
size_t xdf_num_blocks(const struct xdf_file *file);

/**
 * Number of rows of a block, from 0; 0 beyond the last.
 */
uint64_t xdf_block_rows(const struct xdf_file *file, size_t block);

/**
 * The format of the file for people, such as "XDF 5.1" or "Microsoft XDF 4.2"; the file's. NULL for NULL.
 */
const char *xdf_generation(const struct xdf_file *file);

/**
 * The name of a column, from 0; the file's. NULL beyond the last. A NUL inside a name is given as U+FFFD.
 */
const char *xdf_column_name(const struct xdf_file *file, size_t column);

/**
 * The number of the column with this name. XDF_STATUS_NOT_FOUND when there is none.
 */
enum xdf_status xdf_find_column(const struct xdf_file *file,
                                const char* name,
                                size_t *column,
                                struct xdf_error **error);

/**
 * The names and types of all columns as a struct, with the metadata of file and columns; to be released by its
 * callback.
 */
enum xdf_status xdf_schema(const struct xdf_file *file,
                           struct ArrowSchema *schema,
                           struct xdf_error **error);

/**
 * Streams rows, one stored block at a time; nothing is read before it is asked for.
 *
 * `columns` are numbers from 0, in the order in which they are wanted; NULL for all columns. `first_row` counts from
 * 0; rows beyond the last are left out, so that UINT64_MAX rows from row 0 are all. The stream is to be released by
 * its callback; it may outlive the file's handle. A block that is damaged is an error of the stream's get_next, which
 * goes on behind it when it is called again.
 */
enum xdf_status xdf_read(const struct xdf_file *file,
                         const size_t* columns,
                         size_t num_columns,
                         uint64_t first_row,
                         uint64_t num_rows,
                         struct ArrowArrayStream *stream,
                         struct xdf_error **error);

/**
 * As xdf_read, with the columns by name. XDF_STATUS_NOT_FOUND when one does not exist.
 */
enum xdf_status xdf_read_named(const struct xdf_file *file,
                               const char*const* names,
                               size_t num_names,
                               uint64_t first_row,
                               uint64_t num_rows,
                               struct ArrowArrayStream *stream,
                               struct xdf_error **error);

/**
 * Reads one block, from 0, as a struct array of `columns` (as in xdf_read). `schema` may be NULL where it is known.
 * Both are to be released by their callbacks.
 */
enum xdf_status xdf_read_block(const struct xdf_file *file,
                               size_t block,
                               const size_t* columns,
                               size_t num_columns,
                               struct ArrowArray *array,
                               struct ArrowSchema *schema,
                               struct xdf_error **error);

/**
 * Statistics of a column over the whole file, from its directory: no data are read. The file's. NULL when nothing is
 * stored (Microsoft's files) or there is no such column.
 */
const struct xdf_statistics *xdf_column_statistics(const struct xdf_file *file,
                                                   size_t column);

/**
 * Reads all that the newest commit of a file needs, compares every checksum and decodes every value. A file that is
 * damaged is no failure of the call: the report, to be freed with xdf_report_free, says what is.
 */
enum xdf_status xdf_verify(const struct xdf_file *file,
                           struct xdf_report **report,
                           struct xdf_error **error);

/**
 * Number of damaged places; 0 when the file is sound, and for NULL.
 */
size_t xdf_report_num_damaged(const struct xdf_report *report);

/**
 * The report as a JSON object: "blocks", "segments", "bytes" read, "dead" bytes that no one needs and that were not
 * read, "tornSlot" (true when a commit was interrupted or the newest one was lost), and "damaged", an array of objects
 * with "block" and "column" (null where they do not apply), "offset" and "problem". The report's. NULL for NULL.
 */
const char *xdf_report_json(const struct xdf_report *report);

/**
 * Frees a report. NULL is allowed.
 */
void xdf_report_free(struct xdf_report *report);

/**
 * Writes the rows of a stream of struct arrays as a new file, which appears under its name when it is complete; after
 * a failure there is what was there before. `options` and `rows` (how many were written) may be NULL.
 *
 * The stream is taken over and released in every case. Types: boolean, integers, floats, decimal128, utf8, binary,
 * dictionaries of utf8, date32, timestamps; the names and metadata of its schema are kept.
 */
enum xdf_status xdf_write(const char* path,
                          struct ArrowArrayStream *stream,
                          const struct xdf_write_options *options,
                          uint64_t *rows,
                          struct xdf_error **error);

/**
 * Appends the rows of a stream to a file, as one commit: readers that have the file open keep what they see, and a
 * failure or a crash leaves the file as it was. Columns are found by name and must be those of the file; new levels
 * of factors go behind the known ones. `options` (level and block_rows, of what is appended; NULL for the level of
 * the file) and `rows` (how many the file then has) may be NULL.
 *
 * The stream is taken over and released in every case. XDF_STATUS_LOCKED while another writer has the file.
 */
enum xdf_status xdf_append(const char* path,
                           struct ArrowArrayStream *stream,
                           const struct xdf_write_options *options,
                           uint64_t *rows,
                           struct xdf_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* XDF_H */
