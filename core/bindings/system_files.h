/* system_files.h - what the program asks about files, disks and its limits:
 * functions of the module `system`. */
#ifndef ADV_SYSTEM_FILES_H
#define ADV_SYSTEM_FILES_H

#include <lua.h>

int adv_system_info(lua_State *L);
int adv_system_read(lua_State *L);
int adv_system_disk_free(lua_State *L);
int adv_system_file_limit(lua_State *L);
int adv_system_holds_key(lua_State *L);
int adv_system_names_secret(lua_State *L);

#endif
