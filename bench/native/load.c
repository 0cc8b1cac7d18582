/*
 * The load generator: one thread, epoll, one JSON object on stdout at the end.
 *
 *   load --mode closed|open|hold --port 9101 --connections 50 [--seconds 1.5] [--warmup-seconds 0.5] [--rate 2000]
 *        [--body-bytes 1000] [--model bench-burst] [--stream] [--expect-events 100] [--ramp-ms 10]
 *        [--header "name: value"]... [--pids 12,13]
 *
 * closed: each connection sends its next request when the reply before has ended.
 * open:   requests are due at a fixed rate whatever the replies do; latency counts from the instant at which a request
 *         was due, so a gateway that stalls cannot hide the requests that had to wait.
 * hold:   opens one stream on each connection, waits until each has its first event, rests, and tells by how much the
 *         memory of --pids grew.
 * CPU and memory are those of --pids, between the end of the warm-up and the end of the measurement.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "reply.h"
#include "samples.h"
#include "usage.h"

#define MAX_READY 512
#define MAX_PIDS 64
#define MAX_HEADERS 16
#define READ_BYTES (256 * 1024)
/* Streams that are being opened at a time in hold mode, and the least time between two: a crowd, not a stampede. */
#define MAX_OPENING 32
#define OPENING_GAP NANOS_PER_MILLI
#define HOLD_REST (2 * NANOS_PER_SECOND)
#define HOLD_TIMEOUT (90 * NANOS_PER_SECOND)
#define MAX_FAILURES 10000

typedef enum { MODE_CLOSED, MODE_OPEN, MODE_HOLD } load_mode;

typedef struct {
  int descriptor;
  bool is_busy;
  uint64_t due;
  size_t request_sent;
  bool has_first_byte;
  reply reply;
} connection;

static struct {
  load_mode mode;
  int port, connections, body_bytes, expect_events, pid_count, header_count;
  double seconds, warmup_seconds, rate, ramp_ms;
  bool is_stream;
  const char *model;
  int pids[MAX_PIDS];
  const char *headers[MAX_HEADERS];
} options = {.connections = 50, .body_bytes = 1000, .seconds = 1.5, .warmup_seconds = 0.5, .model = "bench-burst"};

static int poller;
static connection *connections;
static char *request;
static size_t request_length;

/* Connections that wait for work in open mode, and due times of requests that wait for a connection. */
static int *idle, idle_count;
static uint64_t *backlog;
static size_t backlog_first, backlog_end, backlog_capacity;

static bool is_measuring;
static samples latencies, first_bytes, event_delays;
static struct {
  uint64_t requests, events, failures, not_ok, cut_streams, reconnects, held;
} counts;

/* ---- the request, made once ---- */

static size_t write_message(char *to, int number, size_t length) {
  static const char words[] = "the quick brown fox jumps over the lazy dog; ";
  size_t used = (size_t)sprintf(to, ",{\"role\":\"%s\",\"content\":\"", number % 2 == 0 ? "user" : "assistant");
  for (size_t index = 0; index < length; index++) to[used++] = words[index % (sizeof words - 1)];
  return used + (size_t)sprintf(to + used, "\"}");
}

/* A conversation of messages of up to 900 bytes, settings first, as the official SDKs write it. */
static char *make_body(size_t *length) {
  const size_t wanted = (size_t)options.body_bytes, overhead = 40;
  char *body = malloc(wanted + 4096);
  size_t used = (size_t)sprintf(body, "{\"model\":\"%s\",%s\"temperature\":0.7,\"max_tokens\":256,\"messages\":[%s", options.model,
                                options.is_stream ? "\"stream\":true,\"stream_options\":{\"include_usage\":true}," : "",
                                "{\"role\":\"system\",\"content\":\"You are a helpful assistant.\"}");
  for (int number = 0; number == 0 || used + overhead < wanted; number++) {
    size_t room = wanted > used + overhead ? wanted - used - overhead : 16;
    used += write_message(body + used, number, room < 900 ? room : 900);
  }
  used += (size_t)sprintf(body + used, "]}");
  *length = used;
  return body;
}

static void prepare_request(void) {
  size_t body_length;
  char *body = make_body(&body_length);
  request = malloc(body_length + 16384);
  size_t used = (size_t)sprintf(request,
                                "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: OpenAI/Python 1.50.0\r\n"
                                "Accept: application/json\r\nContent-Type: application/json\r\nX-Stainless-Lang: python\r\n"
                                "X-Stainless-Package-Version: 1.50.0\r\nX-Stainless-OS: Linux\r\n",
                                options.port);
  for (int index = 0; index < options.header_count; index++) used += (size_t)sprintf(request + used, "%s\r\n", options.headers[index]);
  used += (size_t)sprintf(request + used, "Content-Length: %zu\r\n\r\n", body_length);
  memcpy(request + used, body, body_length);
  request_length = used + body_length;
  free(body);
}

/* ---- connections ---- */

static void connect_to_server(int index) {
  connection *it = &connections[index];
  int on = 1;
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)options.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  it->descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (it->descriptor < 0 || connect(it->descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
    perror("load: cannot connect");
    exit(1);
  }
  fcntl(it->descriptor, F_SETFL, O_NONBLOCK);
  setsockopt(it->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  it->is_busy = false;
  struct epoll_event interest = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
  epoll_ctl(poller, EPOLL_CTL_ADD, it->descriptor, &interest);
}

static void watch(int index, uint32_t events) {
  struct epoll_event interest = {.events = events, .data.u32 = (uint32_t)index};
  epoll_ctl(poller, EPOLL_CTL_MOD, connections[index].descriptor, &interest);
}

/* Sends what is left of the request. An error is told by the next read, which fails as well. */
static void send_request(int index) {
  connection *it = &connections[index];
  bool was_waiting = it->request_sent > 0;
  while (it->request_sent < request_length) {
    ssize_t sent = send(it->descriptor, request + it->request_sent, request_length - it->request_sent, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN && !was_waiting) watch(index, EPOLLIN | EPOLLOUT);
      return;
    }
    it->request_sent += (size_t)sent;
  }
  if (was_waiting) watch(index, EPOLLIN);
}

static void start_request(int index, uint64_t due) {
  connection *it = &connections[index];
  it->is_busy = true;
  it->due = due;
  it->request_sent = 0;
  it->has_first_byte = false;
  begin_reply(&it->reply);
  send_request(index);
}

static void queue_due(uint64_t due) {
  if (backlog_end == backlog_capacity) {
    backlog_capacity = backlog_capacity == 0 ? 4096 : backlog_capacity * 2;
    backlog = realloc(backlog, backlog_capacity * sizeof *backlog);
  }
  backlog[backlog_end++] = due;
}

/* Gives a free connection its next work. */
static void continue_connection(int index) {
  if (options.mode == MODE_CLOSED) start_request(index, now_nanos());
  else if (backlog_first < backlog_end) start_request(index, backlog[backlog_first++]);
  else if (options.mode == MODE_OPEN) idle[idle_count++] = index;
}

static void reconnect(int index) {
  close(connections[index].descriptor);
  counts.reconnects++;
  connect_to_server(index);
}

static void fail(int index) {
  bool was_busy = connections[index].is_busy;
  if (was_busy && ++counts.failures > MAX_FAILURES) {
    fprintf(stderr, "load: more than %d requests failed\n", MAX_FAILURES);
    exit(1);
  }
  reconnect(index);
  if (was_busy) continue_connection(index);
}

/* ---- replies ---- */

static void note_stamp(void *owner, uint64_t sent_nanos) {
  connection *it = owner;
  counts.events++;
  if (is_measuring) add_sample(&event_delays, now_nanos() - sent_nanos);
  if (options.mode == MODE_HOLD && it->reply.stamps_seen == 1) counts.held++;
}

static void finish_request(int index) {
  connection *it = &connections[index];
  if (is_measuring) add_sample(&latencies, now_nanos() - it->due);
  counts.requests++;
  if (it->reply.status != 200) counts.not_ok++;
  if (options.is_stream && it->reply.stamps_seen != options.expect_events) counts.cut_streams++;
  it->is_busy = false;
  if (!it->reply.keeps_alive) reconnect(index);
  continue_connection(index);
}

static void read_connection(int index) {
  static char bytes[READ_BYTES];
  connection *it = &connections[index];
  ssize_t received = recv(it->descriptor, bytes, sizeof bytes, 0);
  if (received < 0 && errno == EAGAIN) return;
  if (received <= 0 || !it->is_busy) {
    fail(index);
    return;
  }
  reply_step step = read_reply(&it->reply, bytes, (size_t)received, note_stamp, it);
  if (!it->has_first_byte && it->reply.has_body_bytes) {
    it->has_first_byte = true;
    if (is_measuring) add_sample(&first_bytes, now_nanos() - it->due);
  }
  if (step.state == REPLY_BROKEN || step.used < (size_t)received) fail(index);
  else if (step.state == REPLY_ENDED) finish_request(index);
}

static void wait_for_replies(uint64_t until) {
  struct epoll_event ready[MAX_READY];
  struct timespec wait = time_until(until);
  int found = epoll_pwait2(poller, ready, MAX_READY, &wait, NULL);
  for (int index = 0; index < found; index++) {
    if (ready[index].events & EPOLLOUT) send_request((int)ready[index].data.u32);
    if (ready[index].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_connection((int)ready[index].data.u32);
  }
}

/* ---- the three modes ---- */

/* When request `number` is due: at the fixed rate, or for the first request of each connection spread over the ramp. */
static uint64_t due_at(uint64_t start, uint64_t number) {
  double gap = options.mode == MODE_OPEN ? (double)NANOS_PER_SECOND / options.rate : options.ramp_ms * 1e6 / options.connections;
  return start + (uint64_t)((double)number * gap);
}

/* Starts what is due by now; returns how many were started in all. */
static uint64_t start_due(uint64_t start, uint64_t started) {
  uint64_t limit = options.mode == MODE_OPEN ? UINT64_MAX : (uint64_t)options.connections;
  for (uint64_t due; started < limit && (due = due_at(start, started)) <= now_nanos(); started++) {
    if (options.mode == MODE_CLOSED) start_request((int)started, now_nanos());
    else if (idle_count > 0) start_request(idle[--idle_count], due);
    else queue_due(due);
  }
  return started;
}

static void print_percentiles(const char *name, samples *of) {
  sort_samples(of);
  printf("\"%sP50Micros\":%.0f,\"%sP99Micros\":%.0f,", name, percentile(of, 0.5), name, percentile(of, 0.99));
}

static void print_measurement(double seconds, usage before, usage after, uint64_t requests, uint64_t events) {
  double cpu_us = (double)(after.cpu_nanos - before.cpu_nanos) / NANOS_PER_MICRO;
  printf("{\"requests\":%" PRIu64 ",\"events\":%" PRIu64 ",\"seconds\":%.4f,\"cpuMicros\":%.1f,", requests, events, seconds, cpu_us);
  print_percentiles("latency", &latencies);
  print_percentiles("firstByte", &first_bytes);
  print_percentiles("event", &event_delays);
  printf("\"residentKib\":%" PRIu64 ",\"peakResidentKib\":%" PRIu64 ",", after.resident_kib, after.peak_resident_kib);
  printf("\"failures\":%" PRIu64 ",\"notOk\":%" PRIu64 ",\"cutStreams\":%" PRIu64 ",\"reconnects\":%" PRIu64 ",\"backlog\":%zu}\n",
         counts.failures, counts.not_ok, counts.cut_streams, counts.reconnects, backlog_end - backlog_first);
}

static void run_measurement(void) {
  uint64_t start = now_nanos(), started = 0;
  uint64_t measure_at = start + (uint64_t)(options.warmup_seconds * 1e9), end = measure_at + (uint64_t)(options.seconds * 1e9);
  uint64_t requests_before = 0, events_before = 0;
  usage before = {0};
  for (uint64_t now = start; now < end; now = now_nanos()) {
    if (!is_measuring && now >= measure_at) {
      is_measuring = true;
      before = read_usage(options.pids, options.pid_count);
      measure_at = now_nanos();
      requests_before = counts.requests;
      events_before = counts.events;
    }
    started = start_due(start, started);
    uint64_t wake = is_measuring ? end : measure_at, next = due_at(start, started);
    bool has_next = options.mode == MODE_OPEN || started < (uint64_t)options.connections;
    wait_for_replies(has_next && next < wake ? next : wake);
  }
  double seconds = (double)(now_nanos() - measure_at) / NANOS_PER_SECOND;
  usage after = read_usage(options.pids, options.pid_count);
  print_measurement(seconds, before, after, counts.requests - requests_before, counts.events - events_before);
}

static void run_hold(void) {
  usage before = read_usage(options.pids, options.pid_count);
  uint64_t wanted = (uint64_t)options.connections, opened = 0, next = now_nanos(), full_at = 0;
  const uint64_t give_up = next + HOLD_TIMEOUT;
  for (uint64_t now = next; full_at == 0 || now < full_at + HOLD_REST; now = now_nanos()) {
    /* A stream that ends, well or badly, was not held. */
    if (now > give_up || counts.failures > 0 || counts.requests > 0) break;
    if (opened < wanted && now >= next && opened - counts.held < MAX_OPENING) {
      connect_to_server((int)opened);
      start_request((int)opened++, now);
      next = now + OPENING_GAP;
    }
    if (full_at == 0 && counts.held == wanted) full_at = now;
    wait_for_replies(opened < wanted && next > now ? next : now + 20 * NANOS_PER_MILLI);
  }
  usage after = read_usage(options.pids, options.pid_count);
  double held = counts.held > 0 ? (double)counts.held : 1;
  double grown = ((double)after.resident_kib - (double)before.resident_kib) * 1024;
  printf("{\"streams\":%" PRIu64 ",\"held\":%" PRIu64 ",\"failures\":%" PRIu64 ",", wanted, counts.held, counts.failures);
  printf("\"residentKib\":%" PRIu64 ",\"bytesPerStream\":%.0f,", after.resident_kib, grown / held);
  printf("\"cpuMicrosPerStream\":%.1f}\n", (double)(after.cpu_nanos - before.cpu_nanos) / NANOS_PER_MICRO / held);
}

/* ---- options ---- */

static void read_pids(char *list) {
  for (char *pid = strtok(list, ","); pid != NULL && options.pid_count < MAX_PIDS; pid = strtok(NULL, ",")) {
    options.pids[options.pid_count++] = atoi(pid);
  }
}

static load_mode read_mode(const char *name) {
  if (strcmp(name, "closed") == 0) return MODE_CLOSED;
  if (strcmp(name, "open") == 0) return MODE_OPEN;
  if (strcmp(name, "hold") == 0) return MODE_HOLD;
  fprintf(stderr, "load: --mode must be closed, open or hold\n");
  exit(2);
}

static void add_header(const char *header) {
  if (options.header_count == MAX_HEADERS) {
    fprintf(stderr, "load: more than %d headers\n", MAX_HEADERS);
    exit(2);
  }
  options.headers[options.header_count++] = header;
}

static void read_options(int count, char **arguments) {
  static const struct option known[] = {
      {"mode", required_argument, NULL, 'm'},       {"port", required_argument, NULL, 'p'},
      {"connections", required_argument, NULL, 'c'}, {"seconds", required_argument, NULL, 't'},
      {"warmup-seconds", required_argument, NULL, 'w'}, {"rate", required_argument, NULL, 'r'},
      {"body-bytes", required_argument, NULL, 'b'}, {"model", required_argument, NULL, 'M'},
      {"stream", no_argument, NULL, 's'},           {"expect-events", required_argument, NULL, 'e'},
      {"ramp-ms", required_argument, NULL, 'a'},    {"header", required_argument, NULL, 'H'},
      {"pids", required_argument, NULL, 'P'},       {0}};
  int option;
  while ((option = getopt_long(count, arguments, "", known, NULL)) != -1) {
    switch (option) {
      case 'm': options.mode = read_mode(optarg); break;
      case 'p': options.port = atoi(optarg); break;
      case 'c': options.connections = atoi(optarg); break;
      case 't': options.seconds = atof(optarg); break;
      case 'w': options.warmup_seconds = atof(optarg); break;
      case 'r': options.rate = atof(optarg); break;
      case 'b': options.body_bytes = atoi(optarg); break;
      case 'M': options.model = optarg; break;
      case 's': options.is_stream = true; break;
      case 'e': options.expect_events = atoi(optarg); break;
      case 'a': options.ramp_ms = atof(optarg); break;
      case 'H': add_header(optarg); break;
      case 'P': read_pids(optarg); break;
      default: exit(2);
    }
  }
  if (options.mode == MODE_OPEN && options.rate <= 0) {
    fprintf(stderr, "load: open mode needs --rate\n");
    exit(2);
  }
}

int main(int count, char **arguments) {
  read_options(count, arguments);
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_TIMERSLACK, 1);
  prepare_request();
  poller = epoll_create1(0);
  connections = calloc((size_t)options.connections, sizeof *connections);
  idle = malloc((size_t)options.connections * sizeof *idle);
  if (options.mode == MODE_HOLD) {
    run_hold();
    return 0;
  }
  for (int index = 0; index < options.connections; index++) {
    connect_to_server(index);
    if (options.mode == MODE_OPEN) idle[idle_count++] = index;
  }
  run_measurement();
  return 0;
}
