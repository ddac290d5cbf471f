#include "measure/compress.h"

#define ZLIB_CONST
#include <zlib.h>

/* What zlib takes at a time: its counters may be 32 bits wide. */
enum { CHUNK = 1 << 30, LEVEL = 6 };

adv_status adv_compressed_size(const char *text, size_t len, size_t *size)
{
  unsigned char out[16384]; /* only counted */
  z_stream stream = {0};
  size_t total = 0;
  int result;

  if (deflateInit(&stream, LEVEL) != Z_OK)
    return ADV_ENOMEM;
  stream.next_in = (const Bytef *)text;
  do {
    if (stream.avail_in == 0) {
      stream.avail_in = len < CHUNK ? (uInt)len : CHUNK;
      len -= stream.avail_in;
    }
    stream.next_out = out;
    stream.avail_out = sizeof out;
    result = deflate(&stream, len ? Z_NO_FLUSH : Z_FINISH);
    total += sizeof out - stream.avail_out;
  } while (result == Z_OK || result == Z_BUF_ERROR);
  deflateEnd(&stream);
  if (result != Z_STREAM_END)
    return ADV_ENOMEM;
  *size = total;
  return ADV_OK;
}
