/*
 * The model server that every contestant stands in front of: one thread, epoll, answers prepared before the first call.
 *
 *   upstream --port 9101 [--reply-bytes 800] [--events 100] [--event-bytes 220] [--event-delay-us 10000]
 *
 * What is asked for decides what comes back:
 *   GET /v1/models                  the three models below
 *   POST, no "stream": true         a chat.completion of --reply-bytes
 *   POST, "stream": true            server-sent events, each its own HTTP chunk and its own write, then usage and [DONE]:
 *     model bench-burst             one after the other, as fast as they are taken
 *     model bench-paced             one every --event-delay-us
 *     model bench-hold              the first event, then silence for as long as the client stays
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "stamp.h"

#define MAX_CONNECTIONS 65536
#define MAX_READY 512
#define FIRST_BUFFER_BYTES 4096
#define MAX_HEAD_BYTES 16384
/* The settings stand before the messages in every request of the load generator: no need to search 100 KB of prose. */
#define SETTINGS_BYTES 4096
#define MAX_QUEUED_EVENTS (1u << 17)

#define COMMON_HEADERS                                                                 \
  "Date: Mon, 01 Jan 2024 00:00:00 GMT\r\nConnection: keep-alive\r\n"                  \
  "openai-processing-ms: 12\r\nx-request-id: req_0123456789abcdef0123456789abcdef\r\n" \
  "x-ratelimit-limit-requests: 10000\r\nx-ratelimit-remaining-requests: 9999\r\n"

typedef enum { STREAM_NONE, STREAM_BURST, STREAM_PACED, STREAM_HOLD } stream_kind;

typedef struct {
  char *bytes;
  size_t length;
} text;

typedef struct {
  bool is_open;
  /* Grows with each use of the descriptor: a queued event of an earlier connection is told by it. */
  unsigned generation;
  char *input;
  size_t input_length, input_capacity;
  /* 0 until the head of the next request is there. */
  size_t head_length, body_length;
  bool is_chunked;
  stream_kind stream;
  int events_sent;
  /* What the socket would not take yet. */
  char *unsent;
  size_t unsent_length;
} connection;

typedef struct {
  uint64_t due;
  int descriptor;
  unsigned generation;
} queued_event;

static struct {
  int port, reply_bytes, events, event_bytes;
  uint64_t event_delay;
} options = {9101, 800, 100, 220, 10 * NANOS_PER_MILLI};

static int poller;
static connection connections[MAX_CONNECTIONS];
static text json_reply, models_reply, not_found_reply, stream_head, stream_event, stream_tail;
static size_t stamp_offset;

/* All delays are equal, so events become due in the order in which they were queued: a ring is enough. */
static queued_event queue[MAX_QUEUED_EVENTS];
static unsigned queue_first, queue_end;

/* ---- answers, made once ---- */

static text with_head(const char *status, const char *content_type, text body) {
  text reply = {malloc(body.length + 1024), 0};
  reply.length = (size_t)sprintf(reply.bytes, "HTTP/1.1 %s\r\n" COMMON_HEADERS "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                                 status, content_type, body.length);
  memcpy(reply.bytes + reply.length, body.bytes, body.length);
  reply.length += body.length;
  return reply;
}

static text as_chunk(text body) {
  text chunk = {malloc(body.length + 32), 0};
  chunk.length = (size_t)sprintf(chunk.bytes, "%zx\r\n%s\r\n", body.length, body.bytes);
  return chunk;
}

/* `before`, filler words, `after`: together as long as asked for, where there is room for filler. */
static text padded(const char *before, const char *after, size_t length) {
  static const char words[] = "lorem ipsum dolor sit amet ";
  size_t fixed = strlen(before) + strlen(after), fill = length > fixed ? length - fixed : 1;
  text result = {malloc(fixed + fill + 1), 0};
  char *end = stpcpy(result.bytes, before);
  for (size_t index = 0; index < fill; index++) *end++ = words[index % (sizeof words - 1)];
  end = stpcpy(end, after);
  result.length = (size_t)(end - result.bytes);
  return result;
}

static text literal(const char *bytes) {
  text result = {strdup(bytes), strlen(bytes)};
  return result;
}

static void prepare_json(void) {
  text completion = padded(
      "{\"id\":\"chatcmpl-0123456789abcdefghij\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"bench-burst\","
      "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"",
      "\",\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":123,"
      "\"completion_tokens\":45,\"total_tokens\":168,\"prompt_tokens_details\":{\"cached_tokens\":0}}}",
      (size_t)options.reply_bytes);
  json_reply = with_head("200 OK", "application/json", completion);
  models_reply = with_head(
      "200 OK", "application/json",
      literal("{\"object\":\"list\",\"data\":["
              "{\"id\":\"bench-burst\",\"object\":\"model\",\"created\":1700000000,\"owned_by\":\"bench\"},"
              "{\"id\":\"bench-paced\",\"object\":\"model\",\"created\":1700000000,\"owned_by\":\"bench\"},"
              "{\"id\":\"bench-hold\",\"object\":\"model\",\"created\":1700000000,\"owned_by\":\"bench\"}]}"));
  not_found_reply = with_head("404 Not Found", "application/json", literal("{\"error\":{\"message\":\"not found\"}}"));
}

static void prepare_stream(void) {
  stream_head = literal("HTTP/1.1 200 OK\r\n" COMMON_HEADERS
                        "Content-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n");
  char before[512];
  sprintf(before,
          "data: {\"id\":\"chatcmpl-%c%0*d\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
          "\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"",
          STAMP_MARK, STAMP_DIGITS, 0);
  stream_event = as_chunk(padded(before, "\"},\"finish_reason\":null}]}\n\n", (size_t)options.event_bytes));
  stamp_offset = (size_t)(strchr(stream_event.bytes, STAMP_MARK) + 1 - stream_event.bytes);
  text usage = as_chunk(literal(
      "data: {\"id\":\"chatcmpl-end\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"bench\","
      "\"choices\":[],\"usage\":{\"prompt_tokens\":123,\"completion_tokens\":100,\"total_tokens\":223}}\n\n"));
  text done = as_chunk(literal("data: [DONE]\n\n"));
  stream_tail.bytes = malloc(usage.length + done.length + 8);
  stream_tail.length = (size_t)sprintf(stream_tail.bytes, "%s%s0\r\n\r\n", usage.bytes, done.bytes);
}

static void write_stamp(char *digits) {
  uint64_t rest = now_nanos();
  for (int index = STAMP_DIGITS - 1; index >= 0; index--) {
    digits[index] = (char)('0' + rest % 10);
    rest /= 10;
  }
}

/* ---- connections ---- */

static void watch(int descriptor, int operation, uint32_t events) {
  struct epoll_event interest = {.events = events, .data.fd = descriptor};
  epoll_ctl(poller, operation, descriptor, &interest);
}

static void close_connection(int descriptor) {
  connection *it = &connections[descriptor];
  close(descriptor);
  it->is_open = false;
  it->generation++;
  it->stream = STREAM_NONE;
  free(it->unsent);
  it->unsent = NULL;
  it->unsent_length = it->input_length = it->head_length = 0;
}

/* Never blocks and never spins: what the socket does not take waits for EPOLLOUT. */
static void send_bytes(int descriptor, const char *bytes, size_t length) {
  connection *it = &connections[descriptor];
  if (it->unsent_length == 0) {
    ssize_t sent = send(descriptor, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return; /* The next read tells that the peer is gone. */
    size_t taken = sent < 0 ? 0 : (size_t)sent;
    if (taken == length) return;
    bytes += taken;
    length -= taken;
    watch(descriptor, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
  }
  it->unsent = realloc(it->unsent, it->unsent_length + length);
  memcpy(it->unsent + it->unsent_length, bytes, length);
  it->unsent_length += length;
}

static void flush_unsent(int descriptor) {
  connection *it = &connections[descriptor];
  if (it->unsent_length == 0) return;
  ssize_t sent = send(descriptor, it->unsent, it->unsent_length, MSG_NOSIGNAL);
  if (sent <= 0) return;
  it->unsent_length -= (size_t)sent;
  memmove(it->unsent, it->unsent + sent, it->unsent_length);
  if (it->unsent_length == 0) watch(descriptor, EPOLL_CTL_MOD, EPOLLIN);
}

/* ---- streams ---- */

static void send_event(int descriptor) {
  write_stamp(stream_event.bytes + stamp_offset);
  connections[descriptor].events_sent++;
  send_bytes(descriptor, stream_event.bytes, stream_event.length);
}

static void end_stream(int descriptor) {
  connections[descriptor].stream = STREAM_NONE;
  send_bytes(descriptor, stream_tail.bytes, stream_tail.length);
}

/* Goes on until the stream is at its end or the socket is full; EPOLLOUT calls it again. */
static void continue_burst(int descriptor) {
  connection *it = &connections[descriptor];
  while (it->unsent_length == 0 && it->events_sent < options.events) send_event(descriptor);
  if (it->events_sent == options.events) end_stream(descriptor);
}

static void queue_event(int descriptor, uint64_t due) {
  queued_event event = {due, descriptor, connections[descriptor].generation};
  queue[queue_end++ % MAX_QUEUED_EVENTS] = event;
}

static void start_stream(int descriptor, stream_kind kind) {
  connection *it = &connections[descriptor];
  it->stream = kind;
  it->events_sent = 0;
  send_bytes(descriptor, stream_head.bytes, stream_head.length);
  if (kind == STREAM_BURST) {
    continue_burst(descriptor);
    return;
  }
  send_event(descriptor);
  if (kind == STREAM_PACED) queue_event(descriptor, now_nanos() + options.event_delay);
}

static void send_due_events(void) {
  uint64_t now = now_nanos();
  while (queue_first != queue_end) {
    queued_event event = queue[queue_first % MAX_QUEUED_EVENTS];
    if (event.due > now) return;
    queue_first++;
    connection *it = &connections[event.descriptor];
    if (!it->is_open || it->generation != event.generation || it->stream != STREAM_PACED) continue;
    if (it->events_sent == options.events) {
      end_stream(event.descriptor);
      continue;
    }
    send_event(event.descriptor);
    queue_event(event.descriptor, event.due + options.event_delay);
  }
}

/* ---- requests ---- */

/* Whether the settings ask for a stream; a blank after the colon is as good as none. */
static bool asks_for_stream(const char *body, size_t length) {
  static const char field[] = "\"stream\":";
  const char *found = memmem(body, length, field, sizeof field - 1);
  if (found == NULL) return false;
  const char *value = found + sizeof field - 1, *end = body + length;
  while (value < end && *value == ' ') value++;
  return end - value >= 4 && memcmp(value, "true", 4) == 0;
}

static bool contains(const char *body, size_t length, const char *word) {
  return memmem(body, length, word, strlen(word)) != NULL;
}

static void answer(int descriptor, const char *request, size_t head_length, size_t body_length) {
  if (memcmp(request, "GET ", 4) == 0) {
    text reply = strncmp(request, "GET /v1/models ", 15) == 0 ? models_reply : not_found_reply;
    send_bytes(descriptor, reply.bytes, reply.length);
    return;
  }
  const char *body = request + head_length;
  size_t searched = body_length < SETTINGS_BYTES ? body_length : SETTINGS_BYTES;
  if (!asks_for_stream(body, searched)) send_bytes(descriptor, json_reply.bytes, json_reply.length);
  else if (contains(body, searched, "bench-paced")) start_stream(descriptor, STREAM_PACED);
  else if (contains(body, searched, "bench-hold")) start_stream(descriptor, STREAM_HOLD);
  else start_stream(descriptor, STREAM_BURST);
}

/* Reads the head once, when all of it is there. False while it is not. */
static bool read_head(connection *it) {
  if (it->head_length > 0) return true;
  size_t searched = it->input_length < MAX_HEAD_BYTES ? it->input_length : MAX_HEAD_BYTES;
  char *end = memmem(it->input, searched, "\r\n\r\n", 4);
  if (end == NULL) return false;
  it->head_length = (size_t)(end - it->input) + 4;
  it->body_length = 0;
  it->is_chunked = false;
  for (char *line = it->input; line < end; line = (char *)memmem(line, (size_t)(end + 2 - line), "\r\n", 2) + 2) {
    if (strncasecmp(line, "content-length:", 15) == 0) it->body_length = strtoul(line + 15, NULL, 10);
    if (strncasecmp(line, "transfer-encoding: chunked", 26) == 0) it->is_chunked = true;
  }
  return true;
}

/* Bytes of the whole request, or 0 while some are missing. A chunked body is answered by its end, unread. */
static size_t request_length(connection *it) {
  if (!read_head(it)) return 0;
  if (!it->is_chunked) {
    size_t whole = it->head_length + it->body_length;
    return it->input_length < whole ? 0 : whole;
  }
  size_t from = it->head_length - 2;
  char *end = memmem(it->input + from, it->input_length - from, "\r\n0\r\n\r\n", 7);
  if (end == NULL) return 0;
  size_t whole = (size_t)(end - it->input) + 7;
  it->body_length = whole - it->head_length;
  return whole;
}

static void take_requests(int descriptor) {
  connection *it = &connections[descriptor];
  size_t length;
  while ((length = request_length(it)) > 0) {
    answer(descriptor, it->input, it->head_length, it->body_length);
    it->input_length -= length;
    it->head_length = 0;
    memmove(it->input, it->input + length, it->input_length);
  }
}

static void make_room(connection *it) {
  if (it->input_capacity - it->input_length >= FIRST_BUFFER_BYTES / 2) return;
  it->input_capacity = it->input_capacity == 0 ? FIRST_BUFFER_BYTES : it->input_capacity * 2;
  it->input = realloc(it->input, it->input_capacity);
}

static void read_input(int descriptor) {
  connection *it = &connections[descriptor];
  make_room(it);
  ssize_t received = recv(descriptor, it->input + it->input_length, it->input_capacity - it->input_length, 0);
  if (received < 0 && errno == EAGAIN) return;
  if (received <= 0) {
    close_connection(descriptor);
    return;
  }
  it->input_length += (size_t)received;
  take_requests(descriptor);
}

static void accept_all(int listener) {
  int descriptor, on = 1;
  while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    if (descriptor >= MAX_CONNECTIONS) {
      close(descriptor);
      continue;
    }
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections[descriptor].is_open = true;
    watch(descriptor, EPOLL_CTL_ADD, EPOLLIN);
  }
}

static int listen_on(int port) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 16384) != 0) {
    perror("upstream: cannot listen");
    exit(1);
  }
  return listener;
}

static void read_options(int count, char **arguments) {
  static const struct option known[] = {{"port", required_argument, NULL, 'p'},
                                        {"reply-bytes", required_argument, NULL, 'r'},
                                        {"events", required_argument, NULL, 'e'},
                                        {"event-bytes", required_argument, NULL, 'b'},
                                        {"event-delay-us", required_argument, NULL, 'd'},
                                        {0}};
  int option;
  while ((option = getopt_long(count, arguments, "", known, NULL)) != -1) {
    switch (option) {
      case 'p': options.port = atoi(optarg); break;
      case 'r': options.reply_bytes = atoi(optarg); break;
      case 'e': options.events = atoi(optarg); break;
      case 'b': options.event_bytes = atoi(optarg); break;
      case 'd': options.event_delay = strtoull(optarg, NULL, 10) * NANOS_PER_MICRO; break;
      default: exit(2);
    }
  }
}

static void serve(int listener, const struct epoll_event *event) {
  int descriptor = event->data.fd;
  if (descriptor == listener) {
    accept_all(listener);
    return;
  }
  if (event->events & EPOLLOUT) {
    flush_unsent(descriptor);
    if (connections[descriptor].stream == STREAM_BURST) continue_burst(descriptor);
  }
  if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_input(descriptor);
}

int main(int count, char **arguments) {
  read_options(count, arguments);
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_TIMERSLACK, 1);
  prepare_json();
  prepare_stream();
  poller = epoll_create1(0);
  int listener = listen_on(options.port);
  watch(listener, EPOLL_CTL_ADD, EPOLLIN);
  struct epoll_event ready[MAX_READY];
  for (;;) {
    bool has_queued = queue_first != queue_end;
    struct timespec wait = has_queued ? time_until(queue[queue_first % MAX_QUEUED_EVENTS].due) : (struct timespec){0};
    int found = epoll_pwait2(poller, ready, MAX_READY, has_queued ? &wait : NULL, NULL);
    for (int index = 0; index < found; index++) serve(listener, &ready[index]);
    send_due_events();
  }
}
