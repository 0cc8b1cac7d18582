#include "samples.h"

#include <stdlib.h>

#include "clock.h"

void add_sample(samples *to, uint64_t nanos) {
  if (to->count == to->capacity) {
    to->capacity = to->capacity == 0 ? 65536 : to->capacity * 2;
    to->micros = realloc(to->micros, to->capacity * sizeof *to->micros);
  }
  to->micros[to->count++] = (uint32_t)(nanos / NANOS_PER_MICRO);
}

static int compare(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return (a > b) - (a < b);
}

void sort_samples(samples *of) {
  if (of->count > 0) qsort(of->micros, of->count, sizeof *of->micros, compare);
}

double percentile(const samples *of, double part) {
  if (of->count == 0) return 0;
  size_t index = (size_t)(part * (double)of->count);
  return of->micros[index < of->count ? index : of->count - 1];
}
