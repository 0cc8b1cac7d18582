#ifndef REPLY_H
#define REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLY_HEAD_BYTES 4096

typedef enum { IN_HEAD, IN_BODY, IN_CHUNK_SIZE, IN_CHUNK, IN_CHUNK_END, IN_TRAILER } reply_part;

/* One HTTP/1.1 reply while it is read, in pieces of any size. */
typedef struct {
  reply_part part;
  char head[REPLY_HEAD_BYTES];
  size_t head_length;
  int status;
  bool keeps_alive;
  uint64_t bytes_left;
  /* Line of a chunk's size, or of the trailer. */
  char line[32];
  size_t line_length;
  bool has_body_bytes;
  /* The stamp that is being read, and how many of its digits are still to come. */
  uint64_t stamp;
  int stamp_digits_left;
  int stamps_seen;
} reply;

typedef enum { REPLY_GOES_ON, REPLY_ENDED, REPLY_BROKEN } reply_state;

/* Called with the instant at which the upstream sent the event whose stamp was just read. */
typedef void stamp_handler(void *owner, uint64_t sent_nanos);

/* Forgets the reply before. */
void begin_reply(reply *it);

/* Reads some bytes. `used` tells how many were taken; fewer than `length` only when the reply ended or is broken. */
typedef struct {
  reply_state state;
  size_t used;
} reply_step;
reply_step read_reply(reply *it, const char *bytes, size_t length, stamp_handler *on_stamp, void *owner);

#endif
