#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

#define NANOS_PER_SECOND 1000000000ull
#define NANOS_PER_MILLI 1000000ull
#define NANOS_PER_MICRO 1000ull

/* One clock for all processes of a run, so that the load generator can read the stamps of the upstream. */
static inline uint64_t now_nanos(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * NANOS_PER_SECOND + (uint64_t)time.tv_nsec;
}

/* What epoll_pwait2 wants: how long from now until `due`, never negative. */
static inline struct timespec time_until(uint64_t due) {
  uint64_t now = now_nanos();
  uint64_t left = due > now ? due - now : 0;
  struct timespec time = {(time_t)(left / NANOS_PER_SECOND), (long)(left % NANOS_PER_SECOND)};
  return time;
}

#endif
