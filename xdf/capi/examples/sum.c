/* Prints the columns of an XDF file and sums one of them, block by block: sum FILE.xdf COLUMN */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "xdf.h"

/* Says what went wrong and frees the error; gives the exit status. */
static int fail(xdf_error *error) {
  fprintf(stderr, "error %d: %s\n", (int)xdf_error_status(error), xdf_error_message(error));
  xdf_error_free(error);
  return 1;
}

/* Whether a row is there: a validity bitmap has one bit for each row, the lowest bit first. */
static int is_valid(const struct ArrowArray *column, int64_t row) {
  const uint8_t *bitmap = column->buffers[0];
  int64_t bit = column->offset + row;
  return bitmap == NULL || (bitmap[bit / 8] >> (bit % 8) & 1);
}

/* Value of a row as a double. Formats are those of the Arrow C data interface. */
static double value(const struct ArrowArray *column, char format, int64_t row) {
  const void *values = column->buffers[1];
  int64_t place = column->offset + row;
  switch (format) {
    case 'c': return ((const int8_t *)values)[place];
    case 'C': return ((const uint8_t *)values)[place];
    case 's': return ((const int16_t *)values)[place];
    case 'S': return ((const uint16_t *)values)[place];
    case 'i': return ((const int32_t *)values)[place];
    case 'I': return ((const uint32_t *)values)[place];
    case 'l': return (double)((const int64_t *)values)[place];
    case 'L': return (double)((const uint64_t *)values)[place];
    case 'f': return ((const float *)values)[place];
    default: return ((const double *)values)[place];
  }
}

/* Prints every column with its format; gives that of column number `wanted`, '?' when it is no number. */
static char print_schema(const struct ArrowSchema *schema, size_t wanted) {
  const char *format = "?";
  for (int64_t i = 0; i < schema->n_children; i++) {
    const struct ArrowSchema *column = schema->children[i];
    printf("  %s: %s%s\n", column->name, column->format, column->dictionary ? " (factor)" : "");
    if ((size_t)i == wanted && !column->dictionary) format = column->format;
  }
  return strlen(format) == 1 && strchr("cCsSiIlLfg", format[0]) ? format[0] : '?';
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: sum FILE.xdf COLUMN\n");
    return 2;
  }
  xdf_file *file;
  xdf_error *error;
  struct ArrowSchema schema;
  size_t column;
  if (xdf_open(argv[1], NULL, &file, &error)) return fail(error);
  if (xdf_find_column(file, argv[2], &column, &error) || xdf_schema(file, &schema, &error)) {
    xdf_close(file);
    return fail(error);
  }
  printf("%s, %" PRIu64 " rows in %zu blocks\n", xdf_generation(file), xdf_num_rows(file), xdf_num_blocks(file));
  char format = print_schema(&schema, column);
  schema.release(&schema);
  if (format == '?') {
    fprintf(stderr, "'%s' is no number\n", argv[2]);
    xdf_close(file);
    return 1;
  }

  struct ArrowArrayStream stream;
  xdf_status status = xdf_read(file, &column, 1, 0, UINT64_MAX, &stream, &error);
  xdf_close(file); /* the stream does not need it */
  if (status) return fail(error);
  double sum = 0;
  int64_t missing = 0;
  for (;;) {
    struct ArrowArray block;
    if (stream.get_next(&stream, &block)) {
      fprintf(stderr, "%s\n", stream.get_last_error(&stream));
      stream.release(&stream);
      return 1;
    }
    if (!block.release) break; /* the end */
    const struct ArrowArray *values = block.children[0];
    for (int64_t row = 0; row < block.length; row++) {
      if (is_valid(values, row)) sum += value(values, format, row);
      else missing++;
    }
    block.release(&block);
  }
  stream.release(&stream);
  printf("sum of %s: %.10g, %" PRId64 " missing\n", argv[2], sum, missing);
  return 0;
}
