"""What a loss of power may leave of a run folder.

A trace of what the program did to its files (shim/trace.h) is replayed up to a
moment. What was synced by then is on disk. Of what was not, any part is: each
write is kept, dropped, or kept in some of its sectors, whatever the order; a
file may have its new length without its new bytes; names that were made,
changed or removed after the last sync of their folder are as they were, or not.
"""

import struct
from collections import namedtuple
from pathlib import Path

HEAD = struct.Struct("<IiqQ")
OPEN, CLOSE, WRITE, TRUNCATE, SYNC, RENAME, UNLINK, MKDIR, COMMIT = range(1, 10)
SECTOR = 512

Event = namedtuple("Event", "kind fd offset data")


def read_trace(path):
    """The events of a trace, in order."""
    data, at, events = Path(path).read_bytes(), 0, []
    while at < len(data):
        kind, fd, offset, size = HEAD.unpack_from(data, at)
        at += HEAD.size
        events.append(Event(kind, fd, offset, data[at:at + size]))
        at += size
    return events


def commits(events):
    """Where in the trace the program heard that a transaction is on disk."""
    return [i for i, event in enumerate(events) if event.kind == COMMIT]


class File:
    """What has become of one file: its durable bytes, and what may follow."""

    def __init__(self):
        self.durable = bytearray()
        self.open = []  # Writes (offset, bytes) and lengths since the last sync.

    def whole(self):
        """The bytes as the process sees them."""
        image = bytearray(self.durable)
        for change in self.open:
            apply(image, change)
        return image

    def sync(self):
        self.durable, self.open = self.whole(), []

    def after_loss(self, draw, style):
        """The bytes as a loss of power may leave them."""
        image = bytearray(self.durable)
        for change in self.open:
            fate = draw.random()
            if fate < style.keep:
                apply(image, change)
            elif isinstance(change, int):
                continue
            elif fate < style.keep + style.tear:
                for piece in sectors(change):
                    if draw.random() < 0.5:
                        apply(image, piece)
            elif draw.random() < style.grow:
                end = change[0] + len(change[1])
                if end > len(image):
                    image.extend(bytes(end - len(image)))
        return image


def apply(image, change):
    if isinstance(change, int):
        del image[change:]
        image.extend(bytes(change - len(image)))
        return
    at, data = change
    if at > len(image):
        image.extend(bytes(at - len(image)))
    image[at:at + len(data)] = data


def sectors(change):
    """A write in pieces that a disk writes whole."""
    at, data = change
    while data:
        size = SECTOR - at % SECTOR
        yield at, data[:size]
        at, data = at + size, data[size:]


Style = namedtuple("Style", "keep tear grow names")


def style_of(draw):
    """How much of what was not synced is on disk: all kinds of machines."""
    keep = draw.choice((0, 0.5, 0.9, draw.random()))
    return Style(keep, draw.choice((0, 1 - keep, (1 - keep) / 2)),
                 draw.choice((0, 1)), draw.choice((0, 0.5, 1)))


class Disk:
    """The files of a folder at a moment. Paths are as the program named them."""

    def __init__(self, here):
        self.here = here  # The folder in which the program ran.
        self.names, self.folders = {}, set()
        self.durable_names, self.durable_folders = {}, set()
        self.pending = []  # Changes of names that no sync of a folder followed.
        self.handles = {}

    def path(self, data):
        path = Path(data.decode())
        return str(path.relative_to(self.here)
                   if path.is_absolute() else path)

    def replay(self, events, synced=True):
        """`synced`: whether this disk does what a sync asks for."""
        for event in events:
            self.one(event, synced)
        return self

    def name(self, change):
        change_names(self.names, self.folders, change)
        self.pending.append(change)

    def one(self, event, synced):
        kind, fd, offset, data = event
        if kind == OPEN:
            self.opened(fd, self.path(data), offset)
        elif kind == WRITE and fd in self.handles:
            self.file(fd).open.append((offset, data))
        elif kind == TRUNCATE and fd in self.handles:
            self.file(fd).open.append(offset)
        elif kind == SYNC and synced:
            self.sync(fd)
        elif kind == RENAME:
            old, new = map(self.path, data.split(b"\0"))
            self.name(("rename", old, new))
        elif kind == UNLINK:
            self.name(("unlink", self.path(data), None))
        elif kind == MKDIR:
            self.name(("mkdir", self.path(data), None))

    def file(self, fd):
        return self.handles[fd]

    def opened(self, fd, path, is_folder):
        if is_folder:
            self.handles[fd] = path
            return
        if path not in self.names:
            self.name(("make", path, File()))
        self.handles[fd] = self.names[path]

    def sync(self, fd):
        target = self.handles.get(fd)
        if isinstance(target, File):
            target.sync()
        elif target is not None:
            self.sync_folder(target)

    def sync_folder(self, folder):
        def inside(change):
            return any(str(Path(path).parent) == folder for path in change[1:]
                       if isinstance(path, str))
        for change in self.pending:
            if inside(change):
                change_names(self.durable_names, self.durable_folders, change)
        self.pending = [c for c in self.pending if not inside(c)]

    def after_loss(self, draw):
        """The files that are left, by name, and the folders."""
        style = style_of(draw)
        names, folders = dict(self.durable_names), set(self.durable_folders)
        # A file system writes its journal in order, so that what is lost of it
        # is its end; names in different folders have no order.
        cut = {}
        for change in self.pending:
            folder = str(Path(change[1]).parent)
            if cut.get(folder) or draw.random() >= style.names:
                cut[folder] = style.names < 1
                continue
            change_names(names, folders, change)
        left = {path: file.after_loss(draw, style)
                for path, file in names.items()
                if not path.endswith("-shm")}
        return left, folders

    def as_seen(self):
        """All that was done, as a process would find it."""
        return {path: file.whole() for path, file in self.names.items()
                if not path.endswith("-shm")}, self.folders


def change_names(names, folders, change):
    what, path, more = change
    if what == "make":
        names.setdefault(path, more)
    elif what == "mkdir":
        folders.add(path)
    elif what == "unlink":
        names.pop(path, None)
        folders.discard(path)
    elif path in names:
        names[more] = names.pop(path)


def lay_out(image, folder):
    """Writes an image into a folder."""
    files, folders = image
    parents = {str(Path(path).parent) for path in files} - {"."}
    for path in sorted(folders | parents):
        (folder / path).mkdir(0o700, parents=True, exist_ok=True)
    for path, data in files.items():
        (folder / path).touch(0o600)
        (folder / path).write_bytes(data)
