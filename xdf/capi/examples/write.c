/* Builds an Arrow stream by hand, writes it as an XDF file, reads that again and compares: write FILE.xdf */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xdf.h"

enum { COLUMNS = 3, BATCHES = 4, ROWS = 1000 };

/* The table: row number `row` of all batches together. */
static int32_t id_of(int64_t row) { return (int32_t)(row * 7 % 1001); }
static double amount_of(int64_t row) { return (double)row / 4; }
static int has_amount(int64_t row) { return row % 5 != 2; }
static const char *const NAMES[] = {"Bern", "Basel", "Z\xC3\xBCrich"};
static const char *name_of(int64_t row) { return NAMES[row % 3]; }

/* One batch with its columns and their buffers, in one piece of memory. */
struct batch {
  struct ArrowArray columns[COLUMNS];
  struct ArrowArray *column_pointers[COLUMNS];
  const void *buffers[COLUMNS][3];
  const void *no_bitmap[1];
  int32_t id[ROWS];
  double amount[ROWS];
  uint8_t amount_bitmap[(ROWS + 7) / 8];
  int32_t name_offsets[ROWS + 1];
  char name_bytes[ROWS * 8];
};

static void release_column(struct ArrowArray *column) { column->release = NULL; }

static void release_batch(struct ArrowArray *array) {
  for (int i = 0; i < COLUMNS; i++) {
    if (array->children[i]->release) array->children[i]->release(array->children[i]);
  }
  free(array->private_data);
  array->release = NULL;
}

static int fill_batch(int64_t first, struct ArrowArray *out) {
  struct batch *batch = calloc(1, sizeof *batch);
  if (!batch) return 12; /* ENOMEM */
  int64_t missing = 0;
  for (int row = 0; row < ROWS; row++) {
    batch->id[row] = id_of(first + row);
    batch->amount[row] = amount_of(first + row);
    if (has_amount(first + row)) batch->amount_bitmap[row / 8] |= (uint8_t)(1 << row % 8);
    else missing++;
    const char *name = name_of(first + row);
    int32_t length = (int32_t)strlen(name), begin = batch->name_offsets[row];
    memcpy(batch->name_bytes + begin, name, (size_t)length);
    batch->name_offsets[row + 1] = begin + length;
  }
  batch->buffers[0][1] = batch->id;
  batch->buffers[1][0] = batch->amount_bitmap;
  batch->buffers[1][1] = batch->amount;
  batch->buffers[2][1] = batch->name_offsets;
  batch->buffers[2][2] = batch->name_bytes;
  for (int i = 0; i < COLUMNS; i++) {
    batch->column_pointers[i] = &batch->columns[i];
    batch->columns[i].length = ROWS;
    batch->columns[i].null_count = i == 1 ? missing : 0;
    batch->columns[i].n_buffers = i == 2 ? 3 : 2;
    batch->columns[i].buffers = batch->buffers[i];
    batch->columns[i].release = release_column;
  }
  memset(out, 0, sizeof *out);
  out->length = ROWS;
  out->n_buffers = 1;
  out->n_children = COLUMNS;
  out->buffers = batch->no_bitmap;
  out->children = batch->column_pointers;
  out->release = release_batch;
  out->private_data = batch;
  return 0;
}

/* The schema: a struct of the columns; names and formats are constants, so only the children are allocated. */
static void release_field(struct ArrowSchema *field) { field->release = NULL; }

static void release_schema(struct ArrowSchema *schema) {
  for (int i = 0; i < COLUMNS; i++) {
    if (schema->children[i]->release) schema->children[i]->release(schema->children[i]);
  }
  free(schema->children);
  free(schema->private_data);
  schema->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
  static const char *const names[COLUMNS] = {"id", "amount", "town"};
  static const char *const formats[COLUMNS] = {"i", "g", "u"};
  (void)stream;
  struct ArrowSchema *fields = calloc(COLUMNS, sizeof *fields);
  struct ArrowSchema **pointers = calloc(COLUMNS, sizeof *pointers);
  if (!fields || !pointers) {
    free(fields);
    free(pointers);
    return 12;
  }
  for (int i = 0; i < COLUMNS; i++) {
    fields[i].name = names[i];
    fields[i].format = formats[i];
    fields[i].flags = ARROW_FLAG_NULLABLE;
    fields[i].release = release_field;
    pointers[i] = &fields[i];
  }
  memset(out, 0, sizeof *out);
  out->format = "+s";
  out->name = "";
  out->n_children = COLUMNS;
  out->children = pointers;
  out->release = release_schema;
  out->private_data = fields;
  return 0;
}

/* The stream counts its batches; one whose `fails` is set breaks off behind the second. */
struct progress {
  int batch;
  int fails;
};

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
  struct progress *progress = stream->private_data;
  if (progress->fails && progress->batch == 2) return 5; /* EIO */
  if (progress->batch == BATCHES) {
    memset(out, 0, sizeof *out); /* released: the end */
    return 0;
  }
  return fill_batch((int64_t)progress->batch++ * ROWS, out);
}

static const char *get_last_error(struct ArrowArrayStream *stream) {
  (void)stream;
  return "the line went dead";
}

static void release_stream(struct ArrowArrayStream *stream) { stream->release = NULL; }

static struct ArrowArrayStream new_stream(struct progress *progress) {
  struct ArrowArrayStream stream = {get_schema, get_next, get_last_error, release_stream, progress};
  return stream;
}

/* The wanted end, or what happened instead. By the address of the error, because arguments have no order in C. */
static void check(int as_wanted, const char *what, xdf_error **error) {
  xdf_error *happened = error ? *error : NULL;
  if (!as_wanted) {
    fprintf(stderr, "%s: status %d %s\n", what, (int)xdf_error_status(happened), xdf_error_message(happened));
    exit(1);
  }
  xdf_error_free(happened);
  if (error) *error = NULL;
}

/* Compares the file with the table, in blocks of another size than the batches. */
static void compare(const xdf_file *file) {
  const char *names[COLUMNS] = {"town", "id", "amount"};
  struct ArrowArrayStream stream;
  xdf_error *error;
  check(!xdf_read_named(file, names, COLUMNS, 0, UINT64_MAX, &stream, &error), "read", &error);
  int64_t first = 0;
  for (;;) {
    struct ArrowArray block;
    check(!stream.get_next(&stream, &block), "next block", NULL);
    if (!block.release) break;
    const struct ArrowArray *town = block.children[0], *id = block.children[1], *amount = block.children[2];
    const int32_t *offsets = (const int32_t *)town->buffers[1] + town->offset;
    const uint8_t *bitmap = amount->buffers[0];
    for (int64_t i = 0; i < block.length; i++, first++) {
      const char *name = name_of(first);
      size_t length = (size_t)(offsets[i + 1] - offsets[i]);
      int64_t bit = amount->offset + i;
      int there = !bitmap || (bitmap[bit / 8] >> (bit % 8) & 1);
      check(length == strlen(name) && !memcmp((const char *)town->buffers[2] + offsets[i], name, length), "town", NULL);
      check(((const int32_t *)id->buffers[1])[id->offset + i] == id_of(first), "id", NULL);
      check(there == has_amount(first), "missing", NULL);
      check(!there || ((const double *)amount->buffers[1])[amount->offset + i] == amount_of(first), "amount", NULL);
    }
    block.release(&block);
  }
  stream.release(&stream);
  check(first == BATCHES * ROWS, "rows", NULL);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: write FILE.xdf\n");
    return 2;
  }
  xdf_write_options options = XDF_WRITE_OPTIONS_INIT;
  options.level = 3;
  options.block_rows = 1500;
  struct progress progress = {0, 0};
  struct ArrowArrayStream stream = new_stream(&progress);
  uint64_t rows;
  xdf_error *error;
  check(!xdf_write(argv[1], &stream, &options, &rows, &error), "write", &error);
  check(!stream.release && rows == BATCHES * ROWS, "the stream is taken", NULL);

  /* A second time is an error, and so is a stream that breaks off; the file stays as it is. */
  stream = new_stream(&progress);
  check(xdf_write(argv[1], &stream, &options, NULL, &error) == XDF_STATUS_EXISTS, "write again", &error);
  options.overwrite = 1;
  struct progress failing = {0, 1};
  stream = new_stream(&failing);
  xdf_status status = xdf_write(argv[1], &stream, &options, NULL, &error);
  check(status == XDF_STATUS_STREAM && strstr(xdf_error_message(error), "the line went dead"), "broken stream", &error);

  xdf_file *file;
  check(!xdf_open(argv[1], NULL, &file, &error), "open", &error);
  compare(file);
  const xdf_statistics *amount = xdf_column_statistics(file, 1);
  check(amount && amount->missing == BATCHES * ROWS / 5 && amount->max.number == amount_of(BATCHES * ROWS - 1),
        "statistics", NULL);
  xdf_report *report;
  check(!xdf_verify(file, &report, &error) && !xdf_report_num_damaged(report), "verify", &error);
  printf("%s: %" PRIu64 " rows, %s\n", xdf_version(), rows, xdf_report_json(report));
  xdf_report_free(report);
  xdf_close(file);
  return 0;
}
