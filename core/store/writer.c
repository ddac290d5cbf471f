#include "store/writer.h"

#include <stdlib.h>

#include "store/batch.h"
#include "store/group.h"

/* A group ends after this many bytes, so that one commit cannot grow the
 * write-ahead log far beyond its checkpoint. */
#define GROUP_BYTES ((size_t)16 << 20)

struct adv_writer {
  uv_loop_t *loop;
  uv_prepare_t turn; /* starts the next commit */
  uv_idle_t awake;   /* lets no turn wait for events while `turn` is active */
  uv_work_t work;
  unsigned open_handles;
  bool busy; /* a commit is on its way, or its callbacks are being called */
  bool closing;
  bool held; /* what waits has failed before, and waits for more to come */
  adv_connection connection; /* the job's while busy */
  adv_batch *first, **last;  /* waiting */
  adv_batch *group;          /* the job's while busy */
  bool committed;            /* the job's answer */
  bool room_made;            /* as well */
  bool (*make_room)(void *ud);
  void *room_ud;
  adv_store_counts counts;
  void (*drained)(void *ud);
  void (*closed)(void *ud);
  void *ud;
};

static bool is_full(const adv_batch *group)
{
  for (const adv_batch *b = group; b; b = b->next)
    if (b->st == ADV_EFULL)
      return true;
  return false;
}

/* Nothing of a group that failed was committed. */
static void forget_failure(adv_batch *b)
{
  free(b->why);
  b->why = NULL;
  b->st = ADV_OK;
}

static void commit_group(uv_work_t *work)
{
  adv_writer *w = work->data;

  w->committed = adv_group_commit(&w->connection, w->group);
  if (!w->committed && is_full(w->group) && w->make_room &&
      w->make_room(w->room_ud)) {
    w->room_made = true;
    for (adv_batch *b = w->group; b; b = b->next)
      forget_failure(b);
    w->committed = adv_group_commit(&w->connection, w->group);
  }
}

static void close_connection(uv_work_t *work)
{
  adv_writer *w = work->data;

  adv_connection_close(&w->connection);
}

static void on_handle_closed(uv_handle_t *handle)
{
  adv_writer *w = handle->data;
  void (*closed)(void *ud) = w->closed;
  void *ud = w->ud;

  if (--w->open_handles > 0)
    return;
  free(w);
  closed(ud);
}

static void on_connection_closed(uv_work_t *work, int status)
{
  adv_writer *w = work->data;

  (void)status;
  uv_close((uv_handle_t *)&w->turn, on_handle_closed);
  uv_close((uv_handle_t *)&w->awake, on_handle_closed);
}

/* The last connection writes the log back into the database, so closing is
 * slow too. */
static void finish(adv_writer *w)
{
  w->busy = true;
  w->drained(w->ud);
  uv_queue_work(w->loop, &w->work, close_connection, on_connection_closed);
}

static void on_idle(uv_idle_t *awake)
{
  (void)awake;
}

static void on_turn(uv_prepare_t *turn);

/* The two handles keep the loop alive and turning. `turn` alone would not do:
 * one that is started by another prepare handle is called a turn later, and
 * the turn in between might wait for events without end. */
static void arm(adv_writer *w)
{
  uv_prepare_start(&w->turn, on_turn);
  uv_idle_start(&w->awake, on_idle);
}

static void settle(adv_writer *w)
{
  if (w->first && !w->held)
    arm(w);
  else if (w->closing)
    finish(w);
}

/* Calls back, frees the batch. */
static void deliver(adv_writer *w, adv_batch *b)
{
  const char *why = "";

  if (b->st == ADV_OK) {
    w->counts.batches++;
    w->counts.statements += b->count;
  } else {
    why = b->why ? b->why : adv_status_text(b->st);
  }
  if (b->cb)
    b->cb(b->ud, b->st, why);
  adv_batch_free(b);
}

/* Nobody hears of the failure of a batch without a callback, so it is tried
 * again with the next group: what is written later is never on disk without it.
 * A writer that closes tries no more. */
static bool is_kept(const adv_writer *w, const adv_batch *b)
{
  return !w->committed && !b->cb && !w->closing;
}

/* Calls back and frees; what is kept goes to the front of the queue. */
static void deliver_group(adv_writer *w)
{
  adv_batch *kept = NULL, **end = &kept;

  while (w->group) {
    adv_batch *b = w->group;

    w->group = b->next;
    if (is_kept(w, b)) {
      forget_failure(b);
      *end = b;
      end = &b->next;
    } else {
      deliver(w, b);
    }
  }
  if (!kept)
    return;
  w->held = !w->first;
  *end = w->first;
  if (!w->first)
    w->last = end;
  w->first = kept;
}

static void on_committed(uv_work_t *work, int status)
{
  adv_writer *w = work->data;

  (void)status;
  w->counts.commits += w->committed;
  w->counts.full |= w->room_made;
  deliver_group(w);
  w->busy = false;
  settle(w);
}

/* Takes waiting batches, at least one, up to the limit of a group. */
static adv_batch *take_group(adv_writer *w)
{
  adv_batch *group = w->first;
  adv_batch *end = group;
  size_t bytes = group->bytes;

  while (end->next && bytes + end->next->bytes <= GROUP_BYTES) {
    end = end->next;
    bytes += end->bytes;
  }
  w->first = end->next;
  if (!w->first)
    w->last = &w->first;
  end->next = NULL;
  return group;
}

static void on_turn(uv_prepare_t *turn)
{
  adv_writer *w = turn->data;

  uv_prepare_stop(&w->turn);
  uv_idle_stop(&w->awake);
  w->group = take_group(w);
  w->busy = true;
  uv_queue_work(w->loop, &w->work, commit_group, on_committed);
}

adv_status adv_writer_new(adv_writer **out, uv_loop_t *loop,
                          const adv_connection *connection)
{
  adv_writer *w = calloc(1, sizeof *w);

  *out = w;
  if (!w)
    return ADV_ENOMEM;
  w->loop = loop;
  w->connection = *connection;
  w->last = &w->first;
  uv_prepare_init(loop, &w->turn);
  uv_idle_init(loop, &w->awake);
  w->open_handles = 2;
  w->turn.data = w->awake.data = w->work.data = w;
  return ADV_OK;
}

void adv_writer_on_full(adv_writer *w, bool (*make_room)(void *ud), void *ud)
{
  w->make_room = make_room;
  w->room_ud = ud;
}

adv_status adv_writer_submit(adv_writer *w, adv_batch *b, adv_store_cb cb,
                             void *ud)
{
  if (w->closing)
    return ADV_ECANCELED;
  b->next = NULL;
  b->cb = cb;
  b->ud = ud;
  *w->last = b;
  w->last = &b->next;
  w->held = false;
  if (!w->busy)
    arm(w);
  return ADV_OK;
}

adv_store_counts adv_writer_counted(const adv_writer *w)
{
  return w->counts;
}

void adv_writer_close(adv_writer *w, void (*drained)(void *ud),
                      void (*closed)(void *ud), void *ud)
{
  w->closing = true;
  w->held = false;
  w->drained = drained;
  w->closed = closed;
  w->ud = ud;
  if (!w->busy)
    settle(w);
}
