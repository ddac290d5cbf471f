---@meta
--- What the program needs of the operating system beyond io and os.
local system = {}

--- The running program.
---@return string|nil path Absolute.
---@return string|nil message
---@return string|nil code
function system.program() end

--- A path without symbolic links.
---@param path string
---@return string|nil path Absolute.
---@return string|nil message
---@return string|nil code
function system.realpath(path) end

--- What a path leads to; nil if there is nothing.
---@param path string
---@return "file"|"folder"|"other"|nil
function system.kind(path) end

--- The names in a folder in order of bytes, without those that begin with a dot.
---@param folder string
---@return string[]|nil
---@return string|nil message
---@return string|nil code
function system.list(folder) end

--- Makes a folder with its parents, 0700. One that exists is fine.
---@param path string
---@return true|nil
---@return string|nil message
---@return string|nil code
function system.make_folder(path) end

--- What a path is itself, also where it is a symbolic link.
---@param path string
---@return { mode: integer, size: integer, own: boolean, link: boolean, owner: integer }|nil info `mode`: its
---permission bits; `own`: whether this user owns it; `owner`: the number of the user who does.
---@return string|nil message
---@return string|nil code
function system.info(path) end

--- Reads a file whole. Blocks. Never run.db while this process has it open: closing the file
--- would drop SQLite's locks.
---@param path string
---@return string|nil content
---@return integer|string owner The number of the user who owns what was read; or a message.
---@return string|nil code
function system.read(path) end

--- The number of the user whose rights this process has.
---@return integer
function system.user() end

--- How much this user may still write to the disk that holds a path.
---@param path string
---@return integer|nil bytes
---@return string|nil message
---@return string|nil code
function system.disk_free(path) end

--- How many files this process may have open at once.
---@return integer
function system.file_limit() end

--- Whether a file holds the key that a variable or another file has; false without one, or
--- one of less than 6 bytes. Blocks. Never on run.db while this process has it open: closing
--- the file would drop SQLite's locks.
---@param path string
---@param source { key_env: string|nil, key_file: string|nil }
---@return boolean|nil
---@return string|nil message
---@return string|nil code
function system.holds_key(path, source) end

--- Whether a variable of that name is likely to hold a secret.
---@param name string
---@return boolean
function system.names_secret(name) end

--- fsync() of a file or folder. Blocks.
---@param path string
---@return true|nil
---@return string|nil message
---@return string|nil code
function system.sync(path) end

--- Whether a process holds flock() on a file; false if there is none.
---@param path string
---@return boolean
function system.is_locked(path) end

--- Whether a file descriptor is a terminal.
---@param fd integer
---@return boolean
function system.is_terminal(fd) end

--- The wall clock.
---@return integer ms Since 1970.
function system.wall_ms() end

--- What this process has used.
---@return { cpu_s: number, peak_kb: integer }
function system.usage() end

--- A named place at which a test may kill the process. Nothing happens there in a build
--- without ADVISOR_CRASH_POINTS.
---@param name string
function system.crash_point(name) end

--- Ends the process at once, without closing anything: the last resort.
---@param code integer
function system.exit(code) end

--- SIGINT, SIGTERM and SIGHUP are counted from now on instead of ending the process.
function system.watch_signals() end

--- Yields until a signal has come that nobody was told of yet; for one task at a time.
--- Raises unless signals are watched.
---@return boolean came false once `unwatch_signals` was called.
function system.wait_signal() end

--- Signals act as before again; a task in `wait_signal` hears of it.
function system.unwatch_signals() end

--- Runs another program, found in PATH, without a shell: standard input is empty,
--- the group of processes is its own. Yields until it has ended and both of its
--- streams are at their end. ENOTFOUND where there is no such program, ETIMEDOUT
--- where `limit_ms` was up and its group was killed. What a stream has beyond
--- 4 MiB is left out. One that is `detached` is left to itself, without any stream,
--- and only its `pid` is given.
---@param argv string[] The program and its arguments.
---@param options { folder: string|nil, environment: string[]|nil, limit_ms: integer|nil, detached: boolean|nil,
---keyless: boolean|nil }|nil `folder` to run in; `environment` as "NAME=value", none: this program's own,
---and if `keyless` without the variables whose names say that they hold a secret; a
---`limit_ms` of 0, or none, is no limit.
---@return { status: integer, signal: integer|nil, output: string, errors: string, cut: boolean, pid: integer }|nil
---@return string|nil message
---@return string|nil code
function system.run(argv, options) end

--- Runs a sandbox in the place of this program: it has this one's output and errors, and
--- its standard input is empty. On descriptor 3 it tells, as `bwrap --info-fd 3` does, which
--- process it has made. Yields until it has ended. One at a time.
---@param argv string[] The program, found in PATH, and its arguments.
---@param environment string[] All of it, as "NAME=value".
---@return { status: integer, signal: integer|nil }|nil
---@return string|nil message
---@return string|nil code
function system.attend(argv, environment) end

--- Signals the process in the sandbox that is attended to; one that has none yet is ended.
---@param name "INT"|"KILL"
---@return boolean there Whether there was one.
function system.signal_attended(name) end

--- Passes an interrupt (SIGINT) on to all programs that `run` waits for.
---@return integer count
function system.signal_programs() end

return system
