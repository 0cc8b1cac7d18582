#define _GNU_SOURCE
#include "reply.h"

#include <stdlib.h>
#include <string.h>

#include "stamp.h"

void begin_reply(reply *it) {
  it->part = IN_HEAD;
  it->head_length = it->line_length = 0;
  it->status = it->stamps_seen = it->stamp_digits_left = 0;
  it->has_body_bytes = false;
}

/* False when it tells no length: nothing that this load generator measures answers so. */
static bool interpret_head(reply *it) {
  it->status = atoi(it->head + strlen("HTTP/1.1 "));
  it->keeps_alive = strcasestr(it->head, "\r\nconnection: close") == NULL;
  const char *length = strcasestr(it->head, "\r\ncontent-length:");
  if (length != NULL) {
    it->bytes_left = strtoull(length + strlen("\r\ncontent-length:"), NULL, 10);
    it->part = IN_BODY;
    return true;
  }
  it->part = IN_CHUNK_SIZE;
  return strcasestr(it->head, "\r\ntransfer-encoding: chunked") != NULL;
}

static reply_step read_head(reply *it, const char *bytes, size_t length) {
  size_t before = it->head_length, room = sizeof it->head - 1 - before;
  size_t taken = length < room ? length : room;
  memcpy(it->head + before, bytes, taken);
  it->head_length += taken;
  it->head[it->head_length] = '\0';
  char *end = strstr(it->head, "\r\n\r\n");
  if (end == NULL) return (reply_step){taken == length ? REPLY_GOES_ON : REPLY_BROKEN, taken};
  end[2] = '\0';
  size_t used = (size_t)(end + 4 - it->head) - before;
  if (!interpret_head(it)) return (reply_step){REPLY_BROKEN, used};
  bool is_empty = it->part == IN_BODY && it->bytes_left == 0;
  return (reply_step){is_empty ? REPLY_ENDED : REPLY_GOES_ON, used};
}

/* Finds stamps however the events were cut into pieces. */
static void read_stamps(reply *it, const char *bytes, size_t length, stamp_handler *on_stamp, void *owner) {
  const char *at = bytes, *end = bytes + length;
  while (at < end) {
    if (it->stamp_digits_left == 0) {
      const char *mark = memchr(at, STAMP_MARK, (size_t)(end - at));
      if (mark == NULL) return;
      at = mark + 1;
      it->stamp = 0;
      it->stamp_digits_left = STAMP_DIGITS;
      continue;
    }
    it->stamp = it->stamp * 10 + (uint64_t)(*at++ - '0');
    if (--it->stamp_digits_left > 0) continue;
    it->stamps_seen++;
    on_stamp(owner, it->stamp);
  }
}

static size_t take_body(reply *it, size_t length) {
  size_t taken = length < it->bytes_left ? length : (size_t)it->bytes_left;
  it->bytes_left -= taken;
  it->has_body_bytes = true;
  return taken;
}

/* Gathers a line; true when it is whole, without its end. A line that is too long is cut, which no number here is. */
static bool gather_line(reply *it, char byte) {
  if (byte == '\n') {
    it->line[it->line_length] = '\0';
    it->line_length = 0;
    return true;
  }
  if (byte != '\r' && it->line_length < sizeof it->line - 1) it->line[it->line_length++] = byte;
  return false;
}

reply_step read_reply(reply *it, const char *bytes, size_t length, stamp_handler *on_stamp, void *owner) {
  size_t used = 0;
  while (used < length) {
    switch (it->part) {
      case IN_HEAD: {
        reply_step step = read_head(it, bytes + used, length - used);
        used += step.used;
        if (step.state != REPLY_GOES_ON) return (reply_step){step.state, used};
        break;
      }
      case IN_BODY:
        used += take_body(it, length - used);
        if (it->bytes_left == 0) return (reply_step){REPLY_ENDED, used};
        break;
      case IN_CHUNK_SIZE:
        if (!gather_line(it, bytes[used++])) break;
        it->bytes_left = strtoull(it->line, NULL, 16);
        it->part = it->bytes_left > 0 ? IN_CHUNK : IN_TRAILER;
        break;
      case IN_CHUNK: {
        size_t taken = take_body(it, length - used);
        read_stamps(it, bytes + used, taken, on_stamp, owner);
        used += taken;
        if (it->bytes_left == 0) it->part = IN_CHUNK_END;
        break;
      }
      case IN_CHUNK_END:
        if (bytes[used++] == '\n') it->part = IN_CHUNK_SIZE;
        break;
      case IN_TRAILER:
        if (gather_line(it, bytes[used++]) && it->line[0] == '\0') return (reply_step){REPLY_ENDED, used};
        break;
    }
  }
  return (reply_step){REPLY_GOES_ON, used};
}
