#ifndef SAMPLES_H
#define SAMPLES_H

#include <stddef.h>
#include <stdint.h>

/* Measured times in microseconds; grows as needed. */
typedef struct {
  uint32_t *micros;
  size_t count, capacity;
} samples;

void add_sample(samples *to, uint64_t nanos);

/* Must come before `percentile`. */
void sort_samples(samples *of);

/* `part` between 0 and 1; 0 where there is no sample. */
double percentile(const samples *of, double part);

#endif
