/* What the parts of the module `sandbox` share: lanes and their limits
 * (sandbox_lanes.c), memory (sandbox_memory.c), a fixed order of keys
 * (sandbox_order.c). */
#ifndef ADV_SANDBOX_PARTS_H
#define ADV_SANDBOX_PARTS_H

#include "bindings/bind.h"

/* Makes the type of lanes. [-0, +0, m] */
void adv_open_lanes(lua_State *L);

int adv_sandbox_lane(lua_State *L);
int adv_sandbox_thread(lua_State *L);
int adv_sandbox_resume(lua_State *L);
int adv_sandbox_current(lua_State *L);
int adv_sandbox_charge(lua_State *L);
int adv_sandbox_guarded(lua_State *L);
int adv_sandbox_pcall(lua_State *L);

/* Counts work that a C function does for the running script, in what an
 * instruction may do, and ends the script where a limit is reached. [-0, +0,
 * raises] */
void adv_sandbox_work(lua_State *L, size_t amount);

int adv_sandbox_limit_memory(lua_State *L);
int adv_sandbox_memory(lua_State *L);

/* A script begins to run, which may add `growth` bytes to what is in use; 0: as
 * many as the whole state may. [-0, +0, -] */
void adv_memory_enter(lua_State *L, size_t growth);

/* It has ended, or waits. What was refused on account of its own growth is
 * forgotten, since it has ended for that. */
void adv_memory_leave(void);

/* Whether memory was refused. */
bool adv_memory_exhausted(void);

int adv_sandbox_pairs(lua_State *L);
int adv_sandbox_next(lua_State *L);

#endif
