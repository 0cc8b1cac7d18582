#ifndef USAGE_H
#define USAGE_H

#include <stdint.h>

/* What a set of processes has used so far, summed. */
typedef struct {
  uint64_t cpu_nanos;
  uint64_t resident_kib, peak_resident_kib;
} usage;

/*
 * CPU of all threads that live now (the scheduler's own nanoseconds, not clock ticks) and resident memory.
 * A process that is gone counts as nothing.
 */
usage read_usage(const int *pids, int count);

#endif
