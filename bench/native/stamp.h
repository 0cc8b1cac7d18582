#ifndef STAMP_H
#define STAMP_H

/*
 * Every event of a stream carries, in its id, the instant at which the upstream sent it: this mark and then exactly
 * this many decimal digits of nanoseconds. The mark stands nowhere else in a stream, so one byte is enough to find it.
 */
#define STAMP_MARK '#'
#define STAMP_DIGITS 20

#endif
