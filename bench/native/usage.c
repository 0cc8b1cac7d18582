#define _GNU_SOURCE
#include "usage.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>

/* The first field of schedstat is the time spent on a CPU. */
static uint64_t thread_cpu_nanos(int pid, const char *thread) {
  char path[320];
  snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, thread);
  FILE *file = fopen(path, "r");
  if (file == NULL) return 0;
  uint64_t nanos = 0;
  if (fscanf(file, "%" SCNu64, &nanos) != 1) nanos = 0;
  fclose(file);
  return nanos;
}

static uint64_t process_cpu_nanos(int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *threads = opendir(path);
  if (threads == NULL) return 0;
  uint64_t sum = 0;
  struct dirent *entry;
  while ((entry = readdir(threads)) != NULL) {
    if (entry->d_name[0] != '.') sum += thread_cpu_nanos(pid, entry->d_name);
  }
  closedir(threads);
  return sum;
}

static void add_memory(int pid, usage *sum) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *file = fopen(path, "r");
  if (file == NULL) return;
  while (fgets(line, sizeof line, file) != NULL) {
    uint64_t kib;
    if (sscanf(line, "VmRSS: %" SCNu64, &kib) == 1) sum->resident_kib += kib;
    if (sscanf(line, "VmHWM: %" SCNu64, &kib) == 1) sum->peak_resident_kib += kib;
  }
  fclose(file);
}

usage read_usage(const int *pids, int count) {
  usage sum = {0};
  for (int index = 0; index < count; index++) {
    sum.cpu_nanos += process_cpu_nanos(pids[index]);
    add_memory(pids[index], &sum);
  }
  return sum;
}
